"""The walks of CONTRIBUTING are those that a run takes: every function is there, and they are called in that order."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from bench.cli import main
from bench.settings.compose import compose_config

ROOT = Path(__file__).resolve().parents[3]
CHOICES = ["segment=whole", "merge=none", "caption=retrieval"]
QUICK = [*CHOICES, "caption.words=[cat,dog]", "score.resamples=10"]


def read_walks() -> dict[str, list[tuple[str, str]]]:
    """By title, the file and function of each step."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Two walks")[2].partition("\n## ")[0]
    parts = re.findall(r"\*\*(.*?)\*\*(.*?)(?=\*\*|\Z)", text, re.DOTALL)
    return {title: re.findall(r"`(bench/[\w/]+\.py):(\w+)`", body) for title, body in parts}


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """The functions of the walks that one run calls, in order."""
    wanted = {step for steps in read_walks().values() for step in steps}
    names = {name for _, name in wanted}
    seen: list[tuple[str, str]] = []

    def watch(frame: FrameType, event: str, _: Any) -> None:
        """Of a function its call alone, and no line of it."""
        code = frame.f_code
        if code.co_name in names and code.co_filename.startswith(str(ROOT)):
            step = str(Path(code.co_filename).relative_to(ROOT)), code.co_name
            if step in wanted:
                seen.append(step)

    tmp = tmp_path_factory.mktemp("walk")
    compose_config([*CHOICES, "executor=serial"])  # unwatched, and then known
    places = [f"store={tmp / 'store'}", f"out={tmp / 'out'}", "data.subset=first:1", "pictures=0"]
    before = sys.gettrace()
    sys.settrace(watch)
    try:
        assert main(["run", *QUICK, "executor=serial", *places]) == 0
    finally:
        sys.settrace(before)
    return seen


@pytest.mark.parametrize("title", ["An image to a number", "A threshold to a number"])
def test_a_run_takes_the_walk(title: str, calls: list[tuple[str, str]]) -> None:
    steps = read_walks()[title]
    assert 5 <= len(steps) <= 8
    rest = iter(calls)
    missing = [step for step in steps if step not in rest]  # each is looked for after the one before
    assert missing == []
