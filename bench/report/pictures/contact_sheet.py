"""Figure 5 as one picture for a README: a few rows of the gallery on a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from bench.report.figures.style import columns
from bench.report.pictures.draw import folded, font, shortened

CELL = 216
MOST = 10
"""Pictures beside each other; those of more variants stand in further lines below, under their image's name."""
_GAP, _EDGE, _LINE = 8, 18, 20
_DARK, _GREY = (28, 30, 36), (105, 110, 120)
_TITLE, _NOTE = 13, 12
Row = tuple[str, Sequence[tuple[str, str]], Sequence[Image.Image]]
Shown = tuple[list[str], str, Image.Image]
"""Lines of the title, note, picture."""


@dataclass(frozen=True, eq=False)
class _Strip:
    """Pictures beside each other, of one image, whose name stands above the first of several strips."""

    name: str
    shown: tuple[Shown, ...]

    @property
    def titled(self) -> int:
        """Pixels above the pictures."""
        return _LINE * max(len(lines) for lines, _, _ in self.shown) + _LINE * bool(self.name)

    @property
    def tall(self) -> int:
        """Pixels of the tallest picture."""
        return max(_scaled(picture)[1] for _, _, picture in self.shown)

    @property
    def height(self) -> int:
        """With titles, notes and the gap below."""
        return self.titled + self.tall + _LINE + _GAP


def contact_sheet(rows: Sequence[Row], *, title: str, footer: str) -> Image.Image:
    """Rows of (image id, (title, note) of each picture, pictures) on white, RGB; titles stand above the columns.

    Columns follow the first row; a row whose titles differ carries its own. Every cell is `CELL` pixels wide, and there
    are at most `MOST` beside each other. A title takes two lines where it needs them.
    """
    strips = [strip for row in rows for strip in _strips(row)]
    across = max((len(strip.shown) for strip in strips), default=1)
    top = _EDGE + (34 if title else 0)
    footer_room = _LINE + 8 if footer else 0
    height = top + sum(strip.height for strip in strips) + footer_room + _EDGE
    sheet = Image.new("RGB", (2 * _EDGE + across * (CELL + _GAP) - _GAP, height), "white")
    pen = ImageDraw.Draw(sheet)
    if title:
        _put(pen, (_EDGE, _EDGE - 2), title, 19, _DARK, sheet.width - 2 * _EDGE)
    y = top
    for strip in strips:
        _draw(sheet, pen, strip, y)
        y += strip.height
    if footer:
        _put(pen, (_EDGE, y + 4), footer, 13, (150, 70, 0), sheet.width - 2 * _EDGE)
    return sheet


def _strips(row: Row) -> list[_Strip]:
    image_id, texts, pictures = row
    shown = [
        (folded(name, _TITLE, CELL), " · ".join(note.split("\n")), picture)
        for (name, note), picture in zip(texts, pictures, strict=True)
    ]
    beside = columns(len(shown), MOST)
    parts = [tuple(shown[at : at + beside]) for at in range(0, len(shown), beside)]
    return [_Strip(image_id * (len(parts) > 1 and at == 0), part) for at, part in enumerate(parts)]


def _draw(sheet: Image.Image, pen: ImageDraw.ImageDraw, strip: _Strip, y: int) -> None:
    if strip.name:
        _put(pen, (_EDGE, y), strip.name, _TITLE, _GREY, sheet.width - 2 * _EDGE)
    for column, (lines, note, picture) in enumerate(strip.shown):
        x = _EDGE + column * (CELL + _GAP)
        for at, line in enumerate(reversed(lines), 1):  # titles stand on their pictures
            _put(pen, (x, y + strip.titled - _LINE * at), line, _TITLE, _DARK, CELL)
        sheet.paste(picture.resize(_scaled(picture), Image.Resampling.LANCZOS), (x, y + strip.titled))
        _put(pen, (x, y + strip.titled + strip.tall + 2), note, _NOTE, _GREY, CELL, bold=False)


def _scaled(picture: Image.Image) -> tuple[int, int]:
    # A very tall picture would push the others off the sheet: it is narrowed instead.
    factor = min(CELL / picture.width, 1.5 * CELL / picture.height)
    return max(1, round(picture.width * factor)), max(1, round(picture.height * factor))


def _put(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: tuple[int, int, int], width: int,
    bold: bool = True,
) -> None:  # fmt: skip
    pen.text(at, shortened(text, size, width, bold), font=font(size, bold), fill=colour)
