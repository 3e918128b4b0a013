"""What every test of speed runs under: rates are looked at for what they are of, never for their size."""

from __future__ import annotations

import pytest

from bench.commands.settings import compose_settings
from bench.speed import rates
from bench.speed.inputs import Inputs, open_image


@pytest.fixture(autouse=True)
def short_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    """A product is measured for a moment, once: an eighth of a second each otherwise."""
    monkeypatch.setattr(rates, "SHORTEST", 1e-4)
    monkeypatch.setattr(rates, "TIMES", 1)


@pytest.fixture(scope="package")
def inputs() -> Inputs:
    """The embedded models and a drawn scene, with a small search."""
    settings = compose_settings(["device=cpu", "caption.beams=2", "caption.iterations=2", "caption.candidates=50"])
    return Inputs("embedded", settings, open_image(None, "embedded"), settings)
