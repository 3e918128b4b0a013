"""The same run started several times at once on one store, and stopped at many moments."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.command import ended, launch, of_group, wait_until_it_listens, zgs

WORDS = ["pictures=0", "caption.tokens=1", "caption.beams=1", "caption.iterations=1", "score.resamples=50"]
LINE = "zgs: stopped; what is finished is kept, the same command continues"


def run(store: Path, out: Path, *more: str) -> list[str]:
    return zgs("run", *WORDS, f"store={store}", f"out={out}", *more)


def entries(store: Path) -> dict[str, int]:
    """Entries in a store by stage, counted from the files themselves."""
    from safetensors import safe_open

    found: dict[str, int] = {}
    for path in store.rglob("*.safetensors"):
        with safe_open(path, framework="numpy") as file:
            names = json.loads(json.loads(file.metadata()["record"])["values"])
        stage = path.parts[len(store.parts)]
        found[stage] = found.get(stage, 0) + len(names)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["executor=serial", "executor.workers=2"])
def test_each_entry_is_made_once_and_all_scores_are_the_same(tmp_path: Path, workers: str) -> None:
    outs = [tmp_path / f"out{at}" for at in range(3)]
    started = [launch(run(tmp_path / "store", out, "data.subset=first:3", workers)) for out in outs]
    for process in started:
        code, _, err = ended(process, 600)
        assert code == 0, err
    records = [json.loads(next(out.glob("*/run.json")).read_text())["store"] for out in outs]
    held = entries(tmp_path / "store")
    for stage in ("segment", "trunk", "encode", "caption", "merge"):
        assert sum(record.get(stage, {"made": 0})["made"] for record in records) == held[stage], stage
    for name in ("scores.csv", "predictions.json", "predictions.npz"):
        assert len({next(out.glob(f"*/{name}")).read_bytes() for out in outs}) == 1, name


@pytest.mark.slow
def test_the_same_folder_written_by_three_is_whole(tmp_path: Path) -> None:
    words = run(tmp_path / "store", tmp_path / "out", "data.subset=first:2", "executor=serial")
    for process in [launch(words) for _ in range(3)]:
        code, _, err = ended(process, 600)
        assert code == 0, err
    (folder,) = (tmp_path / "out").iterdir()
    assert (folder / "run.json").is_file() and not list(folder.glob(".*"))
    once = launch(run(tmp_path / "other", tmp_path / "once", "data.subset=first:2", "executor=serial"))
    assert ended(once, 600)[0] == 0
    (alone,) = (tmp_path / "once").iterdir()
    for name in ("scores.csv", "predictions.json", "predictions.npz", "per_image.parquet"):
        assert (folder / name).read_bytes() == (alone / name).read_bytes(), name


def stopped(process, number: signal.Signals, done: tuple[int, ...] = ()) -> None:
    """A stop of a whole group: one line, and nothing that still runs. With a code of ``done`` it was over before."""
    os.killpg(process.pid, number)
    code, _, err = ended(process)
    assert "Traceback" not in err and "Exception ignored" not in err
    said = [line for line in err.replace("\r", "\n").splitlines() if line.startswith("zgs:")]
    assert (code, said) == (1, [LINE]) or (code in done and not said), (code, err)
    end = time.monotonic() + 20
    while of_group(process.pid):
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_a_run_that_is_stopped_says_so_and_leaves_no_process(tmp_path: Path) -> None:
    words = ("data.subset=first:30", "executor.workers=2", "segment=whole")
    process = launch(run(tmp_path / "store", tmp_path / "out", *words))
    while not list((tmp_path / "store").glob("encode/*/*.safetensors")):
        assert process.poll() is None
        time.sleep(0.02)
    stopped(process, signal.SIGTERM)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["run", "demo", "score"])
def test_stopped_in_the_first_seconds(tmp_path: Path, number: signal.Signals, command: str) -> None:
    theirs = tmp_path / "theirs.jsonl"
    theirs.write_text('{"format": "zgs-predictions/1", "about": {}, "embeddings": null}\n')
    scenes = ["data.subset=first:200", "pictures=0"]
    more = {"run": scenes, "demo": scenes, "score": [str(theirs), "data=toyscenes"]}
    for tenths in (0, 2, 5, 9, 14, 20, 30, 45, 60):
        words = [*more[command], f"store={tmp_path}/s{tenths}", f"out={tmp_path}/out"]
        process = launch(zgs(command, *words))
        wait_until_it_listens(process)
        with suppress(subprocess.TimeoutExpired):
            process.wait(tenths / 10)
        if process.poll() is None:
            stopped(process, number, done=(0, 3))
        else:
            ended(process)
