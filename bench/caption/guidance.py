"""ZeroCap's guidance (section 3.3): shift GPT-2's cached keys and values until its next token suits the segment.

    loss = clip_scale * CE(softmax(similarity / temperature), p) + fluency_scale * KL(p || p_unmodified)
    context <- context - step * g / |g|^grad_norm_factor       |g| for each beam and layer, keys and values apart

The gradient of the loss with respect to the logits is written out; autograd does the language model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from bench.caption.language_step import LanguageStep

Similarity = Callable[[Tensor], Tensor]
"""Int64 [b, k] candidate tokens to float [b, k]: cosine of "context + token" with the row's target."""


@dataclass(frozen=True)
class Guidance:
    """The options of the shift, with the paper's values; ``candidates`` None is the whole vocabulary."""

    iterations: int = 5
    step: float = 0.3
    grad_norm_factor: float = 0.9
    clip_scale: float = 1.0
    fluency_scale: float = 0.2
    temperature: float = 0.01
    candidates: int | None = 512


@dataclass(frozen=True, eq=False)
class Guided:
    """One token's guidance for b rows.

    ``before`` and ``logits`` [b, v] are logits of the unmodified and of the shifted model; ``cache`` is the shifted
    context; ``last`` holds the last token's unmodified keys and values, [layers, 2, b, heads, 1, channels];
    ``losses`` [iterations, 2, b] are the CLIP and the fluency loss, scaled.
    """

    before: Float[Tensor, "b v"]
    logits: Float[Tensor, "b v"]
    cache: Float[Tensor, "layers 2 b h t k"]
    last: Float[Tensor, "layers 2 b h 1 k"]
    losses: Float[Tensor, "i 2 b"]

    def pick(self, rows: list[int]) -> Guided:
        """Take some of the rows."""
        keep = (self.cache[:, :, rows], self.last[:, :, rows], self.losses[:, :, rows])
        return Guided(self.before[rows], self.logits[rows], *keep)

    @staticmethod
    def join(parts: list[Guided]) -> Guided:
        """Join all rows of all parts."""
        fields = zip(*((p.before, p.logits, p.cache, p.last, p.losses) for p in parts), strict=True)
        return Guided(*(torch.cat(field, dim=0 if field[0].ndim == 2 else 2) for field in fields))  # rows: dim 0 or 2


def guide(
    model: LanguageStep,
    cache: Float[Tensor, "layers 2 b h t k"],
    tokens: Int64[Tensor, " b"],
    similarity: Similarity,
    options: Guidance,
) -> Guided:
    """Forward the rows' last ``tokens`` over a context that is shifted ``options.iterations`` times."""
    losses = []
    before, last = None, None
    for _ in range(options.iterations):
        cache = cache.detach().requires_grad_()
        logits, keys_values = model(cache, tokens)
        before, last = (logits.detach(), keys_values) if before is None else (before, last)
        upstream, loss = _compute_loss_gradient(logits.detach(), before, similarity, options)  # b v, 2 b
        (gradient,) = torch.autograd.grad(logits, cache, upstream)  # layers 2 b h t k
        losses.append(loss)
        norm = torch.linalg.vector_norm(gradient, dim=(3, 4, 5), keepdim=True) + 1e-15  # layers 2 b 1 1 1
        cache = cache.detach() - options.step * gradient / norm**options.grad_norm_factor
    with torch.no_grad():
        logits, keys_values = model(cache, tokens)
    if before is None or last is None:
        before, last = logits, keys_values
    return Guided(before, logits, cache, last, torch.stack(losses) if losses else logits.new_zeros(0, 2, len(tokens)))


def _compute_loss_gradient(
    logits: Float[Tensor, "b v"], before: Float[Tensor, "b v"], similarity: Similarity, options: Guidance
) -> tuple[Float[Tensor, "b v"], Float[Tensor, "2 b"]]:
    """Compute d loss / d logits and the two losses.

    CLIP: the loss -sum(target log p) has the gradient p - target. Fluency: with r = log p - log p_before, the loss
    KL = sum(p r) has the gradient p (r - KL).
    """
    log_p = logits.log_softmax(dim=-1)  # b v
    p = log_p.exp()
    log_ratio = log_p - before.log_softmax(dim=-1)
    divergence = (p * log_ratio).sum(dim=-1, keepdim=True)  # b 1
    candidates = _choose_candidates(logits, options.candidates)  # b k
    target = (similarity(candidates) / options.temperature).softmax(dim=-1)  # b k; zero for every other token
    clip_loss = -(target * log_p.gather(1, candidates)).sum(dim=-1)  # b
    gradient = (options.clip_scale * p).scatter_add(1, candidates, -options.clip_scale * target)  # b v
    gradient = gradient + options.fluency_scale * p * (log_ratio - divergence)
    return gradient, torch.stack([options.clip_scale * clip_loss, options.fluency_scale * divergence[:, 0]])


def _choose_candidates(logits: Float[Tensor, "b v"], count: int | None) -> Int64[Tensor, "b k"]:
    if count is None or count >= logits.shape[1]:
        return torch.arange(logits.shape[1], device=logits.device).expand(len(logits), -1)
    return logits.topk(count, dim=-1).indices
