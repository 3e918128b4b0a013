"""Slurm, on a cluster of one node (scripts/one_node_slurm.sh): a sweep, and a run of which one job is cancelled.

`executor.where=local` and `hydra/launcher=submitit_local` take the same code path without Slurm.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command import ended
from tests.e2e.cluster.slowly import (
    RUN,
    count_images,
    make_environment,
    read_bytes,
    read_log,
    run_command,
    write_slowly,
)

pytestmark = [pytest.mark.extra, pytest.mark.timeout(400)]
IMAGES = 10
PLACES = ("local", "slurm")


def need(where: str) -> None:
    pytest.importorskip("submitit")
    if where == "slurm" and (
        shutil.which("sinfo") is None or subprocess.run(["sinfo"], capture_output=True).returncode != 0
    ):
        pytest.skip("needs a Slurm: sh scripts/one_node_slurm.sh")


def start(folder: Path, words: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, "folder", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=folder, start_new_session=True, env=make_environment(folder),
    )  # fmt: skip


def wait_for_images(folder: Path, process: subprocess.Popen[str], number: int) -> None:
    """Wait until so many images have been begun."""
    while process.poll() is None and not ((folder / "log").exists() and len(read_log(folder)) >= number):
        time.sleep(0.05)


@pytest.mark.parametrize("where", PLACES)
def test_a_killed_job_changes_no_byte_and_only_what_was_under_way_is_made_again(where: str, tmp_path: Path) -> None:
    need(where)
    words = [*write_slowly(tmp_path, 1.0), f"data.subset=first:{IMAGES}"]
    process = start(
        tmp_path, [*words, "executor=slurm", f"executor.where={where}", "executor.shards=2", "store=store", "out=out"]
    )
    wait_for_images(tmp_path, process, 4)
    os.kill(int(read_log(tmp_path)[-1][1]), signal.SIGKILL)
    code, out, err = ended(process, 300)
    assert code == 0 and "1 jobs of the array were lost" in out + err, err
    times = count_images(tmp_path)
    assert len(times) == IMAGES and sum(times.values()) - IMAGES <= 1, times
    assert not list((tmp_path / "slurm").iterdir())
    alone = run_command(tmp_path, RUN, [*words, "executor=serial", "store=other", f"out={tmp_path / 'alone'}"])
    assert alone.returncode == 0, alone.stderr
    assert read_bytes(tmp_path / "out") == read_bytes(tmp_path / "alone")


def test_a_sweep_on_slurm_leaves_its_table_and_a_cancelled_job_is_lost(tmp_path: Path) -> None:
    need("slurm")
    words = [*write_slowly(tmp_path, 0.0), "data.subset=first:1", "executor=serial", "store=store", "out=out", "-m"]
    words += ["hydra/launcher=submitit_slurm", "hydra.launcher.cpus_per_task=1", "segment.seconds=0.01,120,0.02"]
    process = start(tmp_path, words)
    wait_for_images(tmp_path, process, 2)
    queued = ["squeue", "--noheader", "--array", "--format=%i %T"]
    while not (running := [line for line in subprocess.check_output(queued, text=True).splitlines() if "_1 " in line]):
        time.sleep(0.5)
    subprocess.run(["scancel", running[0].split()[0]], check=True)
    code, out, err = ended(process, 300)
    assert code == 1, err
    rows = [line.split()[:2] for line in out.partition("\njob  state")[2].splitlines()[1:4]]
    assert rows == [["1", "done"], ["2", "lost"], ["3", "done"]], out
    assert "segment.seconds=120" in err.partition("only these again:")[2]
    assert "CANCELLED" in err.partition("jobs failed:")[2], err


def test_ctrl_c_empties_the_queue(tmp_path: Path) -> None:
    need("slurm")
    words = [*write_slowly(tmp_path, 60.0), "data.subset=first:2", "executor=slurm", "store=store", "out=out"]
    process = start(tmp_path, words)
    wait_for_images(tmp_path, process, 1)
    process.send_signal(signal.SIGINT)
    code, _, err = ended(process, 60)
    assert code == 1 and "zgs: stopped; what is finished is kept" in err and "Traceback" not in err
    until = time.monotonic() + 30
    while (left := subprocess.check_output(["squeue", "--noheader"], text=True)) and time.monotonic() < until:
        time.sleep(0.5)
    assert left == ""
