"""Swept numbers: which settings count as swept, that the figure shows the scores of the table, and its axis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.cli import main
from bench.csv_files import read_csv
from bench.report.figures.sweep import draw_sweep
from bench.report.tables.sweeps import COLUMNS, find_sweeps, make_sweep_table
from tests.unit.report.fabricated import METRICS, fabricate
from tests.unit.report.geometry import faults

pytestmark = pytest.mark.usefixtures("blank_figures")

Flat = dict[str, Any]


def told(runs: dict[str, Flat]) -> dict[str, dict[str, list[float]]]:
    found = {one.setting: one.groups for one in find_sweeps(runs)}
    return {
        setting: {name: [x for x, _ in group] for name, group in groups.items()} for setting, groups in found.items()
    }


def test_one_number_in_its_order() -> None:
    runs: dict[str, Flat] = {f"full s={x}": {"s": x, "other": 1} for x in (2.5, 0.1, 10)}
    assert told(runs) == {"s": {"full": [0.1, 2.5, 10]}}


def test_a_line_for_each_group_of_runs_alike_in_all_else() -> None:
    runs: dict[str, Flat] = {f"{e} s={x}": {"s": x, "encode": e} for e in ("crop", "masked") for x in (1, 2, 3)}
    runs["alone s=9"] = {"s": 9, "encode": "alone"}
    assert told(runs) == {"s": {"crop": [1, 2, 3], "masked": [1, 2, 3]}}


def test_two_numbers_are_two_figures() -> None:
    runs: dict[str, Flat] = {f"full n={n} p={p}": {"n": n, "p": p} for n in (20, 30, 40) for p in (0.9, 0.95, 0.98)}
    found = told(runs)
    assert set(found) == {"n", "p"} and found["n"] == {f"full p={p}": [20, 30, 40] for p in (0.9, 0.95, 0.98)}


@pytest.mark.parametrize(
    "values", [(1, 2), (1, 1, 1), (True, False, True), ("a", "b", "c"), (1.0, float("nan"), float("inf")), (None, 1, 2)]
)
def test_two_values_words_and_switches_are_no_sweep(values: tuple[Any, ...]) -> None:
    assert told({f"v{at}": {"s": value, "x": 0} for at, value in enumerate(values)}) == {}


def test_none_beside_three_numbers_is_left_out() -> None:
    assert told({f"v{at}": {"s": value} for at, value in enumerate((None, 1, 2, 3))}) == {"s": {"": [1, 2, 3]}}


def test_settings_that_move_together_are_one() -> None:
    runs: dict[str, Flat] = {f"v start={x}": {"start": x, "copy": x} for x in (1, 2, 3)}
    assert told(runs) == {"start": {"v": [1, 2, 3]}}


def test_a_swept_threshold_changes_the_name_of_its_metric() -> None:
    names = {x: f"toy:test/five/paper/st(clip)>={x}/iou.image.union" for x in (0.1, 0.2, 0.3)}
    common = {"low": 0.1, "high": 0.3, "n": 9, "unit_of_n": "images"}
    scores = pd.DataFrame([{"variant": f"v t={x}", "metric": name, "value": x, **common} for x, name in names.items()])
    table = make_sweep_table(find_sweeps({f"v t={x}": {"t": x} for x in names}), scores)
    assert tuple(table.columns) == COLUMNS and table["x"].tolist() == table["value"].tolist() == [0.1, 0.2, 0.3]
    assert table["title"].unique().tolist() == ["IoU, segment to text (ST)"]


@pytest.mark.slow
def test_a_report_of_a_sweep_draws_it_and_a_later_one_takes_it_away(tmp_path: Path) -> None:
    values = (0.1, 0.25, 0.5, 1, 2.5)
    runs = fabricate(tmp_path / "runs", ["full"] * 5, [{"encode": {"sigma2": x}} for x in values])
    to = tmp_path / "to"
    assert main(["report", *map(str, runs), f"to={to}", "pictures=0"]) == 0
    assert {path.name for path in to.glob("sweep*")} == {"sweep.csv", "sweep.png", "sweep.svg"}
    table, scores = read_csv(to / "sweep.csv"), read_csv(to / "scores.csv").set_index(["variant", "metric"])
    assert len(table) == 5 * len(METRICS) and set(table["setting"]) == {"encode.sigma2"}
    for line in table.to_dict("records"):
        own = scores.loc[(line["variant"], line["metric"])]
        assert [line[key] for key in ("value", "low", "high", "n")] == [
            own[key] for key in ("value", "low", "high", "n")
        ]
        assert line["variant"] == f"full encode.sigma2={values[values.index(line['x'])]}"
    assert main(["report", *map(str, runs[:2]), f"to={to}", "pictures=0"]) == 0
    assert not list(to.glob("sweep*"))


def table(values: list[float], groups: tuple[str, ...] = ("full",)) -> pd.DataFrame:
    lines = [
        ("encode.sigma2", x, group, f"{group} {x}", "IoU, TT", METRICS["iou_tt"], 0.3, 0.2, 0.5, 9, "images")
        for group in groups for x in values
    ]  # fmt: skip
    return pd.DataFrame(lines, columns=list(COLUMNS))


@pytest.mark.thinned(4)
@pytest.mark.parametrize(
    ("values", "scale"),
    [([1, 2, 3, 6], "linear"), ([0.1, 0.25, 2.5], "log"), ([0, 0.1, 10], "symlog"), ([-10, 0.1, 10], "linear")],
)
def test_the_axis_fits_the_values(values: list[float], scale: str) -> None:
    figure = draw_sweep(table(values), title="toy:test", embedded=True)
    axes = figure.axes[0]
    assert axes.get_xscale() == scale and axes.get_xticks().tolist() == values
    assert "n = 9 images" in figure.get_suptitle() and faults(figure) == []
    (bars,) = axes.containers
    assert np.allclose(bars.lines[0].get_xydata(), [[x, 30] for x in values])
    ends = bars.lines[2][0].get_segments()
    assert np.allclose([segment[:, 1] for segment in ends], [[20, 50]] * len(values)), "the interval"


@pytest.mark.slow
def test_many_values_and_groups_can_be_read() -> None:
    values = [round(0.02 * at, 2) for at in range(31)]
    figure = draw_sweep(
        table(values, tuple(f"global_subtraction with half the strength {at}" for at in range(12))),
        title="t",
        embedded=True,
    )
    assert faults(figure) == []
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()].count("") > 10
