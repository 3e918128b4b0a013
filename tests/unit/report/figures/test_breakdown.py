"""Shares of true segments named right: counts against a slow loop, groups at their edges, pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.report.figures.breakdown import draw_breakdown, save_breakdown
from bench.report.tables.breakdown import GROUPS, compute_breakdown, write_markdown_breakdown
from bench.report.tables.comparisons import list_pairs

PAIR = [("full", "crop")]


def segments(seed: int, skew: float = 0.5, images: int = 9) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    lines = [
        (f"{image}", bool(draw.random() < 0.6), float(2.0 ** -draw.integers(1, 11)), draw.random() < skew,
         draw.random() < 0.3)
        for image in range(images) for _ in range(draw.integers(1, 7))
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=["image_id", "thing", "share", "st_top1", "tt_hit"])


def slow(table: pd.DataFrame, group: str, column: str) -> tuple[int, int]:
    """Right and all, segment by segment."""
    right = n = 0
    for row in table.to_dict("records"):
        pixels = row["share"] * 128 * 128
        size = "< 1/256" if pixels < 64 else "1/256 to 1/64" if pixels < 256 else "1/64 to 1/16"
        size = "≥ 1/16" if pixels >= 1024 else size
        if group in ("all", "things" if row["thing"] else "stuff", size):
            n += 1
            right += bool(row[column])
    return right, n


def test_counts_against_a_loop() -> None:
    runs = [("full", segments(0)), ("crop", segments(1))]
    table = compute_breakdown(runs, list_pairs([name for name, _ in runs]), resamples=300)
    own = table[table["against"] == ""]
    assert len(own) == 2 * 2 * len(GROUPS)
    for line in own.to_dict("records"):
        right, n = slow(dict(runs)[line["variant"]], line["group"], {"st": "st_top1", "tt": "tt_hit"}[line["mapping"]])
        assert line["n"] == n and line["value"] == pytest.approx(right / n)
        assert (line["low"] <= line["value"] <= line["high"]) if 0 < right < n else line["high"] - line["low"] > 0.1


def test_differences_are_paired() -> None:
    """The same images in both: a constant difference has a narrow interval however the images vary."""
    full = pd.DataFrame(
        [(f"{i}", True, 0.5, at <= i % 4, True) for i in range(8) for at in range(5)],
        columns=["image_id", "thing", "share", "st_top1", "tt_hit"],
    )  # fmt: skip
    first = full.groupby("image_id").head(1).index
    other = full.assign(st_top1=full["st_top1"] & ~full.index.isin(first))  # one right segment of five fewer in each
    table = compute_breakdown([("full", full), ("other", other)], [("full", "other")], resamples=500)
    line = table[(table["against"] == "other") & (table["mapping"] == "st")].set_index("group")
    assert line.loc["all", "value"] == pytest.approx(0.2) and (line.loc["all", ["n", "images"]] == [40, 8]).all()
    assert np.isnan(line.loc["all", "low"]) or line.loc["all", "high"] - line.loc["all", "low"] < 1e-9
    alone = table[(table["variant"] == "full") & (table["against"] == "") & (table["mapping"] == "st")].iloc[0]
    assert alone["high"] - alone["low"] > 0.1
    assert np.isnan(line.loc["stuff", "value"]) and line.loc["stuff", "n"] == 0


def test_floors_and_a_missing_first_have_no_differences() -> None:
    runs = [("full", segments(0)), ("y", segments(1)), ("crop", segments(2))]
    assert set(compute_breakdown(runs, list_pairs([name for name, _ in runs], ["y"]), 50)["against"]) == {"", "crop"}
    assert set(compute_breakdown(runs, [("no_merge", "full")], 50)["against"]) == {""}


def test_markdown() -> None:
    full, crop = segments(0, skew=1.0, images=30), segments(0, images=30).assign(st_top1=False)
    lines = write_markdown_breakdown(compute_breakdown([("full", full), ("crop", crop)], PAIR, 200)).splitlines()
    n = len(full)
    assert lines[0].startswith(f"| true segments named right | by | all<br>n={n} | things<br>n={full['thing'].sum()} |")
    rows = {tuple(c.strip() for c in line.split("|")[1:3]): line.split("|")[3].strip() for line in lines[2:8]}
    assert list(rows) == [(name, by) for name in ("full", "crop", "full − crop") for by in ("ST", "TT")]
    count = full.groupby("image_id").size()
    alike = count.sum() ** 2 / (count**2).sum()  # images of as many segments each
    low = 100 * alike / (alike + 1.959964**2)
    wilson = f"100.0 [{low:.1f}, 100.0]", f"0.0 [0.0, {100 - low:.1f}]"
    assert 20 < alike < 30 and (rows["full", "ST"], rows["crop", "ST"]) == wilson
    assert rows["full − crop", "TT"].startswith(("+", "−", "0.0", "**"))


def test_bold_only_where_a_difference_is_certain() -> None:
    full, crop = segments(0, 0.9, 40), segments(0, 0.9, 40)
    crop["st_top1"] = crop["st_top1"] & (np.arange(len(crop)) % 2 == 0)
    rows = write_markdown_breakdown(compute_breakdown([("full", full), ("crop", crop)], PAIR, 500)).splitlines()[2:8]
    assert "**+" in rows[4] and "**" not in "".join([*rows[:4], rows[5]])


@pytest.mark.slow
def test_a_colour_and_a_marker_for_each_variant_and_no_floor(tmp_path: Path) -> None:
    table = compute_breakdown([("full", segments(0)), ("y", segments(1)), ("crop", segments(2))], PAIR, 50)
    figure = draw_breakdown(table, title="t", embedded=True, floors=["y"])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["full", "crop"]
    assert len(figure.axes) == 2
    first = figure.axes[0].containers[0].lines[0]
    shown = table[(table["variant"] == "full") & (table["against"] == "") & (table["mapping"] == "st")]
    assert first.get_ydata() == pytest.approx(100 * shown["value"].to_numpy(), nan_ok=True)
    markers = {(c.lines[0].get_marker(), c.lines[0].get_color()) for c in figure.axes[0].containers}
    assert len(markers) == 2
    a, b = (save_breakdown(table, tmp_path / name / "b", title="t", embedded=False) for name in "ab")
    assert all(x.read_bytes() == y.read_bytes() for x, y in zip(a, b, strict=True))
