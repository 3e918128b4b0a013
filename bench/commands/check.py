"""`zgs score --check`: every fault of a file of predictions, and what does not fit the data; nothing is scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.commands.protocols import compose_protocols
from bench.errors import DONE, FAILED, SKIPS
from bench.text.escape import escape_for_terminal

SHOWN = 20
"""Faults that are written out; the others are counted."""
GROUPS = ("data", "score")
"""Settings that stored predictions leave to be checked: stages of the method are not made, their modules not loaded."""


def check_file(
    path: Path, words: Sequence[str] = (), ignore_unknown: bool = False, config_dir: str | None = None
) -> int:
    """Print every fault of a file and, where data are named, what does not fit them: ids, classes of true segments.

    The exit code is what scoring would have: 1 where it would stop, 3 where images have no prediction.
    """
    from bench.predictions.remarks import list_head_remarks, list_prediction_remarks
    from bench.predictions.source import PredictionFile

    (protocols, settings), file = _check_words(words, config_dir), PredictionFile(path)
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


def _check_words(words: Sequence[str], config_dir: str | None) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Protocols and settings that go with a file, if any are given. UsageError for one that scoring would not take."""
    if not words:
        return [], {}
    from bench.protocol import UNTIL_KNOWN
    from bench.score.evaluate import check_words
    from bench.settings.check import check_settings
    from bench.settings.instantiate import make_object

    protocols, settings = compose_protocols(words, None, config_dir)
    for options in protocols:
        check_settings({**settings, "score": options}, GROUPS)
        background = UNTIL_KNOWN.get(options["background"], options["background"])
        check_words(make_object(options | {"background": background}))
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
