"""Agreement as a page: numbers where there is room, dots where there is none, every metric named once."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from PIL import Image

from bench.report.figures.agreement import (
    draw_agreement,
    list_metrics,
    number_metrics,
    write_agreement,
    write_markdown_agreement,
)
from bench.score.rank_agreement import COLUMNS

PREFIX = "toy:test/five/paper"


def table(n: int) -> pd.DataFrame:
    """tau alternates in sign; every third interval excludes 0; the last is of a metric that does not vary."""
    names = [f"{PREFIX}/tt(tiny)/metric{at}.micro" for at in range(n)]
    lines = []
    for at, (first, second) in enumerate(combinations(names, 2)):
        tau = (-1) ** at * (0.2 + 0.7 * (at % 5) / 5)
        ends = (tau - 0.1, tau + 0.1) if at % 3 == 0 else (-0.9, 0.9)
        lines.append((first, second, tau, *ends, 6 - (at == 1), 40))
    lines[-1] = (*lines[-1][:2], np.nan, np.nan, np.nan, 6, 40)
    return pd.DataFrame(lines, columns=list(COLUMNS))


def texts(n: int) -> list[Text]:
    return draw_agreement(table(n), title="toy", embedded=False).axes[0].texts


@pytest.mark.slow
def test_pictures_of_both_kinds(tmp_path: Path) -> None:
    *_, png, svg = write_agreement(table(5), tmp_path, title="toy:test", embedded=True)
    assert Image.open(png).width >= 1600 and ElementTree.parse(svg).getroot().tag.endswith("svg")


def test_the_csv_is_the_table(blank_figures: None, tmp_path: Path) -> None:
    csv, md, *_ = write_agreement(table(5), tmp_path / "deep", title="toy:test", embedded=True)
    pd.testing.assert_frame_equal(pd.read_csv(csv), table(5), atol=1e-6)
    assert "cannot be compared" in md.read_text() and "5–6 runs, n = 40 images" in md.read_text()


@pytest.mark.slow
def test_twice_the_same_bytes(tmp_path: Path) -> None:
    first, again = (write_agreement(table(5), tmp_path / to, title="toy:test", embedded=True) for to in ("a", "b"))
    assert [a.read_bytes() for a in again] == [a.read_bytes() for a in first]


def test_markdown_is_the_lower_half_with_bold_where_the_interval_excludes_zero() -> None:
    lines = write_markdown_agreement(table(4), title="toy", embedded=False).splitlines()
    assert lines[0] == "| Kendall τ-b | 1 | 2 | 3 |" and len(lines[2:6]) == 4
    assert lines[2].endswith("|  |  |  |")
    assert lines[3].split("|")[2].strip() == "**0.20**", "the first pair, certain"
    assert lines[5].split("|")[4].strip() == "–"
    assert lines[4].split("|")[2].strip() == "−0.34", "the second, uncertain"


@pytest.mark.thinned(2)
@pytest.mark.parametrize(("n", "first"), [(5, "0.20"), (14, "0.20"), (18, "0.2"), (30, "•")])
def test_a_cell_says_as_much_as_there_is_room_for(n: int, first: str) -> None:
    found = texts(n)
    assert len(found) == n * (n - 1) // 2 and found[0].get_text() == first
    assert found[0].get_fontweight() == "bold" and found[1].get_fontweight() == "normal"
    if n == 30:
        assert found[1].get_text() == ""


@pytest.mark.thinned(2)
@pytest.mark.parametrize("n", [3, 13, *(pytest.param(n, marks=pytest.mark.slow) for n in (20, 40, 90))])
def test_no_two_texts_overlap(n: int) -> None:
    figure = draw_agreement(table(n), title="toy", embedded=True)
    figure.canvas.draw()
    axes = figure.axes[0]
    for kind in ([t for t in axes.texts if t.get_text()], axes.get_yticklabels(), axes.get_xticklabels()):
        boxes = [text.get_window_extent() for text in kind]
        centres = np.array([((b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2) for b in boxes])
        sizes = np.array([(b.width, b.height) for b in boxes])
        for at in range(len(boxes)):
            near = (np.abs(centres - centres[at]) < (sizes + sizes[at]) / 2 * 0.98).all(axis=1)
            assert near.sum() == 1, (n, kind[at].get_text())


def test_every_metric_is_numbered_and_named_once() -> None:
    metrics = list_metrics(table(6))
    assert metrics == [f"{PREFIX}/tt(tiny)/metric{at}.micro" for at in range(6)]
    names = [f"{PREFIX}/tt(tiny)>=0.5/iou.image.union", f"{PREFIX}/none/masks.max_iou", "toy:test/five/soft/none/pq"]
    assert number_metrics(names) == ["1 IoU TT ≥0.5 (image, union, paper)", "2 Masks (max_iou, paper)", "3 PQ (soft)"]
