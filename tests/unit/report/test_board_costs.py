"""Costs stand beside a run that was measured with its own settings alone; names lose what all of them share."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import Any

import pytest

from bench.errors import UserError
from bench.report.board_costs import IMAGE, read_costs, write_measured
from bench.report.board_names import describe_shared, drop_shared
from tests.unit.report.fabricated import fabricate

GEM = {"choices": {"encode": "gem"}, "models": {"name": "embedded"}}


def make_gem(**own: Any) -> dict[str, Any]:
    return {**GEM, "encode": {"_target_": "bench.encode.gem.Gem", **own}}


def read_one(folder: Path, settings: dict[str, Any], text: str) -> tuple[float, list[str]]:
    (run,) = fabricate(folder / "runs", ["a"], [settings])
    (folder / "costs.csv").write_text(text)
    (line,), remarks = read_costs({run: "a"}, folder / "costs.csv")
    return float(str(line[IMAGE])), remarks


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (make_gem(start_layer=-6, iterations=1.0), ""),
        (make_gem(start_layer=-6, iterations=2), "iterations=1, here 2"),
        (make_gem(start_layer=-6), "iterations=1, here none"),
        (make_gem(start_layer=-5, iterations=1) | {"models": {"name": "paper"}},
         "models=embedded, here paper, start_layer=-6, here -5"),
    ],
)  # fmt: skip
def test_a_run_with_other_settings_than_were_measured_has_no_cost(
    settings: dict[str, Any], told: str, tmp_path: Path
) -> None:
    text = "variant,start,ms,settings\ngem,1,7.5,iterations=1 models=embedded start_layer=-6\n"
    cost, remarks = read_one(tmp_path, settings, text)
    assert isnan(cost) == bool(told)
    line = f"a: costs= measured gem with other settings ({told}), so its cost is left empty."
    assert remarks == ([line] if told else [])


@pytest.mark.parametrize(("layer", "start", "told"), [(3, 3, False), (4, 3, True), (4, 0, False), (None, 3, False)])
def test_a_table_of_an_earlier_version_is_compared_by_the_start_layer(
    layer: int | None, start: int, told: bool, tmp_path: Path
) -> None:
    own = {} if layer is None else {"start_layer": layer}
    cost, remarks = read_one(tmp_path, make_gem(**own), f"variant,start,ms\ngem,{start},7.5\n")
    said, *others = remarks
    assert said == "costs= says no settings, so start layers alone are compared; measured anew it says them."
    assert isnan(cost) == told and bool(others) == told and all("start_layer=3, here 4" in line for line in others)


def test_measured_settings_are_those_of_the_run_whatever_the_spelling() -> None:
    assert write_measured(make_gem(b=2.50, a=True, list=[1, 2])) == "a=True b=2.5 list=[1,2] models=embedded"


def test_no_such_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="costs=.*none.csv: no such file"):
        read_costs({}, tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("names", "brief"),
    [
        (["masked-oracle-no_merge", "crop_blur-oracle-no_merge"], ["masked", "crop_blur"]),
        (["masked-oracle-no_merge", "crop-whole-no_merge"], ["masked-oracle", "crop-whole"]),
        (["masked-oracle k=1", "masked-oracle k=2"], ["masked k=1", "masked k=2"]),
        (["masked-oracle", "masked"], ["masked-oracle", "masked"]),
        (["a-x-x", "a-x"], ["a-x", "a"]),
        (["masked", "crop"], ["masked", "crop"]),
    ],
)
def test_what_all_names_end_in_is_dropped_and_said(names: list[str], brief: list[str]) -> None:
    whole = {Path(str(at)): name for at, name in enumerate(names)}
    assert list(drop_shared(whole).values()) == brief
    assert len(list(describe_shared(whole, drop_shared(whole)))) == (names != brief)
