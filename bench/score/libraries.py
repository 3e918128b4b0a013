"""Section 4, what other libraries would say of the same predictions: their numbers and rules, side by side.

The words come from the settings of each protocol, so that none says what its yaml does not. A number stands under the
name of a library only where its preset, unchanged, is held to that library (`tests/golden/libraries.csv`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bench.errors import UsageError
from bench.metric_name import MetricName, parse, write_number
from bench.metrics.registry import REGISTRY, find_title
from bench.protocol import Protocol
from bench.score.evaluate import NOTE
from bench.score.presets import list_libraries, list_presets, make_protocol
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
COUNTED = (
    "representative", "background", "void", "unlabelled", "below", "absent", "unseen", "unmatched", "empty",
)  # fmt: skip
"""Settings of how a library counts a map. Which label a segment takes is decided before: mapping, thresholds, texts."""
READ = {
    "iou": {*COUNTED} - {"unmatched"}, "sq": {*COUNTED} - {"unseen", "absent"},
    **dict.fromkeys((*ACCURACIES, "pq", "rq"), {*COUNTED} - {"unseen", "absent", "unmatched"}),
}  # fmt: skip
"""Of these, what each number reads."""


def make_library_table(protocols: Sequence[Protocol], scores: pd.DataFrame) -> pd.DataFrame:
    """Take protocols of libraries and the rows of their scores, return a row for each number with the `COLUMNS`.

    Only numbers that a preset has; `list_left_out` says which these are not.
    """
    lines = [_describe_number(*each) for each in _match_numbers(protocols, scores) if has_number(*each[:2])]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def list_left_out(protocols: Sequence[Protocol], scores: pd.DataFrame) -> list[str]:
    """Take what `make_library_table` takes, return a line for the metrics that have no row there, or none."""
    lacking: dict[str, list[str]] = {}
    for protocol, parts, _ in _match_numbers(protocols, scores):
        if not has_number(protocol, parts):
            lacking.setdefault(protocol.name, []).append(_find_title(parts.metric))
    each: dict[str, list[str]] = {}
    for name, titles in lacking.items():
        each.setdefault(", ".join(dict.fromkeys(titles)), []).append(name)
    told = [f"{titles} of {', '.join(names)}" for titles, names in each.items()]
    why = "left out, for the preset has no such number of its library (scores.csv has what its rule gives): "
    return [why + "; ".join(told)] if told else []


def check_metrics(protocols: Sequence[Mapping[str, Any]]) -> None:
    """Raise UsageError where the settings of protocols ask for metrics of which no preset of a library has one."""
    asked = {word for each in protocols for word in _list_words(each["metrics"])}
    known = list(dict.fromkeys(word for name in list_libraries() for word in make_protocol(name).metrics))
    if asked and asked.isdisjoint(known) and asked <= {line.word for line in REGISTRY}:
        raise UsageError(
            f"score.metrics=[{','.join(sorted(asked))}]: no library of score=libraries says that; "
            f"they have {', '.join(known)}"
        )


def find_preset(protocol: Protocol) -> Protocol | None:
    """The preset that a protocol is, or of those that state the same library the one that it is nearest to.

    None where none does: a protocol of the user's own for a library that zgs has no preset of.
    """
    if protocol.name in list_presets():
        return make_protocol(protocol.name)
    alike = [make_protocol(name) for name in list_libraries()]
    alike = [preset for preset in alike if preset.library == protocol.library]
    keys = ("metrics", "aggregation", *COUNTED)
    return min(alike, key=lambda x: sum(getattr(x, key) != getattr(protocol, key) for key in keys), default=None)


def has_number(protocol: Protocol, parts: MetricName) -> bool:
    """Whether a preset has such a number of its library; of a library without a preset all that its user says."""
    preset = find_preset(protocol)
    word = next((line.word for line in REGISTRY if parts.metric.partition(".")[0] in line.titles), "")
    return preset is None or word in preset.metrics


def list_changes(protocol: Protocol, preset: Protocol, parts: MetricName) -> list[str]:
    """List what a number was made by otherwise than its preset says, as it is typed: ``score.unseen=zero``.

    A name says of ``background`` what was asked for, and the protocol of a result what that came to.
    """
    word, kind = (*parts.metric.split("."), "")[:2]
    usual = make_protocol(protocol.name if protocol.name in list_presets() else "paper")
    asked = {key: getattr(protocol, key) for key in COUNTED}
    asked["background"] = dict(parts.options).get("background", usual.background)
    read = [key for key in COUNTED if key in READ.get(word, COUNTED) and asked[key] != getattr(preset, key)]
    changes = [f"score.{key}={asked[key]}" for key in read]
    return changes + [f"score.aggregation=[{kind}]"] * (word == "iou" and kind not in preset.aggregation)


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


def name_source(protocol: Protocol, parts: MetricName) -> tuple[str, str]:
    """Whose number it is: the library with its version, or who says so instead, without one.

    A preset that was changed is not the library's, a protocol of the user's own that changes one comes "after" it.
    """
    preset = find_preset(protocol)
    if preset is None:
        return f"{name_library(protocol)[0]}, as {protocol.name} has it", ""
    changes = list_changes(protocol, preset, parts)
    if not changes:
        return name_library(preset)
    if protocol.name != preset.name:
        return f"{protocol.name}, after {preset.name}", ""
    return f"not {name_library(preset)[0]}'s: {' '.join(changes)}", ""


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
    bound = "" if parts.threshold is None else f">={write_number(parts.threshold)}"
    name = describe_name(row["metric"]).protocol + ("" if parts.mapping == "exact" else f" {parts.mapping}{bound}")
    measured = float(row["value"]), _write_interval(row), f"{row['n']} {row['unit_of_n']}"
    title, source = _find_title(parts.metric), name_source(protocol, parts)
    return *source, name, title, *measured, *describe_rule(protocol, parts.metric)


def _match_numbers(
    protocols: Sequence[Protocol], scores: pd.DataFrame
) -> list[tuple[Protocol, MetricName, Mapping[Any, Any]]]:
    """Each row of one of the protocols, with it and with the parts of its name."""
    by_name = {protocol.name: protocol for protocol in protocols}
    named = [(parse(row["metric"]), row) for row in scores.to_dict("records")]
    return [(by_name[parts.score], parts, row) for parts, row in named if parts.score in by_name]


def _find_title(metric: str) -> str:
    word = metric.partition(".")[0]
    return {"iou": "mean IoU"}.get(word, find_title(word))


def _list_words(words: Any) -> list[str]:
    return [words] if isinstance(words, str) else list(words or ())


def _write_interval(row: Mapping[Any, Any]) -> str:
    """Both ends, and a star where they may be too near; a single image has none."""
    return "–" if pd.isna(row["low"]) else f"[{row['low']:.4f}, {row['high']:.4f}]{'*' if row[NOTE] else ''}"
