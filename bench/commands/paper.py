"""`zgs paper`: the tables and figures of the paper, from finished runs and those that are missing."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile

from bench.commands.calling import COMPOSING, split_flags
from bench.commands.options import CONFIG_DIR, check_folder, find_flag
from bench.commands.overrides import explain_error, find_unknown_key
from bench.commands.words import prepare_words
from bench.errors import DONE, FAILED, SKIPS, UsageError, UserError, writing
from bench.paper.definition import TABLE, Item, Words, is_rated
from bench.paper.make import Job, Runs, collect_runs
from bench.paper.plan import Need, Plan, UnknownKey, compose_need, make_plan
from bench.paper.published import compose_paper_models
from bench.paper.reading import read_definitions
from bench.paper.sources import Sources
from bench.text.escape import escape_for_terminal

USAGE = """zgs paper [--config-dir DIR]
zgs paper NAME … [to=FOLDER] [ratings=FILE] [make=no] [KEY=VALUE …] [--config-dir DIR]

(nothing)         which tables and figures there are, what each shows and needs, and how long it takes
NAME …            table3, figure11 …; all for every one
to=FOLDER         where they are written (outputs/paper)
ratings=FILE      people's ratings of the full method's labels, a csv as PREDICTIONS.md says (tables 1, 2, 4, 5)
make=no           only from runs that are finished; what is missing is said with the command that makes it (exit code 3)
KEY=VALUE         any key of `zgs run --help`, for all runs that have it: models=paper; models.groupvit.source=FOLDER;
                  data=A,B names several data sets
out=FOLDER        where finished runs are looked for and new ones are left (outputs)
--config-dir DIR  tables of your own beside zgs's: DIR/experiment/paper/mine.yaml is `zgs paper mine`; also -cd DIR"""
OWN = {"to": "outputs/paper", "ratings": "", "make": "yes"}
"""Options of this command, with their defaults."""


def main(arguments: list[str]) -> int:
    """List the tables and figures, or make those that are named.

    Returns 1 where a run failed or none is there, 3 where images were skipped or, with ``make=no``, runs are missing.
    """
    from bench.settings.trust import check_config_folders, take_trusted

    arguments, trusted = take_trusted(arguments)
    flags, words = split_flags(arguments)
    if unknown := [flag for flag in flags if flag.startswith("-") and flag.partition("=")[0] not in CONFIG_DIR]:
        raise UsageError(f"paper: {unknown[0]}: no such flag; `zgs paper --help` shows all")
    check_config_folders(flags, trusted)
    config_dir = find_flag(flags, CONFIG_DIR)
    if config_dir is not None:
        check_folder(config_dir)
    names = [word for word in words if "=" not in word]
    own = {word.partition("=")[0]: word.partition("=")[2] for word in words if word.partition("=")[0] in OWN}
    typed = [word for word in words if "=" in word and word.partition("=")[0] not in OWN]
    options = {**OWN, **own}
    if any(word.startswith("report.") for word in typed):
        raise UsageError("paper: report.blocklist: these figures and tables show every text; zgs run, report, compare "
                         "and show hide words")  # fmt: skip
    if not options["to"]:
        raise UsageError("paper: to=: name a folder")
    if options["make"] not in ("yes", "no"):
        raise UsageError(f"paper: make={options['make']}: yes or no")
    if not names:
        from bench.commands.paper_list import print_list

        return print_list(config_dir, typed, _find_out(typed))
    return _make(read_definitions(names, config_dir), typed, options, flags, arguments)


def _make(
    items: Sequence[Item], typed: Sequence[str], options: dict[str, str], flags: list[str], line: list[str]
) -> int:
    from bench.paper.write import write_items

    plan, out, to = _plan(items, typed, flags), _find_out(typed), Path(options["to"])
    command, makes = shlex.join(["zgs", "paper", *line]), options["make"] == "yes"
    own = [f"{key}={options[key]}" for key in ("ratings", "to") if options[key] != OWN[key]]
    asked = Sources({}, {}, {}, typed=[*typed, *own], flags=flags)
    _check_beforehand(plan, asked, options["ratings"], to)
    _print_partial(plan)
    runs = collect_runs(plan, out, (lambda jobs: _run(jobs, flags, command, out)) if makes else None)
    named, distinct = len(plan.named), len(plan.distinct)
    print(f"{named} runs named, {distinct} distinct: {len(runs.folders) - runs.made} finished before, {runs.made} made")
    print(*runs.notes, sep="\n", end="\n" if runs.notes else "")
    if not makes and not runs.folders:
        _print_begun(plan, replace(asked, reasons=runs.reasons))
        raise UserError(f"paper: make=no: none of {distinct} runs is finished in {out}; without make=no they are made")
    verified, lacks = _verify(plan, runs, options["ratings"], typed)
    sources = Sources(
        runs.folders, verified, runs.reasons, lacks, runs.as_is, asked.typed, flags, compose_paper_models()
    )
    written = write_items([*runs.folders.values(), *verified.values()], plan, sources, to)
    _print_items(plan, sources, to)
    print("written:", *written, sep="\n  ")
    return _find_code(plan, runs, typed, makes)


def _check_beforehand(plan: Plan, asked: Sources, ratings: str, to: Path) -> None:
    """Raise UserError for what is wrong whatever the runs give: numbers that none has, ratings, where tables go."""
    from bench.paper.beforehand import check_tables
    from bench.score.human_ratings import read_ratings

    check_tables(plan, asked)
    if ratings:
        read_ratings(ratings)
    place = next(each for each in (to, *to.absolute().parents) if each.exists())
    with writing(to, "to=FOLDER"):  # no folder is left where a run fails
        TemporaryFile(dir=place).close()


def _print_begun(plan: Plan, sources: Sources) -> None:
    """Print each run with n and its command where the store holds images of any."""
    from bench.paper.empty import list_missing
    from bench.run.progress import count_predicted

    if any(count_predicted(need.settings) for need in plan.distinct.values()):
        print(*(f"missing: {lack}" for lack in list_missing(plan, sources)), sep="\n")


def _print_partial(plan: Plan) -> None:
    """Print which typed words do not count for all runs."""
    for word, rows in plan.partial.items():
        told = f"{word} counts for {', '.join(rows)}; the other rows state that themselves or have no such key"
        print(escape_for_terminal(told))


def _print_items(plan: Plan, sources: Sources, to: Path) -> None:
    """Print the tables as they were written, and the runs that are missing, each with the command that makes it."""
    from bench.paper.empty import list_missing

    for item in plan.items:
        if item.kind == TABLE:
            print("\n" + (to / f"{item.name}.md").read_text(encoding="utf-8"))
    for lack in list_missing(plan, sources):
        print(f"missing: {lack}")


def _find_code(plan: Plan, runs: Runs, typed: Sequence[str], makes: bool) -> int:
    """Find the exit code: 1 where a run failed that was to be made, 3 where one is missing or left images out."""
    from bench.store.sealed import read_record

    rows = [(item, row) for item in plan.items for row in item.rows if row.is_given(typed)]
    asked = {need.key for item, row in rows for need in plan.list_needs(item, row)}
    if asked & set(runs.reasons):
        return FAILED if makes else SKIPS
    return SKIPS if any(read_record(folder).get("skipped") for folder in runs.folders.values()) else DONE


def _plan(items: Sequence[Item], typed: Sequence[str], flags: Sequence[str]) -> Plan:
    """Plan the runs. Raises UsageError for words that fit nothing."""
    config_dir = find_flag(flags, CONFIG_DIR)

    def compose(words: Words) -> Need:
        try:
            return compose_need(words, tuple(prepare_words(words, sweep=False)), config_dir)
        except COMPOSING as error:
            told = explain_error(error, [*flags, *words])
            key = find_unknown_key(error)
            raise (UnknownKey(told, key) if key else UsageError(told)) from error

    return make_plan(items, typed, compose, config_dir)


def _run(jobs: Sequence[Job], flags: Sequence[str], command: str, out: Path) -> list[tuple[str, str]]:
    """Run jobs by the machinery of sweeps; for each its folder and, where it failed, the reason."""
    from bench.commands.many import run_listed

    prepared = [tuple(prepare_words([*job, "pictures=0"], sweep=False)) for job in jobs]
    return [(each.folder, each.reason) for each in run_listed(prepared, flags, command, out)]


def _find_out(typed: Sequence[str]) -> Path:
    return Path(next((word.partition("=")[2] for word in reversed(typed) if word.startswith("out=")), "outputs"))


def _verify(plan: Plan, runs: Runs, ratings: str, typed: Sequence[str]) -> tuple[dict[str, Path], dict[str, str]]:
    """Score the runs that people rated by their ratings, in folders of their own; and say why others do not fit.

    Nothing without ratings. Raises UserError where they fit no run.
    """
    from bench.commands.score import read_command, score_place

    places = [word for word in typed if word.partition("=")[0] in ("out", "store", "executor", "executor.workers")]
    found: dict[str, Path] = {}
    lacks: dict[str, str] = {}
    for key in _list_rated(plan) if ratings else ():
        if (folder := runs.folders.get(key)) is not None:
            words = [str(folder), "score.verify=human", f"score.ratings={ratings}", *places]
            try:
                found[key] = score_place(read_command(words))[0]
            except UserError as error:
                lacks[key] = " ".join(str(error).split())
    if lacks and not found:
        raise UserError(next(iter(lacks.values())))
    return found, lacks


def _list_rated(plan: Plan) -> list[str]:
    """List the runs, by their keys, of which some item shows people's ratings."""
    return list(
        dict.fromkeys(
            need.key
            for item in plan.items
            for row in item.rows
            for place in plan.places[item.name]
            if is_rated(item, row, place.columns) and (need := plan.find(item, row, place))
        )
    )
