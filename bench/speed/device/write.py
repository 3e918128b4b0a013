"""No part of the paper: rows of a GPU, measured or counted, as json, csv and a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.caption.recorded_step import ROOM
from bench.csv_files import write_csv
from bench.speed.rows import update_row, write_cell, write_head, write_settings, write_weights
from bench.speed.write import write_json, write_seconds
from bench.store.files import write_atomically

Row = Mapping[str, Any]
MEASURED = ("stage", "inputs", "dtype", "compile", "graphs", "seconds", "images_a_second", "peak_mb", "flops",
            "tflops_a_second", "share", "difference", "same_texts", "n", "settings", "weights")  # fmt: skip
COUNTED = ("stage", "inputs", "dtype", "flops", "launches", "parameters_mb", "tensors_mb", "kept_mb", "assumed_mb",
           "needs_mb", "fits_16_gb", "measured", "settings", "weights")  # fmt: skip
"""Columns of the csv of what was counted."""
DTYPES = ("float32", "bfloat16", "float16")


def write_device_rows(rows: Sequence[Row], machine: Row, scale: str, folder: Path) -> list[Path]:
    """Write KIND_SCALE.json, .csv and .md, KIND cuda where rows were measured and meta where they were counted."""
    kind, columns = ("cuda", MEASURED) if rows[0]["measured"] else ("meta", COUNTED)
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{kind}_{scale}"
    table, page = stem.with_suffix(".csv"), stem.with_suffix(".md")
    told = [
        {name: row.get(name) for name in columns} | {"settings": write_settings(row)} for row in map(update_row, rows)
    ]
    write_csv(pd.DataFrame(told), table, decimals=6)
    write_atomically(page, ("\n".join(make_device_page(rows, machine, scale)) + "\n").encode())
    return [write_json(rows, machine, scale, stem.with_suffix(".json")), table, page]


def sort_device_rows(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Sort rows as one command makes them: by number type, switches and stage. KeyError, ValueError for others."""
    from bench.speed.device import count, measure

    def find_place(row: Row) -> tuple[int, bool, bool, int]:
        stages = measure.STAGES if row["measured"] else count.STAGES
        switches = bool(row.get("compile")), bool(row.get("graphs"))
        return DTYPES.index(row["dtype"]), *switches, stages.index(row["stage"])

    return sorted(map(dict, rows), key=find_place)


def make_device_page(rows: Sequence[Row], machine: Row, scale: str) -> list[str]:
    """Make the page of rows that were all measured, or all counted."""
    return (make_measured_page if rows[0]["measured"] else make_counted_page)(rows, machine, scale)


def make_counted_page(rows: Sequence[Row], machine: Row, scale: str) -> list[str]:
    """Make the page of what was counted."""
    assumed, largest = rows[0]["assumed_mb"], max(row["needs_mb"] for row in rows)
    kept = " or ".join(f"{value:,.0f}" for value in sorted({row["kept_mb"] for row in rows}))
    beside, head, rule = write_head(rows)
    return [
        f"# What a GPU needs for every model stage, {scale} scale: counted, not measured", "",
        f"Made by `zgs speed device=meta scale={scale}`{beside} with torch {machine['torch']}, on no GPU: "
        "**nothing here was measured on one.** The stages run on tensors that have shapes and no "
        "numbers. TFLOP are counted by torch's own counter, attention among them. Launches: torch's operations that "
        "write numbers, each a kernel at the least, for which a GPU waits where kernels are small. "
        "Tensors: the most that are alive at once, parameters left out, attention by a fused kernel. Needs: "
        "the parameters of all models, these tensors, "
        f"{kept} MB for the features of texts that are remembered (`caption.store_mb`), and {assumed:,} MB that "
        "CUDA and its libraries take for themselves, which is assumed. 16 GB are 16 x 10^9 bytes. float16 is as large "
        "as bfloat16. Clustering, merging and scoring are a processor's.", "",
        f"| stage | of |{head} dtype | TFLOP | launches | parameters, MB | tensors, MB | needs, MB | fits 16 GB |",
        f"|---|---|{rule}---|---|---|---|---|---|---|",
        *(
            f"| {row['stage']} | {row['inputs']} |{write_cell(row, rows)} {row['dtype']} | {row['flops'] / 1e12:,.3f} "
            f"| {row['launches']:,} | {row['parameters_mb']:,.0f} | {row['tensors_mb']:,.0f} | {row['needs_mb']:,.0f} "
            f"| {'yes' if row['fits_16_gb'] else '**no**'} |"
            for row in rows
        ), "",
        f"The largest of them needs {largest:,.0f} MB (n={len(rows)} stages and types); `graphs=true` records at most "
        f"{ROOM >> 20:,} MB more.", "",
        f"**Models:** {write_weights(rows)}",
    ]  # fmt: skip


def make_measured_page(rows: Sequence[Row], machine: Row, scale: str) -> list[str]:
    """Make the page of what was measured."""
    beside, head, rule = write_head(rows)
    return [
        f"# Speed of every model stage on a GPU, {scale} scale", "",
        f"Made by `zgs speed device=cuda scale={scale}`{beside} on {machine['device']}, torch {machine['torch']}, CUDA "
        f"{machine['cuda']}. Seconds are the clock's, from idle to idle, of the fastest of n calls behind one that "
        "compiles and records. Share: of the rate of one product of two large matrices of that type "
        "in the same run. Peak: the most that torch had allocated. Differs: the largest difference of a number, beside "
        "the largest of its row, from the first line of the stage; or the share of texts that are the same. A whole "
        "image includes clustering and merging by the processor.", "",
        f"| stage | of |{head} dtype | compiled | recorded | s | images/s | TFLOP/s | share | peak MB | differs | n |",
        f"|---|---|{rule}---|---|---|---|---|---|---|---|---|---|",
        *(_write_line(row, write_cell(row, rows)) for row in rows), "",
        f"**Weights:** {write_weights(rows)}",
    ]  # fmt: skip


def _write_line(row: Row, settings: str) -> str:
    rates = (f"{row['tflops_a_second']:,.1f}", f"{row['share']:.2f}") if row["flops"] else ("–", "–")
    images = f"{row['images_a_second']:.3g}" if row["images_a_second"] else "–"
    differs = f"{row['difference']:.1e}" if "difference" in row else f"{row['same_texts']:.0%} of texts alike"
    switches = " | ".join("yes" if row[name] else "no" for name in ("compile", "graphs"))
    seconds = f"{write_seconds(row['seconds'])} | {images} | {' | '.join(rates)}"
    return (
        f"| {row['stage']} | {row['inputs']} |{settings} {row['dtype']} | {switches} | {seconds} "
        f"| {row['peak_mb']:,.0f} | {differs} | {row['n']} |"
    )
