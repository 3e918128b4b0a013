"""ZeroCap's language model (section 3.3) by CUDA graphs: step and gradient recorded once for each batch and length.

A search asks for the same shapes for every image: a batch of fixed rows at each of the text's lengths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from bench.caption.language_step import LanguageStep, Pass
from bench.caption.texts import Recent
from bench.caption.token_attention import CacheGradient
from bench.system.graphs import Capture, Recording, record

ROOM = 1 << 31
"""Bytes of recorded buffers; those of the shapes that were not used for longest go first."""


@dataclass(frozen=True, eq=False)
class RecordedPasses:
    """The two recordings of a batch's size and a context's length; the second reads what the first leaves."""

    forward: Recording[Pass]
    pull_back: Recording[CacheGradient]


class RecordedStep(LanguageStep):
    """`LanguageStep` with the same numbers by replays.

    A pass may be pulled back until the next one is asked for; its ``last`` has to be read before that, too.
    """

    def __init__(self, step: LanguageStep, capture: Capture[Any], room: int = ROOM) -> None:
        vars(self).update(vars(step))
        self.plain, self.capture = step, capture
        self.recorded: Recent[tuple[int, ...], RecordedPasses] = Recent(room)
        self._latest: Pass | None = None

    @property
    def repeats(self) -> bool:
        """See `LanguageStep.repeats`: never, for a pass is gone with the next one."""
        return False

    def read(self, tokens: Sequence[int]) -> Float[Tensor, "layers 2 1 h t k"]:
        """See `LanguageStep.read`: done once, so nothing is recorded."""
        return self.plain.read(tokens)

    @torch.no_grad()
    def __call__(self, cache: Float[Tensor, "layers 2 b h t k"], tokens: Int64[Tensor, " b"]) -> Pass:
        """See `LanguageStep.__call__`."""
        passes = self.recorded.get(tuple(cache.shape)) or self._record(cache, tokens)
        forward = passes.forward.run(cache, tokens)
        self._latest = forward._replace(logits=forward.logits.clone())  # read after later passes, as `last` is not
        return self._latest

    @torch.no_grad()
    def pull_back(self, upstream: Float[Tensor, "b v"], forward: Pass) -> CacheGradient:
        """See `LanguageStep.pull_back`; ValueError for a pass that is not the latest one, whose buffers are gone."""
        if forward is not self._latest:
            raise ValueError("a recorded pass can be pulled back until the next one only")
        passes = self.recorded.get((len(self.blocks), 2, *forward.traces[0].attended.keys.shape))
        assert passes is not None, "the latest one stays"
        return passes.pull_back.run(upstream)

    def pull_back_layers(
        self, upstream: Float[Tensor, "b v"], forward: Pass
    ) -> Iterator[tuple[int | slice, CacheGradient]]:
        """See `LanguageStep.pull_back_layers`; all layers are one replay, and given at once."""
        yield slice(None), self.pull_back(upstream, forward)

    def _record(self, cache: Tensor, tokens: Tensor) -> RecordedPasses:
        forward = record(self.plain, (cache, tokens), self.capture)
        upstream = torch.zeros_like(forward.output.logits)
        made = RecordedPasses(
            forward, record(lambda own: self.plain.pull_back(own, forward.output), (upstream,), self.capture)
        )
        self.recorded.put(tuple(cache.shape), made, 3 * cache.nbytes + 3 * upstream.nbytes)
        return made
