"""ZeroCap's beam search (section 3.3): beams ranked by their mean log-probability for each token."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

FILLER = 0
"""What an ended beam holds after its end token. It is no part of the text and costs nothing."""


@dataclass(frozen=True, eq=False)
class Beams:
    """The b kept beginnings of one segment's text, best first.

    ``tokens`` [b, t] follow the prompt; only the first ``lengths`` of them count, the end token among them.
    ``scores`` are sums of log-probabilities. ``parents`` are positions among the beams one token earlier.
    """

    tokens: Int64[Tensor, "b t"]
    scores: Float[Tensor, " b"]
    lengths: Int64[Tensor, " b"]
    ended: Bool[Tensor, " b"]
    parents: Int64[Tensor, " b"]

    @property
    def mean_scores(self) -> Float[Tensor, " b"]:
        """Mean log-probability for each token, the rank of a beam."""
        return self.scores / self.lengths


def begin(log_probabilities: Float[Tensor, " v"], width: int, end_token: int) -> Beams:
    """Begin with the ``width`` most probable first tokens."""
    scores, tokens = log_probabilities.topk(min(width, len(log_probabilities)))
    return Beams(tokens[:, None], scores, torch.ones_like(tokens), tokens == end_token, torch.zeros_like(tokens))


def advance(beams: Beams, log_probabilities: Float[Tensor, "b v"], end_token: int) -> Beams:
    """Choose the best continuations of all beams together, as many as there were beams.

    Rows of ended beams are ignored: such a beam neither grows nor pays, it competes with the mean it ended with.
    """
    free = torch.full_like(log_probabilities, -torch.inf)
    free[:, FILLER] = 0
    steps = torch.where(beams.ended[:, None], free, log_probabilities)  # b v; an ended beam goes on by FILLER alone
    sums = beams.scores[:, None] + steps  # b v
    lengths = beams.lengths + ~beams.ended  # b
    vocabulary = steps.shape[1]
    best = (sums / lengths[:, None]).flatten().topk(len(beams.scores)).indices  # b places in b*v, by the mean
    parents, tokens = best // vocabulary, best % vocabulary
    return Beams(
        tokens=torch.cat([beams.tokens[parents], tokens[:, None]], dim=1),
        scores=sums.flatten()[best],
        lengths=lengths[parents],
        ended=beams.ended[parents] | (tokens == end_token),
        parents=parents,
    )
