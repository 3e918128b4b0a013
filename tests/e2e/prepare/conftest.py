"""What tests of `zgs prepare` are given."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from bench.cli import main
from tests.unit.prepare.make import voc_tree


@pytest.fixture
def blank_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact sheet without pictures: to draw one takes longer than all else that is done to a few small images."""
    monkeypatch.setattr("bench.prepare.sheet.draw_sheet", lambda *_: Image.new("RGB", (8, 8)))


def prepare(tree: Path, to: Path) -> int:
    return main(["prepare", "voc", "--from", str(tree), "--to", str(to), "--partial"])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return voc_tree(tmp_path / "from")


@pytest.fixture
def made(tree: Path, tmp_path: Path) -> Path:
    assert prepare(tree, tmp_path / "to") == 0
    return tmp_path / "to"
