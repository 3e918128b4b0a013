"""What `make test` costs and asserts, here and in other checkouts: processor seconds of all children, and facts.

    python scripts/cost_of_tests.py 95689e9 . --times 3

Each is a folder or a commit; they run in alternation with the same Python, with all of Python's files compiled
beforehand. How many loops numba compiled in a run is told with it: a folder that has run its tests before has them.
A fact is an assert statement that held, an expected exception that came, or an assert_… of NumPy or torch that passed,
in a file of tests and in a test that passed, each time that it is executed. This file is the plug-in that counts them.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
import os
import re
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest.assertion import rewrite
from _pytest.raises import RaisesExc

REPORT = "ZGS_FACTS"
"""The environment variable that names the file which a test session adds its counts to."""
_RECIPE = re.compile(r"^test:.*\n\t@?\$\(OFFLINE\) \$\(BIN\)/python -m pytest ?(.*)$", re.MULTILINE)
_count = 0


@dataclass(frozen=True)
class Cost:
    """Processor seconds (user and system, all children), passed tests, facts, pytest's exit code, compiled loops."""

    seconds: float
    tests: int
    facts: int
    code: int
    loops: int = 0

    def describe(self, seconds: float | None = None) -> str:
        """All of it in words, with other seconds where they are given."""
        ending = f" (pytest ended with {self.code})" * bool(self.code)
        ending += f" ({self.loops} loops compiled in it)" * bool(self.loops)
        used = self.seconds if seconds is None else seconds
        return f"{used:.0f} s of processors, {self.tests} tests, {self.facts} facts{ending}"


def count_fact(path: str) -> None:
    """One more fact, where a file of tests asserts it and no library."""
    global _count
    if "site-packages" not in path:
        _count += 1


def count_asserts() -> None:
    """Have pytest's rewriting add a call after every assert, which is reached where it held."""
    visit = rewrite.AssertionRewriter.visit_Assert

    def visit_and_count(self: Any, node: ast.Assert) -> list[ast.stmt]:
        call = ast.parse(f"__import__('sys').modules[{__name__!r}].count_fact({str(self.module_path)!r})").body[0]
        for part in ast.walk(call):
            ast.copy_location(part, node)
        return [*visit(self, node), call]

    rewrite.AssertionRewriter.visit_Assert = visit_and_count  # type: ignore[method-assign, assignment]
    rewrite.PYC_TAIL = f".facts{rewrite.PYC_TAIL}"


def count_calls(owner: Any, name: str) -> None:
    """Count each call of an assertion of a library that does not raise, or each exception that was expected."""
    plain: Callable[..., Any] = getattr(owner, name)

    def checked(*arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        held = plain(*arguments, **options)
        if held is None or held:
            count_fact(sys._getframe(1).f_code.co_filename)
        return held

    setattr(owner, name, checked)


def pytest_configure() -> None:
    """Before any file of tests is read."""
    import numpy.testing
    import torch.testing

    count_asserts()
    count_calls(RaisesExc, "__exit__")
    for name in ("assert_allclose", "assert_array_equal", "assert_equal", "assert_array_almost_equal"):
        count_calls(numpy.testing, name)
    count_calls(torch.testing, "assert_close")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Start at zero; a test adds its line when it has passed."""
    global _count
    _count = 0
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write what a passed test asserted."""
    if report.when == "call" and report.passed and REPORT in os.environ:
        with open(os.environ[REPORT], "a", encoding="utf-8") as file:
            file.write(json.dumps([report.nodeid, _count]) + "\n")


def make_environment(folder: Path) -> dict[str, str]:
    """This process's environment with a checkout's sources and this plug-in in front, and compiled files kept."""
    paths = os.pathsep.join(map(str, (folder.resolve(), Path(__file__).resolve().parent)))
    settings = {"PYTHONPATH": paths, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | settings


def make_command(folder: Path) -> list[str]:
    """The pytest command of a checkout's `make test`, with this file as a plug-in."""
    recipe = _RECIPE.search((folder / "Makefile").read_text())
    if recipe is None:
        raise SystemExit(f"{folder}/Makefile: no line of `test` that runs pytest")
    return [sys.executable, "-m", "pytest", "-q", "-p", Path(__file__).stem, *shlex.split(recipe[1])]


def warm(folder: Path) -> None:
    """Collect once, so that no measured run compiles the sources for the others."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", "bench", "data_prep"], cwd=folder)
    command = [*make_command(folder), "--collect-only"]
    done = subprocess.run(command, cwd=folder, env=make_environment(folder), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{folder}: its tests cannot be collected\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def measure(folder: Path, told: Path) -> Cost:
    """What a checkout's `make test` takes, with all its children, and asserts."""
    environment = make_environment(folder) | {REPORT: str(told)}
    loops, before = count_loops(folder), resource.getrusage(resource.RUSAGE_CHILDREN)
    code = subprocess.run(make_command(folder), cwd=folder, env=environment).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, len(lines), sum(facts for _, facts in lines), code, count_loops(folder) - loops)


def count_loops(folder: Path) -> int:
    """How many compiled loops lie beside a checkout's sources (`bench.system.loops_folder`)."""
    return len(list(folder.glob("bench/system/__pycache__/loops-*/**/*.nbc")))


def compare(folders: dict[str, Path], times: int) -> None:
    """Measure checkouts in alternation; print each run, then the medians beside the first one's."""
    costs: dict[str, list[Cost]] = {name: [] for name in folders}
    for folder in folders.values():
        warm(folder)
    with tempfile.TemporaryDirectory() as place:
        for at in range(times):
            for name, folder in folders.items():
                costs[name].append(measure(folder, Path(place) / f"{at}-{sorted(folders).index(name)}"))
                print(f"{name}, {at + 1} of {times}: {costs[name][-1].describe()}", flush=True)
    medians = {name: statistics.median(cost.seconds for cost in found) for name, found in costs.items()}
    first = next(iter(medians.values()))
    for name, seconds in medians.items():
        print(f"{name}: {costs[name][-1].describe(seconds)}, {seconds / first:.2f} ×, n = {times}")


def main(words: Sequence[str] | None = None) -> None:
    """Read the words, put each commit that is named into a worktree, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="*", default=["."], help="folders of checkouts, or commits of this repository")
    parser.add_argument("--times", type=int, default=1, help="runs of each")
    given = parser.parse_args(words)
    with contextlib.ExitStack() as stack:
        folders = {tree: open_tree(tree, stack) for tree in given.trees}
        compare(folders, given.times)


def open_tree(tree: str, stack: contextlib.ExitStack) -> Path:
    """The folder of a checkout; that of a commit lasts as long as the stack."""
    from processes import open_earlier_tree

    return Path(tree) if Path(tree).is_dir() else stack.enter_context(open_earlier_tree(tree))


if __name__ == "__main__":
    main()
