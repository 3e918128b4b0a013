"""Whole runs that tests only look at: each is made once for all processes of a test session."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.cli import main
from bench.metrics.registry import list_words
from bench.protocol import BREAKDOWNS

FAST = ("executor=serial", "caption.tokens=1", "caption.beams=1", "caption.iterations=1", "score.resamples=50")
"""The whole method in a few seconds."""
FULL = (*FAST, "experiment=full", "data.subset=first:2")
MEASURED = (
    *FULL, "pictures=0", f"score.metrics=[{','.join(list_words())}]", "score.aggregation=[image,dataset]",
    f"score.breakdown=[{','.join(BREAKDOWNS)}]",
)  # fmt: skip
"""The same records by every metric, aggregation and group."""


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills the first time that any process of this session asks for it."""
    base = factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / name
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            folder.mkdir()
            make(folder)
            (folder / "complete").touch()
    return folder


def run_method(folder: Path, *words: str) -> None:
    """Runs `zgs run` with the store and the results of a folder; raises AssertionError where it does not end well."""
    assert main(["run", f"store={folder / 'store'}", f"out={folder / 'out'}", *words]) == 0


def find_run(folder: Path, out: str = "out") -> Path:
    """The one folder of a finished run below `out`."""
    (record,) = (folder / out).glob("*/run.json")
    return record.parent


def make_tiny_models(factory: pytest.TempPathFactory) -> Path:
    """Tiny models of every kind with random weights, a folder each."""

    def make(folder: Path) -> None:
        from data_prep.random_models import make_all

        make_all(folder, tiny=True)

    return make_once(factory, "tiny-models", make)


def make_groupvit_weights(factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny GroupViT of random weights and its tokenizer."""
    return make_tiny_models(factory) / "groupvit"
