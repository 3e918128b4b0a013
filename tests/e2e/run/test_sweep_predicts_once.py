"""A sweep over `score.*` predicts once, and each of its jobs leaves what it would have left alone, byte for byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.cli import main
from bench.data import toyscenes
from bench.report.pictures import gallery
from bench.run import predict
from bench.score import curves
from tests.shared_runs import FAST, run_method

ONE = (*FAST, "data.subset=first:2", "segment=whole")
MEMORIES = (predict.PREDICTED, curves.CURVES, gallery.PICTURES, gallery.OVERVIEWS, toyscenes.SCENES)
OWN = {"command", "overrides", "seconds", "peak_mb", "sha256"}
"""What the record of a run says of how it came about."""


@pytest.fixture
def predicted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that were predicted, in their order."""
    seen: list[str] = []
    plain: Callable[..., Any] = predict._predict

    def note(context: Any, image_id: str, *rest: Any) -> Any:
        seen.append(image_id)
        return plain(context, image_id, *rest)

    monkeypatch.setattr(predict, "_predict", note)
    forget()
    return seen


def forget() -> None:
    """Know nothing, as another process."""
    for memory in MEMORIES:
        memory.clear()


def list_runs(out: Path) -> dict[float, Path]:
    """The runs of a folder by their threshold."""
    records = {path.parent: json.loads(path.read_text())["score"]["tau_sbert"] for path in out.glob("*/run.json")}
    return {tau: folder for folder, tau in records.items()}


def read_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_jobs_that_differ_in_their_scoring_predict_once(tmp_path: Path, predicted: list[str]) -> None:
    out, words = tmp_path / "out", [*ONE, "pictures=0", f"store={tmp_path / 'store'}"]
    assert main(["run", "-m", *words, f"out={out}", "score.tau_sbert=0,0.4"]) == 0
    assert predicted == ["test-0000", "test-0001"], "by the first of two jobs"
    swept = {tau: read_files(folder) for tau, folder in list_runs(out).items()}
    assert sorted(swept) == [0, 0.4]
    assert swept[0]["scores.csv"] != swept[0.4]["scores.csv"] and swept[0]["curves.csv"] != swept[0.4]["curves.csv"]
    shutil.rmtree(out)
    forget()
    assert main(["run", *words, f"out={out}", "score.tau_sbert=0.4"]) == 0
    assert len(predicted) == 4
    (folder,) = list_runs(out).values()
    alone, records = read_files(folder), []
    for files in (alone, swept[0.4]):
        record = json.loads(files.pop("run.json"))
        records.append({key: value for key, value in record.items() if key not in OWN})
    assert alone == swept[0.4], "byte for byte"
    assert records[0] == records[1], "the store's counts, too: as told by a run that finds all in the store"


@pytest.mark.slow
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
