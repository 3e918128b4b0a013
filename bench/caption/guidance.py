"""ZeroCap's guidance (section 3.3): shift GPT-2's cached keys and values until its next token suits the segment.

    loss = clip_scale * CE(softmax(similarity / temperature), p) + fluency_scale * KL(p || p_unmodified)
    context <- context - step * g / |g|^grad_norm_factor       |g| for each beam and layer, keys and values apart

The gradient of the loss with respect to the logits is written out here, and from there to the context in
`language_block`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from bench.caption.language_step import LanguageStep, Pass
from bench.system import rowwise

Similarity = Callable[[Tensor | None], Tensor]
"""Int64 [b, k] candidate tokens, or None for all [b, v], to floats of that shape: cosines of "context + token" with the
row's target."""


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
    context, of no tokens once it is dropped; ``last`` holds the last token's unmodified keys and values, [layers, 2, b,
    heads, 1, channels]; ``losses`` [iterations, 2, b] are the CLIP and the fluency loss, scaled.
    """

    before: Float[Tensor, "b v"]
    logits: Float[Tensor, "b v"]
    cache: Float[Tensor, "layers 2 b h t k"]
    last: Float[Tensor, "layers 2 b h 1 k"]
    losses: Float[Tensor, "i 2 b"]

    def drop_cache(self) -> Guided:
        """Leave the shifted context out, which only a watcher reads and which is as large as the whole batch's."""
        return replace(self, cache=self.cache[..., :0, :].clone())

    def take(self, rows: slice) -> Guided:
        """Take neighbouring rows, without a copy."""
        keep = (self.cache[:, :, rows], self.last[:, :, rows], self.losses[:, :, rows])
        return Guided(self.before[rows], self.logits[rows], *keep)

    @staticmethod
    def join(parts: list[Guided]) -> Guided:
        """Join all rows of all parts."""
        if len(parts) == 1:
            return parts[0]
        fields = zip(*((p.before, p.logits, p.cache, p.last, p.losses) for p in parts), strict=True)
        return Guided(*(torch.cat(field, dim=0 if field[0].ndim == 2 else 2) for field in fields))  # rows: dim 0 or 2


def guide(
    model: LanguageStep,
    cache: Float[Tensor, "layers 2 b h t k"],
    tokens: Int64[Tensor, " b"],
    similarity: Similarity,
    options: Guidance,
    first: Callable[[], Pass] | None = None,
) -> Guided:
    """Forward the rows' last ``tokens`` over a context that is shifted ``options.iterations`` times.

    It is shifted in place, layer by layer: a copy of it and the gradient of all layers are 270 MB of GPT-2 medium's.
    ``first`` makes the pass over the unshifted one where it may be known. A pass is let go before the next one.
    """
    forward = first() if first else model(cache, tokens)
    unmodified, last = forward.logits, forward.last  # of this pass: a recorded one is written over by the next
    before = unmodified.log_softmax(dim=-1)  # b v
    wanted = _Wanted(similarity, options)
    losses = []
    for _ in range(options.iterations):
        upstream, loss = _compute_loss_gradient(forward.logits, before, wanted, options)  # b v, 2 b
        for layer, gradient in model.pull_back_layers(upstream, forward):
            _shift(cache[layer], gradient, options)
        losses.append(loss)
        del forward, upstream
        forward = model(cache, tokens)
    stacked = torch.stack(losses) if losses else before.new_zeros(0, 2, len(tokens))
    return Guided(unmodified, forward.logits, cache, last, stacked)


def _shift(cache: Float[Tensor, "2 b h t k"], gradient: Float[Tensor, "2 b h t k"], options: Guidance) -> None:
    """Shift a layer's context against its gradient, which may be used up."""
    if rowwise.takes(cache, gradient):
        from bench.caption.guidance_loops import shift_rows  # imports numba

        parts = [rowwise.view_array(part.flatten(2).flatten(0, 1)) for part in (cache, gradient)]
        return rowwise.run_by_rows(partial(shift_rows, options.step, options.grad_norm_factor), *parts)
    norm = torch.linalg.vector_norm(gradient, dim=(2, 3, 4), keepdim=True) + 1e-15  # 2 b 1 1 1
    cache.sub_(gradient.mul_(options.step).div_(norm**options.grad_norm_factor))
    return None


class _Wanted:
    """The distribution that CLIP wants: softmax(similarity / temperature) over the candidates, zero elsewhere.

    Where the whole vocabulary is compared it is the same for every iteration, and made once.
    """

    def __init__(self, similarity: Similarity, options: Guidance) -> None:
        self.similarity, self.options = similarity, options
        self._whole: Tensor | None = None

    def __call__(self, logits: Float[Tensor, "b v"]) -> tuple[Int64[Tensor, "b k"] | None, Float[Tensor, "b k"]]:
        """Return the candidates, None for the whole vocabulary, and their probabilities."""
        count = self.options.candidates
        if count is not None and count < logits.shape[1]:
            candidates = logits.topk(count, dim=-1).indices
            return candidates, self._compute(candidates)
        if self._whole is None:
            self._whole = self._compute(None)
        return None, self._whole

    def _compute(self, candidates: Int64[Tensor, "b k"] | None) -> Float[Tensor, "b k"]:
        return (self.similarity(candidates) / self.options.temperature).softmax(dim=-1)


def _compute_loss_gradient(
    logits: Float[Tensor, "b v"], before: Float[Tensor, "b v"], wanted: _Wanted, options: Guidance
) -> tuple[Float[Tensor, "b v"], Float[Tensor, "2 b"]]:
    """Compute d loss / d logits and the two losses; ``before`` are log-probabilities of the unmodified model.

    CLIP: the loss -sum(target log p) has the gradient p - target. Fluency: with r = log p - log p_before, the loss
    KL = sum(p r) has the gradient p (r - KL).
    """
    candidates, target = wanted(logits)  # each b k; CLIP works here, beside as few tables as can be
    log_p = logits.log_softmax(dim=-1)  # b v
    p = log_p.exp()
    log_ratio = log_p - before
    divergence = (p * log_ratio).sum(dim=-1, keepdim=True)  # b 1
    compared = log_p if candidates is None else log_p.gather(1, candidates)
    clip_loss = -(target * compared).sum(dim=-1)  # b
    gradient, pull = options.clip_scale * p, -options.clip_scale * target  # b v, b k
    gradient = gradient.add_(pull) if candidates is None else gradient.scatter_add_(1, candidates, pull)
    gradient.add_(p.mul_(options.fluency_scale).mul_(log_ratio.sub_(divergence)))  # what was made here is used up
    return gradient, torch.stack([options.clip_scale * clip_loss, options.fluency_scale * divergence[:, 0]])
