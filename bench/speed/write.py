"""No part of the paper: the rows of `zgs speed` as json, csv, a page and a picture."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.csv_files import write_csv
from bench.report.figures.style import PALETTE, draw_plain_axes, make_figure, save
from bench.speed.aims import write_aims
from bench.speed.precision import write_bfloat16
from bench.speed.rows import UNTOLD, list_default, write_cell, write_head, write_settings, write_weights
from bench.store.files import write_atomically

Row = Mapping[str, Any]
COLUMNS = ("stage", "inputs", "plain_s", "fast_s", "ratio", "agrees", "difference", "tolerance", "peak_mb", "mapped_mb",
           "flops", "gflops_a_second", "limit_gflops_a_second", "best_gflops_a_second", "share", "share_best",
           "plain", "fast", "how", "n", "settings", "weights")  # fmt: skip
"""Of the csv; the json of captions at the paper's scale has ``image`` and ``parts`` besides."""
SHARES = (
    "Share: the time that the stage's matrix products take alone, each at the best rate that its own shape reaches in "
    "the same run by torch's library, oneDNN or our own loops (the weight as it lies, transposed or packed, whole or "
    "in blocks), beside the stage's seconds; of best: all of them at the fastest shape's rate. Few rows of GPT-2 find "
    "their weight in no cache: their rate is the best measured, but at least the lower of two, with the weight read as "
    "fast as memory is, and with the weight in a cache (of a single row: the first)."
)
"""What both shares of the limit are: `bench.speed.products`."""


EARLIER = (
    "Share –: the row was measured by an earlier version, which knew the share of the best shape alone; `stages=` with "
    "its name measures it again."
)


def describe_machine(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Describe what the numbers were measured on, without the machine's name."""
    import torch

    return {"processor": _read_processor(), "cores": os.cpu_count(), "threads": 1, "dtype": settings["dtype"],
            "device": "cpu", "torch": torch.__version__}  # fmt: skip


def write_json(rows: Sequence[Row], machine: Row, scale: str, path: Path) -> Path:
    """Write one object a stage, with the scale and the machine in each."""
    objects = [{**row, "scale": scale, "machine": dict(machine)} for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(objects, indent=1, default=float) + "\n").encode())
    return path


def write_all(rows: Sequence[Row], machine: Row, scale: str, folder: Path) -> list[Path]:
    """Write SCALE.json, which keeps the rows, then the csv, the page and the picture; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = write_json(rows, machine, scale, folder / f"{scale}.json")
    table, page = folder / f"{scale}.csv", folder / f"{scale}.md"
    told = [
        {name: row.get(name) for name in COLUMNS}
        | {"settings": write_settings(row), "weights": row.get("weights", UNTOLD)}
        for row in rows
    ]
    write_csv(pd.DataFrame(told), table, decimals=6)
    write_atomically(page, make_page(rows, machine, scale).encode())
    picture = draw(rows, scale, folder / scale)
    return [kept, table, page, *picture]


def make_page(rows: Sequence[Row], machine: Row, scale: str) -> str:
    """Make the table in words that a reader can judge by."""
    told = ", ".join(
        f"{value}" for value in (machine["processor"], "1 thread", machine["dtype"], f"torch {machine['torch']}")
    )
    beside, head, rule = write_head(rows)
    lines = [
        f"# Speed of every stage, {scale} scale", "",
        f"Made by `zgs speed scale={scale}`{beside} on {told}. Seconds are the processor's, of the fastest of n calls. "
        "Plain: attention written out, all blocks and tokens, one segment a forward, texts padded to the whole "
        f"context, nothing reused, products by torch's own library. /s: GFLOP a second. {SHARES} Peak: memory of the "
        "whole process while the fast form runs, models included; files: the part of it that is mapped from files, "
        "weights and libraries, which all workers of a machine share.", "",
        f"| stage | of |{head} plain, s | fast, s | ratio | agrees (difference) | GFLOP | /s | share | of best "
        "| peak MB | files | n |",
        f"|---|---|{rule}---|---|---|---|---|---|---|---|---|---|---|",
        *(_write_line(row, write_cell(row, rows)) for row in rows),
    ]  # fmt: skip
    notes = [f"- {row['stage']}: {row['how']}." for row in rows if row["how"]]
    notes += [_write_image(row["image"]) for row in rows if "image" in row]
    notes += [_write_parts(row["parts"]) for row in rows if "parts" in row]
    plain = [f"- {row['stage']}: {row['note']}" for row in rows if "note" in row]
    title = ["", "**Extrapolated**, since the whole would take too long:", ""] if notes else []
    many = [
        f"- {one['of']}: {one['numbers']:,} numbers with intervals in {write_seconds(one['seconds'])} s, peak "
        f"{one['peak_mb']:,.0f} MB."
        for row in rows
        for one in row.get("many", ())
    ]
    blocks = [["", EARLIER]] if any(row["flops"] and row["share"] is None for row in rows) else []
    blocks += [write_aims(rows)] if scale == "paper" else []
    blocks += [["", f"**Weights:** {write_weights(rows)}"]]
    blocks += [title + notes] if notes else []
    blocks += [["", "**Plain, where it is a choice:**", "", *plain]] if plain else []
    low = [write_bfloat16(row["stage"], row["bfloat16"]) for row in rows if "bfloat16" in row]
    blocks += [["", "**In bfloat16**, where float32 is the default:", "", *low]] if low else []
    blocks += [["", "**Scoring of many images:**", "", *many]] if many else []
    return "\n".join(lines + [line for block in blocks for line in block]) + "\n"


def _write_line(row: Row, settings: str) -> str:
    mark = " (**extrapolated**)" if row["how"] else ""
    flops = ["–"] * 4
    if row["flops"]:
        shares = ("–" if row[name] is None else f"{row[name]:.2f}" for name in ("share", "share_best"))
        flops = [f"{row['flops'] / 1e9:,.1f}", f"{row['gflops_a_second']:,.0f}", *shares]
    agreed = f"{'yes' if row['agrees'] else '**no**'} ({row['difference']:.1e})"
    seconds = f"{write_seconds(row['plain_s'])}{mark} | {write_seconds(row['fast_s'])} | {row['ratio']:,.1f}"
    files = "–" if row.get("mapped_mb") is None else f"{row['mapped_mb']:,.0f}"
    return (
        f"| {row['stage']} | {row['inputs']} |{settings} {seconds} | {agreed} | {' | '.join(flops)} "
        f"| {row['peak_mb']:,.0f} | {files} | {row['n']} |"
    )


def _write_image(image: Row) -> str:
    """Write the line of a whole image's captions."""
    shares, text = image["distinct"], ""
    if "measured_texts_share" in image:  # not in rows of earlier versions
        text = (
            f"A text where packs are full: {image['measured_text_s'] * 1e3:.2f} ms, "
            f"{image['measured_texts_share']:.2f} of the limit of its shapes. "
        )
    return (
        f"- captions of an image ({image['of']}): plain {image['plain_s'] / 3600:,.0f} h, fast "
        f"{image['fast_s'] / 3600:.2f} h ({image['fast_s_least'] / 3600:.2f} h if every iteration asked for the same "
        f"texts, {image['fast_s_most'] / 3600:.2f} h if none came twice), ratio {image['ratio']:,.0f}; of it the "
        f"language model {image['language_model_s'] / 3600:.2f} h. {text}Distinct of the texts asked for, with the "
        f"embedded models ({shares['settings']}): {shares['step']:.3f} of a step's, {shares['segment']:.3f} of a "
        f"segment's, {shares['image']:.3f} of an image's."
    )


def _write_parts(parts: Row) -> str:
    """Write the line of what a token step's seconds are made of."""
    read, memory, rows = parts["language_bytes_s"], parts["memory_bytes_s"], parts.get("language_rows", 1)
    of = "a single row" if rows == 1 else f"{rows} rows"
    return (
        f"- of the token step: texts {write_seconds(parts['texts_s'])} s, {parts['texts_share']:.2f} of the limit of "
        f"their shapes; the language model, for {of}, {write_seconds(parts['language_s'])} s, in which it "
        f"reads its weights at {read / 1e9:.0f} GB/s, {read / memory:.2f} of what one thread reads here."
    )


def write_seconds(value: float) -> str:
    """Write seconds with three digits: 0.00123, 12.3 or 1,230."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def draw(rows: Sequence[Row], scale: str, stem: Path) -> tuple[Path, Path]:
    """Draw the picture "ratio and share of the limit by stage": STEM.png and STEM.svg."""
    figure = make_figure(3.2)
    left, right = figure.subplots(1, 2, sharey=True)
    places = range(len(rows), 0, -1)
    left.barh(places, [row["ratio"] for row in rows], color=PALETTE[0], log=True, height=0.6)
    right.barh(places, [row["share"] or 0.0 for row in rows], color=PALETTE[2], height=0.6)
    for place, row in zip(places, rows, strict=True):
        mark = "*" if row["how"] else ""
        left.text(row["ratio"] * 1.1, place, f"{row['ratio']:,.1f}{mark}", va="center", fontsize=10)
        _draw_shares(right, place, row)
    left.set_yticks(list(places), [row["stage"] + (" †" if row.get("settings") else "") for row in rows])
    left.set_xlim(1, max(row["ratio"] for row in rows) * 6)
    left.set_xlabel(
        "plain : fast, processor seconds" + (" (* plain extrapolated)" if any(row["how"] for row in rows) else "")
    )
    right.set_xlim(0, 1.25)
    right.axvline(1, color="#666666", linewidth=0.8)
    right.set_xlabel("share of the matrix-product rate:\nof each shape (bar), of the best (line, in brackets)")
    draw_plain_axes(left, "x")
    draw_plain_axes(right, "x")
    figure.get_layout_engine().set(wspace=0.06)  # type: ignore[union-attr, call-arg]
    marked = f" († not by default: {scale}.md)" if len(list_default(rows)) < len(rows) else ""
    figure.suptitle(f"Speed of every stage, {scale} scale{marked}", fontsize=11.5, fontweight="bold")
    return save(figure, stem)


def _draw_shares(axes: Any, place: float, row: Row) -> None:
    """Draw the share of the best shape as a line into the bar, and both numbers beside it."""
    share, best = row["share"] or 0.0, row["share_best"]
    told = "no products counted"
    if best:
        axes.plot([best, best], [place - 0.3, place + 0.3], color="#222222", linewidth=1.5)
        told = f"{share:.2f} ({best:.2f})" if share else f"({best:.2f})"
    blank = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # over the line at 1
    axes.text(max(share, best or 0.0) + 0.02, place, told, va="center", fontsize=10, bbox=blank)


def _read_processor() -> str:
    """Read the processor's kind; empty where the system does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        import platform

        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
