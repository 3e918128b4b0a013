"""A table of the paper as csv: one line a cell, ours and the paper's, with everything that belongs to a number."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from bench.csv_files import write_csv
from bench.paper.cells import Cell, PaperTable
from bench.paper.grid import is_comparable
from bench.paper.published import Key

COLUMNS = (
    "item", "row", "set", "column", "value", "low", "high", "n", "unit_of_n", "against", "difference", "difference_low",
    "difference_high", "p", "p_holm", "paper", "spread", "place", "comparable", "to_paper", "why_not", "remark",
    "metric", "interval_note", "empty", "fills",
)  # fmt: skip
"""``value`` as in scores.csv; ``paper`` and ``to_paper`` (ours less the paper's, where comparable) in percent."""


def write_table_csv(table: PaperTable, path: Path) -> Path:
    """Write one line for each cell of ours and for each published number without one. Returns ``path``."""
    cells = dict(table.cells) | {
        key: Cell(empty="the paper's number", published=each, other="no number of ours")
        for key, each in table.published.items()
        if key not in table.cells
    }
    lines = [_make_line(table, key, cell) for key, cell in cells.items()]
    return write_csv(pd.DataFrame(lines, columns=list(COLUMNS)), path, decimals=6)


def _make_line(table: PaperTable, key: Key, cell: Cell) -> dict[str, object]:
    found: dict[str, object] = {"item": table.item.name, "row": key[0], "set": key[1], "column": key[2]}
    if cell.line is not None:
        kept = ("value", "low", "high", "n", "unit_of_n", "metric", "interval_note")
        found |= {name: cell.line[name] for name in kept}
    if (each := cell.difference) is not None:
        ends = {"difference": each.value, "difference_low": each.low, "difference_high": each.high}
        found |= ends | {"against": table.item.against, "p": _write_p(each.p), "p_holm": _write_p(cell.p_holm)}
    if (theirs := cell.published) is not None:
        found |= {"paper": theirs.value, "spread": theirs.spread, "place": theirs.place}
        found |= {"comparable": "yes" if is_comparable(cell) else "no", "why_not": cell.other}
        if is_comparable(cell) and cell.line is not None:
            found["to_paper"] = 100 * float(cell.line["value"]) - theirs.value
    remark = _join_remarks(cell)
    return found | {"remark": remark, "empty": cell.empty, "fills": cell.fills}


def _join_remarks(cell: Cell) -> str:
    """Join what is to be known of our number and what is odd about the paper's."""
    theirs = cell.published.remark if cell.published is not None else ""
    return "; ".join(filter(None, [cell.remark, theirs and f"paper: {theirs}"]))


def _write_p(p: float) -> str:
    """Write a p-value with three significant digits, however small: "4.12e-09"."""
    return "" if math.isnan(p) else f"{p:.3g}"
