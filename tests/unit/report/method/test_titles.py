"""Titles of the picture of the method: a variance stands there where a variant has one, and no empty place for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.report.figures.style import make_figure
from bench.report.method.picture import _draw_subtraction


@pytest.mark.parametrize(("sigma2", "told"), [("", "(w, eq. 4)"), ("0.5", "(w, eq. 4; σ² 0.5)")])
def test_a_variance_that_is_not_there_has_no_place(sigma2: str, told: str) -> None:
    explained: Any = SimpleNamespace(
        facts={"sigma2": sigma2, "encode": "crop"}, read_trace=lambda name: np.zeros((0, 0)), layers=[]
    )
    axes = make_figure(2).subplots(1, 2)
    _draw_subtraction(axes, explained, [])
    assert axes[1].get_title("left").endswith(told)
