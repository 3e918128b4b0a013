"""The study whose pages are asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Any]:
    from tests.unit.study.web.rating import Site  # needs flask, without which the tests are skipped

    yield Site(tmp_path / "study")
