"""MLflow as it really is, in a local database: what it holds is read back by its own client."""

from __future__ import annotations

import multiprocessing
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.run.outcomes import Outcome
from bench.tracking.content import read_tracked_run, summarise
from bench.tracking.mlflow_run import IDENTITY, STEPS, MLflow
from bench.tracking.sweep import find_place, make_tracked_sweep
from bench.tracking.tell import track_run
from bench.tracking.told import Place
from tests.shared_runs import find_run
from tests.unit.report.fabricated import fabricate

pytestmark = pytest.mark.extra


def list_runs(out: Path) -> tuple[Any, list[Any]]:
    mlflow = pytest.importorskip("mlflow")
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{out / 'mlflow.db'}")
    known = client.get_experiment_by_name("zero-guidance-segmentation")
    return client, list(client.search_runs([known.experiment_id]))


def test_a_run_whole_and_told_again_the_same_run(full: Path, tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    folder = tmp_path / "out" / find_run(full).name
    shutil.copytree(find_run(full), folder)
    run = read_tracked_run(folder, Place("g", ("encode",), ("encode=masked",)))
    for _ in range(2):
        MLflow().log(run)
    client, (known,) = list_runs(tmp_path / "out")
    values, details = summarise(run.scores)
    told, run_id = known.data, known.info.run_id
    assert known.info.status == "FINISHED" and known.info.run_name == folder.name
    assert told.tags[IDENTITY] == run.identity and told.tags["zgs.group"] == "g"
    assert told.params["merge.threshold"] == str(run.config["merge"]["threshold"]) and "store" not in told.params
    scores = {key: value for key, value in told.metrics.items() if not key.startswith("curves/")}
    assert sorted(scores.values()) == sorted({**values, **details}.values())
    assert len(told.metrics) == len(scores) + 3 * len(run.charts)
    chart = next(chart for chart in run.charts if chart.key == "curves/st/tau/iou.image.union")
    history = client.get_metric_history(run_id, chart.key)
    rows = chart.rows.dropna(subset=["value"])
    assert [(m.step, m.value) for m in history] == [
        (round(x * STEPS), y) for x, y in zip(rows["x"], rows["value"], strict=True)
    ]
    places = {item.path for kind in ("scores", "predictions", "report") for item in client.list_artifacts(run_id, kind)}
    assert {"scores/per_image.parquet", "predictions/predictions.npz", "report/index.html"} <= places
    assert len(client.list_artifacts(run_id, "images")) == 3


def test_other_numbers_take_the_place_of_the_earlier_ones(tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    (folder,) = fabricate(tmp_path, ["full"], [{"pictures": 0, "segment": {"n": 10}}])
    run = read_tracked_run(folder)
    MLflow().log(run)
    MLflow().log(replace(run, scores=run.scores.assign(value=run.scores["value"] / 2)))
    _, (known,) = list_runs(tmp_path)
    values, _ = summarise(run.scores)
    assert max(known.data.metrics.values()) and max(values.values()) / 2 in known.data.metrics.values()


def tell_one(folder: Path) -> None:
    """In a process of its own, as a launcher's job."""
    track_run(folder, {"_target_": "bench.tracking.mlflow_run.MLflow"})


def test_jobs_that_are_told_at_the_same_time(tmp_path: Path, capfd: Any) -> None:
    """Of processes that make MLflow's database together all fail, and it stays broken."""
    pytest.importorskip("mlflow")
    folders = fabricate(tmp_path, list("abc"), [{"pictures": 0, "segment": {"n": 10}}] * 3)
    context = multiprocessing.get_context("spawn")
    jobs = [context.Process(target=tell_one, args=(folder,)) for folder in folders]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    _, runs = list_runs(tmp_path)
    assert sorted(run.info.run_name for run in runs) == [folder.name for folder in folders]
    assert "warning: tracking" not in capfd.readouterr().err


def test_a_sweep_is_the_parent_of_its_runs(tmp_path: Path, blank_figures: None) -> None:
    pytest.importorskip("mlflow")
    own = {"pictures": 0, "segment": {"n": 10}}
    words = [("encode=a",), ("encode=b",)]
    folders = fabricate(tmp_path / "out", ["a", "b"], [own, own])
    for folder, job in zip(folders, words, strict=True):
        MLflow().log(read_tracked_run(folder, find_place(job, words)))
    pairs = list(zip(words, folders, strict=True))
    outcomes = [Outcome(at, job, 0, folder=str(folder)) for at, (job, folder) in enumerate(pairs, 1)]
    place = find_place(words[0], words)
    assert place is not None
    for _ in range(2):
        MLflow().log_sweep(make_tracked_sweep(tmp_path / "s", outcomes, place, tmp_path / "out", 0))
    client, runs = list_runs(tmp_path / "out")
    (parent,) = [run for run in runs if run.data.tags["zgs.kind"] == "summary"]
    children = [run.info.run_name for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert sorted(children) == ["run-00", "run-01"] and len(runs) == 3
    table = pd.read_csv(client.download_artifacts(parent.info.run_id, "scores.csv", str(tmp_path)))
    assert set(table["encode"]) == {"a", "b"}
