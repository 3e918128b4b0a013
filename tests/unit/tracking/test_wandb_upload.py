"""What `wandb sync` and `tracking.mode=online` upload of a run, as a server of W&B's gets it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bench.tracking.content import read_tracked_run, summarise
from bench.tracking.told import PICTURES, Place, TrackedRun
from bench.tracking.wandb_run import Wandb
from tests.unit.report.fabricated import fabricate
from tests.unit.tracking.wandb_file import find_offline_runs
from tests.unit.tracking.wandb_server import ENTITY, KEY, Server, UploadedArtifact, run_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
COLOURS = dict(zip(PICTURES, ("red", "green", "blue"), strict=True))
PICTURED = {name: Image.new("RGB", (8, 6), colour) for name, colour in COLOURS.items()}
PLACE = Place("encode-12345678", ("encode",), ("encode=masked",))


@pytest.fixture
def run(tmp_path: Path) -> TrackedRun:
    """A run of twelve images, two of them with pictures, and a file of predictions."""
    (folder,) = fabricate(tmp_path, ["full"], [{"pictures": 0, "segment": {"n": 10}}])
    run = read_tracked_run(folder, PLACE)
    (folder / "predictions.json").write_text("[]")
    rows = [replace(row, pictures=PICTURED if at < 2 else {}) for at, row in enumerate(run.list_images())]
    predictions = replace(run.predictions, files={"predictions.json": folder / "predictions.json"})
    return replace(run, predictions=predictions, list_images=lambda: iter(rows))


def sync(server: Server, folder: Path) -> str:
    """Upload the offline runs below a folder by W&B's own command, as RUNS.md says; returns what it printed."""
    paths = [str(file.parent) for file in find_offline_runs(folder)]
    env = {**os.environ, "WANDB_BASE_URL": server.url, "WANDB_API_KEY": KEY, "HOME": str(folder)}
    env.pop("WANDB_MODE", None)
    done = subprocess.run(
        [sys.executable, "-m", "wandb", "sync", *paths], capture_output=True, text=True, env=env, timeout=90
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def check_upload(server: Server, run: TrackedRun) -> None:
    """One run with its id, group, tags, config, scores; artefacts whole, with their lineage."""
    assert server.unknown == [] and list(server.runs) == [run.identity]
    told = server.runs[run.identity]
    assert (told.about["groupName"], told.about["tags"]) == (PLACE.group, ["encode"])
    assert told.about["jobType"] == "run" and told.exits[-1] == 0
    config = {key: value["value"] for key, value in json.loads(told.about["config"]).items() if "value" in value}
    assert config["segment"] == {"n": 10} and config["sweep"] == {"encode": "masked"}
    values, details = summarise(run.scores)
    (step,) = told.history.values()
    assert values and {key: step[key] for key in values} == values
    assert {key: told.summary[key] for key in details} == json.loads(json.dumps(details))
    images = json.loads(told.files[step["images"]["path"]])
    assert [row[0] for row in images["data"]] == [row.image_id for row in run.list_images()]
    pictures = server.find_artifact(f"run-{run.identity}-images").contents
    assert sum(content.startswith(b"\x89PNG") for content in pictures.values()) == 3, "of 6, which are alike by twos"
    assert set(config["_wandb"]["visualize"]) >= {chart.key for chart in run.charts}
    for known in (run.predictions, *run.outputs):
        check_artifact(server.find_artifact(known.name), known.kind, known.files)
    assert server.used == [(run.identity, run.predictions.name)]


def check_artifact(uploaded: UploadedArtifact, kind: str, files: Any) -> None:
    """Its manifest names every file by the digest of its bytes, and so many contents came."""
    assert uploaded.committed and uploaded.kind == kind
    entries = uploaded.manifest["contents"]
    digests = {name: base64.b64encode(hashlib.md5(path.read_bytes()).digest()).decode() for name, path in files.items()}
    assert {name: entry["digest"] for name, entry in entries.items()} == digests
    assert sorted(uploaded.contents.values()) == sorted(path.read_bytes() for path in files.values())


def test_wandb_sync_uploads_all_of_it_and_again_the_same_run(run: TrackedRun) -> None:
    Wandb("p").log(run)
    with run_server() as server:
        sync(server, run.folder)
        check_upload(server, run)
        for marker in run.folder.rglob("*.synced"):
            marker.unlink()
        sync(server, run.folder)
        assert list(server.runs) == [run.identity] and set(server.used) == {(run.identity, run.predictions.name)}
        assert server.runs[run.identity].about["entity"] in ("", ENTITY, None)


def test_online_it_is_there_at_once(run: TrackedRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with run_server() as server:
        for name, value in {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": KEY, "HOME": str(tmp_path)}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("WANDB_MODE", raising=False)
        Wandb("p", mode="online").log(run)
        check_upload(server, run)
