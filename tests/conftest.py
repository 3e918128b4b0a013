"""What every test runs under: offline, few threads, shapes of the records checked, and an honest end."""

from __future__ import annotations

import os

# Before anything imports torch or a hub client: both read these once.
for _name, _value in {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "TOKENIZERS_PARALLELISM": "false",
    "MPLBACKEND": "agg",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}.items():
    os.environ.setdefault(_name, _value)

import gc

gc.disable()  # until all is imported, none of which is garbage

import atexit
import sys

import pytest

_PROCESS = os.getpid()
_ended: list[pytest.Session] = []


@atexit.register  # before torch and all others are imported, so that it comes after all that they register
def leave_at_once() -> None:
    """Ends this process as the session ended: Python would look through all objects first, for three seconds."""
    if _ended and os.getpid() == _PROCESS:  # no child that a test forked
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(_ended[-1].exitstatus))


import dataclasses
import shutil
import typing
from collections import Counter
from pathlib import Path

import torch
from beartype import beartype
from hypothesis import settings
from jaxtyping import jaxtyped

import bench.records
from bench.run import parts
from bench.system import pages
from tests.reused import reuse_files
from tests.shared_runs import FULL, MEASURED, make_once, make_tiny_models, run_method
from tests.thinning import thin_cases

HERE = Path(__file__).parent
TIERS = ("unit", "golden", "e2e")
"""The folders of this one: `make test` runs all three, the bare `pytest` the first."""
MARKS = ("slow", "extra")
SLOW_TIMEOUT = 1200
FEW_EXAMPLES, MANY_EXAMPLES = 10, 100
"""Of a property, in `make test` and where slow tests run too."""
_deselected = pytest.StashKey[list[pytest.Item]]()
_told_by_workers = pytest.StashKey[list[tuple[str, int]]]()


def check_shapes() -> None:
    """Makes every record check its shapes and types when it is made.

    jaxtyping's import hook skips dataclasses whose annotations are strings (`from __future__ import annotations`),
    so their annotations are resolved here first.
    """
    for record in vars(bench.records).values():
        if dataclasses.is_dataclass(record) and isinstance(record, type):
            init = record.__init__
            init.__annotations__ = {**typing.get_type_hints(record), "return": type(None)}
            record.__init__ = jaxtyped(typechecker=beartype)(init)  # type: ignore[method-assign]


def pytest_configure(config: pytest.Config) -> None:
    torch.set_num_threads(1)
    check_shapes()
    # This process holds all libraries and what tests share, more than a worker: before each stage of a small model it
    # would look through all its mappings, which takes 12 ms, and have the allocator give back memory that the next test
    # asks for. tests/unit/system/test_pages.py looks at its own.
    pages.LARGE = pages.MUCH = parts.PACKED = 1 << 40
    pages._MAPS = Path(os.devnull)
    # The same examples on every run and no deadline: a failure is a fault of the code, never of the machine.
    examples = FEW_EXAMPLES if "not slow" in config.getoption("markexpr") else MANY_EXAMPLES
    settings.register_profile("zgs", derandomize=True, deadline=None, database=None, max_examples=examples)
    settings.load_profile("zgs")
    config.stash[_deselected] = []


# First of all plug-ins, since `-m` has to find the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The folder is the tier; of thinned cases all but each n-th are slow; slow ones have more time or say how much."""
    some = config.getoption("lf", False) or any("[" in word for word in config.args)  # then cases are missing here
    thin_cases(items, whole=not some)
    for item in items:
        item.add_marker(item.path.relative_to(HERE).parts[0])
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT))


def pytest_collection_finish() -> None:
    """Have libraries read files once, and let garbage be collected again."""
    reuse_files()
    gc.freeze()
    gc.enable()
    gc.set_threshold(200_000, 20, 20)


def pytest_runtest_setup() -> None:
    """What libraries and earlier tests hold stays: it is not looked through each time that garbage is collected.

    Nearly all of it is kept for other tests. What is garbage among it costs a fifth more memory, and to find it among
    three million objects took three seconds.
    """
    gc.freeze()


def pytest_deselected(items: typing.Sequence[pytest.Item]) -> None:
    if items:
        items[0].config.stash[_deselected].extend(items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist, which collects for itself, hands over what it left out."""
    _ended.append(session)
    gc.freeze()  # pytest looks for garbage five times before it ends
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["deselected"] = count_tiers(session.config.stash[_deselected])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: typing.Any, error: object) -> None:
    """Every worker leaves out the same tests: the last one's word stands for all."""
    if found := getattr(node, "workeroutput", {}).get("deselected"):
        node.config.stash[_told_by_workers] = [(str(tier), int(n)) for tier, n in found]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Names what did not run, so that nobody takes a tier for the whole."""
    left_out = count_tiers(config.stash[_deselected]) or config.stash.get(_told_by_workers, [])
    lines = [f"{n} {tier}: deselected (make test-all runs them)" for tier, n in left_out]
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        lines += ["tests/golden and tests/e2e: not collected (make test runs them)"]
    reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", []) if report.longrepr)
    lines += [f"{n} skipped: {reason.removeprefix('Skipped: ')}" for reason, n in sorted(reasons.items())]
    terminalreporter.section("not run")
    for line in lines or ["nothing: every test of this collection ran"]:
        terminalreporter.write_line(line)


def count_tiers(items: list[pytest.Item]) -> list[tuple[str, int]]:
    """How many tests of each tier; one with marks counts once, under all their names."""
    names = (" + ".join(t for t in (*TIERS, *MARKS) if item.get_closest_marker(t)) for item in items)
    return sorted(Counter(names).items())


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole method on two scenes, with a picture: a folder with its `store` and `out`. Look, do not touch."""
    return make_full(tmp_path_factory)


def make_full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_once(tmp_path_factory, "full", lambda folder: run_method(folder, *FULL, "pictures=1"))


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of `full` by every metric, aggregation and group. Look, do not touch."""

    def make(folder: Path) -> None:
        shutil.copytree(make_full(tmp_path_factory) / "store", folder / "store")
        run_method(folder, *MEASURED)

    return make_once(tmp_path_factory, "measured", make)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny models of every kind with random weights: a folder with one for each kind. Look, do not touch."""
    return make_tiny_models(tmp_path_factory)


@pytest.fixture
def blank_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are composed but not drawn, which takes a second each: for tests that look at no picture."""
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda _, path, **options: Path(path).touch())
