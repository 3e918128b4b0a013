"""ZeroCap's language model (section 3.3) before any shift: one pass for each distinct context, whoever asks for it.

The unmodified model reads a context alone, which beams of several segments and of several images may have in common. A
row's numbers do not depend on the other rows, so what was read once is taken again, with what its gradient needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from bench.caption.candidates import Context
from bench.caption.language_block import Trace
from bench.caption.language_step import LanguageStep, Pass
from bench.caption.norm import Normed
from bench.caption.texts import Recent
from bench.caption.token_attention import Attended

ROOM, LEAST = 16 << 20, 64
"""Bytes of contexts that are remembered, and how many have to fit: of GPT-2 medium, with a megabyte each, none is."""
Row = list[Tensor]
"""What a pass holds of one context, but for its cache."""


@dataclass(frozen=True, eq=False)
class FirstPasses:
    """The passes of an unmodified ``model``, remembered by context where it is small."""

    model: LanguageStep
    known: Recent[Context, Row] = field(default_factory=lambda: Recent(ROOM))

    def __call__(
        self,
        contexts: Sequence[Context],
        cache: Float[Tensor, "layers 2 b h t k"],
        tokens: Int64[Tensor, " b"],
        round_up: Callable[[int], int],
    ) -> Pass:
        """Compute the logits after the last token of each row's context; ``cache`` is the model's own of those before.

        ``round_up`` gives the size of a batch that keeps its rows' bits. Where new contexts take more than half of the
        whole batch, that is passed on as it is.
        """
        first = {context: row for row, context in reversed(list(enumerate(contexts)))}
        known = {context: row for context in first if (row := self.known.get(context)) is not None}
        new = [context for context in first if context not in known]
        size = round_up(len(new)) if new else 0
        if 2 * size > len(contexts):
            whole = self.model(cache, tokens)
            parts = list_parts(whole)
            if _are_small(parts):
                self._keep({context: [part[first[context]] for part in parts] for context in new})
            return whole
        if new:
            asked = torch.tensor([first[context] for context in (*new, *new[-1:] * (size - len(new)))])
            parts = list_parts(self.model(cache[:, :, asked], tokens[asked]))
            rows = {context: [part[row] for part in parts] for row, context in enumerate(new)}
            if _are_small(parts):
                self._keep(rows)
            known |= rows
        return _join(known, contexts, cache)

    def _keep(self, rows: Mapping[Context, Row]) -> None:
        """Remember rows: a view would keep the whole batch alive."""
        for context, row in rows.items():
            self.known.put(context, [part.clone() for part in row], sum(part.nbytes for part in row))


def _are_small(parts: Sequence[Tensor]) -> bool:
    """Whether a row of the parts of a pass is so small that a useful number of them has room."""
    return sum(part[:1].nbytes for part in parts) <= ROOM // LEAST


def list_parts(whole: Pass) -> list[Tensor]:
    """List the tensors of a pass that have a row for each context, as `make_pass` takes them."""
    parts = [whole.logits, *whole.normed]
    for trace in whole.traces:
        packed, weights, *_ = trace.attended
        parts += [*trace.before_attention, packed, weights, *trace.before_mlp, trace.hidden]
    return parts


def make_pass(parts: Sequence[Tensor], cache: Float[Tensor, "layers 2 b h t k"]) -> Pass:
    """Make a pass of its parts and the cache that it was computed over."""
    rest = iter(parts)

    def take_normed() -> Normed:
        return Normed(next(rest), next(rest), next(rest), next(rest))

    logits, normed, traces = next(rest), take_normed(), []
    for layer in cache:  # 2 b h t k
        before, attended = take_normed(), Attended(next(rest), next(rest), *layer)
        traces.append(Trace(before, attended, take_normed(), next(rest)))
    return Pass(logits, normed, traces)


def _join(known: Mapping[Context, Row], contexts: Sequence[Context], cache: Tensor) -> Pass:
    """Join the rows of contexts, each of which may be there many times, to a pass over their cache."""
    place = {context: at for at, context in enumerate(known)}
    rows = torch.tensor([place[context] for context in contexts])
    return make_pass([torch.stack(part).index_select(0, rows) for part in zip(*known.values(), strict=True)], cache)
