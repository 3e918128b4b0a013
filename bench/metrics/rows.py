"""Section 4.3: the metrics that a protocol asks for, as rows of each image, at one or many thresholds.

Three steps, all arithmetic on records: validate (`protocol.evaluate`), reduce each image to counts, average (`Rows`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from bench.errors import UserError
from bench.mapping.assign import apply_thresholds, choose_representatives
from bench.mapping.base import Strategy
from bench.mapping.choose import make_strategy
from bench.mapping.nearest import read_similarity
from bench.metric_name import number
from bench.metrics import clipscore, recall, tgq
from bench.metrics.iou import ClassPixels, Counts, count_class_pixels, dataset_rows, image_counts
from bench.metrics.registry import FAMILIES, averaged, generated, grouped, labelled
from bench.metrics.terms import Found, list_groups
from bench.records import ClassList, Oracle, Overlap
from bench.score.intervals import MetricCounts

if TYPE_CHECKING:
    from bench.protocol import OwnText, Protocol

T = TypeVar("T")
Key = tuple[str, str | Strategy, float | None]
"""A metric, the mapping and the threshold that its full name carries."""
Block = tuple[str | Strategy, float | None, tuple[str, ...], list[Found | None]]
"""Mapping, threshold, images, and the terms of each."""


def all_rows(
    images: Sequence[Overlap], truths: Sequence[Oracle], classes: ClassList, score: Protocol, own_text: OwnText | None
) -> dict[Key, MetricCounts]:
    """Every metric of a protocol: section 4.3's, then the other families, then the groups of a breakdown."""
    found: dict[Key, MetricCounts] = {}
    for mapping in score.mapping if images else ():
        tau = score.tau(mapping)
        for metric, (row,) in segment_rows(images, mapping, [tau], score, len(classes)).items():
            found[metric, mapping, tau] = row
    for mapping in ("tt", "st") if "tgq" in score.metrics else ():
        found |= {(metric, mapping, None): row for metric, row in oracle_rows(truths, mapping, score).items()}
    width, divided = len(classes) + 1, list_groups(score.breakdown, classes)
    for mapping, tau, ids, parts in _blocks(images, truths, classes, score, own_text):
        for metric, row in (averaged(ids, parts, width) | grouped(ids, parts, width, divided)).items():
            found.setdefault((metric, mapping, tau), row)
    return found


def _blocks(
    images: Sequence[Overlap], truths: Sequence[Oracle], classes: ClassList, score: Protocol, own_text: OwnText | None
) -> Iterator[Block]:
    """What is made of terms: PQ, the families, and whatever is to be broken down."""
    ids, true_ids = tuple(item.image_id for item in images), tuple(item.image_id for item in truths)
    kept = kept_images(images, score)
    if "panoptic" in score.metrics or score.breakdown:
        for mapping in score.mapping if images else ():
            tau = score.tau(mapping)
            yield mapping, tau, ids, [None if x is None else _labelled(x, mapping, tau, classes, score) for x in kept]
    pixels = {item.image_id: float(item.counts.sum()) for item in images}
    sizes = [pixels.get(item.image_id, np.nan) for item in truths]
    for mapping in ("tt", "st") if score.breakdown and "tgq" in score.metrics else ():
        named, pairs = _tgq_names(mapping, score), list(zip(truths, sizes, strict=True))
        if truths and getattr(truths[0], mapping) is not None:
            parts = [generated(item, read_similarity(item, mapping), named, size, score) for item, size in pairs]
            yield mapping, None, true_ids, list(parts)
    for name, family in FAMILIES.items():
        if name in score.metrics and family.segments and images:
            yield family.mapping, None, ids, [None if x is None else family.segments(x, classes, score) for x in kept]
        if name in score.metrics and family.truths and truths:
            each = [family.truths(item, classes, size) for item, size in zip(truths, sizes, strict=True)]
            yield family.mapping, None, true_ids, list(each)
    if "clipscore" in score.metrics and own_text is not None and images:
        yield "st", None, ids, [None if x is None else clipscore.own_text(x, own_text[x.image_id]) for x in kept]


def _labelled(item: Overlap, mapping: str | Strategy, tau: float | None, classes: ClassList, score: Protocol) -> Found:
    chosen = labels(item, mapping, [tau], score, "union")  # PQ keeps things apart itself: no segment stands for others
    return labelled(item, chosen[0], tally_of(item, mapping, [tau], score), classes, score)


def kept_images(images: Sequence[Overlap], score: Protocol) -> list[Overlap | None]:
    """The images that a protocol scores; None in the place of one without segments where ``empty`` is skip."""
    return [None if score.empty == "skip" and not len(item.areas) else item for item in images]


def segment_rows(
    overlaps: Sequence[Overlap], mapping: str | Strategy, taus: Sequence[float | None], score: Protocol, classes: int
) -> dict[str, list[MetricCounts]]:
    """IoU, recall and precision under one mapping: for each metric a `Rows` for each threshold in ``taus``.

    Raises UserError where an image has no similarity for the mapping.
    """
    if not {"iou", "recall", "precision"} & set(score.metrics):
        return {}
    ids, kept = tuple(item.image_id for item in overlaps), kept_images(overlaps, score)
    tallies = [None if item is None else tally_of(item, mapping, taus, score) for item in kept]
    counted = partial(_stack, ids, tallies, len(taus))
    kind, rows = score.representative, {}
    middle, bound = "" if kind == "union" else f".{kind}", f">{number(score.tau_iou)}"
    if "iou" in score.metrics and "image" in score.aggregation:
        rows[f"iou.image.{kind}"] = counted(partial(image_counts, absent=score.absent), "images")
    if "iou" in score.metrics and "dataset" in score.aggregation:
        rows[f"iou.dataset.{kind}"] = dataset_rows(tallies, ids, classes, len(taus))
    if "recall" in score.metrics and score.recall == "paper":
        rows[f"recall{middle}{bound}"] = counted(partial(recall.paper_counts, tau=score.tau_iou), "segments")
    elif "recall" in score.metrics:
        best = partial(_allseg, mapping=mapping, taus=taus, score=score)
        rows[f"recall.mean101.{kind}"] = counted(recall.reference_counts, "images")
        rows["recall.mean101.allseg"] = _stack(ids, kept, len(taus), best, "images")
    if "precision" in score.metrics:
        found = partial(recall.precision_counts, tau=score.tau_iou)
        rows[f"precision{middle}{bound}"] = counted(found, "segments")
    return rows


def oracle_rows(oracles: Sequence[Oracle], mapping: str, score: Protocol) -> dict[str, MetricCounts]:
    """TGQ (only by TT, as it is defined), mean cosine and top-1; nothing where no image has the similarity."""
    ids = tuple(item.image_id for item in oracles)
    similarities = [read_similarity(item, mapping) for item in oracles if getattr(item, mapping) is not None]
    if not similarities:
        return {}
    if len(similarities) < len(oracles):
        raise UserError(f"TGQ: {len(oracles) - len(similarities)} of {len(oracles)} images have no {mapping} rows")
    unit = "segments" if score.tgq == "micro" else "images"
    rows = {}
    for measure, name in _tgq_names(mapping, score).items():
        counts = [
            tgq.counts(similarity, item.classes, measure, score.tgq, score.tau_sbert, score.rounding)
            for similarity, item in zip(similarities, oracles, strict=True)
        ]
        table = np.array(counts)
        rows[name] = MetricCounts(ids, table[:, :1], table[:, 1:], unit)
    return rows


def _tgq_names(mapping: str, score: Protocol) -> dict[str, str]:
    """The name of each measure; no hits by ST, nor without a threshold, where every text would be one."""
    names = {measure: f"tgq.{score.tgq}.{measure}" for measure in tgq.MEASURES[1:]}
    if mapping != "tt" or score.tau_sbert is None:
        return names
    relation = {"micro": ">", "macro": ">="}[score.tgq]
    return {"hit": f"tgq.{score.tgq}{relation}{number(score.tau_sbert)}", **names}


def labels(
    item: Overlap, mapping: str | Strategy, taus: Sequence[float | None], score: Protocol, kind: str
) -> np.ndarray:
    """The class of each segment at each threshold, int32 [t, n]; with ``argmax`` only of the best one of a class."""
    label, best = make_strategy(mapping, score.rounding).assign(item)
    if kind == "argmax":
        label = choose_representatives(label, best, item.areas)
    return apply_thresholds(label, best, taus, score.rounding)


def tally_of(item: Overlap, mapping: str | Strategy, taus: Sequence[float | None], score: Protocol) -> ClassPixels:
    """The pixel counts of an image under one mapping, at each threshold."""
    return tally_under(item, labels(item, mapping, taus, score, score.representative), score)


def tally_under(item: Overlap, chosen: np.ndarray, score: Protocol) -> ClassPixels:
    """The pixel counts of an image under labels [t, n], by the policies of a protocol."""
    return count_class_pixels(item, chosen, score.background, score.void, score.unlabelled, score.below)


def allseg_under(item: Overlap, chosen: np.ndarray, score: Protocol) -> np.ndarray:
    """Recall by single segments under labels [t, n], by the policies of a protocol: [t, 101]."""
    return recall.allseg_curve(item, chosen, score.background, score.void, score.unlabelled, score.below)


def _allseg(item: Overlap, mapping: str | Strategy, taus: Sequence[float | None], score: Protocol) -> Counts:
    return recall.mean_over_iou(allseg_under(item, labels(item, mapping, taus, score, "union"), score))


def _stack(
    ids: tuple[str, ...], items: Sequence[T | None], taus: int, count: Callable[[T], Counts], unit: str
) -> list[MetricCounts]:
    """Count each image; one that is left out (None) has zeros and so weighs nothing."""
    nothing = np.zeros(taus), np.zeros(taus)
    table = np.array([nothing if item is None else count(item) for item in items]).reshape(len(ids), 2, taus)
    return [MetricCounts(ids, table[:, 0, at, None], table[:, 1, at, None], unit) for at in range(taus)]
