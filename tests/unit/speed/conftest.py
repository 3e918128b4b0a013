"""What every test of speed runs under: rates are looked at for what they are of, never for their size."""

from __future__ import annotations

import pytest

from bench.speed import rates


@pytest.fixture(autouse=True)
def short_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    """A product is measured for a moment, once: an eighth of a second each otherwise."""
    monkeypatch.setattr(rates, "SHORTEST", 1e-4)
    monkeypatch.setattr(rates, "TIMES", 1)
