"""Section 4.3: the metrics that a protocol asks for, as rows of each image, at one or many thresholds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from bench.errors import UserError
from bench.evaluate import recall, tgq
from bench.evaluate.assign import representatives, verify
from bench.evaluate.intervals import Rows
from bench.evaluate.iou import Counts, Tally, dataset_rows, image_counts, tally
from bench.evaluate.mapping.base import Strategy
from bench.evaluate.mapping.choose import of_record
from bench.evaluate.mapping.nearest import similarity
from bench.evaluate.names import number
from bench.records import Oracle, Overlap

if TYPE_CHECKING:
    from bench.evaluate.protocol import Score

T = TypeVar("T")


def segment_rows(
    overlaps: Sequence[Overlap], mapping: str | Strategy, taus: Sequence[float | None], score: Score, classes: int
) -> dict[str, list[Rows]]:
    """IoU and recall under one mapping: for each metric a `Rows` for each threshold in ``taus``.

    Raises UserError where an image has no similarity for the mapping.
    """
    ids = tuple(item.image_id for item in overlaps)
    kept = [None if score.empty == "skip" and not len(item.areas) else item for item in overlaps]
    tallies = [None if item is None else _tally(item, mapping, taus, score) for item in kept]
    counted = partial(_stack, ids, tallies, len(taus))
    kind, rows = score.representative, {}
    if "image" in score.aggregation:
        rows[f"iou.image.{kind}"] = counted(image_counts, "images")
    if "dataset" in score.aggregation:
        rows[f"iou.dataset.{kind}"] = [dataset_rows(tallies, ids, classes, at) for at in range(len(taus))]
    if score.recall == "paper":
        name = "recall" if kind == "union" else f"recall.{kind}"
        found = partial(recall.paper_counts, tau=score.tau_iou)
        return rows | {f"{name}>{number(score.tau_iou)}": counted(found, "segments")}
    best = partial(_allseg, mapping=mapping, taus=taus, score=score)
    return rows | {
        f"recall.mean101.{kind}": counted(recall.reference_counts, "images"),
        "recall.mean101.allseg": _stack(ids, kept, len(taus), best, "images"),
    }


def oracle_rows(oracles: Sequence[Oracle], mapping: str, score: Score) -> dict[str, Rows]:
    """TGQ (only by TT, as it is defined), mean cosine and top-1; nothing where no image has the similarity."""
    ids = tuple(item.image_id for item in oracles)
    similarities = [similarity(item, mapping) for item in oracles if getattr(item, mapping) is not None]
    if not similarities:
        return {}
    if len(similarities) < len(oracles):
        raise UserError(f"TGQ: {len(oracles) - len(similarities)} of {len(oracles)} images have no {mapping} rows")
    relation = {"micro": ">", "macro": ">="}[score.tgq]
    hit = f"tgq.{score.tgq}" + ("" if score.tau_sbert is None else relation + number(score.tau_sbert))
    names = {"hit": hit, "cosine": f"tgq.{score.tgq}.cosine", "top1": f"tgq.{score.tgq}.top1"}
    unit = "segments" if score.tgq == "micro" else "images"
    rows = {}
    for measure in tgq.MEASURES if mapping == "tt" else tgq.MEASURES[1:]:
        counts = [
            tgq.counts(similarity, item.classes, measure, score.tgq, score.tau_sbert, score.rounding)
            for similarity, item in zip(similarities, oracles, strict=True)
        ]
        table = np.array(counts)
        rows[names[measure]] = Rows(ids, table[:, :1], table[:, 1:], unit)
    return rows


def labels(item: Overlap, mapping: str | Strategy, taus: Sequence[float | None], score: Score, kind: str) -> np.ndarray:
    """The class of each segment at each threshold, int32 [t, n]; with ``argmax`` only of the best one of a class."""
    label, best = of_record(mapping, score.rounding).assign(item)
    if kind == "argmax":
        label = representatives(label, best, item.areas)
    return verify(label, best, taus, score.rounding)


def _tally(item: Overlap, mapping: str | Strategy, taus: Sequence[float | None], score: Score) -> Tally:
    return tally(item, labels(item, mapping, taus, score, score.representative), score.background, score.void)


def _allseg(item: Overlap, mapping: str | Strategy, taus: Sequence[float | None], score: Score) -> Counts:
    chosen = labels(item, mapping, taus, score, "union")
    curves = [recall.allseg_curve(item, row, score.background, score.void) for row in chosen]
    parts = [recall.allseg_counts(curve) for curve in curves]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _stack(
    ids: tuple[str, ...], items: Sequence[T | None], taus: int, count: Callable[[T], Counts], unit: str
) -> list[Rows]:
    """Count each image; one that is left out (None) has zeros and so weighs nothing."""
    nothing = np.zeros(taus), np.zeros(taus)
    table = np.array([nothing if item is None else count(item) for item in items]).reshape(len(ids), 2, taus)
    return [Rows(ids, table[:, 0, at, None], table[:, 1, at, None], unit) for at in range(taus)]
