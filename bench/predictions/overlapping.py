"""Where segments overlap and a protocol wants one at each pixel: the one that its system is surest of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.errors import UserError
from bench.records import Prediction


def highest_score(prediction: Prediction, where: str) -> Prediction:
    """The same segments without overlap: a pixel goes to the highest score (tie: to the first of them).

    A segment may become empty; it stays in the list. Raises UserError where segments have no scores.
    """
    if not len(prediction):
        return prediction
    if prediction.scores is None:
        raise UserError(f"{where}: score.overlap=highest_score needs a 'score' for each segment; use score.overlap=all")
    owner = np.full(prediction.masks.shape[1:], -1)
    for segment in np.argsort(-prediction.scores, kind="stable")[::-1]:
        owner[prediction.masks[segment]] = segment
    return replace(prediction, masks=owner == np.arange(len(prediction))[:, None, None])
