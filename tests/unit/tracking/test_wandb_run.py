"""Tracking: what is told, and that trouble there costs one line and nothing else."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from bench.run.tracking import NoTracking, Wandb, summarise

NAN = float("nan")
SCORES = pd.DataFrame(
    [
        ("full", "voc:val/own20/paper/none/iou.image.union", 0.5, 0.25, 0.75, 8, 0),
        ("full", "voc:val/own20/paper/none/tgq.micro", NAN, NAN, NAN, 0, 0),
        ("floor: shuffled", "voc:val/own20/paper/none/iou.image.union", 0.125, NAN, NAN, 1, 0),
    ],
    columns=["variant", "metric", "value", "low", "high", "n", "skipped"],
)
METRIC = "voc:val/own20/paper/none/iou.image.union"


def test_own_metrics_by_name_floors_behind_their_own_and_nothing_invented() -> None:
    values, details = summarise(SCORES)
    assert values == {METRIC: 0.5, f"floor: shuffled/{METRIC}": 0.125}
    assert details[f"{METRIC}:low"] == 0.25 and details[f"{METRIC}:n"] == 8
    assert f"floor: shuffled/{METRIC}:low" not in details
    assert summarise(SCORES.iloc[:0]) == ({}, {})


def fake(told: dict[str, Any], fails: str = "") -> types.ModuleType:
    class Run:
        def __init__(self) -> None:
            self.summary = told.setdefault("summary", {})

        def log(self, values: dict[str, float]) -> None:
            if fails == "log":
                raise OSError("disk\nfull")
            told["values"] = values

        def finish(self) -> None:
            told["finished"] = True

    def init(**arguments: Any) -> Run:
        if fails == "init":
            raise RuntimeError("no\nservice")
        told["init"] = arguments
        return Run()

    module = types.ModuleType("wandb")
    module.init, module.Settings = init, lambda **settings: settings  # type: ignore[attr-defined]
    return module


def test_one_run_with_group_mode_folder_and_config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setitem(sys.modules, "wandb", fake(told))
    Wandb("p", "ablation").log("run-1", {"seed": 0}, SCORES, tmp_path)
    told["init"].pop("settings")
    assert told["init"] == {
        "project": "p", "group": "ablation", "name": "run-1", "config": {"seed": 0}, "dir": str(tmp_path),
        "mode": "offline", "reinit": "create_new",
    }  # fmt: skip
    assert told["values"][METRIC] == 0.5 and told["summary"][f"{METRIC}:high"] == 0.75 and told["finished"]


@pytest.mark.parametrize("fails", ["init", "log"])
def test_trouble_is_one_line(fails: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setitem(sys.modules, "wandb", fake(told, fails))
    Wandb().log("run-1", {}, SCORES, tmp_path)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "tracking failed" in lines[0] and str(tmp_path) in lines[0]
    assert told.get("finished", False) == (fails == "log")


def test_missing_wandb_is_one_line_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    Wandb().log("run-1", {}, SCORES, tmp_path)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_none_does_nothing_and_wandb_is_not_imported_before_it_is_used(tmp_path: Path) -> None:
    NoTracking().log("run-1", {}, SCORES, tmp_path)
    assert not list(tmp_path.iterdir())
    Wandb()
    source = Path(sys.modules["bench.run.tracking"].__file__ or "").read_text()
    assert not [line for line in source.splitlines() if line.startswith(("import wandb", "from wandb"))]


@pytest.mark.slow
def test_the_real_thing_offline(tmp_path: Path, capsys) -> None:
    pytest.importorskip("wandb")
    Wandb("p", "ablation").log("run-1", {"seed": 7, "merge": {"threshold": 0.8}}, SCORES, tmp_path)
    assert "tracking failed" not in capsys.readouterr().err
    (run,) = [path for path in (tmp_path / "wandb").iterdir() if path.name.startswith("offline-run-")]
    assert list(run.glob("run-*.wandb"))
    config = run / "files" / "config.yaml"
    if config.exists():
        assert yaml.safe_load(config.read_text())["seed"]["value"] == 7
