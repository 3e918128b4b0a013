"""`score=libraries`: the word stands for every library's protocol, and their numbers are printed side by side."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from bench.commands.protocols import _list_protocols
from bench.commands.score import _print_result
from bench.score.presets import list_libraries, make_protocol


def test_the_word_stands_for_all_of_them_beside_other_protocols() -> None:
    libraries = list(list_libraries())
    assert _list_protocols(["libraries"], None) == libraries and len(libraries) > 8
    assert _list_protocols(["paper", "libraries"], None) == ["paper", *libraries]


@pytest.mark.parametrize(("other", "together"), [("sklearn", True), ("paper", False)])
def test_only_libraries_alone_have_a_table_of_their_own(
    other: str, together: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside another protocol theirs are rows of the usual table; rows of groups and of floors are in neither."""
    names = ["smp/exact/iou.dataset.union", f"{other}/exact/iou.dataset.union", "smp/exact/iou.dataset.union"]
    scores = pd.DataFrame({"metric": [f"d:all/four/{name}" for name in names], "value": [0.5, 0.25, 0.125]}).assign(
        low=0.0, high=1.0, n=4, unit_of_n="classes", interval_note="", expected=1, found=1, skipped=0,
        role=["own", "own", "floor"], group="",
    )  # fmt: skip
    result: Any = SimpleNamespace(
        tables=SimpleNamespace(scores=scores), protocols=[make_protocol("smp"), make_protocol(other)], notes=["a note"]
    )
    _print_result(Path("out/here"), result)
    out = capsys.readouterr().out
    assert out.startswith("library" if together else "protocol: name=smp ") and ("mean IoU" in out) == together
    assert "0.5000" in out and "0.2500" in out and "0.1250" not in out and out.endswith("a note\nout/here/\n")
