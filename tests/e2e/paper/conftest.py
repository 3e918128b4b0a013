"""Tables 1, 3 and 6 and figure 11 on two scenes, made once by `zgs paper`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.cli import main
from tests.conftest import make_full
from tests.shared_runs import FAST, make_once

TYPED = (*FAST, "data.subset=first:2", "embeddings=inline")
"""By which predictions.json is all that a reader needs (test_oracle.py)."""
NAMES = ("table1", "table3", "table6", "figure11")


def run_paper(folder: Path, *words: str, out: str = "out", to: str = "to") -> int:
    """`zgs paper` with the store of a folder; results and tables below it."""
    return main(["paper", *words, *TYPED, f"store={folder / 'store'}", f"out={folder / out}", f"to={folder / to}"])


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `store`, `out` (four runs) and `to` (the tables; the figure is blank). Look, do not touch."""

    def make(folder: Path) -> None:
        shutil.copytree(make_full(tmp_path_factory) / "store", folder / "store")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("matplotlib.figure.Figure.savefig", lambda _, path, **options: Path(path).touch())
            assert run_paper(folder, *NAMES) == 0

    return make_once(tmp_path_factory, "paper", make)


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    shutil.copytree(made, tmp_path / "made")
    return tmp_path / "made"


@pytest.fixture
def blank_pictures(blank_figures: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures with pictures are not drawn either, so there is nothing to shrink."""
    monkeypatch.setattr("bench.paper.figures.pictures.shrink", lambda png, svg: None)
