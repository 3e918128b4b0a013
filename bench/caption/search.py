"""ZeroCap's search (section 3.3): token by token, the beams of all segments side by side in one batch.

All beams have the same length at any time, so rows of different segments need no padding in time. Rows go through the
language model in batches that are filled up, with copies, to a size at which no row's numbers depend on its neighbours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import accumulate

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from bench.caption.beams import Beams, advance, begin
from bench.caption.candidates import CandidateFeatures, Similarities
from bench.caption.first_pass import FirstPasses
from bench.caption.guidance import Guidance, Guided, guide
from bench.caption.language_step import LanguageStep
from bench.caption.rules import TokenRules, fuse
from bench.system.memory import fit_batch, run_in_parts
from bench.system.pages import give_back_compiler, trim

SCATTERED = 32 << 20
"""Bytes of keys and values from which the allocator is asked for what it holds of freed memory: 400 MB of GPT-2
medium's, for what is remembered of texts lies between what is freed."""
FIRST_ROWS = 16
"""The language model's batch at the first token at the most, where each segment has a single row."""
TOGETHER, ROOM = 192, 16 << 20
"""Rows of small batches that are run at once, as far as their keys and values have room in these bytes: four batches of
16 rows of a small model take half the seconds of one after the other."""


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
class Texts:
    """All texts that are being written, ``position`` tokens behind the prompt.

    ``rows`` are the beams that go on, ``cache`` the language model's keys and values of their tokens but the last one,
    ``beams`` those of each segment.
    """

    position: int
    rows: list[_Row]
    cache: Float[Tensor, "layers 2 r h t k"]
    beams: dict[int, Beams]


@dataclass(frozen=True, eq=False)
class Search:
    """Beam search with guidance. ``prompt`` are token ids; ``rows``: the language model's usual batch at most."""

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

    def __call__(self, targets: Float[Tensor, "n d"], watch: Callable[[TokenStep], None] | None = None) -> list[Beams]:
        """Search the final beams for each unit-length target; ``watch`` sees every token of every segment."""
        texts = self.begin(len(targets))
        while texts.position < self.tokens and texts.rows:
            texts = self.step(texts, targets, watch)
        return [texts.beams[segment] for segment in range(len(targets))]

    @torch.inference_mode()
    def begin(self, count: int) -> Texts:
        """Begin the texts of so many segments: a row each, with the prompt."""
        rows = [_Row(segment, 0, self.prompt) for segment in range(count)]
        return Texts(0, rows, self._prompt_cache.expand(-1, -1, count, -1, -1, -1), {})

    @torch.inference_mode()
    def step(
        self, texts: Texts, targets: Float[Tensor, "n d"], watch: Callable[[TokenStep], None] | None = None
    ) -> Texts:
        """Make all texts a token longer. Those that were given stay as they are."""
        rows, position, beams_of = texts.rows, texts.position, dict(texts.beams)
        guided = self._guide(rows, texts.cache, targets, self.get_rows(position), watch is not None)
        contexts = torch.tensor([row.context for row in rows], device=self.model.device)  # rows t
        logits = self.rules(guided.logits, contexts, first=position == 0)  # rows v
        for segment, mine in _find_spans(rows):
            log_p = fuse(logits[mine], guided.before[mine], self.fusion, self.joint)  # b v
            beams_of[segment] = beams = self._choose(rows[mine], log_p, beams_of.get(segment))
            if watch:
                watch(TokenStep(segment, contexts[mine], guided.take(mine), log_p, beams))
        if position + 1 == self.tokens:
            return Texts(self.tokens, [], texts.cache[:, :, :0], beams_of)
        coming, parents = self._advance(rows, beams_of)
        return Texts(position + 1, coming, _lengthen(texts.cache, guided.last, parents), beams_of)

    def get_rows(self, position: int) -> int:
        """Return the largest batch of a token, smaller for the first one, where a segment has no beams yet."""
        return self.rows if position else min(self.rows, FIRST_ROWS)

    @property
    def bytes_each(self) -> int:
        """The bytes of keys and values of a segment's beams at the last token."""
        return self.model.bytes_a_token * self.width * (len(self.prompt) + self.tokens - 1)

    @cached_property
    def _first_passes(self) -> FirstPasses:
        return FirstPasses(self.model)

    @cached_property
    def _prompt_cache(self) -> Float[Tensor, "layers 2 1 h t k"]:
        return self.model.read(self.prompt[:-1])

    def _guide(
        self, rows: list[_Row], cache: Tensor, targets: Float[Tensor, "n d"], most: int, watched: bool
    ) -> Guided:
        """Guide all rows, ``most`` at a time, fewer where memory does not suffice.

        They are more at a time where they are small and keep their bits. Who is not ``watched`` keeps no shifted cache.
        """
        parts, each = [], cache[:, :, 0].nbytes
        most = fit_batch(most, 4 * each + 16 * self.model.vocabulary, self.model.device)
        room = min(TOGETHER, ROOM // max(each, 1)) if len(rows) > most else most
        together = self.model.round_up(len(rows), most, room)
        for start in range(0, len(rows), together):
            batch, own = rows[start : start + together], cache[:, :, start : start + together]
            places = range(self.model.round_up(len(batch), most, room))
            made = run_in_parts(partial(self._guide_together, batch, own, targets, most, watched), places)
            parts.append(Guided.join(made).take(slice(len(batch))))
        return Guided.join(parts)

    def _guide_together(
        self, batch: list[_Row], cache: Float[Tensor, "layers 2 r h t k"], targets: Tensor, most: int, watched: bool,
        places: range,
    ) -> Guided:  # fmt: skip
        """Guide the rows at some places of a batch in one go; behind its last row are copies, which fill it up.

        A part of a batch is filled up as well, if the size that keeps the rows' bits is smaller than ``most``.
        """
        first, size = min(places.start, len(batch) - 1), self.model.round_up(len(places), most)
        rows, size = batch[first : places.stop], size if size < most else len(places)
        contexts, copies = [row.context for row in rows], size - len(rows)
        similarity = Similarities(self.features, contexts, targets[[row.segment for row in rows]], copies)
        last = torch.tensor([c[-1] for c in contexts] + [contexts[-1][-1]] * copies, device=self.model.device)
        if cache.device.type == "cpu" and cache.nbytes >= SCATTERED:
            trim()
            give_back_compiler()
        own = cache[:, :, first : first + len(rows)]
        filled, first_pass = _fill_up(own, size), None
        if self.model.repeats:
            repeated = [*contexts, *contexts[-1:] * copies]
            steady = partial(self.model.round_up, usual=most)
            first_pass = partial(self._first_passes, repeated, filled, last, steady)
        guided = guide(self.model, filled, last, similarity, self.guidance, first_pass)
        return (guided if watched else guided.drop_cache()).take(slice(len(places)))

    def _choose(self, rows: list[_Row], log_p: Float[Tensor, "b v"], beams: Beams | None) -> Beams:
        """Choose the next beams of one segment by the log-probabilities of its rows."""
        if beams is None:
            return begin(log_p[0], self.width, self.rules.end_token)
        if len(rows) < len(beams.scores):  # ended beams have no row: zeros, not read
            log_p = log_p.new_zeros(len(beams.scores), log_p.shape[1]).index_copy(
                0, torch.tensor([row.beam for row in rows], device=log_p.device), log_p
            )
        return advance(beams, log_p, self.rules.end_token)

    def _advance(self, rows: list[_Row], beams_of: dict[int, Beams]) -> tuple[list[_Row], Int64[Tensor, " r"]]:
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
        return coming, torch.tensor(parents, dtype=torch.int64, device=self.model.device)


def _lengthen(
    cache: Float[Tensor, "layers 2 r h t k"], last: Float[Tensor, "layers 2 r h 1 k"], parents: Int64[Tensor, " b"]
) -> Float[Tensor, "layers 2 b h t+1 k"]:
    """Make the keys and values of the next rows: their parents', a token longer; no layer is copied twice at once."""
    layers, two, _, heads, tokens, width = cache.shape
    longer = cache.new_empty(layers, two, len(parents), heads, tokens + 1, width)
    for made, old, new in zip(longer, cache, last, strict=True):
        made[..., :tokens, :] = old.index_select(1, parents)
        made[..., tokens:, :] = new.index_select(1, parents)
    return longer


def _fill_up(cache: Float[Tensor, "layers 2 r h t k"], size: int) -> Float[Tensor, "layers 2 b h t k"]:
    """Copy the rows of a batch, which guidance shifts in place; the last row again where there are too few."""
    copies = cache[:, :, -1:].expand(-1, -1, size - cache.shape[2], -1, -1, -1)
    return torch.cat([cache, copies], dim=2)


def _find_spans(rows: list[_Row]) -> list[tuple[int, slice]]:
    """Find where each segment's rows lie, which are neighbours."""
    counts = Counter(row.segment for row in rows)
    stops = list(accumulate(counts.values()))
    return [(segment, slice(stop - count, stop)) for (segment, count), stop in zip(counts.items(), stops, strict=True)]
