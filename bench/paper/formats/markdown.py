"""A table of the paper as markdown."""

from __future__ import annotations

from bench.paper.definition import Item
from bench.paper.grid import Grid, Text
from bench.text.escape import escape_markdown, join_cells


def write_markdown(item: Item, grid: Grid) -> str:
    """Write title, caption, the table with its groups in the heads, and numbered notes for what is empty."""
    heads = ["", *(_join_head(group, head) for group, head in zip(spread_groups(grid), grid.heads, strict=True))]
    lines = [f"## {item.title}: {escape_markdown(item.shows)}", "", escape_markdown(item.caption), ""]
    lines += [join_cells(heads), "|---|" + "---:|" * len(grid.heads)]
    lines += [join_cells([escape_markdown(label), *map(_write_cell, cells)]) for label, cells in grid.rows]
    lines += ["", *(f"{at}. {_escape_note(note)}" for at, note in enumerate(grid.empties, 1))]
    lines += [*([""] if grid.empties else []), *(f"- {escape_markdown(note)}" for note in grid.notes)]
    return "\n".join(lines) + "\n"


def spread_groups(grid: Grid) -> list[str]:
    """Spread the names of groups over their columns."""
    return [name for name, span in grid.groups for _ in range(span)] or [""] * len(grid.heads)


def _join_head(group: str, head: str) -> str:
    return "<br>".join(map(escape_markdown, filter(None, [group, *head.split("\n")])))


def _write_cell(text: Text) -> str:
    value = f"**{text.value}**" if text.best else text.value
    mark = f" ({text.note})" if text.note else ""
    return "<br>".join([escape_markdown(value) if not text.best else value, *map(escape_markdown, text.below)]) + mark


def _escape_note(note: str) -> str:
    """Escape a note, but for the command between its back quotes."""
    before, mark, rest = note.partition("`")
    command, _, after = rest.partition("`")
    return escape_markdown(before) + (f"`{command}`{escape_markdown(after)}" if mark else "")
