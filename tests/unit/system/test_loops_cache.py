"""Compiled loops that lie on disk damaged: compiled anew, never an end of the run or another result."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.errors import UserError
from bench.system import loops
from bench.system.loops import compile_loop
from bench.system.loops_cache import _CheckedCode


def double(x: Any) -> Any:
    """Compute 2 x: the loop of these tests."""
    return x + x


def _load(folder: Path) -> tuple[float, int]:
    """Call the loop as a new process would: its result, and how often it was found in the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loops, "find_folder", lambda: folder)
        loop = compile_loop(double)
    result = float(loop(np.float32(3)))
    return result, sum(loop.stats.cache_hits.values())


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    assert _load(folder) == (6, 0) and _load(folder) == (6, 1)
    return folder


@pytest.fixture
def kept(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "kept"))


def _zero_middle(data: bytes) -> bytes:
    """As a page that was never written: LLVM ends the process over such machine code."""
    at = data.index(b"\x7fELF")
    return data[:at] + bytes(512) + data[at + 512 :]


def _flip(data: bytes) -> bytes:
    at = data.index(b"\x7fELF") + 600
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


DAMAGES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "empty index": ("*.nbi", lambda _: b""),
    "cut index": ("*.nbi", lambda data: data[:-9]),
    "index without its second part": ("*.nbi", lambda data: data[:20]),
    "empty code": ("*.nbc", lambda _: b""),
    "cut code": ("*.nbc", lambda data: data[: len(data) // 2]),
    "zeros for code": ("*.nbc", lambda data: bytes(len(data))),
    "zeros in machine code": ("*.nbc", _zero_middle),
    "one bit of machine code": ("*.nbc", _flip),
    "code of numba's own form": ("*.nbc", lambda _: b"\x80\x04]\x94."),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_replaced(kept: Path, name: str) -> None:
    pattern, damage = DAMAGES[name]
    (path,) = kept.rglob(pattern)
    path.write_bytes(damage(path.read_bytes()))
    assert _load(kept) == (6, 0), "compiled anew"
    assert _load(kept) == (6, 1), "and kept"


def test_a_damaged_file_that_cannot_be_removed_is_named_with_its_folder(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = kept.rglob("*.nbi")
    path.write_bytes(b"")

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(UserError) as told:
        _load(kept)
    assert str(told.value).startswith(f"{path.parent}: ") and "delete this folder" in str(told.value)
    assert "EOFError" in str(told.value) and "Operation not permitted" in str(told.value)


def test_a_loop_that_cannot_be_kept_is_run_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile._save_data", refuse)
    assert _load(tmp_path) == (6, 0)
    monkeypatch.undo()
    assert _load(tmp_path) == (6, 0), "an index without its code"
    assert _load(tmp_path) == (6, 1)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("fixed", [True, False])
def test_a_loop_that_cannot_be_kept_is_not_and_nothing_is_printed(fixed: bool) -> None:
    """As with numba's option OPT=0, where numba prints two lines for each loop."""
    made = SimpleNamespace(lifted=(), library=SimpleNamespace(has_dynamic_globals=fixed), fndesc=None)
    assert _CheckedCode.check_cachable(None, made) is not fixed  # type: ignore[arg-type]
