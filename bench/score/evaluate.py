"""Section 4 as a whole: from the tables of a set to every number of a protocol, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import pandas as pd

from bench.errors import UserError
from bench.mapping.choose import KNOWN
from bench.mapping.similarity import count_empty
from bench.metric_name import Naming
from bench.metrics import tgq
from bench.metrics.registry import list_words
from bench.overlap import table as overlap_table
from bench.protocol import Protocol, choose
from bench.records import ClassList, Overlap, TrueSegmentTexts
from bench.score.counts import OwnText, count_metrics, gather
from bench.score.intervals import Interval, MetricCounts, compute_intervals
from bench.score.per_image import make_per_image
from bench.score.presets import make_title

COLUMNS = ("run", "variant", "metric", "value", "low", "high", "n", "unit_of_n", "expected", "found", "skipped")
NOTE = "interval_note"
"""The column that says why an interval may be too narrow; empty where it is not. Earlier versions lack it."""
Record = TypeVar("Record", Overlap, TrueSegmentTexts)


@dataclass(frozen=True, eq=False)
class Scores:
    """The numbers of one variant.

    ``table`` has the columns `COLUMNS` and `NOTE`, ``per_image`` has image_id and a column for each metric, sorted by
    image_id.
    A value is NaN only where nothing was measurable (no image with labels, a metric over 0 segments), the ends of an
    interval also where fewer than two images were. ``rows`` are the counts behind every metric, for
    `comparisons.compare_paired`. ``counted`` says what was counted in spite of being empty (or left out, by
    ``Protocol.empty``).
    """

    table: pd.DataFrame
    per_image: pd.DataFrame
    rows: Mapping[str, MetricCounts]
    counted: Mapping[str, int] = field(default_factory=dict)


def evaluate(
    overlaps: Sequence[Overlap],
    oracles: Sequence[TrueSegmentTexts],
    classes: ClassList,
    protocol: Protocol,
    naming: Naming,
    *,
    run: str = "",
    variant: str = "",
    expected: int | None = None,
    found: int | None = None,
    skipped: int = 0,
    own_text: OwnText | None = None,
) -> Scores:
    """Evaluate every metric of a protocol with its interval; the order of images changes nothing.

    TGQ and its companions are there where oracle records have similarities (none for a variant without captions).
    ``own_text`` has for each image the cosines of `clipscore.own_text`; without it that metric is left out.
    Raises UserError for records that contradict themselves or the class list, that repeat an image, or that lack
    the similarity a mapping needs.
    """
    images, truths = _sort_images(overlaps), _sort_images(oracles)
    for item in images:
        overlap_table.check_table(item, len(classes))
    for oracle in truths:
        tgq.validate(oracle, len(classes))
    check_words(protocol)
    if "tgq" in protocol.metrics:
        _check_described(truths)
    title, scored = make_title(protocol), gather(images, truths, classes, protocol, own_text)
    rows = {naming(title, *key): counts for key, counts in count_metrics(scored).items()}
    spans = _compute_intervals(rows, protocol)
    found = len(images) if found is None else found
    rest = (found + skipped if expected is None else expected, found, skipped)
    lines = [
        (run, variant, name, span.value, span.low, span.high, rows[name].n, rows[name].unit, *rest, span.note)
        for name, span in ((name, spans[name]) for name in rows)
    ]
    table = pd.DataFrame(lines, columns=[*COLUMNS, NOTE])
    ids = sorted({item.image_id for item in images} | {item.image_id for item in truths})
    return Scores(table, make_per_image(rows, ids), rows, _count_empty(images, truths))


def _compute_intervals(rows: Mapping[str, MetricCounts], protocol: Protocol) -> dict[str, Interval]:
    """Compute intervals, with the same resamples for all metrics over the same images."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, row in rows.items():
        groups.setdefault(row.image_ids, []).append(name)
    spans: dict[str, Interval] = {}
    for names in groups.values():
        found = compute_intervals([rows[name] for name in names], protocol.resamples, protocol.seed, protocol.level)
        spans |= dict(zip(names, found, strict=True))
    return spans


def check_words(protocol: Protocol) -> None:
    """Raise UsageError with the nearest right word for a metric or a mapping that does not exist."""
    for word in protocol.metrics:
        choose("metrics", word, list_words())
    for mapping in protocol.mapping:
        if not hasattr(mapping, "assign"):
            choose("mapping", mapping, KNOWN)


def _check_described(truths: Sequence[TrueSegmentTexts]) -> None:
    """Raise UserError where only some images have similarities for TGQ: a mean over the others would be another one."""
    for rows in ("tt", "st"):
        without = sum(getattr(item, rows) is None for item in truths)
        if 0 < without < len(truths):
            raise UserError(f"TGQ: {without} of {len(truths)} images have no {rows} rows")


def _count_empty(images: list[Overlap], truths: list[TrueSegmentTexts]) -> dict[str, int]:
    return {
        "empty_predictions": sum(not len(item.areas) for item in images),
        "empty_texts": sum(count_empty(item.texts) for item in images),
        "true_segments_without_a_text": sum(count_empty(item.texts) for item in truths),
        "images_without_classes": sum(not len(item.truth_classes) for item in images),
    }


def _sort_images(records: Sequence[Record]) -> list[Record]:
    ids = sorted(record.image_id for record in records)
    twice = [a for a, b in zip(ids, ids[1:], strict=False) if a == b]
    if twice:
        raise UserError(f"image {twice[0]} is there twice; give each image once")
    return sorted(records, key=lambda record: record.image_id)
