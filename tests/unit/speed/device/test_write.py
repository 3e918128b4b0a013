"""What was counted for a GPU is written as json, csv and a page that says that nothing was measured on one."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

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
