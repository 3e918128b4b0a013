"""Where segments overlap and a protocol wants one at each pixel: the one that its system is surest of."""

from __future__ import annotations

import numpy as np

from bench.errors import UserError
from bench.records import LabelMap, Prediction


def settle_overlaps(prediction: Prediction | LabelMap, overlap: str, where: str) -> Prediction | LabelMap:
    """Settle which segments stand at a pixel, by ``Protocol.overlap``: all of them, or the one of highest_score."""
    return keep_highest_score(prediction, where) if overlap == "highest_score" else prediction


def keep_highest_score(prediction: Prediction | LabelMap, where: str) -> Prediction | LabelMap:
    """Keep the same segments without overlap: a pixel goes to the highest score (tie: to the first of them).

    A segment may become empty; it stays in the list. Raises UserError where segments have no scores.
    """
    if not len(prediction):
        return prediction
    if prediction.scores is None:
        raise UserError(f"{where}: score.overlap=highest_score needs a 'score' for each segment; use score.overlap=all")
    if isinstance(prediction, LabelMap):
        return prediction
    labels = np.zeros(prediction.size, np.int32)
    for segment in np.argsort(-prediction.scores, kind="stable")[::-1]:
        labels[prediction.masks[segment]] = segment + 1
    kept = prediction.texts, prediction.embeddings, prediction.heap_ids, prediction.scores
    return LabelMap(prediction.image_id, labels, *kept)
