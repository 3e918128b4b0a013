"""Titles of the picture of the method: a variance stands there where a variant has one, and no empty place for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.report.blocklist import HIDDEN, Blocklist
from bench.report.figures.style import make_figure
from bench.report.method.picture import _draw_subtraction, _draw_words


@pytest.mark.parametrize(("sigma2", "told"), [("", "(w, eq. 4)"), ("0.5", "(w, eq. 4; σ² 0.5)")])
def test_a_variance_that_is_not_there_has_no_place(sigma2: str, told: str) -> None:
    explained: Any = SimpleNamespace(
        facts={"sigma2": sigma2, "encode": "crop"}, read_trace=lambda name: np.zeros((0, 0)), layers=[]
    )
    axes = make_figure(2).subplots(1, 2)
    _draw_subtraction(axes, explained, [])
    assert axes[1].get_title("left").endswith(told)


def test_hidden_nearest_words_are_counted_and_the_text_that_stands_there_twice_is_not() -> None:
    merged = SimpleNamespace(captions=SimpleNamespace(texts=("a man",)))
    explained: Any = SimpleNamespace(nearest=[[("man", 0.9), ("old man", 0.8), ("dog", 0.1)]], merged=merged)
    axes, hide = make_figure(2).subplots(), Blocklist(["man"])
    _draw_words(axes, explained, 0, 0, hide)
    shown = [text.get_text() for text in axes.texts]
    assert shown == [f"{HIDDEN}  0.90", f"old {HIDDEN}  0.80", "dog  0.10"] and dict(hide.hidden) == {"man": 2}
    assert f"“a {HIDDEN}”" in axes.get_title("left")
