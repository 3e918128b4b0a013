"""The notebooks run from top to bottom, and hold no output of a run that nobody can repeat."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


SLOW = ("method",)
"""Nine seconds of captions; the other one calls the method, the scorer and the store too."""


@pytest.mark.parametrize("path", [
    pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * (path.stem in SLOW)) for path in NOTEBOOKS
])  # fmt: skip
def test_runs_from_top_to_bottom(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        assert cell["cell_type"] == "markdown" or (cell["outputs"] == [] and cell["execution_count"] is None)
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{path.name}, cell {number}", "exec"), names)
    assert len(capsys.readouterr().out.splitlines()) > 5
    assert list(tmp_path.iterdir()) == [], "a notebook leaves nothing behind"


def test_there_are_two_whose_code_is_python() -> None:
    """Names that `bench` does not have are found in the slow one without a run of it."""
    import bench

    for path in NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        read = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)]
        used = {node.attr for node in read if isinstance(node.value, ast.Name) and node.value.id == "bench"}
        assert used and all(hasattr(bench, name) for name in used), path
    assert [path.stem for path in NOTEBOOKS] == ["method", "scores"]
