"""What `make test` costs and asserts, here and in other checkouts: processor seconds of all children, and facts.

    python scripts/cost_of_tests.py . ../another_checkout

A fact is an assert statement that held, an expected exception that came, or an assert_… of NumPy or torch that passed,
in a file of tests and in a test that passed, each time that it is executed. This file is the plug-in that counts them.
"""

from __future__ import annotations

import ast
import json
import os
import re
import resource
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.assertion import rewrite
from _pytest.raises import RaisesExc

REPORT = "ZGS_FACTS"
"""The environment variable that names the file which a test session adds its counts to."""
_RECIPE = re.compile(r"^test:.*\n\t@?\$\(OFFLINE\) \$\(BIN\)/python -m pytest ?(.*)$", re.MULTILINE)
_count = 0


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


def measure(folder: Path, told: Path) -> tuple[float, int, int]:
    """Processor seconds (user and system, all children), passed tests and facts of a checkout's `make test`."""
    recipe = _RECIPE.search((folder / "Makefile").read_text())
    if recipe is None:
        raise SystemExit(f"{folder}/Makefile: no line of `test` that runs pytest")
    command = [sys.executable, "-m", "pytest", "-q", "-p", Path(__file__).stem, *shlex.split(recipe[1])]
    paths = os.pathsep.join(map(str, (folder.resolve(), Path(__file__).resolve().parent)))
    settings = {"PYTHONPATH": paths, REPORT: str(told), "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env={**os.environ, **settings})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, len(lines), sum(facts for _, facts in lines)


def main(folders: list[str]) -> int:
    """Measure each checkout in turn and print one line a checkout."""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        found = [measure(Path(folder), Path(place) / str(at)) for at, folder in enumerate(folders)]
    for folder, (seconds, tests, facts) in zip(folders, found, strict=True):
        print(f"{folder}: {seconds:.0f} s of processors, {tests} tests, {facts} facts, {seconds / found[0][0]:.2f} ×")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["."]))
