"""A sweep over `score.*` predicts once, and each of its jobs leaves what it would have left alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.cli import main
from bench.run import predict
from bench.system.remember import Memory
from tests.shared_runs import FAST, run_method

ONE = (*FAST, "data.subset=first:2", "segment=whole")
SAME = ("scores.csv", "predictions.json", "predictions.npz", "segments.parquet", "per_image.parquet", "ids.txt")


@pytest.fixture
def predicted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that were predicted, in their order."""
    seen: list[str] = []
    plain: Callable[..., Any] = predict.predict_image

    def note(settings: str, image_id: str, wait: bool = True) -> Any:
        seen.append(image_id)
        return plain(settings, image_id, wait)

    monkeypatch.setattr(predict, "predict_image", note)
    monkeypatch.setattr(predict, "PREDICTED", Memory(16))
    return seen


def list_runs(out: Path) -> dict[float, Path]:
    """The runs of a folder by their threshold."""
    records = {path.parent: json.loads(path.read_text())["score"]["tau_sbert"] for path in out.glob("*/run.json")}
    return {tau: folder for folder, tau in records.items()}


def read_pictures(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "gallery" / "pictures").iterdir()}


def test_jobs_that_differ_in_their_scoring_predict_once(tmp_path: Path, predicted: list[str]) -> None:
    words = [*ONE, "pictures=1", f"store={tmp_path / 'store'}"]
    assert main(["run", "-m", *words, f"out={tmp_path / 'many'}", "score.tau_sbert=0,0.4,0.9"]) == 0
    assert predicted == ["test-0000", "test-0001"], "by the first of three jobs"
    many = list_runs(tmp_path / "many")
    assert sorted(many) == [0, 0.4, 0.9]
    predict.PREDICTED.clear()
    run_method(tmp_path, *ONE, "pictures=1", "score.tau_sbert=0.4")
    assert len(predicted) == 4
    alone, swept = list_runs(tmp_path / "out")[0.4], many[0.4]
    assert all((alone / name).read_bytes() == (swept / name).read_bytes() for name in SAME)
    assert read_pictures(alone) == read_pictures(swept) == read_pictures(many[0.9]) and read_pictures(alone)
    records = [json.loads((folder / "run.json").read_text()) for folder in (alone, swept)]
    assert records[0]["store"] == records[1]["store"], "as told by a run that finds all in the store"


def test_other_predictions_and_what_the_store_has_lost_are_made(tmp_path: Path, predicted: list[str]) -> None:
    run_method(tmp_path, *ONE, "pictures=0")
    for change, images in (("seed=1", 2), ("merge=none", 2), ("data.subset=first:1", 1)):
        predicted.clear()
        run_method(tmp_path, *ONE, "pictures=0", change)
        assert len(predicted) == images, change
    predicted.clear()
    shutil.rmtree(tmp_path / "store" / "merge")
    run_method(tmp_path, *ONE, "pictures=0", "score.tau_sbert=0.1")
    assert len(predicted) == 2
