"""The language model's passes before any shift: read once for each context, with the bits of a batch of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from bench.caption import first_pass
from bench.caption.candidates import Context
from bench.caption.first_pass import FirstPasses, list_parts
from bench.caption.language_step import LanguageStep, Pass
from bench.caption.zerocap import ZeroCap
from tests.unit.caption import tiny

A, B, C = (7, 3, 11), (7, 3, 12), (7, 5, 11)
FOUR = 4
"""Rows of a batch, the least that `bench.system.rows` tries: a matrix product may round otherwise for fewer."""


class Counted(LanguageStep):
    """Notes the size of each batch."""

    def __init__(self, language: Any = None) -> None:
        super().__init__((language or tiny.language(width=32)).model)
        self.sizes: list[int] = []

    def __call__(self, cache: Tensor, tokens: Tensor) -> Pass:
        self.sizes.append(len(tokens))
        return super().__call__(cache, tokens)


def read(model: LanguageStep, contexts: list[Context]) -> tuple[Tensor, Tensor]:
    """Read the cache before the last token of each context, and that token."""
    cache = torch.cat([model.read(context[:-1]) for context in contexts], dim=2)
    return cache, torch.tensor([context[-1] for context in contexts])


def ask(passes: FirstPasses, contexts: list[Context]) -> None:
    """Ask for contexts, in batches of four or as they are, and compare all that is used of a pass, to the last bit."""
    model: Any = passes.model
    cache, tokens = read(model, contexts)
    made = passes(contexts, cache, tokens, lambda count: FOUR)
    upstream = torch.rand(made.logits.shape)
    fours = [slice(at, at + FOUR) for at in range(0, len(contexts), FOUR)]
    plain = [LanguageStep.__call__(model, cache[:, :, own], tokens[own]) for own in fours]
    parts = [torch.cat(own) for own in zip(*map(list_parts, plain), strict=True)]
    assert all(map(torch.equal, list_parts(made), parts))
    back = [model.pull_back(upstream[own], forward) for own, forward in zip(fours, plain, strict=True)]
    whole = model.pull_back(upstream, made)
    assert all(torch.equal(part[:, own], new) for own, one in zip(fours, back, strict=True)
               for part, new in zip(whole, one, strict=True))  # fmt: skip
    assert torch.equal(made.last, torch.cat([forward.last for forward in plain], dim=2))


def test_a_context_is_read_once_for_all_rows_and_calls() -> None:
    passes = FirstPasses(model := Counted())
    ask(passes, [A, B, A, A, B, B, A, B])
    assert model.sizes == [4], "two contexts, filled up"
    ask(passes, [B, A, B, A])
    assert model.sizes == [4], "both are known"
    ask(passes, [C, A, C, B, B, B, C, A])
    assert model.sizes == [4, 4], "the new one alone, filled up"
    ask(passes, [(*context, 4) for context in (A, A, B, B, A, B, B, B)])
    assert model.sizes == [4, 4, 4], "of another length"


def test_a_batch_of_new_contexts_goes_on_as_it_is_and_is_remembered() -> None:
    passes = FirstPasses(model := Counted())
    ask(passes, [A, B, C, A])
    ask(passes, [C, C, B, A])
    assert model.sizes == [4], "filled up to four, three contexts would cost as much as four rows"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = FirstPasses(model := Counted())
    ask(passes, [A, A, B, B])
    each = passes.known.held // 2
    assert each > 4 * passes.known.get(A)[0].numel()  # type: ignore[index]
    passes.known.limit = each  # one of them at a time
    for context in (C, C, A):
        ask(passes, [context] * 8)
    assert model.sizes == [4, 4, 4] and len(passes.known) == 1
    monkeypatch.setattr(first_pass, "ROOM", each * first_pass.LEAST - 1)  # of a larger model
    large = FirstPasses(model := Counted())
    for _ in range(2):
        ask(large, [A] * 8)
    assert model.sizes == [4, 4] and not len(large.known)


def test_what_is_remembered_keeps_no_batch_alive() -> None:
    passes = FirstPasses(Counted())
    ask(passes, [A, B, C, A])
    for _, row in passes.known.items():
        assert all(part.untyped_storage().nbytes() == part.nbytes for part in row)


def test_a_search_reads_the_unmodified_model_once_for_each_context() -> None:
    """Of two searches of the same segments the second one makes the passes over shifted keys and values alone."""
    language, clip = tiny.language(width=32), tiny.clip()
    zerocap = ZeroCap(language, clip, beams=3, tokens=3, iterations=2, candidates=24)
    zerocap.search = replace(zerocap.search, model=(model := Counted(language)))
    five = tiny.embeddings(5)
    first = zerocap(five)
    once = len(model.sizes)
    again = zerocap(five)
    assert np.array_equal(first.features, again.features) and first.texts == again.texts
    assert len(model.sizes) - once < once
    assert (len(model.sizes) - once) % 2 == 0, "two iterations each"
