"""`zgs run` on small models, and a copy of the shared run whose store and results tests may change."""

import json
import shutil
from pathlib import Path

import pytest

from bench.cli import main
from tests.shared_runs import FAST


def zgs(tmp: Path, *words: str, code: int = 0, store: str = "store", out: str = "out") -> list[Path]:
    """Run the command in a folder of its own; the folders of runs that are finished, the newest last."""
    assert main(["run", *FAST, f"store={tmp / store}", f"out={tmp / out}", *words]) == code
    return sorted((tmp / out).glob("*/run.json"), key=lambda path: path.stat().st_mtime_ns)


def record(path: Path) -> dict:
    return json.loads(path.read_text())


@pytest.fixture(scope="module", name="full")
def copy_of_full(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shared run, whose store and results these tests may change."""
    return Path(shutil.copytree(full, tmp_path_factory.mktemp("copy") / "full"))
