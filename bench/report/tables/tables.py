"""Tables 1 to 5: variant × metric with interval and n, for the terminal, as markdown and as csv."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TextIO

import pandas as pd

from bench.report.tables.cells import Cell, Row, Table, lay_out
from bench.text.escape import abridged, markdown, padded, visible
from bench.text.escape import row as line_of
from bench.text.escape import width as wide

_GAP = "  "


def print_table(scores: pd.DataFrame, *, embedded: bool, width: int = 110, file: TextIO | None = None) -> None:
    """Print `text_table` to ``file`` (default: standard output)."""
    print(text_table(scores, embedded=embedded, width=width), file=file or sys.stdout)


def text_table(scores: pd.DataFrame, *, embedded: bool, width: int = 110) -> str:
    """The table for a terminal of ``width`` columns; metrics that do not fit beside each other follow below.

    ``scores`` has the columns of `score_table.ALL`; rows and columns keep the order in which they first appear there.
    Variants whose role is floor or ceiling form a block of their own.
    """
    table = _shown(lay_out(scores, embedded=embedded), width)
    groups = _groups(table, width, stacked=False)
    stacked = len(groups) > 1
    if stacked:
        groups = _groups(table, width, stacked=True)
    blocks = [_block(table, columns, stacked) for columns in groups]
    return "\n\n".join(blocks) + "\n" + "\n".join(table.notes)


def _shown(table: Table, columns: int) -> Table:
    """The table in letters that a terminal shows, names of more than half its width by their ends, told below."""
    known = [row.variant for row in (*table.variants, *table.bounds)]
    plain = dict(zip(known, map(visible, known), strict=True))
    short = abridged(plain.values(), max(40, columns // 2))
    told = tuple(f"{brief} is {name}" for name, brief in short.items() if name != brief)
    variants, bounds = (
        tuple(replace(row, variant=short[plain[row.variant]]) for row in rows)
        for rows in (table.variants, table.bounds)
    )
    headers = tuple(tuple(map(visible, header)) for header in table.headers)
    return Table(headers, variants, bounds, (*map(visible, table.notes), *told))


def markdown_table(scores: pd.DataFrame, *, embedded: bool) -> str:
    """The same table as markdown, ending in a line break."""
    table = lay_out(scores, embedded=embedded)
    parts = []
    for title, rows in (("variant", table.variants), ("floors and ceilings", table.bounds)):
        if rows:
            lines = [line_of([title, *("<br>".join(map(markdown, filter(None, header))) for header in table.headers)])]
            lines.append("|---|" + "---:|" * len(table.headers))
            lines += [line_of([markdown(row.variant), *(_flat(cell) for cell in row.cells)]) for row in rows]
            parts.append("\n".join(lines))
    return "\n\n".join([*parts, "\n".join(f"- {markdown(note)}" for note in table.notes)]) + "\n"


def _block(table: Table, columns: Sequence[int], stacked: bool) -> str:
    widths = [_first_width(table), *(_column_width(table, column, stacked) for column in columns)]
    headers = [table.headers[column] for column in columns]
    head = [["variant" if line == 0 else "", *(header[line] for header in headers)] for line in range(len(headers[0]))]
    rule = "─" * (sum(widths) + len(_GAP) * len(columns))
    lines = [rule, *(_line(texts, widths) for texts in head if any(texts)), rule]
    for rows in (table.variants, table.bounds):
        for row in rows:
            cells = [_cell_lines(row.cells[column], stacked) for column in columns]
            height = max(len(cell) for cell in cells)
            for at in range(height):
                texts = [cell[at] if at < len(cell) else "" for cell in cells]
                lines.append(_line([row.variant if at == 0 else "", *texts], widths))
        if rows:
            lines.append(rule)
    return "\n".join(lines)


def _groups(table: Table, width: int, stacked: bool) -> list[list[int]]:
    """Columns that fit beside each other, at least one a group."""
    groups: list[list[int]] = []
    left = 0
    for column in range(len(table.headers)):
        need = _column_width(table, column, stacked) + len(_GAP)
        if not groups or need > left:
            groups.append([])
            left = width - _first_width(table)
        groups[-1].append(column)
        left -= need
    return groups


def _first_width(table: Table) -> int:
    return max(wide(row.variant) for row in (*table.variants, *table.bounds, Row("variant", ())))


def _column_width(table: Table, column: int, stacked: bool) -> int:
    cells = [row.cells[column] for row in (*table.variants, *table.bounds)]
    return max(wide(text) for text in (*table.headers[column], *(t for c in cells for t in _cell_lines(c, stacked))))


def _cell_lines(cell: Cell, stacked: bool) -> list[str]:
    if not stacked:
        return [_flat(cell)]
    return [text for text in (cell.value, cell.interval, cell.n) if text]


def _flat(cell: Cell) -> str:
    return " ".join(filter(None, (cell.value, cell.interval, cell.n)))


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (padded(text, w, right=i > 0) for i, (text, w) in enumerate(zip(texts, widths, strict=True)))
    return _GAP.join([first, *others]).rstrip()
