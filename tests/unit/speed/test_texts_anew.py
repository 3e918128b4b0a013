"""What is measured of captions at the paper's scale, a token step and a text in full packs: with no text known."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from bench.speed.caption_products import list_text_products
from bench.speed.caption_step import Step
from bench.speed.distinct import make_fresh
from bench.speed.inputs import Inputs
from bench.speed.products import Limit, count_flops
from bench.speed.stages import captions


def test_every_call_that_is_measured_computes_the_texts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that remembers them would make the second call one of nothing, and an image fifteen times as fast."""
    made: list[Any] = []

    def make_fresh(_: object) -> Any:
        made.append(SimpleNamespace(asked=0))
        made[-1].compute_all = lambda asked: setattr(made[-1], "asked", made[-1].asked + len(asked))
        return made[-1]

    monkeypatch.setattr(captions, "make_fresh", make_fresh)
    monkeypatch.setattr(captions, "list_text_products", lambda _: [])
    monkeypatch.setattr(captions, "measure_limit", lambda _: Limit(0, 1, 0))
    known = SimpleNamespace(items=lambda: [((1,), SimpleNamespace(rows=torch.arange(-1, 9)))])
    step: Any = SimpleNamespace(
        features=SimpleNamespace(contexts=known), cut=SimpleNamespace(prompt=(1,), features=None),
        full=SimpleNamespace(width=3),
    )  # fmt: skip
    captions.measure_texts(step)
    assert [one.asked for one in made] == [3] * 5


def test_a_token_step_is_the_second_of_all_segments_side_by_side(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first token all segments ask for the same texts; at the second each has a context of its own."""
    search: Any = inputs.context.make_stage("caption")
    step = Step(replace(inputs, scale="paper"), search.search, 3)
    contexts = {row.context for row in step.before.rows}
    assert len(step.before.rows) == 3 and {len(context) for context in contexts} == {len(search.search.prompt) + 1}
    assert step.told.startswith("3 segments side by side, the second token, beams=1 iterations=")
    seen: list[Any] = [step.search() for _ in range(2)]
    assert step.features is not None and {context for context, _ in step.features.contexts.items()} == contexts
    whole = replace(step.cut, features=make_fresh(step.cut.features))(step.targets)
    for made in seen:  # a step leaves what it was given as it was
        assert made.position == 2 and not made.rows
        for at, beams in enumerate(whole):
            assert torch.equal(made.beams[at].tokens, beams.tokens) and torch.equal(made.beams[at].scores, beams.scores)
    iterations, size = step.cut.guidance.iterations, 3
    assert step.rows == (3, step.cut.model.round_up(3, step.cut.get_rows(1)))
    passes = [one.count * one.m for one in step.list_products() if one.n == step.cut.model.vocabulary]
    assert passes == [2 * iterations * size + len(contexts)]
    assert Step(step.inputs, search.search, 1).told.startswith("1 segment, the second token, ")


def test_products_of_texts_have_the_rows_that_each_call_added(inputs: Inputs) -> None:
    """Those of later iterations are few, and no product has more than a full pack; together they are those of all."""
    search: Any = inputs.context.make_stage("caption")
    step = Step(replace(inputs, scale="paper"), search.search, 3)
    step.search()
    features: Any = step.features
    calls, (width, tower) = features.calls, (features.clip.text.embedding.shape[1], features.clip.text)
    assert len(calls) == step.cut.guidance.iterations and sum(calls[-1].values()) > sum(calls[0].values())
    made = list_text_products(features)
    whole = copy(features)
    del whole.calls
    assert count_flops(made) == pytest.approx(count_flops(list_text_products(whole)))
    walked = [one for one in made if one.n == 3 * width]
    assert len(walked) == len(calls) and all(one.m <= tower.rows for one in made)
    features.calls = [calls[0]]
    assert list_text_products(features) == made[: len(made) // len(calls)], "a later call adds what it computed alone"
