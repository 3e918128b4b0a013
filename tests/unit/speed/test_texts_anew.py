"""The seconds of a text in full packs, of which the time of an image is extrapolated."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from bench.speed.products import Limit
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
        features=SimpleNamespace(contexts=known), cut=SimpleNamespace(prompt=(1,), features=None)
    )
    captions.Step.measure_texts(step)
    assert [one.asked for one in made] == [captions.BEAMS] * 5
