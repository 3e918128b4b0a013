"""What the type checker reads."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]


def test_the_type_checker_reads_all_source_and_torch() -> None:
    assert {"bench", "data_prep", "scripts"} <= set(SETTINGS["files"])
    skipped = [name for override in SETTINGS["overrides"] for name in override["module"]]
    assert [name for name in skipped if name.split(".")[0] in ("torch", "numpy", "bench", "data_prep", "PIL")] == []


def test_an_exception_from_the_type_checker_names_its_error() -> None:
    sources = [path for folder in ("bench", "data_prep", "scripts") for path in (ROOT / folder).rglob("*.py")]
    assert len(sources) > 200
    assert [path for path in sources if "type: ignore" in path.read_text().replace("type: ignore[", "")] == []
