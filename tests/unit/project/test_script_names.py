"""A script's folder is the first that Python searches, for what libraries import as well."""

from __future__ import annotations

import sys
from pathlib import Path

NAMES = {path.stem for path in (Path(__file__).parents[3] / "scripts").glob("*.py")}
TRIED = {"coverage"}
"""What numba imports if there is any module of that name; then it fails where that is not the library."""


def test_no_script_stands_before_a_module_that_libraries_import() -> None:
    assert len(NAMES) > 30 and NAMES.isdisjoint({*TRIED, *sys.stdlib_module_names})
