"""The number of a run that a search looks at, ``objective=METRIC``, checked before anything is computed (section 4).

A metric is named in full (`bench.metric_name`), by its mapping and its own name (``st/iou.image.union``), or by its own
name alone, which then stands for the first mapping of the protocol that measures it.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from bench.errors import UsageError
from bench.metric_name import parse, write_number
from bench.protocol import Protocol
from bench.records import ClassList, Overlap, TrueSegmentTexts
from bench.run.context import RunContext
from bench.run.score_protocol import name_metrics
from bench.score.counts import count_metrics, gather
from bench.score.presets import make_title

_SHOWN = 3


def check_objective(context: RunContext, protocol: Protocol) -> None:
    """Raise UsageError, which names the nearest metrics, unless runs under this protocol measure the objective."""
    if not (objective := context.run.objective):
        return
    if context.dataset.classes is None:
        raise UsageError(f"objective={objective}: {context.dataset.name} has no labels, so that nothing is scored")
    find_objective(objective, list_metric_names(context, protocol))


def list_metric_names(context: RunContext, protocol: Protocol) -> list[str]:
    """List the full names of all metrics of a protocol, in their order, as one image made of one segment has them.

    No model is loaded and no image read. A variant that says nothing of true segments has fewer.
    """
    classes, naming = context.classes, name_metrics(context, context.measured)
    image, truth = _make_image(classes)
    scored = gather([image], [truth], classes, protocol, {image.image_id: np.zeros(1, np.float32)})
    title = make_title(protocol)
    return [naming(title, *key) for key in count_metrics(scored)]


def find_objective(objective: str, names: Sequence[str]) -> str:
    """Find the full name that an objective means. Raises UsageError where none of ``names`` is it."""
    for name in names:
        if objective in (name, *_shorten_name(name)):
            return name
    known = dict.fromkeys(names if objective.count("/") > 1 else (short for n in names for short in _shorten_name(n)))
    near = difflib.get_close_matches(objective, known, n=_SHOWN, cutoff=0.5) or list(known)[:_SHOWN]
    raise UsageError(f"objective={objective}: no metric of this protocol; did you mean {' or '.join(near)}?")


def read_objective(objective: str | None, scores: pd.DataFrame, variant: str) -> float | None:
    """Read the objective among the scores of a finished run, and print it; None where it is asked for and not a number.

    ``variant`` is the row's own, for floors and ceilings have the same metrics.
    """
    if not objective:
        return None
    own = scores[scores["variant"] == variant]
    try:
        name = find_objective(objective, list(own["metric"]))
    except UsageError as error:  # results stay; whoever searches sees that this trial has no value
        print(f"beware: {error}")
        return None
    row = own[own["metric"] == name].iloc[0]
    value = float(row["value"])
    print(f"objective {name} = {value:.6f} (n = {row['n']} {row['unit_of_n']})")
    return value if math.isfinite(value) else None


def _shorten_name(name: str) -> tuple[str, str]:
    """Shorten a full name to its metric, and to mapping and metric."""
    parts = parse(name)
    metric = parts.metric + ("" if parts.bound is None else f"{parts.relation}{write_number(parts.bound)}")
    return metric, f"{parts.mapping}/{metric}"


def _make_image(classes: ClassList) -> tuple[Overlap, TrueSegmentTexts]:
    """Make an image of one pixel a class, all covered by one segment, and what is said of its true segments."""
    number = len(classes)
    every, pixels = np.arange(number, dtype=np.int32), np.ones(number, np.int64)
    rows, counts = np.zeros((1, number), np.float32), np.zeros((1, number + 2), np.int64)
    counts[0, :number] = 1
    image = Overlap("x", counts, np.ones((1, 1), bool), every, counts.sum(axis=1), rows, rows, ("a",))
    square = np.eye(number, dtype=np.float32)
    return image, TrueSegmentTexts("x", every, pixels, square, square, ("a",) * number)
