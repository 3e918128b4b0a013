"""Curves: the files, the numbers beside the picture, and that nothing global changes."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.errors import UserError
from bench.report.figures.curves import COLUMNS, draw_curves, draw_precision, write_curves
from bench.report.tables.areas import write_markdown_areas
from bench.score.curves import AREAS


@pytest.fixture
def curves() -> pd.DataFrame:
    lines = [
        (variant, mapping, tau, "iou.image.union", value := 0.3 - 0.1 * place - tau / 7, value - 0.02, value + 0.03, 48)
        for place, variant in enumerate(("full", "crop"))
        for mapping, taus in (("tt", np.linspace(0, 1, 5)), ("st", np.linspace(0, 0.35, 4)))
        for tau in taus
    ]
    return pd.DataFrame(lines, columns=["variant", "mapping", "tau", "metric", "value", "low", "high", "n"])


def legend_of(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.slow
def test_three_files_and_the_csv_is_the_input(curves: pd.DataFrame, tmp_path: Path) -> None:
    settings = dict(mpl.rcParams)
    png, svg, csv = write_curves(curves, tmp_path / "deep" / "curves.v1", title="toyscenes:test")
    assert (png.name, svg.name, csv.name) == ("curves.v1.png", "curves.v1.svg", "curves.v1.csv")
    pd.testing.assert_frame_equal(pd.read_csv(csv), curves, check_exact=True)
    assert Image.open(png).width >= 1600
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    assert dict(mpl.rcParams) == settings


@pytest.mark.slow
def test_same_curves_same_bytes(curves: pd.DataFrame, tmp_path: Path) -> None:
    first, second = (write_curves(curves, tmp_path / name / "c") for name in ("a", "b"))
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True))


def test_lines_bands_and_the_chosen_threshold(curves: pd.DataFrame) -> None:
    figure = draw_curves(curves.sample(frac=1, random_state=0), title="t", chosen={"tt": 0.25}, embedded=True)
    tt, st = figure.axes
    drawn = {line.get_gid(): line for line in tt.get_lines()}
    expected = curves[(curves["variant"] == "crop") & (curves["mapping"] == "tt")]
    crop = f"variant-{legend_of(figure).index('crop')}"
    assert np.allclose(drawn[crop].get_xydata(), np.c_[expected["tau"], 100 * expected["value"]])
    assert len(tt.collections) == 2
    marks = [line for line in tt.get_lines() if line.get_gid() is None]
    assert len(marks) == 1 and set(marks[0].get_xdata()) == {0.25}
    assert not [line for line in st.get_lines() if line.get_gid() is None]
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
        write_curves(curves.drop(columns="tau"), tmp_path / "c")
    with pytest.raises(UserError, match="no line"):
        write_curves(curves.iloc[:0], tmp_path / "c")


def test_pyplot_is_not_used() -> None:
    source = Path(sys.modules["bench.report.figures.curves"].__file__ or "").read_text()
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


@pytest.fixture
def every(curves: pd.DataFrame) -> pd.DataFrame:
    """Three kinds of curve: over tau, over IoU, and precision."""
    recall, precision = (curves.assign(metric=f"{name}>0.5") for name in ("recall", "precision"))
    over = curves.assign(metric="recall.paper", axis="iou", tau=curves.groupby(["variant", "mapping"]).cumcount() / 4)
    return pd.concat([curves, recall, precision, over], ignore_index=True).fillna({"axis": "tau"})


@pytest.mark.slow
def test_recall_over_iou_and_precision_have_pictures_of_their_own(every: pd.DataFrame, tmp_path: Path) -> None:
    written = write_curves(every, tmp_path / "c")
    assert [p.name for p in written] == [
        "c.png", "c.svg", "c.csv", "c_iou.png", "c_iou.svg", "c_precision.png", "c_precision.svg",
    ]  # fmt: skip
    tau = draw_curves(every[(every["axis"] == "tau")], title="", chosen={}, embedded=False)
    assert [axes.get_xlabel() for axes in tau.axes[:2]] == [
        "$\\tau_\\mathrm{SBERT}$ (text to text, TT)", "$\\tau_\\mathrm{CLIP}$ (segment to text, ST)",
    ]  # fmt: skip
    iou = draw_curves(every[every["axis"] == "iou"], title="", chosen={"tt": 0.5}, embedded=False, axis="iou")
    assert iou.axes[0].get_xlabel() == "IoU that makes a hit, text to text (TT)"
    assert [text.get_text() for text in iou.axes[0].texts] == ["IoU = 0.5"]


def test_precision_over_recall_pairs_the_same_threshold(curves: pd.DataFrame) -> None:
    recall = curves.assign(metric="recall>0.5", value=curves["value"] / 2)
    both = pd.concat([curves.assign(metric="precision>0.5").sample(frac=1, random_state=1), recall])
    figure = draw_precision(both, title="t", chosen={"tt": 0.25}, embedded=True)
    tt = figure.axes[0]
    drawn = dict(zip(legend_of(figure), (line for line in tt.get_lines() if line.get_gid()), strict=True))
    own = curves[(curves["variant"] == "full") & (curves["mapping"] == "tt")]
    np.testing.assert_allclose(drawn["full"].get_xydata(), np.c_[50 * own["value"], 100 * own["value"]])
    rings = [line.get_xydata().tolist() for line in tt.get_lines() if line.get_gid() is None]
    at = own[own["tau"] == 0.25]["value"].item()
    assert rings[0] == [[pytest.approx(50 * at), pytest.approx(100 * at)]]
    assert "rings: τ = 0.25 (TT)" in figure.legends[0].get_title().get_text()


def test_areas_as_a_table() -> None:
    lines = [
        ("full", "iou.image.union", "tt", "tau", 0.0, 1.0, 0.25, 0.2, 0.3, 9, "images", "x", "few"),
        ("full", "precision>0.5", "tt", "tau", 0.0, 1.0, 0.5, 0.4, 0.6, 9, "segments", "x", "many"),
        ("full", "recall.paper", "st", "iou", 0.0, 1.0, 0.125, np.nan, np.nan, 9, "segments", "x", ""),
        ("crop", "iou.image.union", "tt", "tau", 0.0, 1.0, np.nan, np.nan, np.nan, 0, "images", "x", ""),
    ]
    text = write_markdown_areas(pd.DataFrame(lines, columns=["variant", *AREAS]))
    assert text.splitlines()[:4] == [
        "| area under the curve | IoU image, union over τ TT | Recall paper over IoU, ST |",
        "|---|---:|---:|",
        "| full | 25.0 [20.0, 30.0]* | 12.5 |",
        "| crop | – | – |",
    ]
    assert "τ TT from 0 to 1; IoU, ST from 0 to 1" in text
    assert "* This interval may be too narrow: few." in text, "precision's is in the csv"


@pytest.mark.slow
def test_a_legend_of_long_names_lies_inside_the_picture(curves: pd.DataFrame) -> None:
    names = {"full": "global_subtraction segment.prune_threshold=0.9", "crop": "crop and mask, as in section 5.3"}
    figure = draw_curves(curves.replace({"variant": names}), title="t", chosen={}, embedded=True)
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width


def test_no_entry_of_the_legend_stands_alone(curves: pd.DataFrame) -> None:
    parts = [curves[curves["variant"] == curves["variant"].iloc[0]].assign(variant=name) for name in "abcde"]
    figure = draw_curves(pd.concat(parts), title="t", chosen={}, embedded=False)
    assert figure.legends[0]._ncols == 3, "three and two, not four and one"


def test_the_legend_has_every_line_of_every_panel_and_no_two_look_alike(curves: pd.DataFrame) -> None:
    """A protocol may have lines in some panels only; colours come again after seven, markers then differ."""
    metrics = list(dict.fromkeys(curves["metric"]))
    base = curves[curves["variant"] == curves["variant"].iloc[0]]
    parts = [base[base["metric"] == metrics[at % len(metrics)]].assign(variant=f"v{at}") for at in range(9)]
    figure = draw_curves(pd.concat(parts), title="t", chosen={}, embedded=False)
    legend = figure.legends[0]
    assert legend_of(figure) == [f"{at + 1} v{at}" for at in range(9)]
    looks = [(line.get_color(), line.get_marker()) for line in legend.get_lines()]
    assert len(set(looks)) == 9
