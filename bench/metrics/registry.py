"""The metrics that stand beside section 4.3's, each family as terms of one image; and all metrics by group.

A family says which mapping its name carries: "none" where it uses no model, "tt" or "st" where it reads those rows,
"each" where it takes the labels of every mapping of the protocol, at its threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import UserError
from bench.metric_name import number
from bench.metrics import clipscore, jaccard, recall, tgq
from bench.metrics import name_similarity as wording
from bench.metrics.iou import ClassPixels, counted
from bench.metrics.mask_quality import mask_quality
from bench.metrics.open_miou import open_miou
from bench.metrics.panoptic import panoptic
from bench.metrics.terms import Found, Groups, Terms, joined, make_terms, name_within_group, rows, spread, subset
from bench.records import ClassList, Oracle, Overlap
from bench.score.intervals import MetricCounts

if TYPE_CHECKING:
    from bench.protocol import Protocol

ALONE = ("masks.hungarian_all", "clipscore.own_text", "clipscore.own_text_area")
"""Metrics with terms that belong to no true class: nothing to break down."""


@dataclass(frozen=True)
class Family:
    """``segments`` of an image's overlap table, ``truths`` of its oracle record; either may be absent.

    ``units`` says of which metrics the values are no shares, by the beginning of their names: "cosine" (or a multiple
    of one) or "count". Tables and figures give shares in percent and everything else as it is.
    """

    mapping: str
    segments: Callable[[Overlap, ClassList, Protocol], Found] | None = None
    truths: Callable[[Oracle, ClassList, float], Found] | None = None
    units: Mapping[str, str] = field(default_factory=dict)


def _similarity(item: Overlap) -> np.ndarray:
    if item.tt is None:
        raise UserError(f"image {item.image_id} has no texts: this metric compares them with class names")
    return item.tt


FAMILIES: Mapping[str, Family] = {
    "soft": Family("tt", lambda item, _, by: jaccard.soft(item, _similarity(item), by.background, by.void)),
    "hard": Family("none", lambda item, classes, by: jaccard.hard(item, classes.names, by.background, by.void)),
    "overlap": Family("none", lambda item, _, by: jaccard.overlap(item, by.background, by.void)),
    "nearest": Family(
        "tt", lambda item, _, by: jaccard.nearest(item, _similarity(item), by.rounding, by.background, by.void)
    ),
    "masks": Family("none", lambda item, _, by: mask_quality(item, by.background, by.void)),
    "open": Family("tt", lambda item, _, by: open_miou(item, _similarity(item), by.rounding, by.background, by.void)),
    "names": Family(
        "tt",
        lambda item, classes, by: wording.matched(item, classes.names, by.background, by.void),
        lambda oracle, classes, pixels: wording.given(oracle, classes.names, pixels),
        {"names.similarity": "cosine"},
    ),
    "clipscore": Family(
        "st", None, lambda oracle, _, pixels: clipscore.class_prompt(oracle, pixels), {"clipscore": "cosine"}
    ),
}
"""By the word in ``score.metrics``. `panoptic` and section 4.3's own need labels: see `labelled`."""

UNITS = ("share", "cosine", "count")
_OF_SECTION_4 = {f"tgq.{average}.cosine": "cosine" for average in ("micro", "macro")}


def unit_of(metric: str) -> str:
    """The unit of a metric's values, one of `UNITS`; a share where no family says otherwise.

    ``metric`` is the last part of a full name: ``names.similarity.given.class.cat``, ``recall>0.5``.
    """
    parts = metric.partition(">")[0].split(".")
    stated = _OF_SECTION_4 | {name: unit for family in FAMILIES.values() for name, unit in family.units.items()}
    beginnings = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    found = next((stated[name] for name in beginnings if name in stated), "share")
    if found not in UNITS:
        raise UserError(f"metric {metric}: its family says the unit {found!r}; known are {', '.join(UNITS)}")
    return found


def labelled(item: Overlap, labels: np.ndarray, tally: ClassPixels, classes: ClassList, score: Protocol) -> Found:
    """Terms under the labels [n] of one mapping and threshold: what groups of IoU and recall, and PQ, are made of."""
    found: Found = {}
    kind, share = score.representative, tally.truth / max(1, tally.pixels)
    if "iou" in score.metrics and "image" in score.aggregation:
        seen = counted(tally, score.absent)[0]
        part = make_terms(tally.classes[seen], share[seen], tally.iou[0, seen])
        found[f"iou.image.{kind}"] = "images", part
    if "iou" in score.metrics and "dataset" in score.aggregation:
        part = make_terms(tally.classes, share, tally.intersection[0], tally.union[0])
        found[f"iou.dataset.{kind}"] = "classes", part
    if "recall" in score.metrics:
        found |= _recall(tally, share, score)
    if "panoptic" in score.metrics:
        found |= panoptic(item, labels, classes.things, score.background, score.void)
    return found


def _recall(tally: ClassPixels, share: np.ndarray, score: Protocol) -> Found:
    kind = score.representative
    if score.recall == "paper":
        true = (tally.truth > 0) & (tally.classes >= 0)
        name = "recall" if kind == "union" else f"recall.{kind}"
        hits = (tally.iou[0, true] > score.tau_iou).astype(np.float64)
        return {f"{name}>{number(score.tau_iou)}": ("segments", make_terms(tally.classes[true], share[true], hits))}
    seen = tally.evaluated[0]
    hits = (tally.iou[0, seen, None] >= recall.IOU_THRESHOLDS).mean(axis=1)
    return {f"recall.mean101.{kind}": ("images", make_terms(tally.classes[seen], share[seen], hits))}


def generated(
    oracle: Oracle, similarity: np.ndarray, names: Mapping[str, str], pixels: float, score: Protocol
) -> Found:
    """Terms of TGQ and its companions: for each measure its name, for groups."""
    average = {"micro": "segments", "macro": "images"}[score.tgq]
    found: Found = {}
    for measure, name in names.items():
        each = tgq.each(similarity, oracle.classes, measure, score.tgq, score.tau_sbert, score.rounding)
        found[name] = average, make_terms(oracle.classes, oracle.areas / pixels, each)
    return found


def averaged(ids: tuple[str, ...], parts: Sequence[Found | None], width: int) -> dict[str, MetricCounts]:
    """Each metric over all its terms. None is an image that is left out."""
    return {name: rows(ids, terms, average, width) for name, average, terms in _columns(parts)}


def grouped(ids: tuple[str, ...], parts: Sequence[Found | None], width: int, groups: Groups) -> dict[str, MetricCounts]:
    """Each metric over the terms of each group; sizes only where terms have one."""
    found = {}
    for name, average, terms in _columns(parts):
        image, every = joined(terms)
        sized = not np.isnan(every.share).all()
        for group, belongs in groups.items() if name not in ALONE else ():
            if sized or not group.startswith("size."):
                kept = belongs(every)
                columns = 1 if group.startswith("class.") else width  # one class needs no column for each
                found[name_within_group(name, group)] = spread(ids, image[kept], subset(every, kept), average, columns)
    return found


def _columns(parts: Sequence[Found | None]) -> Iterator[tuple[str, str, list[Terms | None]]]:
    for name, (average, _) in next((part for part in parts if part), {}).items():
        yield name, average, [part[name][1] if part else None for part in parts]
