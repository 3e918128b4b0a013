"""The picture of a study: the best so far, and each trial over what was chosen."""

from __future__ import annotations

import pandas as pd
import pytest

from bench.report.figures.study import draw_study
from tests.unit.report.geometry import faults

METRIC = "toy:tune/five/paper/st(clip)>=0.1/iou.image.union"


def make_trials() -> pd.DataFrame:
    rows = [(0, 0.2, 0.1, "crop"), (1, float("nan"), 5.0, "crop"), (2, 0.5, 10.0, "masked"), (3, 0.3, 1.0, "masked")]
    table = pd.DataFrame(rows, columns=["trial", "value", "encode.sigma2", "encode"])
    return table.assign(metric=METRIC, n=6, unit_of_n="images")


@pytest.mark.parametrize(("lower", "so_far", "star"), [(False, [20, 50, 50], 2), (True, [20, 20, 20], 0)])
def test_the_line_is_the_best_so_far_and_the_star_the_best(lower: bool, so_far: list[float], star: int) -> None:
    figure = draw_study(make_trials(), ["encode.sigma2", "encode"], "s", lower_is_better=lower)
    over, sigma2, encode = figure.axes
    (line,) = over.get_lines()
    assert line.get_xdata().tolist() == [0, 2, 3] and line.get_ydata().tolist() == pytest.approx(so_far), (
        "without the failed"
    )
    dots, best = over.collections
    assert dots.get_offsets()[:, 1].tolist() == pytest.approx([20, 50, 30]) and best.get_offsets()[0][0] == star
    assert sigma2.get_xscale() == "log" and sigma2.collections[0].get_offsets()[:, 0].tolist() == pytest.approx(
        [0.1, 10, 1]
    )
    assert [text.get_text() for text in encode.get_xticklabels()] == ["crop", "masked"]
    assert encode.collections[0].get_offsets()[:, 0].tolist() == [0, 1, 1]


def test_what_it_is_of_and_of_how_many_stands_above() -> None:
    figure = draw_study(make_trials(), ["encode"], "tuning-1", embedded=True)
    title = figure.get_suptitle()
    assert title == "tuning-1 · st/iou.image.union · 3 trials, 1 without a value, n = 6 images"
    assert "cannot be compared with published" in figure.legends[0].get_title().get_text()
    assert faults(figure) == []


def test_without_a_value_there_is_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="no trial"):
        draw_study(make_trials().assign(value=float("nan")), ["encode"], "s")


@pytest.mark.parametrize(("chosen", "whole"), [([-3, -2, -2, -1], True), ([0.5, 0.75, 0.75, 0.9], False)])
def test_of_a_whole_number_only_whole_ones_are_named(chosen: list[float], whole: bool) -> None:
    figure = draw_study(make_trials().assign(layer=chosen), ["layer"], "s")
    _, axes = figure.axes
    assert all(float(place).is_integer() for place in axes.get_xticks()) == whole
