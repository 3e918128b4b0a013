"""No part of the paper: rows of a GPU, measured or counted, as json, csv and a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.caption.recorded_step import ROOM
from bench.csv_files import write_csv
from bench.speed.write import write_json, write_seconds
from bench.store.files import write_atomically

Row = Mapping[str, Any]
MEASURED = ("stage", "inputs", "dtype", "compile", "graphs", "seconds", "images_a_second", "peak_mb", "flops",
            "tflops_a_second", "share", "difference", "same_texts", "n")  # fmt: skip
COUNTED = ("stage", "inputs", "dtype", "flops", "launches", "parameters_mb", "tensors_mb", "kept_mb", "assumed_mb",
           "needs_mb", "fits_16_gb", "measured")  # fmt: skip
"""Columns of the csv of what was counted."""


def write_device_rows(rows: Sequence[Row], machine: Row, scale: str, folder: Path) -> list[Path]:
    """Write KIND_SCALE.json, .csv and .md, KIND cuda where rows were measured and meta where they were counted."""
    kind, columns = ("cuda", MEASURED) if rows[0]["measured"] else ("meta", COUNTED)
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{kind}_{scale}"
    table, page = stem.with_suffix(".csv"), stem.with_suffix(".md")
    write_csv(pd.DataFrame([{name: row.get(name) for name in columns} for row in rows]), table, decimals=6)
    lines = make_measured_page(rows, machine, scale) if kind == "cuda" else make_counted_page(rows, machine, scale)
    write_atomically(page, ("\n".join(lines) + "\n").encode())
    return [write_json(rows, machine, scale, stem.with_suffix(".json")), table, page]


def make_counted_page(rows: Sequence[Row], machine: Row, scale: str) -> list[str]:
    """Make the page of what was counted."""
    kept, assumed, largest = rows[0]["kept_mb"], rows[0]["assumed_mb"], max(row["needs_mb"] for row in rows)
    return [
        f"# What a GPU needs for every model stage, {scale} scale: counted, not measured", "",
        f"Made by `zgs speed device=meta scale={scale}` with torch {machine['torch']}, on no GPU: **nothing here was "
        "measured on one.** The stages run on tensors that have shapes and no numbers. TFLOP are counted by torch's "
        "own counter, attention among them. Launches: torch's operations that write numbers, each a kernel at the "
        "least, for which a GPU waits where kernels are small. Tensors: the most that are alive at once, parameters "
        "left out, attention by a fused kernel. Needs: the parameters of all models, these tensors, "
        f"{kept:,.0f} MB for the features of texts that are remembered (`caption.store_mb`), and {assumed:,} MB that "
        "CUDA and its libraries take for themselves, which is assumed. 16 GB are 16 x 10^9 bytes. float16 is as large "
        "as bfloat16. Clustering, merging and scoring are a processor's.", "",
        "| stage | of | dtype | TFLOP | launches | parameters, MB | tensors, MB | needs, MB | fits 16 GB |",
        "|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {row['stage']} | {row['inputs']} | {row['dtype']} | {row['flops'] / 1e12:,.3f} "
            f"| {row['launches']:,} | {row['parameters_mb']:,.0f} | {row['tensors_mb']:,.0f} | {row['needs_mb']:,.0f} "
            f"| {'yes' if row['fits_16_gb'] else '**no**'} |"
            for row in rows
        ), "",
        f"The largest of them needs {largest:,.0f} MB (n={len(rows)} stages and types); `graphs=true` records at most "
        f"{ROOM >> 20:,} MB more.",
    ]  # fmt: skip


def make_measured_page(rows: Sequence[Row], machine: Row, scale: str) -> list[str]:
    """Make the page of what was measured."""
    return [
        f"# Speed of every model stage on a GPU, {scale} scale", "",
        f"Made by `zgs speed device=cuda scale={scale}` on {machine['device']}, torch {machine['torch']}, CUDA "
        f"{machine['cuda']}. Seconds are the clock's, from idle to idle, of the fastest of n calls behind one that "
        "compiles and records. Share: of the rate of one product of two large matrices of that type "
        "in the same run. Peak: the most that torch had allocated. Differs: the largest difference of a number, beside "
        "the largest of its row, from the first line of the stage; or the share of texts that are the same. A whole "
        "image includes clustering and merging by the processor.", "",
        "| stage | of | dtype | compiled | recorded | s | images/s | TFLOP/s | share | peak MB | differs | n |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *map(_write_line, rows),
    ]  # fmt: skip


def _write_line(row: Row) -> str:
    rates = (f"{row['tflops_a_second']:,.1f}", f"{row['share']:.2f}") if row["flops"] else ("–", "–")
    images = f"{row['images_a_second']:.3g}" if row["images_a_second"] else "–"
    differs = f"{row['difference']:.1e}" if "difference" in row else f"{row['same_texts']:.0%} of texts alike"
    switches = " | ".join("yes" if row[name] else "no" for name in ("compile", "graphs"))
    seconds = f"{write_seconds(row['seconds'])} | {images} | {' | '.join(rates)}"
    return (
        f"| {row['stage']} | {row['inputs']} | {row['dtype']} | {switches} | {seconds} "
        f"| {row['peak_mb']:,.0f} | {differs} | {row['n']} |"
    )
