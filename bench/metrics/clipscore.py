"""CLIPScore of segments: w max(0, cosine) with w = 2.5, in the two readings that go by one name in papers.

own_text      the segment's embedding against CLIP's embedding of its own text: is the text a caption of the region?
              Needs no ground truth. `own_text_area` weighs each segment by its pixels (the segment form of TPSS).
class_prompt  the embedding of a true segment against the prompt of its true class: what the published evaluation
              computes under "clip_score" in its text mode. It judges the embedding, not the text.

Comparable under one CLIP model only: it stands in the metric's name.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from bench.errors import UserError
from bench.metrics.terms import Found, make_terms
from bench.records import Oracle, Overlap

WEIGHT = 2.5


def own_text(item: Overlap, cosines: Float32[np.ndarray, " n"]) -> Found:
    """From the cosine of each predicted segment's embedding with the embedding of its own text.

    Raises UserError where their number is not that of the segments, or one is not finite.
    """
    if cosines.shape != item.areas.shape or not np.isfinite(cosines).all():
        raise UserError(f"image {item.image_id}: CLIPScore needs one finite cosine for each of {len(item.areas)} texts")
    score = WEIGHT * np.maximum(cosines.astype(np.float64), 0)
    none, area = np.full(len(score), -1, np.int32), item.areas.astype(np.float64)
    share = np.full(len(score), np.nan)
    return {
        "clipscore.own_text": ("segments", make_terms(none, share, score)),
        "clipscore.own_text_area": ("images", make_terms(none, share, score * area, area)),
    }


def class_prompt(oracle: Oracle, pixels: float = np.nan) -> Found:
    """From the ST rows of true segments; nothing where there are none. ``pixels`` is the size of the image."""
    if oracle.st is None:
        return {}
    own = oracle.st[np.arange(len(oracle.classes)), oracle.classes].astype(np.float64)
    return {
        "clipscore.class_prompt": (
            "segments",
            make_terms(oracle.classes, oracle.areas / pixels, WEIGHT * np.maximum(own, 0)),
        )
    }
