"""What made a result: version, commit of the checkout that the code lies in, command, host, and no name of a person."""

from __future__ import annotations

import getpass
import json
import subprocess
from pathlib import Path

import pytest

import bench
from bench.run import provenance as made


def git(folder: Path, *words: str) -> str:
    known = ["-c", "user.name=zgs", "-c", "user.email=zgs@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", "-C", str(folder), *known, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch) -> Path:
    """A repository with a package of that name, and the code taken for it."""
    root = tmp_path / "checkout"
    (root / "bench").mkdir(parents=True)
    (root / "bench/__init__.py").write_text("")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    monkeypatch.setattr(bench, "__file__", str(root / "bench/__init__.py"))
    made.read_commit.cache_clear()
    yield root
    made.read_commit.cache_clear()


def source() -> dict[str, object]:
    made.read_commit.cache_clear()
    return made.read_commit()


def test_the_commit_is_the_checkouts_and_not_that_of_the_working_folder(checkout: Path, tmp_path: Path, monkeypatch):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    git(theirs, "init", "-q")
    git(theirs, "commit", "-q", "--allow-empty", "-m", "theirs")
    monkeypatch.chdir(theirs)
    monkeypatch.setenv("GIT_DIR", str(theirs / ".git"))
    assert source() == {"commit": git_head(checkout, monkeypatch), "dirty": False}


def git_head(folder: Path, monkeypatch) -> str:
    monkeypatch.delenv("GIT_DIR", raising=False)
    return git(folder, "rev-parse", "HEAD")


def test_only_changed_sources_make_it_dirty(checkout: Path) -> None:
    (checkout / "results.csv").write_text("1")
    assert source()["dirty"] is False
    (checkout / "bench/half.py").write_text("x = 1")
    assert source()["dirty"] is True


def test_a_wheel_within_somebodys_repository_has_no_commit(checkout: Path, tmp_path: Path, monkeypatch) -> None:
    inside = checkout / ".venv/site-packages/bench"
    inside.mkdir(parents=True)
    (inside / "__init__.py").write_text("")
    monkeypatch.setattr(bench, "__file__", str(inside / "__init__.py"))
    assert source() == {"commit": None, "dirty": None}
    (tmp_path / "plain/bench").mkdir(parents=True)
    monkeypatch.setattr(bench, "__file__", str(tmp_path / "plain/bench/__init__.py"))
    assert source() == {"commit": None, "dirty": None}


def test_without_git_nothing_is_known_and_nothing_stops(checkout: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert source() == {"commit": None, "dirty": None}


def test_the_record_names_code_command_and_machine_but_nobody(tmp_path: Path, monkeypatch) -> None:
    home = tmp_path / "home/somebody"
    (home / "proj").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home / "proj")
    record = made.describe_typed("score", ["a b.jsonl", "data=voc"])
    assert set(record) == {"zgs", "command", "cwd", "host", "python", "platform", "repeat"}
    assert record["zgs"]["version"] == bench.__version__ and set(record["zgs"]) == {"version", "commit", "dirty"}
    assert record["command"] == "zgs score 'a b.jsonl' data=voc"
    assert record["repeat"] == "cd ~/proj && zgs score 'a b.jsonl' data=voc"
    assert "somebody" not in json.dumps({**record, "host": "", "platform": ""})
    monkeypatch.setattr(getpass, "getuser", lambda: pytest.fail("nobody asks for the user"))
    made.describe_origin("")


def test_the_line_that_repeats_a_run_is_one_for_a_shell(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert made.make_repeat_line(tmp_path / "out/a b") == "zgs run -cd ~/'out/a b' -cn config"
    assert (
        made.make_repeat_line(Path("/data/a"), ["mine", "yours"]) == "zgs run -cd /data/a -cn config trust=mine,yours"
    )
    assert made.make_repeat_line(Path("/data/it's")) == "zgs run -cd '/data/it'\"'\"'s' -cn config"
