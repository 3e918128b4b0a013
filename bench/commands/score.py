"""`zgs score`: published protocols on stored predictions of any system; `--check` only looks for faults."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.commands.arguments import Parser
from bench.commands.naming import find_written_name
from bench.commands.settings import compose_settings, take_over
from bench.commands.words import is_setting, prepare_words
from bench.errors import DONE, FAILED, SKIPS, UsageError, UserError
from bench.settings.compose import list_groups
from bench.settings.ranges import RUN
from bench.text.escape import escape_for_terminal

USAGE = """zgs score PREDICTIONS data=DATASET [score=A,B] [KEY=VALUE …] [--csv FILE] [--check] [--ignore-unknown]
zgs score RUN [score=A,B] [KEY=VALUE …] [trust=PACKAGE]

PREDICTIONS       a .json or .jsonl file as PREDICTIONS.md describes, of any system
RUN               the folder of a finished run: its data and models, unless they are given
score=A,B         protocols, e.g. paper,reference; every other key is that of `zgs run --help`
trust=PACKAGE     run code of that package where the settings of RUN name it; else only zgs's own is run
--csv FILE        write the tidy table there too
--check           name every fault of the file and score nothing
--ignore-unknown  score although the file holds images that the data set does not have"""
_OTHERS = "other_protocols"
SHOWN = 20
"""Faults that --check writes out; the others are counted."""
GROUPS = ("data", "score")
"""Settings that stored predictions leave to be checked: stages of the method are not made, their modules not loaded."""


def main(arguments: list[str]) -> int:
    """Score predictions, print and write the tidy table; the exit code is 3 where images lack or were skipped."""
    parser = Parser("zgs score", add_help=False)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--csv", type=Path)
    for flag in ("--check", "--ignore-unknown"):
        parser.add_argument(flag, action="store_true")
    given = parser.parse_intermixed_args(arguments)
    words = [word for word in given.words if is_setting(word, (*list_groups(), *RUN))]
    places = [word for word in given.words if word not in words]
    from bench.settings.trust import take_trusted

    words, trusted = take_trusted(words)
    if len(places) != 1:
        raise UsageError(f"score: name one file of predictions or one run, not {len(places)}; `zgs score --help`")
    place = Path(places[0])
    # Now, for keys of a second protocol are moved; commas between protocols are ours, and not Hydra's.
    words = [word if word.startswith("score=") else prepare_words([word], sweep=False)[0] for word in words]
    if given.check:
        return check_file(find_predictions(place), words, given.ignore_unknown)
    return _score(place, words, given.csv, given.ignore_unknown, trusted, arguments)


def find_predictions(place: Path) -> Path:
    """The file of predictions, or that of a run's folder."""
    if not place.is_dir():
        return place
    from bench.store.sealed import RECORD, check_intact

    # A folder without a record is no finished run; what is wrong with its predictions is told when they are read.
    return check_intact(place, "predictions.json") if (place / RECORD).exists() else place / "predictions.json"


def check_file(path: Path, words: Sequence[str] = (), ignore_unknown: bool = False) -> int:
    """Print every fault of a file and, where data are named, what does not fit them: ids, classes of true segments.

    The exit code is what scoring would have: 1 where it would stop, 3 where images have no prediction.
    """
    from bench.predictions.remarks import list_head_remarks, list_prediction_remarks
    from bench.predictions.source import PredictionFile

    (protocols, settings), file = _check_words(words), PredictionFile(path)
    faults = list(file.list_faults())
    faults += [] if faults else list(file.find_unembedded())
    if any(options["overlap"] == "highest_score" for options in protocols) and not faults:
        faults += file.find_unscored()
    dataset = _make_data(words, settings) if not faults else None
    if dataset is not None:
        faults = _find_misfits(file, dataset, any(options["proportions"] == "same" for options in protocols))
    notes = list_head_remarks(file) if faults else list_prediction_remarks(file, file)
    for note in notes:
        print(escape_for_terminal(f"note: {note}"))
    for fault in faults[:SHOWN]:
        print(escape_for_terminal(fault))
    if len(faults) > SHOWN:
        print(f"… and {len(faults) - SHOWN} more")
    print(f"{path}: {len(file)} images, {len(faults)} faults" + f", {len(notes)} notes" * bool(notes))
    if dataset is None:
        return FAILED if faults else DONE
    from bench.data.base import list_remarks
    from bench.run.tables import compare_ids

    for remark in list_remarks(dataset):
        print(remark)
    missing, unknown, outside = compare_ids(file, dataset)
    print(f"{len(missing)} images of the data set are missing {missing[:3]}, {len(unknown)} unknown {unknown[:3]}")
    if outside:
        print(f"{len(outside)} images are in the split but not in the subset {outside[:3]}")
    stops = bool(faults) or (bool(unknown) and not ignore_unknown)
    return FAILED if stops else SKIPS if missing else DONE


def _check_words(words: Sequence[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Protocols and settings that go with a file, if any are given. UsageError for one that scoring would not take."""
    if not words:
        return [], {}
    from bench.score.evaluate import check_words
    from bench.settings.check import check_settings
    from bench.settings.instantiate import make_object

    protocols, settings = _compose_protocols(words, None)
    for options in protocols:
        check_settings({**settings, "score": options}, GROUPS)
        check_words(make_object(options | ({"background": "context"} if options["background"] == "auto" else {})))
    return protocols, settings


def _make_data(words: Sequence[str], settings: Mapping[str, Any]) -> Any:
    """The data set that is named, if one is."""
    if not any(word.startswith("data=") for word in words):
        return None
    from bench.settings.instantiate import make_object

    return make_object(settings["data"])


def _find_misfits(file: Any, dataset: Any, in_proportion: bool) -> list[str]:
    """Classes that the file describes and images lack, masks of other proportions. Unusable truth is skipped."""
    import numpy as np
    from tqdm import tqdm

    from bench.errors import BadSample
    from bench.predictions.proportions import describe_misfit
    from bench.run.similarities import find_misplaced

    faults: list[str] = []
    for image_id in tqdm([i for i in dataset.list_ids() if i in file], desc="check   ", unit="img", dynamic_ncols=True):
        told = file.read_true_segments(image_id)
        try:
            truth = dataset.load(image_id).truth
        except BadSample:
            continue
        compared = in_proportion and truth is not None and file.read_texts(image_id)
        fault = describe_misfit(file.read_size(image_id), truth.shape) if compared else None
        faults += [f"{file.describe_place(image_id)}: {fault}"] if fault else []
        if told and truth is not None and dataset.classes is not None:
            true = [int(c) for c in np.unique(truth) if c >= 0]
            faults += find_misplaced(told, true, dataset.classes.names, file.describe_place(image_id))
    return faults


def _score(
    place: Path, words: list[str], csv: Path | None, ignore_unknown: bool, trusted: Sequence[str], line: Sequence[str]
) -> int:
    from bench.errors import writing
    from bench.predictions.source import PredictionFile
    from bench.run.provenance import describe_typed
    from bench.run.score_folder import score_in_folder
    from bench.run.score_records import ScoreRequest
    from bench.score.controls import choose_controls
    from bench.score.score_table import write_scores
    from bench.settings.check import check_settings

    own = _read_run_settings(place, trusted)
    if own is None and not any(word.startswith("data=") for word in words):
        raise UsageError("score: say which data the predictions are of: data=…")
    protocols, settings = _compose_protocols(words, own)
    workers = settings["executor"].get("workers", 1)
    if workers != "auto" and (type(workers) is not int or workers < 1):
        raise UsageError(f"executor.workers={workers}: a positive number or auto")
    for options in protocols:
        check_settings({**settings, "score": options}, GROUPS)
    choose_controls(settings["controls"])
    asked = own is not None or any(word.startswith("controls=") for word in words)
    request = ScoreRequest(
        PredictionFile(find_predictions(place)),
        protocols,
        variant=find_written_name(_choose_variant(place, settings), words) or "",
        controls=settings["controls"] if asked else [],
        skipped=_read_skips(place),
        ignore_unknown=ignore_unknown,
        chosen=any(word.startswith("score.mapping=") for word in words),
    )
    folder, result = score_in_folder(settings, request, describe_typed("score", line))
    if csv:  # before the table is printed, for a reader may leave early
        with writing(csv, "--csv FILE"):
            csv.parent.mkdir(parents=True, exist_ok=True)
            write_scores(result.tables.scores, csv)
    _print_result(folder, result)
    return SKIPS if result.missing or result.skipped else DONE


def _compose_protocols(
    words: Sequence[str], own: Mapping[str, Any] | None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The ``score`` settings of each protocol asked for, and all other settings, composed in one go."""
    rest = [word for word in words if not word.startswith("score=")]
    names = next((word.partition("=")[2].split(",") for word in reversed(words) if word.startswith("score=")), [""])
    first, *others = names
    if twice := [name for at, name in enumerate(names) if name in names[:at] or (not name and others)]:
        wrong = f"{twice[0]} is named twice" if twice[0] else "one of the names is empty"
        raise UsageError(f"score={','.join(names)}: {wrong}; name each protocol once")
    told = [*rest, f"score={first}"] if first else list(rest)
    for at, name in enumerate(others):  # the same group again in another place, and there the same changes
        place = f"{_OTHERS}.at{at}"
        changes = [re.sub(r"^([+~]*)score\.", rf"\1{place}.", word) for word in rest]
        told += [f"+score@{place}={name}", *(word for word in changes if word not in rest)]
    config = compose_settings(told)
    protocols, settings = [config["score"], *config.pop(_OTHERS, {}).values()], config
    if own is not None:
        settings = json.loads(json.dumps(own))
        for key in (word.partition("=")[0].lstrip("+") for word in rest):
            take_over(config, settings, key.split("."))
    return protocols, settings


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
    """The protocols with everything that changes a number, the tidy table, what was counted, and where it all is."""
    from bench.score.protocol_text import describe_protocol

    print(*map(describe_protocol, result.protocols), "", sep="\n")
    scores = result.tables.scores
    own = scores[scores["role"] == scores["role"].iloc[0]]
    grouped = own["group"] != ""
    table = own[~grouped]
    wide = max((len(name) for name in table["metric"]), default=6)
    counts = ("expected", "found", "skipped")
    print(f"{'metric':{wide}}     value  interval            {'n':>7} {'unit':8} {' '.join(counts)}")
    for row in table.to_dict("records"):
        interval = f"[{row['low']:.4f}, {row['high']:.4f}]"
        print(
            f"{row['metric']:{wide}}  {row['value']:8.4f}  {interval:18}  {row['n']:>7} {row['unit_of_n']:8} "
            + " ".join(f"{row[name]:>{len(name)}}" for name in counts)
        )
    print()
    if grouped.any():
        print(f"breakdown: {grouped.sum()} more lines in scores.csv")
    print(*map(escape_for_terminal, [*result.notes, f"{folder}/"]), sep="\n")
