"""Section 4.3, Text Generation Quality: what the method says of the ground-truth segments.

"micro" (the paper): the share of all true segments of the set whose text has a similarity **>** tau_SBERT to the
true class name. "macro" (the reference): the share of each image, **>=**, raw values, then the mean over images.
Beside it, for TT and ST: the mean cosine to the true name, and top-1 accuracy among all class names. By ST these
judge the embedding and not the text, and there are no hits: they are defined by TT.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64, Int32

from bench.errors import UserError
from bench.mapping.assign import apply_thresholds, find_nearest_class
from bench.metric_name import write_number
from bench.metrics.terms import ImageTables, Terms, make_terms
from bench.overlap.table import check_rows
from bench.protocol import Protocol
from bench.records import TrueSegmentTexts


def compute_text_quality(image: ImageTables) -> dict[str, Terms]:
    """Compute hits, cosines and top-1 of the texts of the true segments; no hits without a threshold."""
    return _compute(image, "tt")


def compute_embedding_quality(image: ImageTables) -> dict[str, Terms]:
    """Compute cosines and top-1 of the embeddings of the true segments."""
    return _compute(image, "st")


def _compute(image: ImageTables, rows: str) -> dict[str, Terms]:
    truth, by = image.truth, image.protocol
    similarity = None if truth is None else getattr(truth, rows)
    if truth is None or similarity is None:
        return {}
    average, classes = {"micro": "segments", "macro": "images"}[by.tgq], truth.classes
    return {
        name: make_terms(average, classes, image.true_shares, measure_each(similarity, classes, measure, by))
        for measure, name in _name_measures(rows, by).items()
    }


def _name_measures(rows: str, by: Protocol) -> dict[str, str]:
    """The name of each measure; without a threshold every text would be a hit."""
    names = {measure: f"tgq.{by.tgq}.{measure}" for measure in ("cosine", "top1")}
    if rows != "tt" or by.tau_sbert is None:
        return names
    relation = {"micro": ">", "macro": ">="}[by.tgq]
    return {"hit": f"tgq.{by.tgq}{relation}{write_number(by.tau_sbert)}", **names}


def measure_each(
    similarity: Float[np.ndarray, "k c"], classes: Int32[np.ndarray, " k"], measure: str, by: Protocol
) -> Bool[np.ndarray, " k"] | Float64[np.ndarray, " k"]:
    """Measure each true segment: is its text a ``hit``, is the nearest class right (``top1``), or the ``cosine``."""
    own = similarity[np.arange(len(classes)), classes]
    if measure == "cosine":
        return own.astype(np.float64)
    if measure == "top1":
        return find_nearest_class(similarity, by.rounding)[0] == classes
    own = own if by.rounding is None else np.round(own.astype(np.float64), by.rounding)
    if by.tgq == "macro":
        return apply_thresholds(classes, own, [by.tau_sbert], by.rounding)[0] >= 0
    tau = by.tau_sbert
    return own > (-np.inf if tau is None else tau if by.rounding is None else round(tau, by.rounding))


def validate(oracle: TrueSegmentTexts, classes: int) -> None:
    """Raise UserError where the parts of a record do not fit together or do not fit the class list."""
    if len(oracle.classes) and not 0 <= int(oracle.classes.min()) <= int(oracle.classes.max()) < classes:
        raise UserError(f"image {oracle.image_id}: true classes {oracle.classes.tolist()} of a list of {classes}")
    for name, rows in (("tt", oracle.tt), ("st", oracle.st)):
        if rows is not None:
            check_rows(rows, len(oracle.classes), classes, f"image {oracle.image_id}, oracle {name} similarity")
