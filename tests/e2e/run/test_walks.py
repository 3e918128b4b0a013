"""The walks of CONTRIBUTING are those that a run takes by default: each step is called by the one before, or given its
result."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from bench.cli import main
from bench.settings.compose import compose_config

ROOT = Path(__file__).resolve().parents[3]
CHOICES = ["caption=retrieval"]
QUICK = [*CHOICES, "caption.words=[cat,dog]", "score.resamples=10"]
Step = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Call:
    """A call of a step: its place in the run, the steps on the stack, and what it was given and returned."""

    step: Step
    began: int
    outer: frozenset[Step]
    given: tuple[Any, ...]
    ended: list[tuple[int, Any]]

    def takes(self, made: Any) -> bool:
        """Whether it was given an object, or a list with it."""
        return any(each is made or (isinstance(each, list) and any(x is made for x in each)) for each in self.given)


def read_walks() -> dict[str, list[tuple[Step, str]]]:
    """By title, the file and function of each step, with how it follows: called, given, or through what is between."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Two walks")[2].partition("\n## ")[0]
    parts = re.findall(r"\*\*(.*?)\*\*(.*?)(?=\*\*|\Z)", text, re.DOTALL)
    return {title: _read_steps(body) for title, body in parts}


def _read_steps(body: str) -> list[tuple[Step, str]]:
    steps: list[tuple[Step, str]] = []
    between = ""
    for arrow, words in zip(["", *re.findall("[→⇢]", body)], re.split("[→⇢]", body), strict=True):
        found = re.search(r"`(bench/[\w/]+\.py):(\w+)`", words)
        between += arrow
        if found:
            steps.append(((found[1], found[2]), {"": "", "→": "called", "⇢": "given", "⇢⇢": "through"}[between]))
            between = ""
    return steps


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """The calls of the walks' functions in one run, in order."""
    wanted = {step for steps in read_walks().values() for step, _ in steps}
    names, seen, time = {name for _, name in wanted}, list[Call](), iter(range(10**9))

    def tell(frame: FrameType) -> Step | None:
        code = frame.f_code
        if code.co_name not in names or not code.co_filename.startswith(str(ROOT)):
            return None
        step = str(Path(code.co_filename).relative_to(ROOT)), code.co_name
        return step if step in wanted else None

    def list_outer(frame: FrameType | None) -> frozenset[Step]:
        outer = set()
        while frame is not None:
            outer.add(tell(frame))
            frame = frame.f_back
        return frozenset(step for step in outer if step)

    def watch(frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        """Of a function its call and its return, and no line of it."""
        if (step := tell(frame)) is None:
            return None
        call = Call(step, next(time), list_outer(frame.f_back), tuple(frame.f_locals.values()), [])
        seen.append(call)
        frame.f_trace_lines = False

        def end(_: FrameType, event: str, made: Any) -> Any:
            if event == "return":
                call.ended.append((next(time), made))
            return end

        return end

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
def test_a_run_takes_the_walk(title: str, calls: list[Call]) -> None:
    steps = read_walks()[title]
    assert 5 <= len(steps) <= 8
    last = [call for call in calls if call.step == steps[0][0]]
    for (before, _), (step, how) in zip(steps, steps[1:], strict=False):
        own = [call for call in calls if call.step == step]
        last = [call for call in own if any(follows(call, earlier, how) for earlier in last)]
        assert last, f"{step} is not {how} by {before}: {len(own)} calls"


def follows(call: Call, earlier: Call, how: str) -> bool:
    """Whether a call is one that an earlier made while it ran, or one that was given, after it, what it returned."""
    ((ended, made),) = earlier.ended
    if how == "called":
        return earlier.step in call.outer and earlier.began < call.began < ended
    return call.began > ended and (how == "through" or call.takes(made))


def test_what_a_walk_says_is_looked_at() -> None:
    """By hand: an outer call from 0 to 5, with one from 1 to 2 that returns what one from 3 to 4 is given."""
    made = object()
    outer = Call(("o", "o"), 0, frozenset(), (), [(5, None)])
    first = Call(("a", "a"), 1, frozenset({outer.step}), (), [(2, made)])
    then = Call(("b", "b"), 3, frozenset({outer.step}), ([made],), [(4, None)])
    assert follows(first, outer, "called") and follows(then, first, "given") and follows(then, first, "through")
    assert not follows(then, first, "called") and not follows(first, then, "through")
    assert not follows(Call(("b", "b"), 3, frozenset(), (object(),), []), first, "given")
