"""Curves: the files, the numbers beside the picture, and that nothing global changes."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.errors import UserError
from bench.report.curves import COLUMNS, draw_curves, plot_curves


@pytest.fixture
def curves() -> pd.DataFrame:
    lines = [
        (variant, mapping, tau, "iou.image.union", value := 0.3 - 0.1 * place - tau / 7, value - 0.02, value + 0.03, 48)
        for place, variant in enumerate(("full", "crop"))
        for mapping, taus in (("tt", np.linspace(0, 1, 5)), ("st", np.linspace(0, 0.35, 4)))
        for tau in taus
    ]
    return pd.DataFrame(lines, columns=["variant", "mapping", "tau", "metric", "value", "low", "high", "n"])


def test_three_files_and_the_csv_is_the_input(curves: pd.DataFrame, tmp_path: Path) -> None:
    settings = dict(mpl.rcParams)
    png, svg, csv = plot_curves(curves, tmp_path / "deep" / "curves.v1", title="toyscenes:test")
    assert (png.name, svg.name, csv.name) == ("curves.v1.png", "curves.v1.svg", "curves.v1.csv")
    pd.testing.assert_frame_equal(pd.read_csv(csv), curves, check_exact=True)
    assert Image.open(png).width >= 1600
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    assert dict(mpl.rcParams) == settings


def test_same_curves_same_bytes(curves: pd.DataFrame, tmp_path: Path) -> None:
    first, second = (plot_curves(curves, tmp_path / name / "c") for name in ("a", "b"))
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True))


def test_lines_bands_and_the_chosen_threshold(curves: pd.DataFrame) -> None:
    figure = draw_curves(curves.sample(frac=1, random_state=0), title="t", chosen={"tt": 0.25}, embedded=True)
    tt, st = figure.axes
    drawn = {line.get_label(): line for line in tt.get_lines()}
    expected = curves[(curves["variant"] == "crop") & (curves["mapping"] == "tt")]
    assert np.allclose(drawn["crop"].get_xydata(), np.c_[expected["tau"], 100 * expected["value"]])
    assert len(tt.collections) == 2
    marks = [line for line in tt.get_lines() if line.get_label().startswith("_")]
    assert len(marks) == 1 and set(marks[0].get_xdata()) == {0.25}
    assert not [line for line in st.get_lines() if line.get_label().startswith("_")]
    legend = figure.legends[0]
    assert {text.get_text() for text in legend.get_texts()} == {"full", "crop"}
    assert "cannot be compared" in legend.get_title().get_text()
    assert figure.get_suptitle() == "t · n = 48"


def test_lines_differ_without_colour(curves: pd.DataFrame) -> None:
    lines = draw_curves(curves, title="", chosen={}, embedded=False).axes[0].get_lines()
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == len(lines) == 2


def test_one_mapping_or_several_metrics(curves: pd.DataFrame) -> None:
    only = draw_curves(curves[curves["mapping"] == "st"], title="", chosen={}, embedded=False)
    both = pd.concat([curves, curves.assign(metric="recall>0.5")])
    assert (len(only.axes), len(draw_curves(both, title="", chosen={}, embedded=False).axes)) == (1, 4)


def test_bad_curves(curves: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'tau' is missing"):
        plot_curves(curves.drop(columns="tau"), tmp_path / "c")
    with pytest.raises(UserError, match="no line"):
        plot_curves(curves.iloc[:0], tmp_path / "c")


def test_pyplot_is_not_used() -> None:
    source = Path(sys.modules["bench.report.curves"].__file__ or "").read_text()
    assert "matplotlib.pyplot" not in source


def test_every_line_of_a_shared_row_lies_inside_its_panel() -> None:
    """The limits hold for the panel with the largest values, whichever it is."""
    lines = pd.DataFrame(
        [("v", m, t, "iou.image.union", 0.1 if m == "tt" else 0.8, 0.0, 0.2 if m == "tt" else 0.9, 5)
         for m in ("tt", "st") for t in (0.0, 0.3)],
        columns=list(COLUMNS),
    )  # fmt: skip
    figure = draw_curves(lines, title="", chosen={}, embedded=True)
    assert all(axes.get_ylim()[0] == 0 and axes.get_ylim()[1] >= 90 for axes in figure.axes[:2])
