"""The script that compares stages with an earlier commit: what it calls the same, and what it keeps."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.csv_files import read_csv

ROOT = Path(__file__).parents[3]


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module("compare_stages")


def test_words_and_whole_numbers_have_to_be_equal_and_others_differ_by_a_share(stages: Any) -> None:
    assert stages.compute_difference(np.array(["a", "b"]), np.array(["a", "b"])) == 0
    assert stages.compute_difference(np.array(["a", "b"]), np.array(["a", "c"])) == np.inf
    assert stages.compute_difference(np.array([[1, 2]]), np.array([[1, 3]])) == np.inf
    assert stages.compute_difference(np.array([1.0, -4.0]), np.array([1.5, -4.0])) == 0.125
    assert stages.compute_difference(np.zeros(0), np.zeros(0)) == 0


def test_other_cases_that_stand_there_are_kept_in_their_order(stages: Any, tmp_path: Path) -> None:
    row = {"of": "all", "before": 2.0, "now": 1.0, "ratio": 2.0, "difference": 0.0, "runs": 1}
    row |= {"weights": "clip x"}
    stages.write_rows([{"case": "texts", **row}, {"case": "loading", **row}], tmp_path / "before.csv")
    stages.write_rows([{"case": "masked", **row}, {"case": "texts", **row, "now": 0.5}], tmp_path / "before.csv")
    table = read_csv(tmp_path / "before.csv")
    assert table["case"].tolist() == ["loading", "masked", "texts"]
    assert table["now"].astype(float).tolist() == [1.0, 1.0, 0.5]


def test_rows_that_an_earlier_script_left_do_not_tell_their_weights(stages: Any, tmp_path: Path) -> None:
    earlier = "case,of,before,now,ratio,difference,runs\ntexts,all,2,1,2,0,1\nmasked,all,2,1,2,0,1\n"
    (tmp_path / "before.csv").write_text(earlier)
    row = {"of": "all", "before": 2.0, "now": 1.0, "ratio": 2.0, "difference": 0.0, "runs": 1, "weights": "clip x"}
    stages.write_rows([{"case": "masked", **row}], tmp_path / "before.csv")
    assert dict(read_csv(tmp_path / "before.csv")[["case", "weights"]].to_numpy().tolist()) == {
        "masked": "clip x", "texts": "not told",
    }  # fmt: skip


def test_a_case_names_the_weights_that_it_loads(stages: Any, tmp_path: Path) -> None:
    assert list(stages.LOADED) == list(stages.CASES)
    assert stages.describe_models("clustering", tmp_path) == "no model"
    told = stages.describe_models("texts", ROOT / "bench/models/embedded")
    assert re.fullmatch(r"clip trained, \S+ M numbers; language trained, \S+ M numbers", told)


@pytest.mark.slow
def test_a_folder_without_weights_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "scripts/compare_stages.py", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith(f"{tmp_path}: no folder clip there; `python -m data_prep")
