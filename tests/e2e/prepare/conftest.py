"""What tests of `zgs prepare` are given."""

from __future__ import annotations

import pytest
from PIL import Image


@pytest.fixture
def blank_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact sheet without pictures: to draw one takes longer than all else that is done to a few small images."""
    monkeypatch.setattr("bench.prepare.sheet.draw_sheet", lambda *_: Image.new("RGB", (8, 8)))
