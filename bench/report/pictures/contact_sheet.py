"""Figure 5 as one picture for a README: a few rows of the gallery on a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PIL import Image, ImageDraw

from bench.report.pictures.lettering import fold_text
from bench.report.pictures.sheet import DARK, Block, Layout, draw_grid, write_line
from bench.text.columns import choose_columns

CELL = 216
MOST = 10
"""Pictures beside each other; those of more variants stand in further lines below, under their image's name."""
_GAP, _EDGE, _LINE = 8, 18, 20
_GREY = (105, 110, 120)
_LAYOUT = Layout(
    _EDGE, title=19, title_room=34, note=0, note_room=0, notes_end=0, footer=13, footer_room=28, lift=2, grey=_GREY
)
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
        return max(_scale_size(picture)[1] for _, _, picture in self.shown)

    @property
    def height(self) -> int:
        """With titles, notes and the gap below."""
        return self.titled + self.tall + _LINE + _GAP


def draw_contact_sheet(rows: Sequence[Row], *, title: str, footer: str) -> Image.Image:
    """Draw rows of (image id, (title, note) of each picture, pictures) on white, RGB; titles stand above the columns.

    Columns follow the first row; a row whose titles differ carries its own. Every cell is `CELL` pixels wide, and there
    are at most `MOST` beside each other. A title takes two lines where it needs them.
    """
    strips = [strip for row in rows for strip in _make_strips(row)]
    across = max((len(strip.shown) for strip in strips), default=1)
    width = 2 * _EDGE + across * (CELL + _GAP) - _GAP
    blocks = [Block(strip.height, partial(_draw_strip, strip)) for strip in strips]
    return draw_grid(blocks, width, _LAYOUT, title=title, footer=footer)


def _make_strips(row: Row) -> list[_Strip]:
    image_id, texts, pictures = row
    shown = [
        (fold_text(name, _TITLE, CELL), " · ".join(note.split("\n")), picture)
        for (name, note), picture in zip(texts, pictures, strict=True)
    ]
    beside = choose_columns(len(shown), MOST)
    parts = [tuple(shown[at : at + beside]) for at in range(0, len(shown), beside)]
    return [_Strip(image_id * (len(parts) > 1 and at == 0), part) for at, part in enumerate(parts)]


def _draw_strip(strip: _Strip, sheet: Image.Image, pen: ImageDraw.ImageDraw, y: int) -> None:
    if strip.name:
        write_line(pen, (_EDGE, y), strip.name, _TITLE, _GREY, sheet.width - 2 * _EDGE)
    for column, (lines, note, picture) in enumerate(strip.shown):
        x = _EDGE + column * (CELL + _GAP)
        for at, line in enumerate(reversed(lines), 1):  # titles stand on their pictures
            write_line(pen, (x, y + strip.titled - _LINE * at), line, _TITLE, DARK, CELL)
        sheet.paste(fit_cell(picture), (x, y + strip.titled))
        write_line(pen, (x, y + strip.titled + strip.tall + 2), note, _NOTE, _GREY, CELL, bold=False)


def fit_cell(picture: Image.Image) -> Image.Image:
    """Make a picture as wide as a cell; one that is stays as it is."""
    return picture.resize(_scale_size(picture), Image.Resampling.LANCZOS)


def _scale_size(picture: Image.Image) -> tuple[int, int]:
    # A very tall picture would push the others off the sheet: it is narrowed instead.
    factor = min(CELL / picture.width, 1.5 * CELL / picture.height)
    return max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
