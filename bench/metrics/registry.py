"""Section 4.3 and the metrics of other papers: the one list of all metrics, a line each.

A metric is a function from an image's tables to terms (`bench.metrics.terms`), in a file of its own. Its line here says
by which word ``score.metrics`` asks for it, what it reads, and how people read its numbers; everything else (averages,
thresholds, groups, intervals, tables, figures, curves) follows from that. To add one, write the file and its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bench.errors import UserError
from bench.metrics import clipscore, jaccard, name_similarity, recall, tgq
from bench.metrics.accuracy import compute_mean_accuracy, compute_pixel_accuracy, compute_weighted_iou
from bench.metrics.iou import compute_iou
from bench.metrics.mask_quality import compute_mask_quality
from bench.metrics.object_recall import compute_object_recall
from bench.metrics.open_miou import compute_open_miou
from bench.metrics.panoptic import compute_panoptic_quality
from bench.metrics.terms import Compute

UNITS = ("share", "cosine", "count")
"""Tables and figures give shares in percent, and everything else as it is."""


@dataclass(frozen=True)
class Metric:
    """One line of the registry.

    word       what ``score.metrics`` calls it; a word may have several lines
    compute    the function from an image's tables to terms
    titles     the first part of each of its names, and the words for people
    mapping    "labels": under every mapping of the protocol, at its threshold; "tt" or "st": it reads those rows, and
               its name carries their model; "none": it needs no model
    of_truth   whether it is of the true segments as the method describes them, not of the predicted ones
    over_tau   whether its curve over the threshold of a mapping is drawn
    together   whether it reads nothing but pixels of classes and best segments, so that all images are asked at once;
               it gives `make_terms` the ``image`` of its pixels
    alone      names whose terms belong to no true class, so that there is nothing to break down
    units      beginnings of names whose values are no shares: "cosine" (or a multiple of one) or "count"
    """

    word: str
    compute: Compute
    titles: Mapping[str, str]
    mapping: str = "none"
    of_truth: bool = False
    over_tau: bool = False
    together: bool = False
    alone: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.together and self.mapping != "labels":
            raise UserError(
                f"metric {self.word}: together=True is for metrics of labels, and its line in {__name__} says "
                f"{self.mapping!r}; take together out, or give 'labels'"
            )


_COSINES = {f"tgq.{average}.cosine": "cosine" for average in ("micro", "macro")}
_TGQ, _NAMES, _JACCARD = {"tgq": "TGQ"}, {"names": "Names"}, {"jaccard": "Jaccard"}
_CLIPSCORE, _OWN = {"clipscore": "CLIPScore"}, ("clipscore.own_text", "clipscore.own_text_area")
_PANOPTIC = {"pq": "PQ", "sq": "SQ", "rq": "RQ"}

REGISTRY: list[Metric] = [
    Metric("iou", compute_iou, {"iou": "IoU"}, "labels", over_tau=True, together=True),
    Metric("recall", recall.compute_recall, {"recall": "Recall"}, "labels", over_tau=True, together=True),
    Metric("precision", recall.compute_precision, {"precision": "Precision"}, "labels", over_tau=True, together=True),
    Metric("tgq", tgq.compute_text_quality, _TGQ, "tt", of_truth=True, units=_COSINES),
    Metric("tgq", tgq.compute_embedding_quality, _TGQ, "st", of_truth=True, units=_COSINES),
    Metric("pixel_accuracy", compute_pixel_accuracy, {"pixel_accuracy": "Pixel accuracy"}, "labels", together=True),
    Metric("mean_accuracy", compute_mean_accuracy, {"mean_accuracy": "Mean accuracy"}, "labels", together=True),
    Metric("fwiou", compute_weighted_iou, {"fwiou": "fwIoU"}, "labels", together=True),
    Metric("objects", compute_object_recall, {"recall": "Recall"}, "labels"),
    Metric("panoptic", compute_panoptic_quality, _PANOPTIC, "labels"),
    Metric("soft", jaccard.compute_soft, _JACCARD, "tt"),
    Metric("hard", jaccard.compute_hard, _JACCARD),
    Metric("overlap", jaccard.compute_overlap, _JACCARD),
    Metric("nearest", jaccard.compute_nearest, _JACCARD, "tt"),
    Metric("masks", compute_mask_quality, {"masks": "Masks"}, alone=("masks.hungarian_all",)),
    Metric("open", compute_open_miou, {"open_miou": "open mIoU"}, "tt"),
    Metric("names", name_similarity.compute_matched_names, _NAMES, "tt", units={"names.similarity": "cosine"}),
    Metric("names", name_similarity.compute_given_names, _NAMES, "tt", True, units={"names.similarity": "cosine"}),
    Metric("clipscore", clipscore.compute_class_prompt, _CLIPSCORE, "st", True, units={"clipscore": "cosine"}),
    Metric("clipscore", clipscore.compute_own_text, _CLIPSCORE, "st", alone=_OWN, units={"clipscore": "cosine"}),
]


def list_words() -> tuple[str, ...]:
    """The words that ``score.metrics`` may hold."""
    return tuple(dict.fromkeys(metric.word for metric in REGISTRY))


def select_metrics(words: Iterable[str]) -> list[Metric]:
    """The lines of some words, in the order of the registry."""
    asked = set(words)
    return [metric for metric in REGISTRY if metric.word in asked]


def find_title(part: str) -> str:
    """The words for people of the first part of a metric's name; the part itself where no line has any."""
    return next((metric.titles[part] for metric in REGISTRY if part in metric.titles), part)


def find_unit(metric: str) -> str:
    """The unit of a metric's values, one of `UNITS`; a share where no line says otherwise.

    ``metric`` is the last part of a full name: ``names.similarity.given.class.cat``, ``recall>0.5``.
    """
    parts = metric.partition(">")[0].split(".")
    stated = {name: unit for line in REGISTRY for name, unit in line.units.items()}
    beginnings = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    unit = next((stated[name] for name in beginnings if name in stated), "share")
    if unit not in UNITS:
        raise UserError(f"metric {metric}: its line says the unit {unit!r}; known are {', '.join(UNITS)}")
    return unit
