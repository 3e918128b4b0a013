"""CLIPScore of segments: w max(0, cosine) with w = 2.5, in the two readings that go by one name in papers.

own_text      the segment's embedding against CLIP's embedding of its own text: is the text a caption of the region?
              Needs no ground truth. `own_text_area` weighs each segment by its pixels (the segment form of TPSS).
class_prompt  the embedding of a true segment against the prompt of its true class: what the published evaluation
              computes under "clip_score" in its text mode. It judges the embedding, not the text.

Comparable under one CLIP model only: it stands in the metric's name.
"""

from __future__ import annotations

import numpy as np

from bench.errors import UserError
from bench.metrics.terms import ImageTables, Terms, make_terms

WEIGHT = 2.5


def compute_own_text(image: ImageTables) -> dict[str, Terms]:
    """Compute the score of each predicted segment and its own text; nothing where nobody has measured their cosines.

    Raises UserError where their number is not that of the segments, or one is not finite.
    """
    item, cosines = image.overlap, image.own_text
    if cosines is None:
        return {}
    if cosines.shape != item.areas.shape or not np.isfinite(cosines).all():
        raise UserError(f"image {item.image_id}: CLIPScore needs one finite cosine for each of {len(item.areas)} texts")
    score = WEIGHT * np.maximum(cosines.astype(np.float64), 0)
    none, area = np.full(len(score), -1, np.int32), item.areas.astype(np.float64)
    share = np.full(len(score), np.nan)
    return {
        "clipscore.own_text": make_terms("segments", none, share, score),
        "clipscore.own_text_area": make_terms("images", none, share, score * area, area),
    }


def compute_class_prompt(image: ImageTables) -> dict[str, Terms]:
    """Compute the score of each true segment and its class in the prompt; nothing where there are none."""
    truth = image.truth
    if truth is None or truth.st is None:
        return {}
    own = truth.st[np.arange(len(truth.classes)), truth.classes].astype(np.float64)
    score = WEIGHT * np.maximum(own, 0)
    return {"clipscore.class_prompt": make_terms("segments", truth.classes, image.true_shares, score)}
