"""Figure 5 and its like as one picture: rows under each other on white, below a title and notes, above a footer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from bench.report.pictures.lettering import load_font, shorten_text

Colour = tuple[int, int, int]
DARK, WARNING = (28, 30, 36), (150, 70, 0)


@dataclass(frozen=True)
class Layout:
    """Pixels of a sheet: edge, sizes of letters, room of title, notes, their end and footer; and the grey of notes."""

    edge: int
    title: int
    title_room: int
    note: int
    note_room: int
    notes_end: int
    footer: int
    footer_room: int
    lift: int
    grey: Colour


@dataclass(frozen=True, eq=False)
class Block:
    """One row: its height in pixels, and what draws it on a sheet from a height ``y`` down."""

    height: int
    draw: Callable[[Image.Image, ImageDraw.ImageDraw, int], None]


def draw_grid(
    blocks: Sequence[Block], width: int, layout: Layout, *, title: str, footer: str, notes: Sequence[str] = ()
) -> Image.Image:
    """Stack rows on a sheet of ``width`` pixels, RGB; without a title or a footer there is no room for it."""
    edge, room = layout.edge, width - 2 * layout.edge
    top = edge + (layout.title_room + layout.note_room * len(notes) + layout.notes_end if title else 0)
    height = top + sum(block.height for block in blocks) + (layout.footer_room if footer else 0) + edge
    sheet = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    if title:
        write_line(pen, (edge, edge - layout.lift), title, layout.title, DARK, room)
    for at, note in enumerate(notes):
        place = edge, edge + layout.title_room + layout.note_room * at
        write_line(pen, place, note, layout.note, layout.grey, room, bold=False)
    y = top
    for block in blocks:
        block.draw(sheet, pen, y)
        y += block.height
    if footer:
        write_line(pen, (edge, y + 4), footer, layout.footer, WARNING, room)
    return sheet


def write_line(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: Colour, width: int, bold: bool = True
) -> None:
    """Write as much of a text as fits into ``width`` pixels, from its top left corner."""
    shown = shorten_text(text, size, width, bold)
    pen.text(at, shown, font=load_font(size, bold, shown), fill=colour)
