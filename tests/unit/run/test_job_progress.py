"""What a job tells of itself while it works: written at once and again, gone processes known, no clock compared."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.run import job_progress
from bench.run.job_progress import ImageBar, Process, name_progress_file, note_progress, read_progress, tell_progress


def read(folder: Path) -> job_progress.JobProgress:
    told = read_progress(name_progress_file(2, folder))
    assert told is not None
    return told


def wait_for(condition, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


def test_a_job_tells_at_once_while_it_works_and_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_progress, "EVERY", 0.01)
    with tell_progress(2, ("encode=a",), tmp_path):
        first = read(tmp_path)
        assert (first.job, first.overrides, first.done, first.images) == (2, ("encode=a",), 0, 0)
        assert first.process == Process.find_own() and not first.process.is_gone()
        with ImageBar("predict", 3) as bar:
            bar.update()
            wait_for(lambda: (read(tmp_path).stage, read(tmp_path).done, read(tmp_path).images) == ("predict", 1, 3))
            beat = read(tmp_path).beat
            wait_for(lambda: read(tmp_path).beat > beat + 2)  # also while an image takes long
            bar.update(2)
    assert read(tmp_path).done == 3 and read(tmp_path).seconds > 0, "the last word is whole"
    last = read(tmp_path)
    note_progress("predict", 1, 3)
    time.sleep(0.05)
    assert read(tmp_path) == last, "nobody speaks of a job that has ended"


def test_the_word_of_a_job_that_raises_is_kept(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), tell_progress(2, (), tmp_path):
        note_progress("predict", 1, 3)
        raise ZeroDivisionError
    assert read(tmp_path).done == 1


def test_a_run_alone_tells_nobody_and_a_full_disk_ends_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tell_progress(2, (), None), ImageBar("predict", 1) as bar:
        bar.update()
    assert list(tmp_path.iterdir()) == []
    with tell_progress(2, (), tmp_path / "no" / "folder"):
        note_progress("predict", 1, 3)


def test_a_process_that_has_ended_is_gone_and_one_elsewhere_nobody_knows() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    alive = Process(platform.node(), child.pid, job_progress._read_begin(child.pid))
    assert alive.begun > 0 and not alive.is_gone()
    assert Process(platform.node(), child.pid, alive.begun - 1).is_gone(), "another process had that number"
    child.communicate(b"\n")
    assert alive.is_gone()
    assert not Process("elsewhere", child.pid, alive.begun).is_gone()


def test_a_process_of_another_user_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.kill", lambda *_: (_ for _ in ()).throw(PermissionError))
    assert not Process(platform.node(), 1).is_gone()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"job": 1, "overrides": 3, "process": {}}'])
def test_a_word_that_cannot_be_read_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "job-002.progress").write_bytes(content)
    assert read_progress(tmp_path / "job-002.progress") is None
    assert read_progress(tmp_path / "job-003.progress") is None


def test_its_file_is_json_of_few_bytes(tmp_path: Path) -> None:
    with tell_progress(2, ("a=1",), tmp_path):
        pass
    assert set(json.loads((tmp_path / "job-002.progress").read_text())) == {
        "job", "overrides", "process", "stage", "done", "images", "seconds", "beat",
    }  # fmt: skip
