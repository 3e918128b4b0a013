"""Packages that tests write, edit and look at without importing them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.store.facts import closure


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """A function that writes files below a folder of sys.path, and forgets what was read before."""
    place = tmp_path / "path"
    place.mkdir()
    monkeypatch.syspath_prepend(str(place))

    def written(files: dict[str, str], below: Path = place) -> None:
        for name, text in files.items():
            path = below / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        importlib.invalidate_caches()
        closure.forget_sources()

    written({})
    yield written
    closure.forget_sources()
