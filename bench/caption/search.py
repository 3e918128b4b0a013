"""ZeroCap's search (section 3.3): token by token, the beams of all segments side by side in one batch.

All beams have the same length at any time, so rows of different segments need no padding in time. Rows go through the
language model in batches of a fixed size, filled up with copies, so that no row's numbers depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from bench.caption.beams import Beams, advance, begin
from bench.caption.candidates import CandidateFeatures, Similarities
from bench.caption.guidance import Guidance, Guided, guide
from bench.caption.language_step import LanguageStep
from bench.caption.rules import TokenRules, fuse


@dataclass(frozen=True, eq=False)
class TokenStep:
    """One token of one segment: contexts [b, t], guidance, log-probabilities [b, v] and the beams after it."""

    segment: int
    context: Int64[Tensor, "b t"]
    guided: Guided
    log_probabilities: Float[Tensor, "b v"]
    beams: Beams


@dataclass(frozen=True)
class _Row:
    """A beam that is still being written: which segment, and its position among the segment's beams."""

    segment: int
    beam: int
    context: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Search:
    """Beam search with guidance. ``prompt`` are token ids; ``rows`` is the language model's batch size."""

    model: LanguageStep
    features: CandidateFeatures
    rules: TokenRules
    guidance: Guidance
    prompt: tuple[int, ...]
    width: int
    tokens: int
    fusion: float
    joint: bool
    rows: int

    def __call__(
        self, targets: Float[Tensor, "n d"], watch: Callable[[TokenStep], None] = lambda _: None
    ) -> list[Beams]:
        """Search the final beams for each unit-length target; ``watch`` sees every token of every segment."""
        beams_of: dict[int, Beams] = {}
        rows = [_Row(segment, 0, self.prompt) for segment in range(len(targets))]
        cache = self._prompt_cache.expand(-1, -1, len(rows), -1, -1, -1)  # layers 2 rows h t k
        for _ in range(self.tokens):
            if not rows:
                break
            guided = self._guide(rows, cache, targets)
            for segment in dict.fromkeys(row.segment for row in rows):
                mine = [i for i, row in enumerate(rows) if row.segment == segment]
                step = self._choose([rows[i] for i in mine], guided.pick(mine), beams_of.get(segment))
                beams_of[segment] = step.beams
                watch(step)
            rows, parents = self._advance(rows, beams_of)
            cache = torch.cat([cache, guided.last], dim=4)[
                :, :, parents
            ]  # a token longer, in the order of the new rows
        return [beams_of[segment] for segment in range(len(targets))]

    @cached_property
    def _prompt_cache(self) -> Float[Tensor, "layers 2 1 h t k"]:
        return self.model.read(self.prompt[:-1])

    def _guide(self, rows: list[_Row], cache: Tensor, targets: Float[Tensor, "n d"]) -> Guided:
        """Guide all rows, `self.rows` at a time."""
        parts = []
        for start in range(0, len(rows), self.rows):
            batch = rows[start : start + self.rows]
            filled = [min(i, len(batch) - 1) for i in range(self.rows)]  # copies of the last row fill the batch up
            similarity = Similarities(self.features, [r.context for r in batch], targets[[r.segment for r in batch]])
            last = torch.tensor([r.context[-1] for r in batch], device=self.model.device)
            context = cache[:, :, start : start + len(batch)][:, :, filled]
            guided = guide(self.model, context, last[filled], similarity, self.guidance)
            parts.append(guided.pick(list(range(len(batch)))))
        return Guided.join(parts)

    def _choose(self, rows: list[_Row], guided: Guided, beams: Beams | None) -> TokenStep:
        """Correct the log-probabilities of one segment's rows, and choose its next beams."""
        context = torch.tensor([row.context for row in rows], device=self.model.device)
        logits = self.rules(guided.logits, context, first=beams is None)  # b v
        log_p = fuse(logits, guided.before, self.fusion, self.joint)  # b v
        if beams is None:
            after = begin(log_p[0], self.width, self.rules.end_token)
        else:
            all_log_p = log_p.new_zeros(len(beams.scores), log_p.shape[1])  # ended beams have no row: zeros, not read
            all_log_p[[row.beam for row in rows]] = log_p
            after = advance(beams, all_log_p, self.rules.end_token)
        return TokenStep(rows[0].segment, context, guided, log_p, after)

    def _advance(self, rows: list[_Row], beams_of: dict[int, Beams]) -> tuple[list[_Row], list[int]]:
        """Make the rows of the next token and find each one's parent row.

        Ended beams are left out, except under joint normalisation, where they still weigh in the common sum.
        """
        position = {(row.segment, row.beam): i for i, row in enumerate(rows)}
        coming, parents = [], []
        for segment in dict.fromkeys(row.segment for row in rows):
            beams = beams_of[segment]
            if beams.ended.all():
                continue
            columns = (beams.tokens.tolist(), beams.ended.tolist(), beams.parents.tolist())
            for beam, (tokens, ended, parent) in enumerate(zip(*columns, strict=True)):
                if self.joint or not ended:
                    coming.append(_Row(segment, beam, (*self.prompt, *tokens)))
                    parents.append(position[segment, parent])
        return coming, parents
