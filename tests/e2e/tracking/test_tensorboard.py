"""TensorBoard as it really is: its event files are read back by its own reader."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.tracking.content import read_tracked_run, summarise
from bench.tracking.tensorboard_run import STEPS, TensorBoard
from tests.shared_runs import find_run

pytestmark = pytest.mark.extra


def read_events(folder: Path) -> Any:
    module = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = module.EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    return events.Reload()


def test_a_run_whole_and_told_again_once(full: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    folder = tmp_path / find_run(full).name
    shutil.copytree(find_run(full), folder)
    run = read_tracked_run(folder)
    for _ in range(2):
        TensorBoard().log(run)
    events = read_events(folder / "tensorboard")
    tags = events.Tags()
    values, details = summarise(run.scores)
    told = {key.removeprefix("scores/"): events.Scalars(key)[0].value for key in tags["scalars"]}
    told = {key: value for key, value in told.items() if not key.startswith("curves/")}
    assert told == pytest.approx({**values, **details})
    chart = next(chart for chart in run.charts if chart.key == "curves/st/tau/iou.image.union")
    for part in ("value", "low", "high"):
        line = events.Scalars(f"{chart.key}/{part}")
        assert [point.step for point in line] == [round(x * STEPS) for x in chart.rows["x"]]
        np.testing.assert_allclose([point.value for point in line], chart.rows[part].astype(float), rtol=1e-6)
    assert len(tags["images"]) == 3 and "custom_scalars__config__" in tags["tensors"]
    texts = {name: events.Tensors(f"{name}/text_summary")[0].tensor_proto.string_val[0].decode() for name in TEXTS}
    assert f"{len(run.scores)} of {len(run.scores)} rows" in texts["scores"]
    assert "threshold:" in texts["config"] and str(folder / "scores.csv") in texts["files"]
    assert f"{len(run.confusion)} of {len(run.confusion)} rows" in texts["confusion"]
    assert len(list(folder.glob("tensorboard/events.*"))) == 1 and not (folder / ".tensorboard-new").exists()


TEXTS = ("config", "scores", "confusion", "files")
