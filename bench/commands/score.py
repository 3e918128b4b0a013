"""`zgs score`: published protocols on stored predictions of any system; `--check` only looks for faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.commands.arguments import Parser, refuse_inputs
from bench.commands.check import GROUPS, check_file
from bench.commands.foreign import PREFIX, import_for_score, is_foreign
from bench.commands.naming import find_written_name
from bench.commands.options import CONFIG_DIR, check_folder
from bench.commands.protocols import compose_protocols
from bench.commands.words import is_setting, prepare_words
from bench.errors import DONE, SKIPS, UsageError, UserError
from bench.settings.compose import list_groups
from bench.settings.ranges import RUN
from bench.text.escape import escape_for_terminal

USAGE = """zgs score PREDICTIONS data=DATASET [score=A,B] [KEY=VALUE …] [--csv FILE] [--check] [--ignore-unknown]
          [--config-dir DIR]
zgs score RUN [score=A,B] [KEY=VALUE …] [trust=PACKAGE]

PREDICTIONS       a .json or .jsonl file as PREDICTIONS.md describes, of any system; or what another tool wrote (its
                  kind is told by looking: `zgs import` lists them), with import.kind=… import.classes=… and the like
RUN               the folder of a finished run: its data and models, unless they are given
score=A,B         protocols, e.g. paper,reference; every other key is that of `zgs run --help`
score=libraries   what other libraries would say, side by side
tracking=wandb    tell a tracker of the scores, and of the predictions that they were made from
trust=PACKAGE     run code of that package where the settings of RUN name it; else only zgs's own is run
--config-dir DIR  options of your own beside zgs's, as DIR/score/mine.yaml for score=mine; also -cd DIR
--csv FILE        write the tidy table there too
--check           name every fault of the file and score nothing
--ignore-unknown  score although the file holds images that the data set does not have"""


@dataclass(frozen=True)
class Command:
    """What was asked for: the ``words`` that are settings, the flags, the packages whose code may run, and the line."""

    place: Path
    words: list[str]
    csv: Path | None
    check: bool
    ignore_unknown: bool
    config_dir: str | None
    trusted: Sequence[str]
    line: Sequence[str]
    choices: Mapping[str, str]


def main(arguments: list[str]) -> int:
    """Score predictions, print and write the tidy table; the exit code is 3 where images lack or were skipped."""
    command = import_first(read_command(arguments))
    if command.check:
        return check_file(find_predictions(command.place), command.words, command.ignore_unknown, command.config_dir)
    folder, result = score_place(command)
    _print_result(folder, result)
    return SKIPS if result.missing or result.skipped else DONE


def read_command(arguments: list[str]) -> Command:
    """Read the words of the command. Raises UsageError for a flag, a folder or a number of places that it cannot have.

    Raises UserError where --config-dir is a run's folder that names code which nobody trusts.
    """
    parser = Parser("zgs score", add_help=False)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--csv", type=Path)
    parser.add_argument(*CONFIG_DIR, dest="config_dir")
    for flag in ("--check", "--ignore-unknown"):
        parser.add_argument(flag, action="store_true")
    given = parser.parse_intermixed_args(arguments)
    said = [word for word in given.words if word.startswith(PREFIX) and "=" in word]
    choices = dict(word.removeprefix(PREFIX).split("=", 1) for word in said)
    rest = [word for word in given.words if word not in said]
    words = [word for word in rest if is_setting(word, (*list_groups(), *RUN))]
    places = [word for word in rest if word not in words]
    from bench.settings.trust import check_config_folders, take_trusted

    words, trusted = take_trusted(words)
    if given.config_dir is not None:
        check_folder(given.config_dir)
        check_config_folders([CONFIG_DIR[0], given.config_dir], trusted)
    if len(places) != 1:
        raise UsageError(f"score: name one file of predictions or one run, not {len(places)}; `zgs score --help`")
    # Now, for keys of a second protocol are moved; commas between protocols are ours, and not Hydra's.
    words = [word if word.startswith("score=") else prepare_words([word], sweep=False)[0] for word in words]
    flags = given.csv, given.check, given.ignore_unknown, given.config_dir
    return Command(Path(places[0]), words, *flags, trusted, arguments, choices)


def import_first(command: Command) -> Command:
    """Bring in what another tool wrote: the command with its predictions in place of it; any other as it is."""
    if not is_foreign(command.place, command.choices):
        return command
    if command.csv:
        refuse_inputs(
            command.csv, [command.place, command.choices.get("images"), command.choices.get("classes")], "--csv"
        )
    _, settings = compose_protocols(command.words, None, command.config_dir)
    if not any(word.startswith("data=") for word in command.words):
        raise UsageError("score: say which data the predictions are of: data=…")
    return replace(command, place=import_for_score(command.place, command.choices, settings))


def find_predictions(place: Path) -> Path:
    """The file of predictions, or that of a run's folder."""
    if not place.is_dir():
        return place
    from bench.store.sealed import RECORD, check_intact

    # A folder without a record is no finished run; what is wrong with its predictions is told when they are read.
    return check_intact(place, "predictions.json") if (place / RECORD).exists() else place / "predictions.json"


def score_place(command: Command) -> tuple[Path, Any]:
    """Score what a command names; return the folder that it left and the result (`bench.run.score_records`)."""
    from bench.errors import writing
    from bench.predictions.source import PredictionFile
    from bench.run.provenance import describe_typed
    from bench.run.score_folder import score_in_folder
    from bench.run.score_records import ScoreRequest
    from bench.score.controls import choose_controls
    from bench.score.score_table import write_scores
    from bench.settings.check import check_settings
    from bench.tracking.tell import track_run

    place, words, csv = command.place, command.words, command.csv
    own = _read_run_settings(place, command.trusted)
    if own is None and not any(word.startswith("data=") for word in words):
        raise UsageError("score: say which data the predictions are of: data=…")
    protocols, settings = compose_protocols(words, own, command.config_dir)
    workers = settings["executor"].get("workers", 1)
    if workers != "auto" and (type(workers) is not int or workers < 1):
        raise UsageError(f"executor.workers={workers}: a positive number or auto")
    for options in protocols:
        check_settings({**settings, "score": options}, GROUPS)
    choose_controls(settings["controls"])
    read = find_predictions(place)
    if csv:
        named = [options.get(key) for options in protocols for key in ("table", "ratings")]
        refuse_inputs(csv, [read, *named, *(place.iterdir() if place.is_dir() else ())], "--csv")
    asked = own is not None or any(word.startswith("controls=") for word in words)
    request = ScoreRequest(
        PredictionFile(read),
        protocols,
        variant=find_written_name(_choose_variant(place, settings), words) or "",
        controls=settings["controls"] if asked else [],
        skipped=_read_skips(place),
        ignore_unknown=command.ignore_unknown,
        chosen=any(word.startswith("score.mapping=") for word in words),
    )
    folder, result = score_in_folder(settings, request, describe_typed("score", command.line))
    if any(word.startswith("tracking") for word in words):  # never because the run that is scored had one
        track_run(folder, settings["tracking"])
    if csv:  # before the table is printed, for a reader may leave early
        with writing(csv, "--csv FILE"):
            csv.parent.mkdir(parents=True, exist_ok=True)
            write_scores(result.tables.scores, csv)
    return folder, result


def _read_run_settings(place: Path, trusted: Sequence[str] = ()) -> dict[str, Any] | None:
    """The settings of a run's folder; None for a file."""
    if not place.is_dir():
        if not place.exists():
            raise UserError(f"{place}: no such file; give a .json or .jsonl file of predictions, or a run's folder")
        return None
    from bench.settings.saved import read_run_settings
    from bench.settings.trust import SCORING, check_run
    from bench.store.sealed import print_unsealed

    settings = read_run_settings(place)
    if "predictions" in settings:
        raise UserError(f"{place}: a folder of `zgs score`; give the file it scored: {settings['predictions']}")
    check_run(place, trusted, SCORING)
    print_unsealed([place])
    return settings


def _choose_variant(place: Path, settings: Mapping[str, Any]) -> str | None:
    """What the row is called, as given or as the run says; None leaves it to the file."""
    if place.is_dir() and not settings.get("variant"):
        from bench.store.sealed import read_record

        return str(read_record(place)["variant"])
    return settings.get("variant")


def _read_skips(place: Path) -> dict[str, str]:
    """The images that a run had to leave out, with reasons."""
    if not place.is_dir():
        return {}
    from bench.store.sealed import read_record

    return dict(read_record(place).get("skipped", {}))


def _print_result(folder: Path, result: Any) -> None:
    """The tidy table or that of other libraries, what was counted, and where it all is."""
    from bench.report.tables.cells import list_doubts

    scores = result.tables.scores
    own = scores[scores["role"] == scores["role"].iloc[0]]
    grouped = own["group"] != ""
    libraries = [protocol for protocol in result.protocols if protocol.library]
    if len(libraries) == len(result.protocols) > 1:
        from bench.score.libraries import list_left_out, make_library_table, print_library_table

        print_library_table(make_library_table(libraries, own[~grouped]))
        print(*list_left_out(libraries, own[~grouped]), "", sep="\n", end="")
        print("each with all its settings: run.json")
    else:
        _print_scores(result.protocols, own[~grouped])
    print(*list_doubts(own[~grouped]), sep="\n")
    if grouped.any():
        print(f"breakdown: {grouped.sum()} more lines in scores.csv")
    print(*map(escape_for_terminal, [*result.notes, f"{folder}/"]), sep="\n")


def _print_scores(protocols: Sequence[Any], table: Any) -> None:
    """The protocols with everything that changes a number, and the tidy table."""
    from bench.score.protocol_text import describe_protocol

    print(*map(describe_protocol, protocols), "", sep="\n")
    from bench.report.tables.cells import write_mark

    wide = max((len(name) for name in table["metric"]), default=6)
    counts = ("expected", "found", "skipped")
    print(f"{'metric':{wide}}     value  interval             {'n':>7} {'unit':8} {' '.join(counts)}")
    for row in table.to_dict("records"):
        interval = f"[{row['low']:.4f}, {row['high']:.4f}]{write_mark(row)}"
        print(
            f"{row['metric']:{wide}}  {row['value']:8.4f}  {interval:19}  {row['n']:>7} {row['unit_of_n']:8} "
            + " ".join(f"{row[name]:>{len(name)}}" for name in counts)
        )
