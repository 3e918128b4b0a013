"""A run's folder that several processes write and read at the same time."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from bench.run.writing import lock_folder, read_while_whole

CONTEXT = multiprocessing.get_context("fork")
FILES = ("scores.csv", "curves.csv", "run.json")


def _write(folder: Path, who: int) -> None:
    for _ in range(15):
        with lock_folder(folder):
            for name in FILES:
                with open(folder / name, "w") as file:
                    for _ in range(50):
                        file.write(f"{who}\n")
                        file.flush()


@read_while_whole
def content(folders: list[Path], *more: str) -> set[str]:
    return {(folders[0] / name).read_text() for name in (*FILES, *more)}


def test_whoever_reads_finds_all_files_of_one_writer(tmp_path: Path) -> None:
    _write(tmp_path, 0)
    jobs = [CONTEXT.Process(target=_write, args=(tmp_path, who)) for who in (1, 2)]
    for job in jobs:
        job.start()
    while any(job.is_alive() for job in jobs):
        (found,) = content([tmp_path])
        assert found.count("\n") == 50
    for job in jobs:
        job.join()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    with lock_folder(tmp_path):
        job = CONTEXT.Process(target=_write, args=(tmp_path, 1))
        job.start()
        job.join(0.3)
        assert job.is_alive() and not (tmp_path / "run.json").exists()
    job.join()
    assert (tmp_path / "run.json").read_text() == "1\n" * 50


def test_a_writer_that_fails_leaves_no_record(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(ZeroDivisionError), lock_folder(tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_the_reader_s_to_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"scores\.csv"):
        content([tmp_path / "none"])
