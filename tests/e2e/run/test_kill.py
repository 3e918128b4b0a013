"""kill -9 at several moments of a run: the same command continues and ends with the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WORDS = ["experiment=full", "data.subset=first:4", "pictures=0", "caption.tokens=2", "caption.iterations=1"]


def start(tmp: Path, *more: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "bench.cli", "run", *WORDS, f"store={tmp}/store", f"out={tmp}/out", *more]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def results(tmp: Path) -> dict[str, bytes]:
    (folder,) = (tmp / "out").iterdir()
    return {name: (folder / name).read_bytes() for name in ("scores.csv", "per_image.parquet", "predictions.json")}


def files(store: Path) -> int:
    return len(list(store.rglob("*.safetensors")))


@pytest.mark.slow
def test_killed_at_several_moments(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(whole).wait() == 0
    total, moments = files(whole / "store"), 0
    for share in (0.1, 0.4, 0.6, 0.8, 0.95):
        process = start(killed)
        while files(killed / "store") < share * total and process.poll() is None:
            time.sleep(0.002)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # workers and fork server too
            moments += 1
        process.wait()
        if list(killed.glob("out/*/run.json")):
            assert results(killed) == results(whole), "a folder with a record is a finished run"
    assert moments >= 3, "the run was over before it could be killed"
    assert start(killed).wait() == 0
    assert results(killed) == results(whole)


@pytest.mark.slow
def test_workers_and_their_number_change_nothing(tmp_path: Path) -> None:
    for name, more in (("one", "executor.workers=1"), ("two", "executor.workers=2"), ("serial", "executor=serial")):
        assert start(tmp_path / name, more).wait() == 0
    assert results(tmp_path / "one") == results(tmp_path / "two") == results(tmp_path / "serial")
