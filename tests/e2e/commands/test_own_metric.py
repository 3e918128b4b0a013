"""A metric of one's own is one file and one line, as a user adds it."""

from __future__ import annotations

import importlib
from pathlib import Path

import pandas as pd
import pytest

from bench.cli import main
from bench.metrics.registry import REGISTRY
from bench.run.run_folder import read_rows
from tests.e2e.commands.theirs import IMAGES, write, zgs

METRIC = '''
"""The share of each true class's pixels under a segment, whatever it is called."""

import numpy as np

from bench.metrics.terms import ImageTables, Terms, make_terms
from bench.overlap.arithmetic import count_true_pixels


def compute_cover(image: ImageTables) -> dict[str, Terms]:
    """Compute covered and true pixels of each class that the image has."""
    classes = np.unique(image.overlap.truth_classes)
    pixels = count_true_pixels(image.overlap, classes)  # a u
    covered = pixels[image.overlap.membership.any(axis=1)].sum(axis=0)
    share = pixels.sum(axis=0) / image.pixels
    return {"cover.dataset": make_terms("classes", classes, share, covered, pixels.sum(axis=0))}
'''
LINE = 'Metric("cover", own_cover.compute_cover, {"cover": "Cover"})'


@pytest.fixture
def cover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_cover.py").write_text(METRIC)
    monkeypatch.syspath_prepend(str(tmp_path))
    names = {"own_cover": importlib.import_module("own_cover"), "Metric": type(REGISTRY[0])}
    monkeypatch.setattr("bench.metrics.registry.REGISTRY", [*REGISTRY, eval(LINE, names)])


def test_a_new_metric_is_one_file_and_one_line(
    cover: None, tmp_path: Path, voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "theirs.json", IMAGES)
    folder = zgs(tmp_path, voc, path, "score.metrics=[iou,cover]", "score.mapping=[exact]", "score.breakdown=[kind]")
    table = pd.read_csv(folder / "scores.csv").set_index("metric")
    name = next(metric for metric in table.index if metric.endswith("/none/cover.dataset"))
    # By hand: of the aeroplane 4 of 4 pixels, of the dog 2 of 2, of the cat 4 of 4, of the person 1 of 2, bird 8 of 8.
    assert table.at[name, "value"] == pytest.approx((1 + 1 + 1 + 0.5 + 1) / 5)
    assert table.at[name, "low"] <= table.at[name, "value"] <= table.at[name, "high"]
    assert (table.at[name, "n"], table.at[name, "unit_of_n"]) == (5, "classes")
    assert table.at[f"{name}.kind.things", "value"] == table.at[name, "value"], "in groups too"
    assert read_rows(folder)[name].value() == pytest.approx(table.at[name, "value"]), "and behind every comparison"
    assert main(["report", str(folder), f"to={tmp_path / 'report'}", "pictures=0"]) == 0
    assert "Cover" in (tmp_path / "report/table.md").read_text(), "people read the words of its line"
    capsys.readouterr()
    zgs(tmp_path, voc, path, "score.metrics=[covers]", code=2)
    assert "did you mean cover" in capsys.readouterr().err
