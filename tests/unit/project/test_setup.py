"""uv.lock and constraints.txt agree and suit everybody; when `.venv` is reused, updated, made again or left alone."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
LOCK: dict[str, Any] = tomllib.loads((ROOT / "uv.lock").read_text())
CUDA = ("nvidia-", "cuda-", "triton")


def test_the_lock_names_nothing_but_pypi() -> None:
    hosts = set(re.findall(r"\b\w+://[^/\"]+/", (ROOT / "uv.lock").read_text()))
    assert hosts == {"https://pypi.org/", "https://files.pythonhosted.org/"}
    sources = [p["source"] for p in LOCK["package"] if p["name"] != "zgs"]
    assert [s for s in sources if s != {"registry": "https://pypi.org/simple"}] == []


def test_the_lock_was_made_from_this_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = {"": project["dependencies"], **project["optional-dependencies"]}
    asked = [(extra, Requirement(line)) for extra, some in lines.items() for line in some]
    own = next(p for p in LOCK["package"] if p["name"] == "zgs")
    locked = {
        (re.sub(r"extra == '(.*)'", r"\1", r.get("marker", "")), r["name"], r.get("specifier", ""))
        for r in own["metadata"]["requires-dist"]
    }
    assert locked == {(extra, canonicalize_name(r.name), str(r.specifier)) for extra, r in asked}, "run make lock"


def test_constraints_are_those_of_the_lock_without_torchs_own_libraries() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {line.split(" ;")[0] for line in lines if not line.startswith("#")}
    packages = [p for p in LOCK["package"] if p["name"] != "zgs" and not p["name"].startswith(CUDA)]
    assert pins == {f"{p['name']}=={p['version']}" for p in packages}, "run make lock"


@pytest.fixture
def setup_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script in a folder whose name has a space, with a uv that only writes down what it is asked for."""
    module, root = load_script(), tmp_path / "a clone"
    root.mkdir()
    for name in ("uv.lock", "pyproject.toml"):
        (root / name).write_text("")
    folders = {"VENV": root / ".venv", "NEW": root / ".venv-new", "OLD": root / ".venv-old"}
    for name, value in {"ROOT": root, "NEED_GB": 0, "asked": [], "fails": "", **folders}.items():
        monkeypatch.setattr(module, name, value, raising=False)
    monkeypatch.setattr(module, "find_uv", lambda: "uv")
    monkeypatch.setattr(module, "check", lambda python, default_build: None)
    monkeypatch.setattr(module, "run", lambda failure, *command: fake_uv(module, failure, *command))
    for name in ("TORCH_INDEX", "PYTHON"):
        monkeypatch.delenv(name, raising=False)
    return module


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_env", ROOT / "scripts/setup_env.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fake_uv(module: ModuleType, failure: str, *command: str) -> None:
    module.asked.append(" ".join(command[1:]))  # type: ignore[attr-defined]
    if command[1] == "venv":
        (module.NEW / "bin").mkdir(parents=True)
        (module.NEW / "bin/python").symlink_to(sys.executable)
    if module.fails and module.fails in command:
        (module.NEW / "half").touch()
        sys.exit(f"set-up: {failure}")


def asked(module: ModuleType) -> list[str]:
    """The first words of what uv was asked for since the last look."""
    words = [line.split(" --")[0] for line in module.asked]
    module.asked.clear()
    return words


def read_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_made_once_then_reused_then_updated_around_what_was_added(setup_env: ModuleType) -> None:
    assert setup_env.main(["--check"]) == 1
    assert setup_env.main([]) == 0
    assert asked(setup_env) == ["venv", "sync"]
    assert setup_env.main(["--check"]) == 0
    assert setup_env.main([]) == 0
    assert asked(setup_env) == []
    (setup_env.VENV / "kept").touch()
    (setup_env.ROOT / "uv.lock").write_text("new")
    assert setup_env.main([]) == 0
    assert asked(setup_env) == ["sync"] and (setup_env.VENV / "kept").exists()
    assert setup_env.main(["--check"]) == 0 and not setup_env.NEW.exists() and not setup_env.OLD.exists()


@pytest.mark.thinned(2)
@pytest.mark.parametrize("damage", ["half a stamp", "no python", "moved", "other python", "of an earlier version"])
def test_what_is_damaged_is_made_again(setup_env: ModuleType, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    setup_env.main([])
    stamp = setup_env.VENV / "complete.json"
    if damage == "half a stamp":
        stamp.write_text(stamp.read_text()[:20])
    elif damage == "no python":
        (setup_env.VENV / "bin/python").unlink()
    elif damage == "moved":
        stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "folder": "/elsewhere"}))
    elif damage == "of an earlier version":
        stamp.write_text(json.dumps({k: v for k, v in json.loads(stamp.read_text()).items() if k != "layout"}))
    else:
        monkeypatch.setenv("PYTHON", "/bin/echo")
    (setup_env.VENV / "left-over").touch()
    asked(setup_env)
    assert setup_env.main([]) == 0
    assert asked(setup_env) == ["venv", "sync"] and not (setup_env.VENV / "left-over").exists()


@pytest.mark.thinned(2)
@pytest.mark.parametrize("fails", ["https://typo.example", "sync", "venv"])
def test_what_fails_leaves_the_working_environment_as_it_was(
    setup_env: ModuleType, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup_env.main([])
    (setup_env.VENV / "added").write_text("by hand")
    before = read_files(setup_env.VENV)
    setup_env.fails = fails
    if fails == "sync":
        (setup_env.ROOT / "uv.lock").write_text("new")
    else:
        monkeypatch.setenv("TORCH_INDEX", "https://typo.example")
    with pytest.raises(SystemExit, match="^set-up: [^\n]+$"):
        setup_env.main([])
    assert read_files(setup_env.VENV) == before
    setup_env.fails = ""
    monkeypatch.delenv("TORCH_INDEX", raising=False)
    asked(setup_env)
    assert setup_env.main([]) == 0
    assert asked(setup_env) == (["sync"] if fails == "sync" else []), "the old choice stands, and works"
    assert (setup_env.VENV / "added").exists() and not (setup_env.VENV / "half").exists()


def test_a_kill_between_two_renames_brings_the_old_one_back(setup_env: ModuleType) -> None:
    setup_env.main([])
    (setup_env.VENV / "added").touch()
    setup_env.VENV.rename(setup_env.OLD)
    asked(setup_env)
    assert setup_env.main([]) == 0
    assert asked(setup_env) == [] and (setup_env.VENV / "added").exists()


def test_an_environment_of_somebody_else_is_left_alone(setup_env: ModuleType) -> None:
    setup_env.VENV.mkdir()
    (setup_env.VENV / "theirs").touch()
    with pytest.raises(SystemExit, match=r"was not made by make: .* run the same command again$"):
        setup_env.main([])
    assert (setup_env.VENV / "theirs").exists() and asked(setup_env) == []


def test_another_build_of_torch_comes_alone_and_first_and_is_kept(
    setup_env: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_INDEX", "https://example.org/cpu")
    setup_env.main([])
    _, first, second = setup_env.asked
    assert first.endswith("--no-deps --default-index https://example.org/cpu torch torchvision")
    assert "--constraints constraints.txt --index https://example.org/cpu" in second
    monkeypatch.delenv("TORCH_INDEX")
    assert setup_env.main(["--check"]) == 0
    monkeypatch.setenv("TORCH_INDEX", "default")
    assert setup_env.compare_stamp()[1] == {"torch_index"}


@pytest.mark.parametrize(
    ("missing", "line"),
    [("headers", r"no Python\.h.*python3-dev"), ("compiler", r"no C\+\+ compiler.*g\+\+"), ("disk", "1 GB are free")],
)
def test_what_is_missing_is_one_line_before_anything_is_downloaded(
    missing: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load_script()
    monkeypatch.setattr(module, "HEADERS", "raise OSError" if missing == "headers" else "print(1)")
    monkeypatch.setattr(module, "compiles", lambda compiler: missing != "compiler")
    free = SimpleNamespace(free=1e9 if missing == "disk" else 1e12)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda folder: free)
    with pytest.raises(SystemExit, match=line) as end:
        module.check(sys.executable, default_build=True)
    assert "\n" not in str(end.value)


def test_a_compiler_that_does_not_work_is_none(setup_env: ModuleType) -> None:
    assert not setup_env.compiles("false") and not setup_env.compiles(None)
    assert setup_env.compiles("true")


def test_make_says_that_there_is_no_such_python(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    done = subprocess.run(["make", "setup", "PYTHON=python9"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.startswith("set-up: no python9 here: install Python 3.11 or newer")
