"""scripts/describe_scores.py: an old table gains what today's has, to the byte, and nothing else moves."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.score.evaluate import COLUMNS, NOTE
from bench.score.score_table import ALL

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("describe_scores")


def read_texts(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_the_demo_s_table_without_its_columns_gains_them_again(script: Any, tmp_path: Path) -> None:
    today = read_texts(ROOT / "results/demo/scores.csv")
    assert set(today["role"]) == {"own", "floor", "ceiling"}
    today[list(COLUMNS)].to_csv(tmp_path / "scores.csv", index=False)
    assert script.main([str(tmp_path / "scores.csv")]) == 0
    pd.testing.assert_frame_equal(read_texts(tmp_path / "scores.csv"), today.assign(**{NOTE: ""}))
    once = (tmp_path / "scores.csv").read_bytes()
    assert script.main([str(tmp_path / "scores.csv")]) == 0 and (tmp_path / "scores.csv").read_bytes() == once


def test_what_is_no_table_of_scores_is_one_line_and_no_file_changes(
    script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = tmp_path / "good.csv"
    good.write_text("a\n1\n")
    assert script.main([str(ROOT / "results/demo/scores.csv"), str(good)]) == 1
    told = capsys.readouterr().err
    assert str(good) in told and told.count("\n") == 1 and good.read_text() == "a\n1\n"


def test_the_sweeps_that_are_shipped_have_them() -> None:
    files = sorted((ROOT / "results/tuning").glob("*/scores.csv"))
    assert len(files) == 5 and {tuple(read_texts(file).columns) for file in files} == {ALL}
