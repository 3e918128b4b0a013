"""scripts/why_numbers_differ.py: its numbers are those of a plain confusion matrix, its causes do what they say."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as Python starts it, its folder first in the path."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("why_numbers_differ")


def draw(count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    draw_maps = importlib.import_module("made_predictions").draw_maps
    return [draw_maps(np.random.default_rng([11, at])) for at in range(count)]


def count_plainly(maps: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Mean IoU in percent over classes of either side, pixels without truth left out."""
    truth, said = (np.concatenate([pair[side].ravel() for pair in maps]) for side in (0, 1))
    truth, said = truth[truth > 0], said[truth > 0]
    both, union = (
        np.bincount(part, minlength=60)[1:] for part in (truth[truth == said], np.concatenate([truth, said]))
    )
    shown = union > 0
    return float(100 * (both[shown] / (union - both)[shown]).mean())


@pytest.mark.slow
def test_causes_move_the_number_as_they_say(script: ModuleType, tmp_path: Path) -> None:
    script.main(["--to", str(tmp_path), "--images", "5"])
    table = pd.read_csv(tmp_path / "differ.csv").set_index("cause")["value"]
    maps = draw(5)
    assert table.iloc[0] == pytest.approx(count_plainly(maps), abs=1e-4)
    small = [(truth[3::8, 3::8], said[3::8, 3::8]) for truth, said in maps]  # near the pixels that the resizing takes
    assert table["the same, the truth brought to that grid of 1/8"] == pytest.approx(count_plainly(small), abs=2)
    assert table["an answer on a grid of 1/16, resized to the picture"] < table.iloc[0] - 1
    parts = [count_plainly(maps[at::5]) for at in range(5)]
    assert table["mean of 5 parts"] == pytest.approx(np.mean(parts), abs=1e-4)
    rounded = table["mean of 5 parts, each rounded to two decimals first"]
    assert rounded == pytest.approx(np.mean(np.round(parts, 2)), abs=1e-4)
    assert table["SQ, these left out"] > table["SQ, classes without a match count 0 (panopticapi)"]
    assert "| at the size of the picture |" in (tmp_path / "differ.md").read_text()


def test_a_perfect_answer_is_perfect_but_on_a_coarse_grid(script: ModuleType) -> None:
    same = [(truth, truth) for truth, _ in draw(3)]
    assert script.score_maps(same) == script.score_maps(same, script.coarsen(8, True)) == pytest.approx(100)
    assert script.score_maps(same, script.coarsen(8, False)) < 99
    assert script.score_maps(same, script.drop_first) == pytest.approx(100), "said on void alone is no fault"
