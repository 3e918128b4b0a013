"""The loss of ZeroCap's guidance (section 3.3), the candidates that it compares, and its gradient.

loss = clip_scale * CE(softmax(similarity / temperature), p) + fluency_scale * KL(p || p_unmodified)
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from bench.system import rowwise


def choose_candidates(logits: Float[Tensor, "b v"], count: int) -> Int64[Tensor, "b n"]:
    """Choose the n most probable tokens of each row, in any order.

    Of equal logits at the edge the lower tokens are chosen where a loop chooses, in float32 on a processor, which takes
    a tenth of the seconds of torch's `topk`; elsewhere any.
    """
    if not rowwise.takes(logits):
        return logits.topk(count, dim=-1).indices
    from bench.caption.loss_loops import choose_largest  # imports numba

    chosen = torch.empty(len(logits), count, dtype=torch.int64)
    rowwise.run_by_rows(choose_largest, *map(rowwise.view_array, (logits, chosen)))
    return chosen


def compute_loss_gradient(
    logits: Float[Tensor, "b v"],
    unmodified: Float[Tensor, "b v"],
    candidates: Int64[Tensor, "b n"] | None,
    target: Float[Tensor, "b n"],
    clip_scale: float,
    fluency_scale: float,
) -> tuple[Float[Tensor, "b v"], Float[Tensor, "2 b"]]:
    """Compute d loss / d logits and the two losses, scaled.

    ``unmodified`` are the logits of the unmodified model, ``target`` the probabilities that CLIP wants of the
    ``candidates`` (None: of all tokens); those of other tokens are 0. CLIP: the loss -sum(target log p) has the
    gradient p - target. Fluency: with r = log p - log p_unmodified, the loss KL = sum(p r) has the gradient p (r - KL),
    which is exactly 0 where nothing was shifted: the shift divides by a power of its norm, which would make much of it.
    """
    if rowwise.takes(logits, unmodified, target):
        return _compute_by_loop(logits, unmodified, candidates, target, clip_scale, fluency_scale)
    log_p = logits.log_softmax(dim=-1)  # b v
    p = log_p.exp()
    log_ratio = log_p - unmodified.log_softmax(dim=-1)
    divergence = (p * log_ratio).sum(dim=-1, keepdim=True)  # b 1
    compared = log_p if candidates is None else log_p.gather(1, candidates)
    clip_loss = -(target * compared).sum(dim=-1)  # b
    gradient, pull = clip_scale * p, -clip_scale * target  # b v, b n
    gradient = gradient.add_(pull) if candidates is None else gradient.scatter_add_(1, candidates, pull)
    gradient.add_(p.mul_(fluency_scale).mul_(log_ratio.sub_(divergence)))  # what was made here is used up
    return gradient, torch.stack([clip_scale * clip_loss, fluency_scale * divergence[:, 0]])


def _compute_by_loop(
    logits: Float[Tensor, "b v"], unmodified: Float[Tensor, "b v"], candidates: Int64[Tensor, "b n"] | None,
    target: Float[Tensor, "b n"], clip_scale: float, fluency_scale: float,
) -> tuple[Float[Tensor, "b v"], Float[Tensor, "2 b"]]:  # fmt: skip
    """As `compute_loss_gradient`, by loops, with no table but the gradient."""
    from bench.caption.loss_loops import write_loss_gradients, write_normalizers  # imports numba

    if candidates is None:
        candidates = torch.arange(logits.shape[1]).repeat(len(logits), 1)
    gradient = torch.empty_like(logits)
    now, before, losses = logits.new_empty(3, len(logits), 2).unbind()
    for own, made in ((logits, now), (unmodified, before)):
        rowwise.run_by_rows(write_normalizers, *map(rowwise.view_array, (own, made)))
    loop = partial(write_loss_gradients, np.float32(clip_scale), np.float32(fluency_scale))
    parts = (logits, unmodified, now, before, candidates.contiguous(), target, gradient, losses)
    rowwise.run_by_rows(loop, *map(rowwise.view_array, parts))
    return gradient, losses.t()
