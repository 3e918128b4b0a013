"""What was counted for a GPU is written as json, csv and a page that says that nothing was measured on one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.commands.speed_device import keep_rows, read_kept
from bench.errors import UserError
from bench.speed.device.count import describe_row
from bench.speed.device.write import write_device_rows

KNOWN = Path(__file__).parents[4] / "results/speed/meta_paper.json"


def test_counted_rows_are_written_with_what_they_are(tmp_path: Path) -> None:
    rows = [row for row in json.loads(KNOWN.read_text()) if row["stage"] == "features"]
    assert [(row["dtype"], row["flops"]) for row in rows] == [
        ("float32", rows[0]["flops"]),
        ("bfloat16", rows[0]["flops"]),
    ]
    machine = {"device": "meta", "torch": "1.2.3"}
    json_file, table, page = write_device_rows(rows, machine, "paper", tmp_path)
    assert json_file == tmp_path / "meta_paper.json"
    assert [row | {"machine": None} for row in json.loads(json_file.read_text())] == [
        r | {"machine": None} for r in rows
    ]
    assert list(pd.read_csv(table)["flops"]) == [row["flops"] for row in rows]
    text = page.read_text()
    assert "with torch 1.2.3" in text and "**nothing here was measured on one.**" in text
    assert text.count("| features |") == 2 and text.count("| yes |") == 2
    assert all("fits 16 GB" in describe_row(row) for row in rows)
    rows[1]["fits_16_gb"] = False
    write_device_rows(rows, machine, "paper", tmp_path)
    assert page.read_text().count("| **no** |") == 1


def test_rows_of_other_stages_stay_with_the_settings_they_were_made_with(tmp_path: Path) -> None:
    """Of the same machine; those of a stage are all of one command, whatever types it was asked for."""
    known = [row | {"settings": []} for row in json.loads(KNOWN.read_text())]
    machine, options = known[0]["machine"], {"json": "", "to": str(tmp_path), "scale": "paper"}
    keep_rows([row for row in known if row["stage"] in ("features", "similarities")], "meta", machine, options)
    own = [row | {"settings": ["image=a.png"]} for row in known if row["stage"] == "features"][:1]
    keep_rows(own, "meta", machine, options)
    found = [(row["stage"], row["dtype"], row["settings"]) for row in read_kept("meta", machine, options)]
    assert found == [
        ("features", "float32", ["image=a.png"]), ("similarities", "float32", []), ("similarities", "bfloat16", []),
    ]  # fmt: skip
    page = (tmp_path / "meta_paper.md").read_text()
    assert "| `image=a.png` | float32 |" in page and page.count("| by default |") == 2
    assert "scale=paper`, each row with the words under settings besides, with torch" in page
    assert read_kept("meta", {**machine, "torch": "1"}, options) == []
    for damaged in ("{}[", json.dumps([{"machine": machine}]), json.dumps([own[0] | {"dtype": "int8"}])):
        (tmp_path / "meta_paper.json").write_text(damaged)
        with pytest.raises(UserError, match="meta_paper.json: no rows of `zgs speed`"):
            read_kept("meta", machine, options)


def test_rows_that_a_gpu_measured_stay_too(tmp_path: Path) -> None:
    machine, options = {"device": "one", "torch": "2", "cuda": "1"}, {"json": "", "to": str(tmp_path), "scale": "paper"}

    def make(stage: str, dtype: str, graphs: bool = False) -> dict[str, Any]:
        return {"stage": stage, "inputs": "some", "dtype": dtype, "compile": False, "graphs": graphs, "seconds": 2.0,
                "images_a_second": None, "peak_mb": 3.0, "flops": None, "tflops_a_second": None, "share": None,
                "difference": 0.0, "measured": True, "n": 5, "settings": []}  # fmt: skip

    first = [make("features", "float32"), make("captions", "float32", graphs=True), make("features", "bfloat16")]
    keep_rows(first, "cuda", machine, options)
    keep_rows([make("features", "bfloat16"), make("features", "float16")], "cuda", machine, options)
    kept = [(row["stage"], row["dtype"]) for row in read_kept("cuda", machine, options)]
    assert kept == [("captions", "float32"), ("features", "bfloat16"), ("features", "float16")]
    assert (tmp_path / "cuda_paper.md").read_text().count("| 2 | – |") == 3
    assert read_kept("cuda", {**machine, "device": "another"}, options) == []
