"""The rows of a board: settings that differ from the variant's yaml, and runs that are one in all numbers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from bench.commands.board import main as board
from bench.csv_files import read_csv
from bench.errors import UsageError
from bench.report.board_rows import UNKNOWN, add_twins, describe_twins, find_twins, select_different, write_settings
from bench.report.figures.board import write_label
from bench.run.run_folder import read_rows
from tests.unit.report.fabricated import METRICS, fabricate

MASKED = "bench.encode.masked.Masked"


def encode(option: str, target: str, **keys: Any) -> dict[str, Any]:
    return {"choices": {"encode": option, "models": "embedded"}, "encode": {"_target_": target, **keys}}


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (encode("masked", MASKED, start_layer=4, micro_batch=1), ""),
        (encode("masked", MASKED, start_layer=3, micro_batch=1), "encode.start_layer=3"),
        (encode("crop_blur", "bench.encode.crop.CropAndMask", fill="blur", blur=0.5), "encode.blur=0.5"),
        (encode("crop_white", "bench.encode.crop.CropAndMask", fill="white", blur=0.5), "++encode.blur=0.5"),
        (encode("gem", "bench.encode.gem.Gem", start_layer=-4, iterations=2),
         "encode.iterations=2 encode.start_layer=-4"),
        (encode("mine", "mine.Variant", start_layer=1), UNKNOWN),
        (encode("masked", "mine.Masked", start_layer=1), UNKNOWN),
        ({}, ""),
    ],
)  # fmt: skip
def test_settings_are_those_that_differ_from_the_yaml(settings: dict[str, Any], told: str, tmp_path: Path) -> None:
    (run,) = fabricate(tmp_path, ["a"], [settings])
    assert write_settings(run) == told


def make_twin(run: Path, variant: str) -> Path:
    """Copy a run under another name, by the settings of which it was made."""
    twin = Path(shutil.copytree(run, run.with_name(f"run-9-{variant}")))
    (twin / "run.json").write_text(json.dumps({**json.loads((run / "run.json").read_text()), "variant": variant}))
    own = yaml.safe_load((run / "config.yaml").read_text()) | {"variant": variant}
    own |= encode("masked", MASKED, start_layer=3)
    (twin / "config.yaml").write_text(yaml.safe_dump(own))
    scores = (twin / "scores.csv").read_text()
    (twin / "scores.csv").write_text(scores.replace(",first,", f",{variant},"))
    return twin


@pytest.mark.slow
@pytest.mark.usefixtures("blank_figures")
def test_a_run_that_is_another_counts_once_in_ranks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """third of three is third of four, too, where the fourth is second's twin."""
    runs = fabricate(tmp_path / "runs", ["first", "second", "third"], [{}, {}, {}])
    (tmp_path / "tuning.csv").write_text("variant\n")
    assert board([*map(str, runs), f"to={tmp_path / 'three'}", "resamples=50"]) == 0
    make_twin(runs[0], "twin")
    words = [f"to={tmp_path / 'four'}", f"tuning={tmp_path / 'tuning.csv'}", "resamples=50"]
    assert board([str(tmp_path / "runs"), *words]) == 0
    three, four = (read_csv(tmp_path / name / "board.csv") for name in ("three", "four"))
    told = ["value", "low", "high", "rank", "rank_low", "rank_high", "letters"]
    for metric in METRICS.values():
        before, after = (each[each["metric"] == metric].set_index("variant")[told] for each in (three, four))
        assert after.loc[before.index].equals(before), "no rank, interval or letter moves"
        assert after.loc["twin"].equals(after.loc["first"])
    text = (tmp_path / "four/board.md").read_text()
    assert "twin: equal to first in every number of every image; in ranks, letters and agreement" in text
    assert "4 variants" in text and "[tuning.csv](../tuning.csv)" in text
    assert "| twin | encode.start_layer=3 |" in text
    assert "encode.start_layer=3" in (tmp_path / "four/board.html").read_text()
    assert list(four[four["settings"] != ""]["variant"].unique()) == ["twin"]
    assert "| settings |" not in (tmp_path / "three/board.md").read_text()
    capsys.readouterr()


def test_one_image_that_differs_makes_two_runs(tmp_path: Path) -> None:
    runs = fabricate(tmp_path, ["first", "second"], [{}, {}])
    rows = {"a": read_rows(runs[0]), "b": read_rows(runs[1]), "c": read_rows(runs[0])}
    metrics = list(METRICS.values())
    assert find_twins(rows, metrics) == {"c": "a"}
    rows["c"][metrics[-1]].numerator[3] += 1e-9
    assert find_twins(rows, metrics) == {}
    assert list(describe_twins({"c": "a"}, False)) == ["c: equal to a in every number of every image."]


def test_a_twin_has_the_rank_of_the_run_it_equals_and_takes_none(tmp_path: Path) -> None:
    """Quicker than a whole board: what counts in ranks, and the line that is added to them."""
    runs = fabricate(tmp_path, ["first", "second"], [{}, {}])
    rows = {"a": read_rows(runs[0]), "b": read_rows(runs[1]), "c": read_rows(runs[0])}
    twins = find_twins(rows, list(METRICS.values()))
    assert list(select_different(rows, twins)) == ["a", "b"]
    alone = {name: rows[name] for name in "ac"}
    assert select_different(alone, twins) is alone, "where one would be left alone all count"
    ranked = pd.DataFrame({"variant": ["b", "a"], "rank": [1, 2], "value": [0.5, 0.25]})
    told = add_twins(ranked, twins)
    assert told.to_dict("list") == {"variant": ["b", "a", "c"], "rank": [1, 2, 2], "value": [0.5, 0.25, 0.25]}
    assert len(add_twins(told, twins)) == 3, "one that was ranked has its line"


def test_a_table_of_tuning_has_to_be_there() -> None:
    with pytest.raises(UsageError, match="tuning=gone.csv: no such file"):
        board(["a", "b", "tuning=gone.csv"])


def test_the_figure_says_what_was_chosen() -> None:
    assert write_label("crop", "") == "crop"
    assert write_label("gem", "encode.start_layer=-4 ++encode.blur=2").splitlines() == ["gem", "start_layer=-4 blur=2"]
