"""A table of the paper on a page: which of its columns stand beside each other, by how wide they are in print."""

from __future__ import annotations

from collections.abc import Sequence

from bench.paper.grid import Grid

ROOM = 343.0
"""Points of a line of `article`'s one column; a page of two columns has more in a ``table*``."""
GAP = 6.0
"""Points that a column takes beside its text."""
LABEL = 90.0
"""Points of the labels of rows at most: longer ones are broken into lines."""
_LETTERS = {" .,:;'!|[]il": 2.6, "()jtfrs-": 3.4, "mwMW%@−≥≤+=<>": 6.4}
_UPPER, _OTHER = 5.5, 4.1
"""Points of letters of `cmr7`, rounded up."""


def measure(text: str) -> float:
    """Measure how many points a text takes in ``scriptsize``, at most."""
    signs = text.replace(">=", "≥").replace("<=", "≤")
    return sum(
        next((width for letters, width in _LETTERS.items() if sign in letters), _of_other(sign)) for sign in signs
    )


def _of_other(sign: str) -> float:
    return _UPPER if sign.isupper() else _OTHER


def measure_labels(grid: Grid) -> float:
    """Measure the column of the labels of rows, which is `LABEL` at most."""
    return min(LABEL, max((measure(label) for label, _ in grid.rows), default=0.0)) + GAP


def measure_columns(grid: Grid) -> list[float]:
    """Measure each column by its head, its values with their notes, and what stands below them."""
    widths = []
    for at, head in enumerate(grid.heads):
        cells = [cells[at] for _, cells in grid.rows]
        values = [f"{cell.value} ({cell.note})" if cell.note else cell.value for cell in cells]
        texts = [*head.split("\n"), *values, *(text for cell in cells for text in cell.below)]
        widths.append(max(map(measure, texts)) + GAP)
    return widths


def split_columns(grid: Grid, room: float = ROOM) -> list[range]:
    """Split columns into blocks that each fit beside the labels: whole groups together, a wide one in equal parts."""
    widths, free = measure_columns(grid), room - measure_labels(grid)
    blocks: list[range] = []
    begin, taken, at = 0, 0.0, 0
    for name, span in grid.groups or (("", len(grid.heads)),):
        wide = max(sum(widths[at : at + span]), measure(name) + GAP)
        if taken and taken + wide > free:
            blocks.append(range(begin, at))
            begin, taken = at, 0.0
        if wide > free:
            *whole, last = _split_evenly(range(at, at + span), widths, free)
            blocks += whole
            begin, wide = last.start, sum(widths[last.start : last.stop])
        taken, at = taken + wide, at + span
    return [*blocks, range(begin, at)]


def _split_evenly(columns: range, widths: Sequence[float], free: float) -> list[range]:
    """Split columns into the fewest parts of about as many columns, each of which fits; one column is never split."""
    for parts in range(2, len(columns) + 1):
        ends = [columns.start + len(columns) * part // parts for part in range(parts + 1)]
        split = [range(begin, end) for begin, end in zip(ends[:-1], ends[1:], strict=True)]
        if all(sum(widths[part.start : part.stop]) <= free or len(part) == 1 for part in split):
            return split
    return [columns]


def cut(grid: Grid, columns: range) -> Grid:
    """Cut some columns out of a grid, with the part of each group that lies in them."""
    groups, at = [], 0
    for name, span in grid.groups:
        inside = len(range(max(at, columns.start), min(at + span, columns.stop)))
        groups += [(name, inside)] if inside else []
        at += span
    rows = tuple((label, cells[columns.start : columns.stop]) for label, cells in grid.rows)
    return Grid(tuple(groups), grid.heads[columns.start : columns.stop], rows, grid.empties, grid.notes)
