"""Tests lie where CONTRIBUTING says: a folder a tier, a room of the package a folder."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings

from tests.conftest import FEW_EXAMPLES, MANY_EXAMPLES, MARKS, TIERS
from tests.thinning import find_lost, thin_cases

ROOT = Path(__file__).resolve().parents[3]
TESTS = ROOT / "tests"
NO_ROOM = {"project", "data_prep"}
"""Rooms of tests that are none of the package: what belongs to the whole, and the scripts that make weights."""


def list_imports(path: Path) -> Iterator[str]:
    """The full names of all that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_unit_tests_do_not_go_through_the_command_line() -> None:
    paths = sorted((TESTS / "unit").rglob("*.py"))
    assert len(paths) > 100
    ends = ("bench.cli.", "tests.command.", "tests.e2e.", "tests.shared_runs.")
    words = re.compile(rf"\b({'|'.join(end.split('.')[1] for end in ends)})\b")  # without any a file is not parsed
    near = [path for path in paths if words.search(path.read_text())]
    assert [(str(p), name) for p in near for name in list_imports(p) if f"{name}.".startswith(ends)] == []
    others = [path for path in paths if path != Path(__file__)]
    assert [path.name for path in others if "bench.cli" in path.read_text()] == [], "nor do they start it"


@pytest.mark.parametrize("tier", ["unit", "e2e"])
def test_every_room_of_tests_is_a_room_of_the_package(tier: str) -> None:
    files = [path.relative_to(TESTS / tier) for path in (TESTS / tier).rglob("test_*.py")]
    assert len(files) > 30
    rooms = {path.parent for path in files} - {Path(name) for name in NO_ROOM}
    assert {str(room) for room in rooms if not (ROOT / "bench" / room).is_dir() and room != Path("pipeline")} == set()


def test_the_tiers_are_those_of_pyproject_the_makefile_and_contributing() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    marks = {line.partition(":")[0].partition("(")[0] for line in options["markers"]}
    assert marks == {*TIERS, *MARKS, "thinned"} and options["testpaths"] == ["tests/unit"]
    folders = {path.name for path in TESTS.iterdir() if path.is_dir() and list(path.glob("**/test_*.py"))}
    assert folders == set(TIERS)
    assert re.search(r"^test: .*\n\t.* -m pytest tests$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    page = (ROOT / "CONTRIBUTING.md").read_text()
    assert all(f"| `tests/{tier}/` |" in page for tier in TIERS) and all(f"| mark `{mark}` |" in page for mark in MARKS)


class Case:
    """What a case with the parameters kind and mode is to those who thin it."""

    def __init__(self, step: int, **params: str) -> None:
        self.nodeid, self.step, self.marks = f"tests/a.py::test_b[{params}]", step, []
        self.callspec = SimpleNamespace(params=params)

    def get_closest_marker(self, name: str) -> Any:
        return SimpleNamespace(args=(self.step,)) if name == "thinned" else None

    def add_marker(self, mark: Any) -> None:
        self.marks.append(mark.name)


def make_cases(step: int) -> list[Any]:
    return [Case(step, kind=kind, mode=mode) for kind in "ab" for mode in "xyz"]


def test_thinning_keeps_every_value_of_crossed_parameters() -> None:
    """In step with one of them it would drop whole values, unseen: that is no collection, by the name of the test."""
    cases = make_cases(2)
    thin_cases(cases, whole=True)
    assert [case.marks for case in cases] == [[], ["slow"]] * 3
    told = r"tests/a.py::test_b: thinned\(3\) leaves no quick case of mode='y': take another step\n.*mode='z'"
    with pytest.raises(pytest.UsageError, match=told):
        thin_cases(make_cases(3), whole=True)
    thin_cases(make_cases(3), whole=False)  # some of the cases were named
    apart = [{"word": f"w{at}", "told": "x" if at else "y"} for at in range(9)]
    assert find_lost(apart, 9) == [], "values that occur once are another input each"


def test_a_property_has_more_examples_where_slow_tests_run(request: pytest.FixtureRequest) -> None:
    few = "not slow" in request.config.option.markexpr
    assert settings().max_examples == (FEW_EXAMPLES if few else MANY_EXAMPLES) and MANY_EXAMPLES >= 4 * FEW_EXAMPLES
    slow, page = (ROOT / "Makefile").read_text(), (ROOT / "CONTRIBUTING.md").read_text()
    assert re.search(r'^test-slow: .*\n\t.* -m pytest tests -m "slow or hypothesis"$', slow, re.MULTILINE)
    assert f"has {FEW_EXAMPLES} examples there and {MANY_EXAMPLES} in" in " ".join(page.split())
