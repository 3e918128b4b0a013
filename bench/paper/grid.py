"""A table of the paper as texts in a grid: what all formats have in common, before any has its own marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bench.metrics.registry import find_unit
from bench.paper.cells import MARK, Cell, PaperTable
from bench.paper.published import HEADINGS, OTHER, PAPER, PROTOCOL, Key
from bench.report.tables.cells import MISSING, list_doubts, write_value
from bench.score.score_table import EMBEDDED_NOTE


@dataclass(frozen=True)
class Text:
    """A cell as text: its value, the lines below it, which note says why it is empty, whether it is the best."""

    value: str = ""
    below: tuple[str, ...] = ()
    note: int = 0
    best: bool = False


@dataclass(frozen=True)
class Grid:
    """Groups of columns with how many each spans, heads, rows with their label, and notes below."""

    groups: tuple[tuple[str, int], ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Text, ...]], ...]
    empties: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Column:
    """A column of the grid: its group and head, data set and column of its cells; ``paper``: published numbers."""

    group: str
    head: str
    place: str
    name: str
    paper: bool = False


def lay_out(table: PaperTable) -> Grid:
    """Lay a table out: rows are runs with blocks of columns for data sets, or data sets, as the item says."""
    columns = _list_columns(table)
    empties: list[str] = []
    if table.item.layout == "sets":
        groups, heads, rows = _lay_sets(table, empties)
    else:
        groups = tuple((name, len(list(part))) for name, part in groupby(column.group for column in columns))
        heads = tuple(_write_head(table, column) for column in columns)
        rows = tuple(
            (row.name, tuple(_write_text(table, column, row.name, empties) for column in columns))
            for row in table.item.rows
        )
    return Grid(groups, heads, rows, tuple(empties), tuple(_list_notes(table)))


def is_comparable(cell: Cell | None) -> bool:
    """Whether a published number may be subtracted from ours, or either called the better one."""
    return cell is not None and cell.published is not None and not cell.other


def find_heading(table: PaperTable, key: Key) -> str:
    """Find which of `HEADINGS` a published number stands under; where ours is missing, its column judges."""
    theirs, own = table.published[key], table.cells.get(key)
    column = [cell.published for other, cell in table.cells.items() if other[1:] == key[1:] and is_comparable(cell)]
    same = [each for each in column if each and (each.dataset, each.classlist) == (theirs.dataset, theirs.classlist)]
    if not same:
        return OTHER
    if theirs.protocol not in {each.protocol for each in same}:
        return PROTOCOL
    return OTHER if own is not None and own.line is not None and not is_comparable(own) else PAPER


def _list_columns(table: PaperTable) -> list[_Column]:
    own = [_Column(place.name, name, place.name, name) for place in table.places for name in place.columns]
    theirs: dict[str, list[_Column]] = {group: [] for group in HEADINGS}
    several = len({place for _, place, _ in table.published}) > 1
    for key in table.published:
        _, place, name = key
        column = _Column(find_heading(table, key), f"{place} {name}" if several else name, place, name, True)
        if column not in theirs[column.group]:
            theirs[column.group].append(column)
    return [*own, *(column for group in HEADINGS for column in theirs[group])]


def _lay_sets(
    table: PaperTable, empties: list[str]
) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...], tuple[tuple[str, tuple[Text, ...]], ...]]:
    names = list(table.item.columns)
    rows: list[tuple[str, tuple[Text, ...]]] = []
    several = len(table.item.rows) > 1
    for place in table.places:
        for row in table.item.rows:
            columns = [_Column("", name, place.name, name) for name in names]
            lines = [table.cells[row.name, place.name, name].line for name in names]
            counts = list(dict.fromkeys(_write_count(line) for line in lines if line is not None))
            label = ", ".join([place.name, *([row.name] if several else []), *(counts if len(counts) == 1 else [])])
            counted = len(counts) > 1
            rows.append((label, tuple(_write_text(table, column, row.name, empties, counted) for column in columns)))
    for place_name, row_name in dict.fromkeys((key[1], key[0]) for key in table.published):
        keys = [(row_name, place_name, name) for name in names]
        head = max((find_heading(table, key) for key in keys if key in table.published), key=HEADINGS.index)
        columns = [_Column("", name, place_name, name, True) for name in names]
        label = f"{place_name}{f', {row_name}' if several else ''}: {head}"
        rows.append((label, tuple(_write_text(table, column, row_name, empties) for column in columns)))
    return (), tuple(names), tuple(rows)


def _write_head(table: PaperTable, column: _Column) -> str:
    counts = _list_counts(table, column)
    return f"{column.head}\n{counts[0]}" if len(counts) == 1 and not column.paper else column.head


def _list_counts(table: PaperTable, column: _Column) -> list[str]:
    lines = [table.cells[row.name, column.place, column.name].line for row in table.item.rows if not column.paper]
    return list(dict.fromkeys(_write_count(line) for line in lines if line is not None))


def _write_count(line: Mapping[str, Any]) -> str:
    return f"n={int(line['n'])} {line['unit_of_n']}"


def _write_text(table: PaperTable, column: _Column, row: str, empties: list[str], counted: bool = False) -> Text:
    key: Key = row, column.place, column.name
    if column.paper:
        published = table.published.get(key)
        shown = published is not None and column.group in ("", find_heading(table, key))
        return Text(f"{published.value:.1f}" + MARK * bool(published.remark)) if published and shown else Text(MISSING)
    cell = table.cells[key]
    if cell.line is None:
        return _write_empty(cell, empties)
    line, unit = cell.line, find_unit(str(cell.line["measure"]))
    value, low, high = (write_value(float(line[name]), unit) for name in ("value", "low", "high"))
    star = "*" if line["interval_note"] else ""
    below = [f"[{low}, {high}]{star}" if "nan" not in (low, high) else "no interval"]
    if counted or (table.item.layout != "sets" and len(_list_counts(table, column)) > 1):
        below.append(_write_count(line))
    if cell.difference is not None:
        below.append(f"p={cell.p_holm:.2g}")
    if is_comparable(cell):
        assert cell.published is not None
        below.append(f"{100 * float(line['value']) - cell.published.value:+.1f} to the paper".replace("-", "−"))
    return Text(value + MARK * bool(cell.remark), tuple(below), best=_is_best(table, key))


def _write_empty(cell: Cell, empties: list[str]) -> Text:
    told = f"{cell.empty}; `{cell.fills}` fills it" if cell.fills else cell.empty
    if told not in empties:
        empties.append(told)
    return Text(MISSING, note=empties.index(told) + 1)


def _is_best(table: PaperTable, key: Key) -> bool:
    """Whether a number is the largest of ours and of those headed `PAPER` in its column, where all ours compare.

    Numbers that print the same are equally good: of a tie all are marked.
    """
    column = [(other, table.cells[other]) for other in table.cells if other[1:] == key[1:]]
    known = [(other, cell) for other, cell in column if cell.line is not None]
    if not all(is_comparable(cell) for _, cell in known):
        return False
    values = [_round(100 * float(cell.line["value"])) for _, cell in known if cell.line is not None]
    rivals = [other for other in table.published if other[1:] == key[1:] and find_heading(table, other) == PAPER]
    theirs = [_round(table.published[other].value) for other in rivals]
    own = table.cells[key].line
    return own is not None and _round(100 * float(own["value"])) >= max([*values, *theirs])


def _round(percent: float) -> float:
    """Round a number to what a table shows of it."""
    return round(percent, 1)


def _list_notes(table: PaperTable) -> list[str]:
    lines = [cell.line for cell in table.cells.values() if cell.line is not None]
    notes = []
    if lines:
        places = dict.fromkeys(
            f"{line['dataset']}, class list {line['classlist']}, {line['protocol']}" for line in lines
        )
        models = dict.fromkeys(
            str(line["metric"]).split("/")[3].partition(">=")[0] for line in lines if "/" in line["metric"]
        )
        by = ", ".join(model for model in models if model != "none")
        notes.append(f"Ours: {'; '.join(places)}.{f' By {by}.' if by else ''}")
        notes.append("Percent (cosines as they are) with 95 % intervals over images.")
        notes += _list_doubts(lines)
        notes += _list_partial(table)
    if table.comparisons:
        notes.append(
            f"p: two-sided, paired by image, against {table.item.against}; Holm's, for all {table.comparisons} "
            "comparisons of this table."
        )
    reasons = dict.fromkeys(cell.other for cell in table.cells.values() if cell.published is not None and cell.other)
    if reasons:
        notes.append(f"Not to be compared with the paper's numbers: {'; '.join(list(reasons)[:4])}.")
    elif table.published and not any(is_comparable(cell) for cell in table.cells.values()):
        notes.append("The paper's numbers are of other data and weights: no difference to them means anything.")
    if table.embedded:
        notes.append(EMBEDDED_NOTE)
    remarks = [f"{row.name}: {row.remark}" for row in table.item.rows if row.remark]
    return [*notes, *remarks, *table.notes]


def _list_doubts(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    import pandas as pd

    return list_doubts(pd.DataFrame(lines)[["low", "interval_note"]])


def _list_partial(table: PaperTable) -> list[str]:
    """List the rows whose runs left images out."""
    notes = {}
    for (row, place, _), cell in table.cells.items():
        line = cell.line or {}
        if line.get("found") is not None and line.get("expected") and int(line["found"]) < int(line["expected"]):
            notes[row, place] = f"{row}, {place}: n = {int(line['found'])} of {int(line['expected'])} images found."
    return list(notes.values())
