"""Figures say of what data their runs are, as scores.csv has it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.paper.figures.data_names import name_all_data
from bench.paper.figures.failures import _write_title
from tests.unit.report.fabricated import fabricate


def test_data_are_named_once_and_from_the_scores(tmp_path: Path) -> None:
    runs = fabricate(tmp_path, ["a", "b"])
    assert name_all_data(runs) == "toy:test[first:12]"
    scores = runs[1] / "scores.csv"
    scores.write_text(scores.read_text().replace("toy:test", "voc:val"))
    assert name_all_data(runs) == "toy:test[first:12], voc:val[first:12]"


def test_a_row_of_failures_names_its_data() -> None:
    told = _write_title("Leaks", pd.DataFrame(), [], "Ours", "leaks", "voc:val")
    assert told == "Ours: Leaks: 0 of 0 segments; n = 0 images of voc:val"
