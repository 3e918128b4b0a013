"""Section 4.3, Text Generation Quality: what the method says of the ground-truth segments.

"micro" (the paper): the share of all true segments of the set whose text has a similarity **>** tau_SBERT to the
true class name. "macro" (the reference): the share of each image, **>=**, raw values, then the mean over images.
Beside it, for TT and ST: the mean cosine to the true name, and top-1 accuracy among all class names. By ST these
judge the embedding and not the text.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64, Int32

from bench.errors import UserError
from bench.mapping.assign import apply_thresholds, find_nearest_class
from bench.overlap.table import check_rows
from bench.records import Oracle

MEASURES = ("hit", "cosine", "top1")


def validate(oracle: Oracle, classes: int) -> None:
    """Raise UserError where the parts of a record do not fit together or do not fit the class list."""
    if len(oracle.classes) and not 0 <= int(oracle.classes.min()) <= int(oracle.classes.max()) < classes:
        raise UserError(f"image {oracle.image_id}: true classes {oracle.classes.tolist()} of a list of {classes}")
    for name, rows in (("tt", oracle.tt), ("st", oracle.st)):
        if rows is not None:
            check_rows(rows, len(oracle.classes), classes, f"image {oracle.image_id}, oracle {name} similarity")


def counts(
    similarity: Float[np.ndarray, "k c"],
    classes: Int32[np.ndarray, " k"],
    measure: str,
    rule: str = "micro",
    tau: float | None = 0.5,
    rounding: int | None = 6,
) -> tuple[float, float]:
    """Numerator and denominator of one image: (sum, segments) for micro, (share, 1) for macro, (0, 0) without any."""
    total, k = float(each(similarity, classes, measure, rule, tau, rounding).sum()), len(classes)
    if rule == "macro":
        return (total / k, 1.0) if k else (0.0, 0.0)
    return total, float(k)


def each(
    similarity: Float[np.ndarray, "k c"],
    classes: Int32[np.ndarray, " k"],
    measure: str,
    rule: str = "micro",
    tau: float | None = 0.5,
    rounding: int | None = 6,
) -> Bool[np.ndarray, " k"] | Float64[np.ndarray, " k"]:
    """What `counts` sums up, for each true segment: is it a hit, is the nearest class right, or the cosine."""
    own = similarity[np.arange(len(classes)), classes]
    if measure == "cosine":
        return own.astype(np.float64)
    if measure == "top1":
        return find_nearest_class(similarity, rounding)[0] == classes
    own = own if rounding is None else np.round(own.astype(np.float64), rounding)
    if rule == "macro":
        return apply_thresholds(classes, own, [tau], rounding)[0] >= 0
    return own > (-np.inf if tau is None else tau if rounding is None else round(tau, rounding))
