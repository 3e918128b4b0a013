"""ZeroCap's guidance (section 3.3): shift GPT-2's cached keys and values until its next token suits the segment.

    context <- context - step * g / |g|^grad_norm_factor       |g| for each beam and layer, keys and values apart

g is the gradient of a loss, which is written out: to the logits in `loss`, and from there to the context in
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
from bench.caption.loss import choose_candidates, compute_loss_gradient
from bench.caption.token_attention import CacheGradient
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

    It is shifted in place, each layer as soon as its gradient is known: a copy of it is 135 MB of GPT-2 medium's.
    ``first`` makes the pass over the unshifted one where it may be known. A pass is let go before the next one.
    """
    forward = first() if first else model(cache, tokens)
    unmodified, last = forward.logits, forward.last  # of this pass: a recorded one is written over by the next
    wanted = _Wanted(similarity, options)
    losses = []
    for _ in range(options.iterations):
        upstream, loss = compute_loss_gradient(
            forward.logits, unmodified, *wanted(forward.logits), options.clip_scale, options.fluency_scale
        )  # b v, 2 b
        for layers, gradient in model.pull_back_layers(upstream, forward):
            _shift(cache[layers], gradient, options)
        losses.append(loss)
        del forward, upstream
        forward = model(cache, tokens)
    stacked = torch.stack(losses) if losses else unmodified.new_zeros(0, 2, len(tokens))
    return Guided(unmodified, forward.logits, cache, last, stacked)


def _shift(cache: Float[Tensor, "*l 2 b h t k"], gradient: CacheGradient, options: Guidance) -> None:
    """Shift the context of a layer, or of several, against its gradient.

    A loop never makes the gradient itself: the norm of an outer product is one factor's times the other's. On a GPU
    more steps would cost more than a table.
    """
    if cache.ndim == 5 and rowwise.takes(*cache, gradient.logits):
        _shift_by_loop(cache, gradient, options)
        return
    whole = gradient.expand()
    wide = torch.float32 if whole.dtype == torch.float16 else None  # where 1e-15 would be 0
    norm = torch.linalg.vector_norm(whole, dim=(-3, -2, -1), keepdim=True, dtype=wide) + 1e-15  # *l 2 b 1 1 1
    cache.sub_(whole.mul_(options.step).div_(norm**options.grad_norm_factor))


def _shift_by_loop(cache: Float[Tensor, "2 b h t k"], gradient: CacheGradient, options: Guidance) -> None:
    """As `_shift`, of one layer, by one loop."""
    from bench.caption.guidance_loops import shift_rows  # imports numba

    loop = partial(shift_rows, options.step, options.grad_norm_factor)
    rowwise.run_by_rows(loop, *map(rowwise.view_array, (*cache, *gradient)))


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
            candidates = choose_candidates(logits, count)
            return candidates, self._compute(candidates)
        if self._whole is None:
            self._whole = self._compute(None)
        return None, self._whole

    def _compute(self, candidates: Int64[Tensor, "b k"] | None) -> Float[Tensor, "b k"]:
        return (self.similarity(candidates) / self.options.temperature).softmax(dim=-1)
