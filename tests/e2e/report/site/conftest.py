"""A site of made-up systems, and a browser that has it open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.cli import main
from tests.browser import open_browser
from tests.e2e.report.site.driving import (
    IMAGES,
    go,
)
from tests.e2e.report.site.made_up import score_systems
from tests.shared_runs import make_once


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        runs = score_systems(folder, IMAGES, "score.aggregation=[image,dataset]", "score.breakdown=[class,size]")
        assert main(["report", *map(str, runs), f"site={folder / 'site'}"]) == 0

    return make_once(tmp_path_factory, "site-in-browser", make)


@pytest.fixture(scope="module")
def browser(made: Path) -> Iterator[Any]:
    with open_browser() as page:
        yield page


@pytest.fixture
def page(browser: Any, made: Path) -> Any:
    go(browser, made)
    return browser
