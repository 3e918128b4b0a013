"""`zgs study raters`, `status`, `exclude`, `close` and `open`: who rates, how far it is, and when it ends."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from bench.commands.arguments import read_arguments, read_count
from bench.errors import DONE, UsageError, writing
from bench.text.columns import align_columns


def run_raters(arguments: list[str]) -> int:
    """Add raters, print their links, and append them to links.csv, which the owner alone can read."""
    import os

    from bench.study.database import open_database
    from bench.study.folder import LINKS
    from bench.study.raters import add_raters

    folder, options = _read_place("raters", arguments, {"add": "", "days": "30", "url": "http://127.0.0.1:8765"})
    if not options["add"]:
        raise UsageError("study raters: add=N: how many raters to add")
    count = read_count("study raters", options, "add")
    days = _read_number("study raters", options, "days")
    made = add_raters(open_database(folder), count, days)
    lines = [f"{code},{options['url'].rstrip('/')}/r/{token}" for code, token in made]
    path = folder / LINKS
    with writing(path, "a folder of your own"):
        begun = path.exists()
        with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in ([] if begun else ["code,link"]) + lines))
    print(*align_columns([tuple(line.split(",", 1)) for line in lines], widest=200), sep="\n")
    print(
        f"{len(made)} links, which end in {days:g} days; {path} keeps them: one goes to each rater, and to nobody else"
    )
    return DONE


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
    print(f"{len(found)} raters excluded; {freed} answers are asked again of others" if found else "nobody is excluded")
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
