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

RULES = {"micro": ("segments", ">"), "macro": ("images", ">=")}
"""By ``Protocol.tgq``: how terms are averaged, and how a hit's cosine stands to tau_SBERT."""


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
    (average, _), classes = RULES[by.tgq], truth.classes
    return {
        name: make_terms(average, classes, image.true_shares, measure_each(similarity, classes, measure, by))
        for measure, name in _name_measures(rows, by).items()
    }


def _name_measures(rows: str, by: Protocol) -> dict[str, str]:
    """The name of each measure; without a threshold every text would be a hit."""
    names = {measure: f"tgq.{by.tgq}.{measure}" for measure in ("cosine", "top1")}
    if rows != "tt" or by.tau_sbert is None:
        return names
    return {"hit": f"tgq.{by.tgq}{RULES[by.tgq][1]}{write_number(by.tau_sbert)}", **names}


def measure_each(
    similarity: Float[np.ndarray, "k c"], classes: Int32[np.ndarray, " k"], measure: str, by: Protocol
) -> Bool[np.ndarray, " k"] | Float64[np.ndarray, " k"]:
    """Measure each true segment: is its text a ``hit``, is the nearest class right (``top1``), or the ``cosine``."""
    own = similarity[np.arange(len(classes)), classes]
    if measure == "cosine":
        return own.astype(np.float64)
    if measure == "top1":
        return find_nearest_class(similarity, by.rounding)[0] == classes
    return _find_hits(own, classes, by.tau_sbert, by)


def trace_hits(image: ImageTables) -> tuple[Float64[np.ndarray, " t"], Terms] | None:
    """Compute the hits of an image at every tau_SBERT at once; None where its true segments have no TT.

    ``taus`` ascend and end with +inf. Row i of the terms holds between the tau before and taus[i]: with taus[i] itself
    where a hit is ">=" tau, and up to it but not with it where a hit is ">" (`RULES`).
    """
    truth, by = image.truth, image.protocol
    if truth is None or truth.tt is None:
        return None
    (average, relation), classes = RULES[by.tgq], truth.classes
    own = measure_each(truth.tt, classes, "cosine", by)
    taus = np.append(np.unique(own if by.rounding is None else np.round(own, by.rounding)), np.inf)
    asked = [None, *taus[:-1].tolist()] if relation == ">" else taus.tolist()  # a tau of each row
    hits = np.array([_find_hits(own, classes, tau, by) for tau in asked], np.float64)
    return taus, make_terms(average, classes, image.true_shares, hits)


def _find_hits(
    own: Float[np.ndarray, " k"], classes: Int32[np.ndarray, " k"], tau: float | None, by: Protocol
) -> Bool[np.ndarray, " k"]:  # fmt: skip
    """Find the texts whose cosine ``own`` with their class's name is above tau; without one every text is a hit."""
    own = own if by.rounding is None else np.round(own.astype(np.float64), by.rounding)
    if by.tgq == "macro":
        return apply_thresholds(classes, own, [tau], by.rounding)[0] >= 0
    return own > (-np.inf if tau is None else tau if by.rounding is None else round(tau, by.rounding))


def validate(oracle: TrueSegmentTexts, classes: int) -> None:
    """Raise UserError where the parts of a record do not fit together or do not fit the class list."""
    if len(oracle.classes) and not 0 <= int(oracle.classes.min()) <= int(oracle.classes.max()) < classes:
        raise UserError(f"image {oracle.image_id}: true classes {oracle.classes.tolist()} of a list of {classes}")
    for name, rows in (("tt", oracle.tt), ("st", oracle.st)):
        if rows is not None:
            check_rows(rows, len(oracle.classes), classes, f"image {oracle.image_id}, oracle {name} similarity")
