"""Figure 5 as one picture for a README: a few rows of the gallery on a sheet."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from bench.report.draw import font, shortened

CELL = 216
_GAP, _EDGE, _LINE = 8, 18, 20
_DARK, _GREY = (28, 30, 36), (105, 110, 120)
Row = tuple[str, Sequence[tuple[str, str]], Sequence[Image.Image]]


def contact_sheet(rows: Sequence[Row], *, title: str, footer: str) -> Image.Image:
    """Rows of (image id, (title, note) of each picture, pictures) on white, RGB; titles stand above the columns.

    Columns follow the first row; a row whose titles differ carries its own. Every cell is `CELL` pixels wide.
    """
    columns = max((len(pictures) for _, _, pictures in rows), default=1)
    heights = [max(_scaled(picture)[1] for picture in pictures) for _, _, pictures in rows]
    top = _EDGE + (34 if title else 0)
    footer_room = _LINE + 8 if footer else 0
    height = top + sum(tall + 2 * _LINE + _GAP for tall in heights) + footer_room + _EDGE
    sheet = Image.new("RGB", (2 * _EDGE + columns * (CELL + _GAP) - _GAP, height), "white")
    pen = ImageDraw.Draw(sheet)
    if title:
        _put(pen, (_EDGE, _EDGE - 2), title, 19, _DARK, sheet.width - 2 * _EDGE)
    y = top
    for tall, (_, texts, pictures) in zip(heights, rows, strict=True):
        for column, ((name, note), picture) in enumerate(zip(texts, pictures, strict=True)):
            x = _EDGE + column * (CELL + _GAP)
            _put(pen, (x, y), name, 13, _DARK, CELL)
            sheet.paste(picture.resize(_scaled(picture), Image.Resampling.LANCZOS), (x, y + _LINE))
            _put(pen, (x, y + _LINE + tall + 2), " · ".join(note.split("\n")), 12, _GREY, CELL, bold=False)
        y += tall + 2 * _LINE + _GAP
    if footer:
        _put(pen, (_EDGE, y + 4), footer, 13, (150, 70, 0), sheet.width - 2 * _EDGE)
    return sheet


def _scaled(picture: Image.Image) -> tuple[int, int]:
    # A very tall picture would push the others off the sheet: it is narrowed instead.
    factor = min(CELL / picture.width, 1.5 * CELL / picture.height)
    return max(1, round(picture.width * factor)), max(1, round(picture.height * factor))


def _put(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: tuple[int, int, int], width: int,
    bold: bool = True,
) -> None:  # fmt: skip
    pen.text(at, shortened(text, size, width, bold), font=font(size, bold), fill=colour)
