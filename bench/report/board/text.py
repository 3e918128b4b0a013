"""The board in markdown: its tables, and what they say in sentences made of their numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from bench.report.board.lines import ALL, LEVEL
from bench.report.tables.cells import MISSING, list_doubts, write_mark, write_value
from bench.report.tables.differences import write_signed
from bench.text.escape import escape_markdown, join_cells

_SHOWN = 6
"""Variants that a sentence lists."""


def order_variants(table: pd.DataFrame) -> list[str]:
    """Order variants by the mean of their ranks over the numbers of all segments, ties by name."""
    part = table[table["group"] == ALL]
    means = (part if len(part) else table).groupby("variant")["rank"].mean()
    return sorted(
        means.index, key=lambda variant: (means[variant] if means[variant] == means[variant] else 1e9, variant)
    )


def write_board(table: pd.DataFrame, order: Sequence[str], costs: Mapping[str, float], unit: str) -> str:
    """Write a row a variant: its cost in ``unit``, and value, rank and letters under each number of all segments."""
    part = table[table["group"] == ALL]
    titles = list(dict.fromkeys(part["metric"]))
    found = {(line["metric"], line["variant"]): line for line in part.to_dict("records")}
    heads = [f"{title}<br>{_count(part[part['metric'] == title])}" for title in titles]
    lines = [join_cells(["variant", unit, *heads]), "|---|---:|" + "---:|" * len(titles)]
    for variant in order:
        cost = costs.get(variant, math.nan)
        cells = [_write_cell(found.get((title, variant))) for title in titles]
        lines.append(join_cells([escape_markdown(variant), MISSING if math.isnan(cost) else f"{cost:.1f}", *cells]))
    return _add_notes(lines, part)


def write_groups(table: pd.DataFrame, order: Sequence[str]) -> str:
    """Write a row a variant and mapping, a column for things, stuff and each size."""
    part = table[table["group"] != ALL]
    groups = list(dict.fromkeys(part["group"]))
    found = {(line["metric"], line["group"], line["variant"]): line for line in part.to_dict("records")}
    heads = [f"{group}<br>{_count(part[part['group'] == group])}" for group in groups]
    lines = [join_cells(["true segments", "variant", *heads]), "|---|---|" + "---:|" * len(groups)]
    for title in dict.fromkeys(part["metric"]):
        for variant in order:
            cells = [_write_cell(found.get((title, group, variant))) for group in groups]
            lines.append(join_cells([title, escape_markdown(variant), *cells]))
    return _add_notes(lines, part)


def write_findings(table: pd.DataFrame, method: Sequence[str]) -> str:
    """Write a sentence for each number: who leads, from whom it cannot be told apart, and where ``method`` stands."""
    lines = []
    for (title, group), part in table.groupby(["metric", "group"], sort=False):
        told = str(title) if group == ALL else f"{title}, {group}"
        lines.append(f"- **{told}**: " + " ".join(_describe(part.to_dict("records"), method)))
    return "\n".join(lines) + "\n"


def _describe(lines: Sequence[Mapping[Any, Any]], method: Sequence[str]) -> Iterator[str]:
    best, *others = lines
    if math.isnan(best["value"]):
        yield "no variant has a number."
        return
    yield f"{escape_markdown(best['variant'])} leads with {_write_span(best)},"
    yield f"first in {best['first']:.0%} of resamples;"
    alike = [escape_markdown(line["variant"]) for line in others if line["best"]]
    more = f" and {len(alike) - _SHOWN} more" if len(alike) > _SHOWN else ""
    rest = len(others) - len(alike)
    yield f"not told apart from it: {', '.join(alike[:_SHOWN])}{more};" if alike else "told apart from all others;"
    yield f"{rest} of {len(others)} are behind it for certain."
    for line in (line for line in others if line["variant"] in method):
        gap = [write_signed(-line[key], _find_unit(line)) for key in ("behind", "behind_high", "behind_low")]
        yield (
            f"{escape_markdown(line['variant'])}, the paper's method, is at rank {_write_rank(line)} of {len(lines)}, "
            f"{gap[0]} [{gap[1]}, {gap[2]}] from the first (Holm p = {line['p_holm']:.2g})."
        )


def _write_cell(line: Mapping[Any, Any] | None) -> str:
    """Write value, interval, rank and letters; bold where it cannot be told apart from the best."""
    if line is None or math.isnan(line["value"]):
        return MISSING
    value = f"**{_write_span(line)}**" if line["best"] else _write_span(line)
    return f"{value}<br>{_write_rank(line)} {line['alike'].replace(' ', '')}"


def _write_span(line: Mapping[Any, Any]) -> str:
    value, *ends = (write_value(line[key], _find_unit(line)) for key in ("value", "low", "high"))
    return value if math.isnan(line["low"]) else f"{value} [{ends[0]}, {ends[1]}]{write_mark(line)}"


def _write_rank(line: Mapping[Any, Any]) -> str:
    ends = "" if math.isnan(line["rank_low"]) else f" [{line['rank_low']:.0f}–{line['rank_high']:.0f}]"
    return f"{line['rank']:.0f}{ends}"


def _find_unit(line: Mapping[Any, Any]) -> str:
    return "cosine" if "cosine" in line["metric"] else "share"


def _count(part: pd.DataFrame) -> str:
    low, high = int(part["n"].min()), int(part["n"].max())
    return f"n={low}" if low == high else f"n={low}–{high}"


def _add_notes(lines: Sequence[str], part: pd.DataFrame) -> str:
    images = f"{part['images'].min()}–{part['images'].max()}" if part["images"].nunique() > 1 else part["images"].min()
    notes = (
        f"Percent (cosines as they are) with 95 % intervals over {images} images; below: the rank, with its 95 % "
        "interval from resamples of the images, the same for all variants, each of which ranks all anew.",
        f"Letters: two variants share one where their paired difference is not below p = {LEVEL:g} after Holm's "
        "adjustment over all pairs of that number. **Bold**: shares a letter with the largest value.",
        *list_doubts(part),
    )
    return "\n".join(lines) + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"
