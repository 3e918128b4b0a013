"""How long the plain form of a token step takes, and the image that is extrapolated from a row: of the row's search."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from bench.caption.zerocap import ZeroCap
from bench.speed import distinct
from bench.speed.caption_products import count_batches
from bench.speed.caption_step import Step
from bench.speed.clock import Cost
from bench.speed.inputs import Inputs
from bench.speed.stages import captions


@pytest.mark.parametrize("alike", [True, False])
def test_plain_is_multiplied_by_the_contexts_that_differ(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch, alike: bool
) -> None:
    """Segments that begin alike ask for the same texts, which the fast form computes once: 50 texts twice each."""
    monkeypatch.setattr(captions, "GPT2", 1)
    monkeypatch.setattr(ZeroCap, "count_together", lambda _: 4)
    vectors = inputs.embeddings.vectors
    chosen = vectors[[0, 0, 0, 0]] if alike else vectors
    own = replace(inputs, scale="paper")
    vars(own)["embeddings"] = SimpleNamespace(vectors=chosen)
    search: Any = inputs.context.make_stage("caption")
    before = Step(own, search.search, 4).before
    count = len({row.context for row in before.rows})
    assert len(before.rows) == 4 and (count == 1 if alike else count > 1)
    trial = captions.make_trial(own)
    assert trial.plain_times == count * 2 * 50 / 64
    assert f"the second token, beams=1 iterations=2 50 candidates, different contexts: {count}" in trial.inputs
    assert f"plain: 64 of {count * 100:,} texts" in trial.extrapolated


def make_search(width: int = 2, tokens: int = 4, later: int = 40) -> Any:
    model = SimpleNamespace(round_up=lambda rows, _: rows)
    guidance = SimpleNamespace(iterations=3, candidates=10)
    rows = {0: 16}
    return SimpleNamespace(
        model=model, width=width, tokens=tokens, guidance=guidance, get_rows=lambda position: rows.get(position, later)
    )


def test_batches_of_an_image_are_those_of_the_segments_that_are_searched_at_once() -> None:
    """20 segments by 3: six groups and one of 2; a first token of a row each, then three of 2 beams each."""
    assert dict(count_batches(make_search(), 20, 3)) == {3: 6, 6: 6 * 3, 2: 1, 4: 3}
    assert dict(count_batches(make_search(later=4), 20, 3)) == {3: 6, 4: 6 * 3 + 3, 2: 6 * 3 + 1}
    assert dict(count_batches(make_search(5, 15), 20, 4)) == {4: 5, 20: 5 * 14}
    assert dict(count_batches(make_search(5, 15), 20, 20)) == {16: 1, 4: 1, 40: 2 * 14, 20: 14}
    assert dict(count_batches(make_search(tokens=1), 20, 3)) == {3: 6, 2: 1}


def test_the_image_is_of_the_search_of_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """20 segments, 1 row and then 3 tokens of 2 beams, 3 iterations of 10 texts: 4,200; 28 batches of 0.25 s."""
    asked: list[Any] = []
    shares = {"step": 0.25, "segment": 0.3, "image": 0.5}
    monkeypatch.setattr(captions, "measure_guidance", lambda search, rows: 0.25)
    monkeypatch.setattr(captions, "count_embedded_distinct", lambda *given: asked.append(given) or shares)
    search = make_search()
    monkeypatch.setattr(captions, "measure_texts", lambda _: (0.5, 0.8))
    monkeypatch.setattr(captions, "measure_parts", lambda *_: {})
    step: Any = SimpleNamespace(inputs="inputs", full=search, cut=search, together=3)
    image = captions.extrapolate(step, Cost(128.0, 1, 1), Cost(1.0, 1, 1))["image"]
    assert image["of"] == "20 segments, 4 tokens, 2 beams, 3 iterations, 3 at once"
    assert image["plain_s"] == 2 * 4200 and image["language_model_s"] == 28 * 0.25
    assert image["fast_s"] == 0.5 * 4200 * 0.5 + 7 and image["fast_s_most"] == 0.5 * 4200 + 7
    assert image["fast_s_least"] == pytest.approx(0.5 * 4200 * 0.5 / 0.25 / 3 + 7)
    assert asked == [("inputs", search, 20, 3)]


def test_shares_are_counted_by_the_search_of_the_row(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded language model has fewer positions than GPT-2, so that no longer text is counted."""
    seen: list[Any] = []

    def count(search: Any, targets: torch.Tensor, candidates: int, together: int) -> distinct.Distinct:
        seen.append((search.width, search.tokens, search.guidance.iterations, len(targets), candidates, together))
        return distinct.Distinct(1, 1, 1, 1, "")

    monkeypatch.setattr(distinct, "count_distinct", count)
    own: Any = inputs.context.make_stage("caption")
    longest = own.search.model.longest + 1 - len(own.search.prompt)
    for tokens in (4, 1000):
        distinct.count_embedded_distinct(inputs, make_search(7, tokens), 2, 3)
    assert seen == [(7, 4, 3, 2, 64, 3), (7, longest, 3, 2, 64, 3)]
