"""A run whose store is an address: the same bytes as with a folder, found again, continued and reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from bench.cli import main
from tests.e2e.cluster.slowly import read_bytes, write_slowly


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of a run on two images whose segmenter notes them in ``log``."""
    own = write_slowly(tmp_path, 0.0)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SLOWLY", str(tmp_path / "log"))
    return ["run", *own, "data.subset=first:2", "executor=serial"]


@pytest.mark.slow
def test_a_run_over_an_address_is_the_run_over_a_folder(words: list[str], tmp_path: Path, capsys) -> None:
    try:
        for out in ("once", "again"):
            assert main([*words, "store=memory://bucket/zgs", f"out={tmp_path / out}"]) == 0
        assert len((tmp_path / "log").read_text().splitlines()) == 2
        assert main(["report", str(next((tmp_path / "again").iterdir())), f"to={tmp_path / 'report'}"]) == 0
    finally:
        MemoryFileSystem.store.clear()
    assert main([*words, f"store={tmp_path / 'store'}", f"out={tmp_path / 'folder'}"]) == 0
    assert read_bytes(tmp_path / "once") == read_bytes(tmp_path / "again") == read_bytes(tmp_path / "folder")


def test_a_protocol_that_is_not_installed_is_one_line(words: list[str], tmp_path: Path, capsys) -> None:
    assert main([*words, "store=nothing://bucket/zgs", f"out={tmp_path}"]) == 2
    assert capsys.readouterr().err.startswith("zgs: store=nothing://bucket/zgs: cannot be opened (ValueError: ")
