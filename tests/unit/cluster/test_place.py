"""A process that works for another: its folder, its import path, and the GPUs that it sees."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest

from bench.cluster.place import Place, describe_place, name_host, work_there
from bench.errors import UsageError, UserError


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_relative_entries_are_told_as_whole_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["", "own", "/lib"])
    place = describe_place()
    assert place == Place(str(tmp_path), (str(tmp_path), str(tmp_path / "own"), "/lib"), None, platform.node())


def test_paths_are_added_behind_ones_own_and_a_folder_that_is_not_here_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    before = list(sys.path)
    work_there(Place(str(tmp_path / "there"), (before[0], "/theirs")))
    assert Path.cwd() == tmp_path / "there" and sys.path == [*before, "/theirs"]
    work_there(Place(str(tmp_path / "gone"), ()))
    assert Path.cwd() == tmp_path / "there"


@pytest.mark.parametrize(("theirs", "given", "seen"), [
    (None, "", None), (None, "1", "1"), ("", "", ""), ("0", "", ""), (None, None, None),
])  # fmt: skip
def test_gpus_that_a_cluster_hides_from_who_asks_for_none_are_seen(
    theirs: str | None, given: str | None, seen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if given is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    work_there(Place("/nowhere", (), theirs))
    assert os.environ.get("CUDA_VISIBLE_DEVICES") == seen


def test_an_error_of_another_host_names_it_and_stays_of_its_kind() -> None:
    theirs, ours = Place("/", (), None, "elsewhere"), describe_place()
    error = name_host(UsageError("cannot write /store: no space left"), theirs)
    assert type(error) is UsageError and str(error) == f"on {platform.node()}: cannot write /store: no space left"
    for kept, place in ((UserError("x"), ours), (ValueError("x"), theirs)):
        assert name_host(kept, place) is kept
