"""A variant called NA, null, nan, 007 … keeps its name from the run's files through tables and figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pandas._libs.parsers import STR_NA_VALUES

from bench.cli import main
from bench.commands.naming import find_written_name
from bench.csv_files import read_csv
from bench.report.figures.curves import draw_curves
from bench.report.runs import merge_curves, merge_scores
from tests.unit.report.fabricated import fabricate
from tests.unit.test_csv_files import LIKE_NUMBERS

pytestmark = pytest.mark.usefixtures("blank_figures")

NAMES = [*filter(None, sorted(STR_NA_VALUES)), *LIKE_NUMBERS]


@pytest.mark.slow  # every figure of 28 variants
def test_names_of_pandas_own_list_come_through_a_whole_report(tmp_path: Path, capsys: Any) -> None:
    assert len(NAMES) >= 25
    runs = fabricate(tmp_path / "runs", NAMES)
    assert main(["report", *map(str, runs), f"to={tmp_path / 'to'}", "pictures=0"]) == 0
    table = (tmp_path / "to/table.md").read_text()
    rows = [line.split(" | ")[0].removeprefix("| ").replace("\\", "") for line in table.splitlines()]
    printed = capsys.readouterr().out
    for name in NAMES:
        assert rows.count(name.replace("<", "&lt;")) == 2 + 2, f"{name}: scores, areas, and twice in the breakdown"
        assert f"\n{name}  " in printed
    for file in ("scores", "curves", "areas"):
        assert list(dict.fromkeys(read_csv(tmp_path / f"to/{file}.csv")["variant"])) == NAMES
    assert list(dict.fromkeys(read_csv(tmp_path / "to/differences.csv")["against"])) == NAMES[1:]
    assert list(dict.fromkeys(read_csv(tmp_path / "to/breakdown.csv")["variant"])) == NAMES
    figure = draw_curves(merge_curves(runs).query("axis == 'tau'"), title="t", chosen={}, embedded=False)
    shown = [text.get_text() for text in figure.legends[0].get_texts()]
    assert shown == [f"{at} {name.strip()}" for at, name in enumerate(NAMES, 1)]


def test_one_run_called_na_has_its_own_scores_beside_its_floor(tmp_path: Path) -> None:
    (run,) = fabricate(tmp_path, ["NA"])
    assert merge_scores([run])["variant"].unique().tolist() == ["NA"]


@pytest.mark.parametrize(
    ("variant", "words", "name"),
    [
        (None, ["variant=null"], None),
        ("null", ["variant='null'"], "null"),
        (float("nan"), ["variant=nan"], "nan"),
        (100000.0, ["encode=crop", "variant=1e5"], "1e5"),
        (True, ["variant=x", "variant=True"], "True"),
        ("NA", ["variant=NA"], "NA"),
        (7, [], "7"),
    ],
)
def test_names_on_the_command_line_are_what_was_written(variant: Any, words: list[str], name: str | None) -> None:
    assert find_written_name(variant, words) == name


def test_predictions_may_call_themselves_anything(tmp_path: Path) -> None:
    from bench.predictions.source import PredictionFile
    from bench.run.score_folder import read_variant

    for name in NAMES:
        head = {"format": "zgs-predictions/1", "about": {"variant": name}}
        (tmp_path / "p.jsonl").write_text(json.dumps(head) + "\n")
        assert read_variant(PredictionFile(tmp_path / "p.jsonl")) == name
