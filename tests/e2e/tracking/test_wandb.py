"""W&B as it really is, offline, of a whole run: what it wrote is read back from its files."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from bench.tracking.content import read_tracked_run, summarise
from bench.tracking.told import Place, TrackedRun
from bench.tracking.wandb_run import Wandb
from tests.shared_runs import find_run
from tests.unit.tracking.wandb_file import OfflineRun, find_offline_runs, read_offline_run

PLACE = Place("encode-12345678", ("encode", "x" * 80), ("encode=masked",))


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory, full: Path) -> tuple[TrackedRun, OfflineRun]:
    """A real run, told twice; look, do not touch."""
    folder = tmp_path_factory.mktemp("logged") / find_run(full).name
    shutil.copytree(find_run(full), folder)
    run = read_tracked_run(folder, PLACE)
    for _ in range(2):
        Wandb("p").log(run)
    (file,) = find_offline_runs(folder)
    return run, read_offline_run(file)


@pytest.mark.slow
def test_one_whole_run_with_its_id_group_tags_and_config(logged: tuple[TrackedRun, OfflineRun]) -> None:
    run, told = logged
    assert told.exits == [0] and told.run.run_id == run.identity and told.run.display_name == run.folder.name
    assert (told.run.project, told.run.job_type, told.run.run_group) == ("p", "run", PLACE.group)
    assert list(told.run.tags) == ["encode", "x" * 64], "the changed keys and nothing else, as long as W&B takes them"
    assert told.config["merge"] == run.config["merge"] and told.config["sweep"] == {"encode": "masked"}
    assert told.config["record"]["zgs"] == run.config["record"]["zgs"]


def test_scores_with_intervals_once(logged: tuple[TrackedRun, OfflineRun]) -> None:
    run, told = logged
    values, details = summarise(run.scores)
    (step,) = told.history
    assert {key: step[key] for key in values} == values and len(values) > 10
    assert {key: told.summary[key] for key in details} == details
    table = told.read_table("scores")
    assert table["columns"] == list(run.scores.columns) and len(table["data"]) == len(run.scores)
    at = table["columns"].index("low")
    assert [row[at] for row in table["data"]] == [None if low != low else low for low in run.scores["low"]]


def test_curves_are_charts_of_w_and_b_s_own(logged: tuple[TrackedRun, OfflineRun]) -> None:
    run, told = logged
    panels = told.config["_wandb"]["visualize"]
    for chart in run.charts:
        panel = panels[chart.key]["panel_config"]
        assert panel["panelDefId"] == "wandb/line/v0" and panel["stringSettings"] == {"title": chart.title}
        assert panel["fieldSettings"] == {"x": chart.x, "y": chart.y, "stroke": "line"}
        rows = told.read_table(f"{chart.key}_table")["data"]
        drawn = [(row[0], row[1]) for row in rows if row[2] == "value"]
        known = chart.rows.dropna(subset=["value"])
        np.testing.assert_allclose(np.array(drawn).reshape(-1, 2), known[["x", "value"]].astype(float))


def test_images_with_input_segments_truth_and_scores(logged: tuple[TrackedRun, OfflineRun]) -> None:
    run, told = logged
    table = told.read_table("images")
    assert table["columns"] == ["image_id", "input", "segments", "truth", *run.image_metrics]
    assert [row[1:4] for row in table["data"]] == [["Image"] * 3, [None] * 3]
    rows = {row.image_id: row for row in run.list_images()}
    for cells in table["data"]:
        told_scores = {k: v for k, v in zip(run.image_metrics, cells[4:], strict=True) if v is not None}
        assert told_scores == dict(rows[cells[0]].scores)
    artifact = told.artifacts[f"run-{run.identity}-images"]
    files = {entry.path: Path(entry.local_path) for entry in artifact.manifest.contents}
    assert sum("media/images" in path for path in files) == 3, "the pictures are in the artefact of the table"
    assert all(path.is_file() and path.is_relative_to(run.folder) for path in files.values()), "none in the home folder"


def test_confusions_are_matrices(logged: tuple[TrackedRun, OfflineRun]) -> None:
    run, told = logged
    for mapping in ("tt", "st"):
        panel = told.config["_wandb"]["visualize"][f"confusion/{mapping}"]["panel_config"]
        assert panel["panelDefId"] == "wandb/confusion_matrix/v1"
        own = run.confusion[run.confusion["mapping"] == mapping]
        rows = told.read_table(f"confusion/{mapping}_table")["data"]
        assert rows == own[["true", "said", "pixels", "images"]].astype(object).to_numpy().tolist()


def test_artefacts_with_lineage_where_they_lie(logged: tuple[TrackedRun, OfflineRun]) -> None:
    run, told = logged
    lines = {name: told.artifacts[name] for name in told.artifacts if not name.startswith("run-")}
    used = {name: item.use_after_commit for name, item in lines.items()}
    assert used == {
        f"predictions-{run.identity}": True, f"scores-{run.identity}": False, f"report-{run.identity}": False,
    }  # fmt: skip
    for known in (run.predictions, *run.outputs):
        item = lines[known.name]
        assert item.type == known.kind and json.loads(item.metadata) == json.loads(json.dumps(dict(known.facts)))
        assert {each.path: each.local_path for each in item.manifest.contents} == {
            name: str(path.absolute()) for name, path in known.files.items()
        }


def test_told_again_it_is_one_copy(logged: tuple[TrackedRun, OfflineRun]) -> None:
    run, _ = logged
    kept = [path.name for path in (run.folder / "wandb").iterdir()]
    assert len([name for name in kept if name.startswith("offline-run-")]) == 1
    assert len([name for name in kept if name.startswith("data-")]) == 1
    assert "WANDB_DATA_DIR" not in os.environ
