"""Tables and figures of the paper as one HTML page, with the pictures that lie beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bench.paper.definition import Item
from bench.paper.formats.markdown import spread_groups
from bench.paper.grid import Grid, Text
from bench.text.escape import escape_for_terminal

_STYLE = (
    "body{font-family:sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}"
    "th,td{padding:.3em .7em;text-align:right;border-bottom:1px solid #ddd;vertical-align:top}"
    "th:first-child,td:first-child{text-align:left}small{color:#555;display:block}img{max-width:100%}"
    "code{background:#f3f3f3}"
)


@dataclass(frozen=True)
class Part:
    """One item on a page: its grid where it is a table, its pictures, what else is to be said, a figure's data."""

    item: Item
    grid: Grid | None
    pictures: Sequence[Path]
    notes: Sequence[str]
    data: str = ""


def write_page(parts: Sequence[Part], folder: Path) -> str:
    """Write a page over some items; pictures are named as seen from ``folder``."""
    body = "\n".join(_write_part(part, folder) for part in parts)
    head = f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>zgs paper</title><style>{_STYLE}</style>'
    return f"{head}\n<body>\n{body}\n</body></html>\n"


def _write_part(part: Part, folder: Path) -> str:
    item = part.item
    on = f" ({part.data})" if part.data else ""
    lines = [
        f'<h2 id="{_text(item.name)}">{_text(item.title)}: {_text(item.shows + on)}</h2>',
        f"<p>{_text(item.caption)}</p>",
    ]
    if part.grid:
        lines.append(_write_table(part.grid))
    for picture in part.pictures:
        place = _text(picture.relative_to(folder).as_posix())
        lines.append(f'<p><img src="{place}" alt="{_text(item.title)}"></p>')
    lines += [f"<p><small>{_text(note)}</small></p>" for note in part.notes]
    return "\n".join(lines)


def _write_table(grid: Grid) -> str:
    heads = [
        "<br>".join(map(_text, filter(None, [group, *head.split("\n")])))
        for group, head in zip(spread_groups(grid), grid.heads, strict=True)
    ]
    lines = ["<table>", "<tr><th></th>" + "".join(f"<th>{head}</th>" for head in heads) + "</tr>"]
    for label, cells in grid.rows:
        lines.append(f"<tr><td>{_text(label)}</td>" + "".join(map(_write_cell, cells)) + "</tr>")
    notes = [f"({at}) {_text(note)}" for at, note in enumerate(grid.empties, 1)] + [_text(note) for note in grid.notes]
    return "\n".join([*lines, "</table>", *(f"<p><small>{note}</small></p>" for note in notes)])


def _write_cell(text: Text) -> str:
    value = f"<b>{_text(text.value)}</b>" if text.best else _text(text.value)
    mark = f" ({text.note})" if text.note else ""
    return f"<td>{value}{mark}" + "".join(f"<small>{_text(line)}</small>" for line in text.below) + "</td>"


def _text(text: str) -> str:
    return escape(escape_for_terminal(text))
