"""Paired differences: by hand, in words, and what the forest plot says is certain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.report.figures.forest import draw_differences, save_differences
from bench.report.tables.differences import COLUMNS, compute_differences, write_markdown_differences, write_signed
from bench.report.tables.paper_metrics import select_paper_metrics
from bench.score.intervals import MetricCounts

HEAD = "toy:test/five/paper"
IOU, TGQ = f"{HEAD}/tt(tiny)>=0.5/iou.image.union", f"{HEAD}/tt(tiny)/tgq.micro>0.5"
COSINE, TOP1 = f"{HEAD}/st(clip)/tgq.micro.cosine", f"{HEAD}/st(clip)/tgq.micro.top1"


def rows(values: list[float], n: list[float], ids: str = "abcd") -> MetricCounts:
    counts = np.array(n, float)[:, None]
    return MetricCounts(tuple(ids[: len(n)]), np.array(values, float)[:, None] * counts, counts, "segments")


PAIRS = [("full", "crop"), ("full", "same")]


@pytest.fixture
def runs() -> list[tuple[str, dict[str, MetricCounts]]]:
    full = {IOU: rows([0.6, 0.4, 0.5, 0.3], [1, 1, 1, 1]), TGQ: rows([1, 0.5, 0, 1], [1, 2, 4, 1])}
    # One image fewer; ahead everywhere by IoU, and by TGQ once ahead, once behind.
    crop = {IOU: rows([0.5, 0.29, 0.4], [1, 1, 1]), TGQ: rows([0, 1, 0], [1, 2, 4]), COSINE: rows([0.1], [1])}
    return [("full", full), ("crop", crop), ("x", crop), ("same", dict(full))]


def test_by_hand(runs: list[tuple[str, dict[str, MetricCounts]]]) -> None:
    table = compute_differences(runs, PAIRS, resamples=2000)
    assert tuple(table.columns) == COLUMNS
    assert list(zip(table["against"], table["metric"], strict=True)) == [
        ("crop", IOU), ("crop", TGQ), ("same", IOU), ("same", TGQ)
    ]  # fmt: skip
    iou, tgq, *same = table.to_dict("records")
    assert iou["value"] == pytest.approx((0.1 + 0.11 + 0.1) / 3), "only the three images that both have"
    assert (iou["n"], iou["variant"]) == (3, "full")
    # Student's t with 2 degrees of freedom: 4.303 x 0.01 / 3
    assert (iou["low"], iou["high"]) == pytest.approx((0.31 / 3 - 0.01434, 0.31 / 3 + 0.01434), abs=1e-4)
    # t's own p is 0.001; three images do not say so: z^2 = (3 x 0.1033 + 4 x 3 x 0.8967^2) / 2, `bench.score.ends`
    assert iou["p"] == pytest.approx(0.0257, abs=1e-4) and tgq["p"] == 1
    assert table["p_holm"].tolist() == pytest.approx([4 * iou["p"], 1, 1, 1])
    assert iou["interval_note"]
    assert tgq["value"] == pytest.approx(2 / 7 - 2 / 7, abs=1e-12) and tgq["low"] < 0 < tgq["high"]
    assert all((line["value"], line["low"], line["high"], line["n"]) == (0, 0, 0, 4) for line in same)
    pd.testing.assert_frame_equal(table, compute_differences(runs, PAIRS, resamples=2000))


def test_runs_on_other_data_have_nothing_in_common(runs: list[tuple[str, dict[str, MetricCounts]]]) -> None:
    other = {metric.replace("toy:", "voc:"): row for metric, row in runs[0][1].items()}
    assert compute_differences([runs[0], ("voc", other)], [("full", "voc")]).empty
    assert tuple(compute_differences(runs[:1], PAIRS).columns) == COLUMNS


def test_bold_where_the_interval_excludes_zero(runs: list[tuple[str, dict[str, MetricCounts]]]) -> None:
    lines = write_markdown_differences(compute_differences(runs, PAIRS, resamples=2000)).splitlines()
    assert lines[0].startswith("| difference | IoU<br>TT ≥0.5<br>image, union | TGQ >0.5<br>TT<br>micro |")
    _, name, iou, tgq, _ = (cell.strip() for cell in lines[2].split("|"))
    assert (name, iou) == ("full − crop", "**+10.3 [+8.9, +11.8]* p=0.026, 0.1**")
    assert tgq.startswith("0.0 [−") and "**" not in tgq
    assert lines[3].split("|")[2].strip() == "0.0 [0.0, 0.0]* p=1, 1"
    assert "on the 3 to 4 images" in lines[5]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0213, "share", "+2.1"), (-0.0213, "share", "−2.1"), (-0.0001, "share", "0.0"), (-0.0124, "cosine", "−0.012"),
        (0.0001, "share", "0.0"), (7.25, "count", "+7.25"), (-0.001, "count", "0.00"),
    ],
)  # fmt: skip
def test_signs(value: float, unit: str, text: str) -> None:
    assert write_signed(value, unit) == text


def test_panels_are_the_metrics_of_the_paper() -> None:
    found = select_paper_metrics([COSINE, f"{HEAD}/tt(tiny)/tgq.micro.top1", TOP1, TGQ, IOU])
    assert list(found.values()) == [IOU, TGQ, TOP1]


def test_black_is_certain_and_grey_is_not(runs: list[tuple[str, dict[str, MetricCounts]]]) -> None:
    table = compute_differences(runs, PAIRS, resamples=2000)
    metrics = list(dict.fromkeys(table["metric"]))
    figure = draw_differences(table, select_paper_metrics(metrics), title="t", embedded=True)
    points = [[line for line in axes.get_lines() if line.get_marker() == "o"] for axes in figure.axes]
    assert [[line.get_color() for line in panel] for panel in points] == [["#000000", "#8c8c8c"], ["#8c8c8c"] * 2]
    assert points[0][0].get_xdata()[0] == pytest.approx(31 / 3)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["crop", "same"]
    assert figure.get_suptitle() == "full minus each other variant · t · n = 3–4 images"


@pytest.mark.slow
def test_same_table_same_bytes(runs: list[tuple[str, dict[str, MetricCounts]]], tmp_path: Path) -> None:
    table = compute_differences(runs, PAIRS, resamples=100)
    first, second = (save_differences(table, tmp_path / n / "d", title="t", embedded=False) for n in "ab")
    assert [path.name for path in first] == ["d.png", "d.svg"]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True))
    assert save_differences(table.assign(metric=COSINE), tmp_path / "c", title="t", embedded=False) == ()
