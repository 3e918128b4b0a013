"""When `.venv` is reused, updated or made again."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]
PIP_OF_THE_FAKE = """#!/bin/sh
if [ "$1" = -c ]; then exit 0; fi
shift 3
echo "$@" >> "$(dirname "$0")/../../calls"
echo "Collecting torch"
echo "  Downloading torch-2.15.0-cp311.whl (539.1 MB)"
echo "Installing collected packages: a, b, c"
[ ! -e "$(dirname "$0")/../../broken" ] || { echo "ERROR: No matching distribution found for torch"; exit 1; }
"""


@pytest.fixture
def setup_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, working in a folder whose name has a space, with a Python that only pretends to install."""
    spec = importlib.util.spec_from_file_location("setup_env", ROOT / "scripts/setup_env.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    root = tmp_path / "a clone"
    root.mkdir()
    for name in module.LOCK_FILES:
        (root / name).write_text("")
    monkeypatch.setattr(module, "ROOT", root)
    monkeypatch.setattr(module, "VENV", root / ".venv")
    monkeypatch.setattr(module, "create", fake_venv)
    monkeypatch.setattr(module, "NO_CACHE_BELOW_GB", 0)
    monkeypatch.delenv("TORCH_INDEX", raising=False)
    monkeypatch.delenv("PYTHON", raising=False)
    return module


def fake_venv(folder: Path) -> None:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").write_text(PIP_OF_THE_FAKE)
    (folder / "bin/python").chmod(0o755)


def calls(module: ModuleType) -> list[str]:
    """What pip was asked for since the last look."""
    file = module.ROOT / "calls"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines


def test_first_time_installs_and_the_second_time_does_nothing(setup_env: ModuleType) -> None:
    assert setup_env.main(["--check"]) == 1
    assert setup_env.main([]) == 0
    assert calls(setup_env) == ["--no-compile --progress-bar off --constraint constraints.txt --editable .[dev]"]
    assert setup_env.main(["--check"]) == 0
    assert setup_env.main([]) == 0
    assert calls(setup_env) == []


def test_a_changed_lock_updates_in_place_and_keeps_what_is_there(setup_env: ModuleType) -> None:
    setup_env.main([])
    (setup_env.VENV / "kept").touch()
    (setup_env.ROOT / "constraints.txt").write_text("torch==3\n")
    assert setup_env.main(["--check"]) == 1
    calls(setup_env)
    assert setup_env.main([]) == 0
    assert len(calls(setup_env)) == 1
    assert (setup_env.VENV / "kept").exists()
    assert setup_env.main(["--check"]) == 0


def test_an_interrupted_or_broken_or_moved_environment_is_made_again(setup_env: ModuleType) -> None:
    stamp = setup_env.VENV / "complete.json"

    def no_stamp() -> None:
        stamp.unlink()

    def half_a_stamp() -> None:
        stamp.write_text(stamp.read_text()[:20])

    def no_python() -> None:
        (setup_env.VENV / "bin/python").write_text("#!/bin/sh\nexit 1\n")

    def other_folder() -> None:
        stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "folder": "/elsewhere"}))

    for damage in (no_stamp, half_a_stamp, no_python, other_folder):
        setup_env.main([])
        (setup_env.VENV / "left-over").touch()
        damage()
        assert setup_env.main(["--check"]) == 1, damage
        assert setup_env.main([]) == 0
        assert not (setup_env.VENV / "left-over").exists(), damage
        assert setup_env.main(["--check"]) == 0


def test_a_foreign_environment_is_left_alone(setup_env: ModuleType) -> None:
    fake_venv(setup_env.VENV)
    with pytest.raises(SystemExit, match="was not made by make"):
        setup_env.main([])
    assert (setup_env.VENV / "bin/python").exists()
    assert calls(setup_env) == []


def test_an_empty_one_with_the_mark_is_taken_for_interrupted(setup_env: ModuleType) -> None:
    setup_env.VENV.mkdir()
    (setup_env.VENV / setup_env.MARK).touch()
    assert setup_env.main([]) == 0
    assert not (setup_env.ROOT / ".venv-old").exists()


def test_failure_shows_the_end_of_the_log_with_a_hint_and_leaves_no_stamp(setup_env: ModuleType) -> None:
    (setup_env.ROOT / "broken").touch()
    with pytest.raises(SystemExit) as end:
        setup_env.main([])
    message = str(end.value)
    assert "ERROR: No matching distribution found for torch" in message
    assert "TORCH_INDEX" in message.splitlines()[-1]
    assert setup_env.plan() == "rebuild"


def test_another_torch_build_is_installed_first_and_kept(
    setup_env: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup_env.main([])
    calls(setup_env)
    monkeypatch.setenv("TORCH_INDEX", "https://example.org/cpu")
    assert setup_env.plan() == "rebuild"
    setup_env.main([])
    first, second = calls(setup_env)
    assert "--no-deps --index-url https://example.org/cpu" in first
    assert first.endswith("--constraint constraints.txt torch torchvision")
    assert "--extra-index-url https://example.org/cpu" in second
    monkeypatch.delenv("TORCH_INDEX")
    assert setup_env.plan() == "reuse"
    monkeypatch.setenv("TORCH_INDEX", "default")
    assert setup_env.plan() == "rebuild"


def test_another_python_makes_it_again(setup_env: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    setup_env.main([])
    monkeypatch.setenv("PYTHON", sys.executable)
    assert setup_env.plan() == "reuse"
    other = setup_env.ROOT / "python-other"
    other.write_text("#!/bin/sh\necho 3.99\n")
    other.chmod(0o755)
    monkeypatch.setenv("PYTHON", str(other))
    assert setup_env.plan() == "rebuild"


def test_phases_are_read_from_pips_output(setup_env: ModuleType) -> None:
    progress = setup_env.Progress(known_size=True)
    shown = []
    for line in (
        "Collecting torch>=2",
        "  Building wheel for pydensecrf2 (pyproject.toml): started",
        "Installing collected packages: a, b, c",
    ):
        progress.read(line)
        shown.append(progress.phase)
    assert shown == ["downloading (torch>=2)", "building pydensecrf2", "installing 3 packages"]
    assert "of about 6500 MB" in progress.line()


def test_everything_is_imported_once_so_that_bytecode_is_there(
    setup_env: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    sources = {"__init__": "", "broken": "raise OSError", "last": "import needed"}
    (setup_env.ROOT / "bench").mkdir()
    for name, text in sources.items():
        (setup_env.ROOT / f"bench/{name}.py").write_text(text)
    (setup_env.ROOT / "needed.py").write_text("")
    (setup_env.VENV / "bin").mkdir(parents=True)
    (setup_env.VENV / "bin/python").symlink_to(sys.executable)
    setup_env.first_imports()
    assert list(setup_env.ROOT.glob("bench/__pycache__/last.*.pyc")), "a module that breaks does not stop the others"
    assert list(setup_env.ROOT.glob("__pycache__/needed.*.pyc"))
