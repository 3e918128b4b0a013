"""`zgs study raters`, `status`, `exclude`, `close` and `open`: who rates, how far it is, and when it ends."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bench.commands.arguments import read_arguments, read_count
from bench.errors import DONE, UsageError, writing
from bench.text.columns import align_columns

MOST = 10_000
"""Raters added at once: more is a slip of the finger."""


def run_raters(arguments: list[str]) -> int:
    """Add raters, or renew the link of one; print the links, and keep them in links.csv for the owner alone."""
    from bench.study.database import open_database
    from bench.study.folder import LINKS
    from bench.study.raters import add_raters, renew_link

    known = {"add": "", "again": "", "days": "30", "url": "http://127.0.0.1:8765"}
    folder, options = _read_place("raters", arguments, known)
    if bool(options["add"]) == bool(options["again"]):
        raise UsageError("study raters: add=N (how many new raters) or again=CODE (a new link for one of them)")
    days, code = _read_number("study raters", options, "days"), options["again"].strip().upper()
    if code:
        made = [(code, renew_link(open_database(folder), code, days))]
    else:
        count = read_count("study raters", options, "add")
        if not 1 <= count <= MOST:
            raise UsageError(f"study raters: add={count}: how many new raters, 1 to {MOST}")
        made = add_raters(open_database(folder), count, days)
    links = [(code, f"{options['url'].rstrip('/')}/r/{token}") for code, token in made]
    with writing(folder / LINKS, "a folder of your own"):
        _keep_links(folder / LINKS, links)
    print(*align_columns(links, widest=200), sep="\n")
    print(_describe_links(folder / LINKS, code, len(links), days))
    return DONE


def _keep_links(path: Path, links: Sequence[tuple[str, str]]) -> None:
    """Keep links in a file that its owner alone can read, in the place of what the same raters had."""
    from bench.store.locks import hold_lock

    codes, new = {code for code, _ in links}, path.with_name(f".{path.name}.new")
    with hold_lock(path.with_name(f".{path.name}.lock")):  # two commands at once keep the links of both
        lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
        kept = [line for line in lines if line.partition(",")[0] not in codes]
        with open(os.open(new, os.O_WRONLY | os.O_TRUNC | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in ["code,link", *kept, *(",".join(link) for link in links)]))
        new.replace(path)


def _describe_links(path: Path, again: str, count: int, days: float) -> str:
    """Describe when links end, who gets them, and what has become of an old one."""
    ends = f"in {days:g} day{'' if days == 1 else 's'}"
    if again:
        return f"the link of {again} before this one has ended, this one ends {ends}, and {path} keeps it; answers stay"
    which = "1 link, which ends" if count == 1 else f"{count} links, which end"
    return f"{which} {ends}; {path} keeps them: one goes to each rater, and to nobody else"


def run_status(arguments: list[str]) -> int:
    """Print how many answers there are of how many, by batch and by rater."""
    from bench.study.database import open_database
    from bench.study.status import describe_status

    folder, _ = _read_place("status", arguments, {})
    print(*describe_status(open_database(folder)), sep="\n")
    return DONE


def run_exclude(arguments: list[str]) -> int:
    """Take out the answers of raters who fall under the rule; their questions are asked again."""
    from bench.commands.study_report import read_exclusion_rule
    from bench.study.collected import collect
    from bench.study.database import open_database
    from bench.study.exclusion import exclude_raters, find_excluded

    folder, options = _read_place("exclude", arguments, {"seconds": "", "passed": ""})
    rule, database = read_exclusion_rule("study exclude", options), open_database(folder)
    found = find_excluded(collect(database), rule)
    for code, reason in found.items():
        print(f"{code}: {reason}")
    freed = exclude_raters(database, found)
    print(f"rule: {rule.describe()}")
    raters = f"{len(found)} rater{'' if len(found) == 1 else 's'}"
    print(f"{raters} excluded; {freed} answers are asked again of others" if found else "nobody is excluded")
    return DONE


def run_close(arguments: list[str]) -> int:
    """Close a study: pages say so, and no answer is taken."""
    from bench.study.database import open_database, write_fact

    folder, _ = _read_place("close", arguments, {})
    write_fact(open_database(folder), "closed", datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"))
    print(f"{folder} is closed; `zgs study open {folder}` opens it again")
    return DONE


def run_open(arguments: list[str]) -> int:
    """Open a closed study again."""
    from bench.study.database import open_database, write_fact

    folder, _ = _read_place("open", arguments, {})
    write_fact(open_database(folder), "closed", None)
    print(f"{folder} is open")
    return DONE


def _read_place(action: str, arguments: list[str], options: dict[str, str]) -> tuple[Path, dict[str, str]]:
    places, given = read_arguments("study", arguments, options)
    if len(places) != 1:
        raise UsageError(f"study {action}: name the folder of one study; `zgs study --help` shows how")
    return Path(places[0]), given


def _read_number(command: str, options: dict[str, str], key: str) -> float:
    """Read an option that is a number above 0. Raises UsageError for any other text."""
    try:
        value = float(options[key])
    except ValueError:
        value = float("nan")
    if not 0 < value < float("inf"):
        raise UsageError(f"{command}: {key}={options[key]}: needs a number above 0")
    return value
