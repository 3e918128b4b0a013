"""Section 4, what other libraries would say of the same predictions: their numbers and rules, side by side.

The words come from the settings of each protocol, so that none says what its yaml does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from bench.metric_name import parse
from bench.metrics.registry import find_title
from bench.protocol import Protocol

COLUMNS = (
    "library", "version", "score=", "number", "value", "averaged over", "class of neither", "only predicted", "void",
)  # fmt: skip
"""``class of neither`` is what becomes of a class that neither truth nor prediction has, ``only predicted`` of one that
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


def make_library_table(protocols: Sequence[Protocol], scores: pd.DataFrame) -> pd.DataFrame:
    """Take protocols of libraries and the rows of their scores, return a row for each number with the `COLUMNS`."""
    by_name = {protocol.name: protocol for protocol in protocols}
    lines = []
    for name, value in zip(scores["metric"], scores["value"], strict=True):
        parts = parse(name)
        if parts.score in by_name:
            lines.append(_describe_number(by_name[parts.score], parts.metric, float(value)))
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
    """What a protocol averages a metric over, and what it does with both kinds of absent classes and with void."""
    word, kind = (*metric.split("."), "dataset")[:2]
    averaged = AVERAGED.get(word) or AVERAGED[kind]
    if word in ("pixel_accuracy", "mean_accuracy", "fwiou"):  # classes of the truth: there are no others in them
        return averaged, "left out", "left out", VOID[protocol.void]
    void = VOID[protocol.void] + UNANSWERED[protocol.unlabelled]
    return averaged, UNSEEN[protocol.unseen], ABSENT[protocol.absent], void


def _describe_number(protocol: Protocol, metric: str, value: float) -> tuple[object, ...]:
    title = {"iou": "mean IoU"}.get(word := metric.partition(".")[0], find_title(word))
    return *name_library(protocol), protocol.name, title, value, *describe_rule(protocol, metric)
