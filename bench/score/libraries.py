"""Section 4, what other libraries would say of the same predictions: their numbers and rules, side by side.

The words come from the settings of each protocol, so that none says what its yaml does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bench.metric_name import MetricName, parse, write_number
from bench.metrics.registry import find_title
from bench.protocol import Protocol
from bench.score.evaluate import NOTE
from bench.score.score_table import describe_name

COLUMNS = (
    "library", "version", "score=", "number", "value", "interval", "n", "averaged over", "class of neither",
    "only predicted", "void",
)  # fmt: skip
"""A star stands behind an interval that may be too narrow; ``n`` are units, such as images, that the number is over;
``class of neither`` is what becomes of a class that neither truth nor prediction has, ``only predicted`` of one that
the truth has not."""
AVERAGED = {
    "image": "classes of an image, then images", "pair": "pairs of image and class", "dataset": "classes of the set",
    "pixel_accuracy": "pixels of the set", "mean_accuracy": "true classes of the set",
    "fwiou": "true pixels of the set",
}  # fmt: skip
UNSEEN = {"ignore": "left out", "one": "1", "zero": "0"}
ABSENT = {"zero": "0", "ignore": "left out"}
VOID = {"ignore": "taken out", "count": "counts", "first": "the first label"}
UNANSWERED = {"count": "", "ignore": ", and where no answer is"}
ACCURACIES, QUALITIES = ("pixel_accuracy", "mean_accuracy", "fwiou"), ("pq", "sq", "rq")


def make_library_table(protocols: Sequence[Protocol], scores: pd.DataFrame) -> pd.DataFrame:
    """Take protocols of libraries and the rows of their scores, return a row for each number with the `COLUMNS`."""
    by_name = {protocol.name: protocol for protocol in protocols}
    named = [(parse(row["metric"]), row) for row in scores.to_dict("records")]
    lines = [_describe_number(by_name[parts.score], parts, row) for parts, row in named if parts.score in by_name]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def print_library_table(table: pd.DataFrame) -> None:
    """Print the table with columns as wide as they need to be, values with four decimals."""
    texts = table.assign(value=[f"{value:.4f}" for value in table["value"]]).astype(str)
    rows = [list(map(str, texts.columns)), *texts.to_numpy().tolist()]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, wide, strict=True)).rstrip())


def name_library(protocol: Protocol) -> tuple[str, str]:
    """The package whose rule a protocol is, and its version or the beginning of its commit."""
    package, version = (*re.split("==|@", protocol.library or protocol.name), "")[:2]
    return package, version[:7]


def describe_rule(protocol: Protocol, metric: str) -> tuple[str, str, str, str]:
    """What a protocol averages a metric over, and what it does with both kinds of absent classes and with void.

    Only what the metric reads: panoptic quality reads neither ``unseen`` nor ``absent``, and knows no first label. Of a
    metric that no library has, nothing is said.
    """
    word, kind = (*metric.split("."), "dataset")[:2]
    if word not in ("iou", *ACCURACIES, *QUALITIES):
        return "", "", "", ""
    averaged = AVERAGED.get(word) or AVERAGED[kind]
    unseen, absent, void = UNSEEN[protocol.unseen], ABSENT[protocol.absent], VOID[protocol.void]
    if word in ACCURACIES:  # classes of the truth: there are no others in them
        unseen, absent = "left out", "left out"
    if word in QUALITIES:
        unseen, absent = "left out", ABSENT[protocol.unmatched if word == "sq" else "zero"]
        void = VOID["ignore" if protocol.void == "ignore" else "count"]
    return averaged, unseen, absent, void + UNANSWERED[protocol.unlabelled]


def _describe_number(protocol: Protocol, parts: MetricName, row: Mapping[Any, Any]) -> tuple[object, ...]:
    """The row of a number; behind the name stands what was changed of the protocol, and a mapping but `exact`."""
    word = parts.metric.partition(".")[0]
    title = {"iou": "mean IoU"}.get(word, find_title(word))
    bound = "" if parts.threshold is None else f">={write_number(parts.threshold)}"
    name = describe_name(row["metric"]).protocol + ("" if parts.mapping == "exact" else f" {parts.mapping}{bound}")
    measured = float(row["value"]), _write_interval(row), f"{row['n']} {row['unit_of_n']}"
    return *name_library(protocol), name, title, *measured, *describe_rule(protocol, parts.metric)


def _write_interval(row: Mapping[Any, Any]) -> str:
    """Both ends, and a star where they may be too near; a single image has none."""
    return "–" if pd.isna(row["low"]) else f"[{row['low']:.4f}, {row['high']:.4f}]{'*' if row[NOTE] else ''}"
