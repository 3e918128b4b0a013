"""A sweep under each launcher: the same table of jobs, whatever a launcher says of them, and an end by Ctrl-C."""

from __future__ import annotations

import csv
import importlib.util
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.command import ended, of_group
from tests.e2e.cluster.slowly import RUN, make_environment, run_command, write_slowly
from tests.e2e.commands.variants import FAST, write_variants

pytestmark = [pytest.mark.timeout(300)]
INSTALLED = [pytest.mark.slow]
"""Launchers of the default environment."""
MORE = [pytest.mark.extra]
"""Those that need an optional package."""
LAUNCHERS = [
    pytest.param("basic", (), marks=INSTALLED),
    pytest.param("joblib", ("hydra.launcher.n_jobs=2",), marks=INSTALLED),
    pytest.param("submitit_local", (), marks=MORE),
    pytest.param("ray", (), marks=MORE),
]
JOBS = {"half": "done", "fails": "failed", "third": "done"}


def need(launcher: str) -> None:
    package = {"submitit_local": "submitit", "ray": "ray"}.get(launcher)
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"needs {package}")


def read_table(out: Path) -> list[dict[str, str]]:
    (file,) = out.glob("sweeps/*/jobs.csv")
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with variants and a store that the launchers share."""
    tmp = tmp_path_factory.mktemp("variants")
    write_variants(tmp)
    return tmp


def sweep(place: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return run_command(place, RUN, ["-cd", str(place / "conf"), *FAST, "store=store", f"out={out}", "-m", *more])


@pytest.mark.parametrize(("launcher", "more"), LAUNCHERS)
def test_every_launcher_leaves_the_same_table(
    place: Path, tmp_path: Path, launcher: str, more: tuple[str, ...]
) -> None:
    need(launcher)
    done = sweep(place, tmp_path, f"hydra/launcher={launcher}", *more, f"encode={','.join(JOBS)}")
    assert done.returncode == 1, done.stderr
    rows = read_table(tmp_path)
    assert {row["overrides"].split()[-1].partition("=")[2]: row["state"] for row in rows} == JOBS
    assert [row["job"] for row in rows] == ["1", "2", "3"]
    assert all(Path(row["folder"], "run.json").is_file() == (row["state"] == "done") for row in rows)
    assert rows[1]["reason"] == "RuntimeError: boom" and Path(rows[1]["traceback"]).is_file()
    assert all(float(row["seconds"]) > 0 and row["host"] for row in rows)
    assert "\njob  state " in done.stdout and "1 of 3 jobs failed:\n  job 2: encode=fails" in done.stderr
    again = done.stderr.rpartition("only these again:\n")[2].strip()
    assert shlex.split(again)[:2] == ["zgs", "run"] and "encode=fails" in again and "third" not in again


@pytest.mark.parametrize(("launcher", "more"), LAUNCHERS[1:])
def test_a_killed_job_takes_nothing_from_those_that_had_not_begun(
    place: Path, tmp_path: Path, launcher: str, more: tuple[str, ...]
) -> None:
    """joblib ends the job beside it too, which is told as lost; the others end what they are at."""
    need(launcher)
    done = sweep(place, tmp_path, f"hydra/launcher={launcher}", *more, "encode=killed,half,third,unmasked,masked")
    assert done.returncode == 1, done.stderr
    rows = {row["overrides"].split()[-1].partition("=")[2]: row for row in read_table(tmp_path)}
    states = {name: row["state"] for name, row in rows.items()}
    assert states.pop("killed") == "lost"
    assert launcher != "submitit_local" or "it ended at work (was killed (SIGKILL: " in rows["killed"]["reason"]
    beside = 1 if launcher == "joblib" else 0
    assert Counter(states.values())["lost"] <= beside and set(states.values()) <= {"done", "lost"}, states


@pytest.mark.parametrize(("launcher", "more"), LAUNCHERS)
def test_ctrl_c_ends_the_jobs_and_tells_how_to_do_the_rest(
    tmp_path: Path, launcher: str, more: tuple[str, ...]
) -> None:
    need(launcher)
    words = [*write_slowly(tmp_path, 0.1), "data.subset=first:1", "executor=serial", "store=store", "out=out", "-m"]
    words += [f"hydra/launcher={launcher}", *more, "segment.seconds=0.01,120,121"]
    command = [sys.executable, "-c", RUN, "folder", *words]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True,
        env=make_environment(tmp_path),
    )  # fmt: skip
    while process.poll() is None and not (
        len(list(tmp_path.glob("out/*/run.json"))) == 1 and list(tmp_path.glob("out/sweeps/*/job-002.progress"))
    ):
        time.sleep(0.1)
    time.sleep(1)
    os.kill(process.pid, signal.SIGINT)
    code, out, err = ended(process)
    assert code == 1, err
    assert "2 of 3 jobs are not done:" in err and "segment.seconds=120,121" in err.partition("only these again:\n")[2]
    assert "zgs: stopped; what is finished is kept" in err and "Traceback" not in err
    assert [row["state"] for row in read_table(tmp_path / "out")] == ["done", "stopped", "stopped"]
    assert "stopped" in out
    until = time.monotonic() + 20
    while (left := list_left(tmp_path, process.pid)) and time.monotonic() < until:
        time.sleep(0.2)
    assert left == []


def list_left(folder: Path, leader: int) -> list[str]:
    """The processes that still work for a command: of its group, or with its log in their environment."""
    found = [str(pid) for pid in of_group(leader)]
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(folder / "log").encode() in (entry / "environ").read_bytes():
                found.append(f"{entry.name} {(entry / 'cmdline').read_bytes()[:120]!r}")
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_two_sweeps_at_once_into_one_folder_are_two_tables_over_the_same_runs(tmp_path: Path) -> None:
    words = [*write_slowly(tmp_path, 0.2), "data.subset=first:2", "executor=serial", "store=store", "out=out"]
    command = [sys.executable, "-c", RUN, "folder", *words, "-m", "merge=none,siblings"]
    both = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True,
            env=make_environment(tmp_path),
        )
        for _ in range(2)
    ]  # fmt: skip
    assert [code for code, _, _ in (ended(process, 250) for process in both)] == [0, 0]
    tables = [file.read_text().splitlines() for file in tmp_path.glob("out/sweeps/*/jobs.csv")]
    assert [[line.split(",")[1] for line in table] for table in tables] == [["state", "done", "done"]] * 2
    assert len(list(tmp_path.glob("out/*/run.json"))) == 2
    assert sorted(Counter(line.split()[0] for line in (tmp_path / "log").read_text().splitlines()).values()) == [1, 1]
