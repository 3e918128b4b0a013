"""Workers: the way one died is told, and none outlives its parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.system.crew import Crew
from bench.system.exits import describe_death
from tests.command import ended, launch, of_group
from tests.unit.run import fakes

CREW = (
    "from bench.system.crew import Crew\nimport multiprocessing\n"
    "crew = Crew(multiprocessing.get_context('forkserver'), 2)"
)


@pytest.fixture
def crew() -> Iterator[Crew]:
    made = Crew(multiprocessing.get_context("forkserver"), 2)
    yield made
    made.end()


def test_results_come_in_order_or_as_they_are_finished(crew: Crew) -> None:
    jobs, names = [(i,) for i in range(50)], [str(i) for i in range(50)]
    assert list(crew.run(fakes.double, jobs, names, chunk=7, ordered=True)) == list(range(0, 100, 2))
    assert sorted(crew.run(fakes.double, jobs, names)) == list(range(0, 100, 2))
    with pytest.raises(ValueError, match="job 0"):
        list(crew.run(fakes.fail, jobs[:1], names[:1]))
    assert list(crew.run(fakes.double, [(4,)], ["four"])) == [8], "an error of a job harms no worker"


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("SIGSEGV", "died of SIGSEGV (a fault inside a library)"),
        ("SIGKILL", "was killed (SIGKILL: by the system when memory is short, or by somebody)"),
        ("SIGTERM", "was stopped (SIGTERM: by somebody)"),
        ("7", "ended with exit code 7"),
    ],
)
@pytest.mark.parametrize("chunk", [1, 2])
def test_the_way_a_worker_died_and_its_image_are_told(crew: Crew, tmp_path: Path, how: str, told: str, chunk) -> None:
    jobs, names = [(i, how, tmp_path) for i in range(6)], [f"encode of image-{i}" for i in range(6)]
    with pytest.raises(UserError) as caught:
        list(crew.run(fakes.end_by, jobs, names, chunk=chunk))
    assert str(caught.value).startswith(f"a worker process {told} over encode of image-3; what is finished is kept")
    assert "out of memory" not in str(caught.value) and (tmp_path / "1").exists()


def test_a_worker_that_the_pool_has_ended_is_not_the_one_that_was_stopped(crew: Crew, tmp_path: Path) -> None:
    """Both have died of SIGTERM, each over an image of its own."""
    with pytest.raises(UserError, match=r"was stopped \(SIGTERM: by somebody\) over a; what"):
        list(crew.run(fakes.end_beside, [(True, tmp_path), (False, tmp_path)], ["a", "b"]))


@pytest.mark.parametrize("when", ["before its start", "before it is known"])
def test_a_worker_that_is_started_while_the_pool_breaks_is_ended_too(
    crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    pool, queue, broken = crew._pool, crew._pool._call_queue, threading.Event()
    start, close = pool._spawn_process, queue.close

    def start_second_late() -> None:
        if second := bool(pool._processes):
            until(lambda: crew._marks[0])  # the first is at the first job
        if second and when == "before its start":
            break_pool()
        start()
        if second:
            number, process = pool._processes.popitem()
            break_pool()
            pool._processes[number] = process

    def break_pool() -> None:
        (tmp_path / "1").write_text("job 3 may end")
        assert broken.wait(30)

    def tell_and_close() -> None:  # the pool has ended the workers that it knows of, and waits for them next
        broken.set()
        close()

    monkeypatch.setattr(pool, "_spawn_process", start_second_late)
    monkeypatch.setattr(queue, "close", tell_and_close)
    monkeypatch.setattr("bench.system.crew.END", 0.2)
    jobs = [(3, "SIGSEGV", tmp_path), (0, "", tmp_path), (2, "", tmp_path)]
    with pytest.raises(UserError, match="died of SIGSEGV .* over a"):
        list(crew.run(fakes.end_by, jobs, ["a", "b", "c"]))
    assert len(crew._processes) == (1 if when == "before its start" else 2)
    assert not any(process.is_alive() for process in crew._processes.values())


def test_libraries_are_imported_by_the_fork_server_for_its_workers() -> None:
    source = (
        "import multiprocessing\nmultiprocessing.set_forkserver_preload(['bench.system.libraries'])\n"
        f"{CREW}\nfrom tests.unit.run import fakes\nnames = 'colorsys', 'chunk'\n"
        "crew.libraries = 'colorsys', 'absent'\n"
        "print(list(crew.run(fakes.list_loaded, [names] * 2, ['a', 'b'])), fakes.list_loaded(*names))\ncrew.end()\n"
    )
    code, out, err = ended(launch([sys.executable, "-c", source]))
    assert (code, out.strip(), err) == (0, "[['colorsys'], ['colorsys']] []", "")


def test_what_is_told_without_an_image_or_a_known_signal() -> None:
    assert describe_death(-signal.SIGKILL, "").startswith("a worker process was killed")
    assert "before its first image" in describe_death(1, "") and "--jobs 1" in describe_death(
        -signal.SIGKILL, "a", "--jobs 1"
    )
    assert "signal 63" in describe_death(-63, "a")
    assert describe_death(255, "a").startswith("a worker process died over a; ")


@pytest.mark.thinned(3)
@pytest.mark.parametrize("job", ["stay", "stuck"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_its_parent(tmp_path: Path, number: signal.Signals, job: str) -> None:
    source = f"{CREW}\nfrom tests.unit.run import fakes\nfrom pathlib import Path\nplace = Path({str(tmp_path)!r})\n"
    parent = launch([sys.executable, "-c", f"{source}list(crew.run(fakes.{job}, [(place,)] * 2, ['a', 'b']))"])
    until(lambda: len(list(tmp_path.iterdir())) == 2)
    assert len(of_group(parent.pid)) >= 4, "parent, fork server and two workers"
    os.kill(parent.pid, number)
    until(lambda: not of_group(parent.pid))
    assert ended(parent)[0] == -number


def test_a_signal_to_all_is_told_by_none_of_the_workers(tmp_path: Path) -> None:
    source = f"{CREW}\nfrom tests.unit.run import fakes\nfrom pathlib import Path\nplace = Path({str(tmp_path)!r})\n"
    source += "try:\n    list(crew.run(fakes.stay, [(place,)] * 2, ['a', 'b']))\nfinally:\n    crew.end()\n"
    parent = launch([sys.executable, "-c", source])
    until(lambda: len(list(tmp_path.iterdir())) == 2)
    os.killpg(parent.pid, signal.SIGINT)
    code, _, err = ended(parent)
    assert code == -signal.SIGINT and err.count("Traceback") == 1, "the parent's own, for it is no command of ours"
    until(lambda: not of_group(parent.pid))


def until(true, seconds: float = 30) -> None:
    """Wait for something that has to happen."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
