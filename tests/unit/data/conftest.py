"""What the tests of labelled folders share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.data.labelled_folder import FIVE, MASK, save
from tests.unit.data.prepare import picture


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two images with masks and a list of three classes; the layout is mine.yaml."""
    base = tmp_path / "data"
    for name in ("a", "b"):
        save(base / f"img/{name}.jpg", picture(2, 4))
        save(base / f"ann/{name}.png", MASK, palette=True)
    (base / "classes.txt").write_text("cat\nsky\ntv monitor\n")
    (tmp_path / "mine.yaml").write_text(FIVE)
    return base
