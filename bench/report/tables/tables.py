"""Tables 1 to 5: variant × metric with interval and n, for the terminal, as markdown and as csv."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TextIO

import pandas as pd

from bench.report.tables.cells import Cell, Row, Table, lay_out
from bench.text.escape import escape_for_terminal, escape_markdown, measure_width, pad_text, shorten_apart
from bench.text.escape import join_cells as line_of

_GAP = "  "


def print_table(scores: pd.DataFrame, *, embedded: bool, width: int = 110, file: TextIO | None = None) -> None:
    """Print `write_text_table` to ``file`` (default: standard output)."""
    print(write_text_table(scores, embedded=embedded, width=width), file=file or sys.stdout)


def write_text_table(scores: pd.DataFrame, *, embedded: bool, width: int = 110) -> str:
    """Write the table for a terminal of ``width`` columns; metrics that do not fit beside each other follow below.

    ``scores`` has the columns of `score_table.ALL`; rows and columns keep the order in which they first appear there.
    Variants whose role is floor or ceiling form a block of their own.
    """
    table = _show_names(lay_out(scores, embedded=embedded), width)
    groups = _group_columns(table, width, stacked=False)
    stacked = len(groups) > 1
    if stacked:
        groups = _group_columns(table, width, stacked=True)
    blocks = [_write_block(table, columns, stacked) for columns in groups]
    return "\n\n".join(blocks) + "\n" + "\n".join(table.notes)


def _show_names(table: Table, columns: int) -> Table:
    """Show the table in letters that a terminal shows, names of more than half its width by their ends, told below."""
    known = [row.variant for row in (*table.variants, *table.bounds)]
    plain = dict(zip(known, map(escape_for_terminal, known), strict=True))
    short = shorten_apart(plain.values(), max(40, columns // 2))
    told = tuple(f"{brief} is {name}" for name, brief in short.items() if name != brief)
    variants, bounds = (
        tuple(replace(row, variant=short[plain[row.variant]]) for row in rows)
        for rows in (table.variants, table.bounds)
    )
    headers = tuple(tuple(map(escape_for_terminal, header)) for header in table.headers)
    return Table(headers, variants, bounds, (*map(escape_for_terminal, table.notes), *told))


def write_markdown_table(scores: pd.DataFrame, *, embedded: bool) -> str:
    """Write the same table as markdown, ending in a line break."""
    table = lay_out(scores, embedded=embedded)
    parts = []
    for title, rows in (("variant", table.variants), ("floors and ceilings", table.bounds)):
        if rows:
            lines = [
                line_of([title, *("<br>".join(map(escape_markdown, filter(None, header))) for header in table.headers)])
            ]
            lines.append("|---|" + "---:|" * len(table.headers))
            lines += [
                line_of([escape_markdown(row.variant), *(_join_cell(cell) for cell in row.cells)]) for row in rows
            ]
            parts.append("\n".join(lines))
    return "\n\n".join([*parts, "\n".join(f"- {escape_markdown(note)}" for note in table.notes)]) + "\n"


def _write_block(table: Table, columns: Sequence[int], stacked: bool) -> str:
    widths = [_measure_first(table), *(_measure_column(table, column, stacked) for column in columns)]
    headers = [table.headers[column] for column in columns]
    head = [["variant" if line == 0 else "", *(header[line] for header in headers)] for line in range(len(headers[0]))]
    rule = "─" * (sum(widths) + len(_GAP) * len(columns))
    lines = [rule, *(_write_line(texts, widths) for texts in head if any(texts)), rule]
    for rows in (table.variants, table.bounds):
        for row in rows:
            cells = [_split_cell(row.cells[column], stacked) for column in columns]
            height = max(len(cell) for cell in cells)
            for at in range(height):
                texts = [cell[at] if at < len(cell) else "" for cell in cells]
                lines.append(_write_line([row.variant if at == 0 else "", *texts], widths))
        if rows:
            lines.append(rule)
    return "\n".join(lines)


def _group_columns(table: Table, width: int, stacked: bool) -> list[list[int]]:
    """Group columns that fit beside each other, at least one a group."""
    groups: list[list[int]] = []
    left = 0
    for column in range(len(table.headers)):
        need = _measure_column(table, column, stacked) + len(_GAP)
        if not groups or need > left:
            groups.append([])
            left = width - _measure_first(table)
        groups[-1].append(column)
        left -= need
    return groups


def _measure_first(table: Table) -> int:
    return max(measure_width(row.variant) for row in (*table.variants, *table.bounds, Row("variant", ())))


def _measure_column(table: Table, column: int, stacked: bool) -> int:
    cells = [row.cells[column] for row in (*table.variants, *table.bounds)]
    return max(
        measure_width(text) for text in (*table.headers[column], *(t for c in cells for t in _split_cell(c, stacked)))
    )


def _split_cell(cell: Cell, stacked: bool) -> list[str]:
    if not stacked:
        return [_join_cell(cell)]
    return [text for text in (cell.value, cell.interval, cell.n) if text]


def _join_cell(cell: Cell) -> str:
    return " ".join(filter(None, (cell.value, cell.interval, cell.n)))


def _write_line(texts: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (pad_text(text, w, right=i > 0) for i, (text, w) in enumerate(zip(texts, widths, strict=True)))
    return _GAP.join([first, *others]).rstrip()
