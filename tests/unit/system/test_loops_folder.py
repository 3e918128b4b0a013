"""Where compiled loops are kept: never where an older content of any file of loops would be found."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.system import loops_folder
from bench.system.loops_folder import ROOT, find_folder, hash_loops

LOOPS = sorted(ROOT.rglob("*loops.py"))
ALLOWED = ("__future__", "collections.abc", "llvmlite", "llvmlite.binding", "math", "numba", "numba.core",
           "numba.core.registry", "numba.extending", "numpy", "typing", "bench.system.loops_folder",
           "bench.system.loops_cache", "bench.errors", "sys")  # fmt: skip


@pytest.fixture
def fresh() -> Iterator[None]:
    find_folder.cache_clear()
    yield
    find_folder.cache_clear()


def test_the_hash_follows_contents_and_names_of_all_files_of_loops(tmp_path: Path) -> None:
    def write(name: str, text: str) -> str:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        return hash_loops(tmp_path)

    names = [write("a_loops.py", "x = 1"), write("b/loops.py", "x = 1"), write("b/loops.py", "x = 2")]
    names += [write("b/loops.py", "x = 11"), write("a_loops.py", "x = ")]
    assert len(set(names)) == 5
    assert write("other.py", "") == names[-1] == hash_loops(tmp_path)


@pytest.mark.parametrize("path", LOOPS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_loops_take_nothing_from_a_file_that_is_not_hashed(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_bytes())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        assert all(name in ALLOWED or name.endswith("loops") for name in names), names


@pytest.mark.usefixtures("fresh")
def test_the_first_folder_that_may_be_written_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = find_folder().name
    file = tmp_path / "file"
    file.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "named"))
    find_folder.cache_clear()
    assert find_folder() == tmp_path / "named" / name
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(file))
    find_folder.cache_clear()
    assert find_folder() == Path(loops_folder.__file__).parent / "__pycache__" / name
    monkeypatch.setattr(loops_folder, "__file__", str(file / "loops_folder.py"))
    find_folder.cache_clear()
    assert find_folder() == tmp_path / "user" / "zgs" / name
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    find_folder.cache_clear()
    assert find_folder() is None


@pytest.mark.usefixtures("fresh")
def test_the_folder_is_of_the_loops_the_options_of_numba_and_its_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find() -> str:
        find_folder.cache_clear()
        return find_folder().name

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    plain = find()
    changes = [
        lambda patch: patch.setenv("NUMBA_OPT", "0"),
        lambda patch: patch.setenv("NUMBA_SLP_VECTORIZE", "1"),
        lambda patch: (tmp_path / ".numba_config.yaml").write_text("loop_vectorize: 0"),
        lambda patch: patch.setattr("numba.__version__", "0.0"),
        lambda patch: patch.setattr("llvmlite.__version__", "0.0"),
        lambda patch: patch.setattr(loops_folder, "hash_loops", lambda _: "other"),
    ]
    names = [plain]
    for change in changes:
        with monkeypatch.context() as patch:
            change(patch)
            names.append(find())
        (tmp_path / ".numba_config.yaml").unlink(missing_ok=True)
    assert len(set(names)) == 1 + len(changes)
    monkeypatch.setenv("NUMBA_DUMP_CFG", "0")
    assert find() == plain


def test_a_file_that_stands_before_numba_is_named(tmp_path: Path) -> None:
    (tmp_path / "coverage.py").write_text("def share(hits, whole): return hits / whole\n")
    program = "from bench.errors import UserError\ntry: import bench.system.loops\nexcept UserError as e: print(e)"
    paths = os.pathsep.join([str(tmp_path), str(ROOT.parent)])
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True
    )
    assert done.stderr == "" and "\n" not in done.stdout.strip()
    assert f"Python found {tmp_path / 'coverage.py'} where numba looks" in done.stdout and "rename" in done.stdout
