"""Stages of a run, made when first asked for."""

from __future__ import annotations

import pytest

from bench.commands.settings import compose_settings
from bench.run import parts
from bench.system.pages import PACKED


def test_what_making_a_stage_has_read_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage may pack its weights, which then lie in memory twice: so CLIP's texts under a search of captions."""
    told: list[object] = []
    monkeypatch.setattr(parts, "make_object", lambda *_, **__: told.append("made") or (lambda: None))
    monkeypatch.setattr(parts, "give_back", told.append)
    monkeypatch.setattr(parts, "PACKED", PACKED)  # not that of the tests' own process
    parts.RunParts(compose_settings([])).make_stage("merge")
    assert told == ["made", PACKED]
