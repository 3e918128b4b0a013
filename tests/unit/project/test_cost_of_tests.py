"""The script that says what `make test` costs counts what is asserted, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FILE = """
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

def test_five():
    kept = Path("bench/system/__pycache__/loops-a/b")
    kept.mkdir(parents=True)
    (kept / "c.nbc").touch()
    for _ in range(3):
        assert 1
    with pytest.raises(KeyError, match="a"):
        {}["a"]
    assert_array_equal(np.zeros(2), np.zeros(2))

def test_that_fails():
    assert 1
    assert not 1
"""


def measure(folder: Path, recipe: str) -> subprocess.CompletedProcess[str]:
    (folder / "Makefile").write_text(f"test: ## all\n\t{recipe}\n")
    command = [sys.executable, str(ROOT / "scripts/cost_of_tests.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


@pytest.mark.slow
def test_facts_of_passed_tests_are_counted_each_time(tmp_path: Path) -> None:
    (tmp_path / "test_file.py").write_text(FILE)
    told = measure(tmp_path, "@$(OFFLINE) $(BIN)/python -m pytest test_file.py -p no:cacheprovider")
    ending = r" \(pytest ended with 1\) \(1 loops compiled in it\), 1\.00 ×, n = 1$"
    found = rf": \d+ s of processors, 1 tests, 5 facts{ending}"
    assert re.search(found, told.stdout, re.MULTILINE), told
    told = measure(tmp_path, "true")
    assert told.returncode == 1 and "no line of `test` that runs pytest" in told.stderr
