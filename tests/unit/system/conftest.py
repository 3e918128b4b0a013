"""Products of any size by oneDNN, where a test asks for them."""

from __future__ import annotations

import pytest

from bench.system import products


@pytest.fixture
def every_product(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products of any size are oneDNN's."""
    monkeypatch.setattr(products, "LEAST", 1)
