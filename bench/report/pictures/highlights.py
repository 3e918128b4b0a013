"""Pictures of single segments: each at full brightness in its dimmed image, with what variants said of it below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image, ImageDraw

from bench.report.pictures.lettering import fold_text, load_font
from bench.report.pictures.sheet import DARK, Block, Layout, draw_grid, write_line
from bench.text.escape import escape_for_picture

CELL = 272
"""Width of a picture: a sheet of six is 1800 pixels wide, and can be read when a README shows it at half of that."""
_EDGE, _GAP, _SPLIT = 20, 18, 44
_NAME, _TEXT, _SMALL, _LINE, _FOLD = 23, 21, 19, 26, 28
_NAMED = CELL - 106
"""Pixels of a variant's name beside its marks."""
_GREY = (95, 100, 110)
_LAYOUT = Layout(
    _EDGE,
    title=28,
    title_room=38,
    note=_SMALL,
    note_room=25,
    notes_end=14,
    footer=20,
    footer_room=34,
    lift=4,
    grey=_GREY,
)
# Okabe and Ito's blue and vermilion, told apart by colour-blind readers; the sign says the same without colour.
_RIGHT, _WRONG = ("✓", (0, 114, 178)), ("✗", (200, 80, 0))


@dataclass(frozen=True)
class Said:
    """What one variant said of a segment: text, cosine of the text to the true name, and whether it counts as right."""

    variant: str
    text: str
    cosine: float
    tt: bool
    st: bool


@dataclass(frozen=True, eq=False)
class Cell:
    """One segment: image, mask of the same size, true name, and what each variant said."""

    image: UInt8[np.ndarray, "h w 3"]
    mask: Bool[np.ndarray, "h w"]
    name: str
    said: tuple[Said, ...]


@dataclass(frozen=True, eq=False)
class Strip:
    """One row: two groups of cells, each with a heading."""

    left_title: str
    right_title: str
    left: tuple[Cell, ...]
    right: tuple[Cell, ...]


def draw_highlight_sheet(
    strips: Sequence[Strip], *, count: int, title: str, notes: Sequence[str], footer: str
) -> Image.Image:
    """Draw rows of up to twice ``count`` cells on white, RGB."""
    half = count * CELL + (count - 1) * _GAP
    blocks = [
        Block(_measure_heading(strip, half) + _measure_height(strip), partial(_draw_strip, strip, half))
        for strip in strips
    ]
    return draw_grid(blocks, 2 * (_EDGE + half) + _SPLIT, _LAYOUT, title=title, notes=notes, footer=footer)


def _draw_strip(strip: Strip, half: int, sheet: Image.Image, pen: ImageDraw.ImageDraw, y: int) -> None:
    pen.line((_EDGE, y, sheet.width - _EDGE, y), fill=(205, 208, 214), width=2)
    below = y + _measure_heading(strip, half)
    for side, (heading, cells) in enumerate(((strip.left_title, strip.left), (strip.right_title, strip.right))):
        x = _EDGE + side * (half + _SPLIT)
        for at, line in enumerate(fold_text(heading, _NAME, half)):
            write_line(pen, (x, y + 12 + _FOLD * at), line, _NAME, DARK, half)
        if not cells:
            write_line(pen, (x, below + 2), "no such segment", _TEXT, _GREY, half, bold=False)
        for column, cell in enumerate(cells):
            _draw_cell(sheet, pen, cell, (x + column * (CELL + _GAP), below))


def highlight_segment(
    image: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], size: tuple[int, int]
) -> Image.Image:
    """Draw the image at ``size`` (width, height): the segment as it is inside a white line, the rest grey and dim."""
    factor = max(1, -(-size[0] // image.shape[1]))
    large = Image.fromarray(image.repeat(factor, 0).repeat(factor, 1)).resize(size, Image.Resampling.LANCZOS)
    inside = Image.fromarray(mask).convert("L").resize(size, Image.Resampling.NEAREST)
    dim = large.convert("L").point(lambda value: round(0.42 * value + 14)).convert("RGB")
    dim.paste(large, mask=inside)
    # Dark around white: the line is seen on a bright segment as well as on a dark one.
    drawn = np.asarray(inside) > 0
    wide, line = _widen(drawn, 4), _widen(drawn, 2)
    for outer, inner, colour in ((wide, line, (0, 0, 0)), (line, drawn, (255, 255, 255))):
        ring = outer & ~inner
        dim.paste(colour, mask=Image.fromarray(ring))
    return dim


def _widen(mask: Bool[np.ndarray, "h w"], pixels: int) -> Bool[np.ndarray, "h w"]:
    """Widen a mask by ``pixels`` to all sides and corners: along one side, then along the other, as any square goes."""
    from scipy import ndimage

    widened: Bool[np.ndarray, "h w"] = ndimage.maximum_filter(mask.view(np.uint8), 2 * pixels + 1) > 0
    return widened


def has_room(variant: str) -> bool:
    """Whether a variant's name has room in a cell."""
    return load_font(_SMALL, False).getlength(escape_for_picture(variant)) <= _NAMED


def _draw_cell(sheet: Image.Image, pen: ImageDraw.ImageDraw, cell: Cell, at: tuple[int, int]) -> None:
    x, y = at
    size = _scale_size(cell)
    sheet.paste(highlight_segment(cell.image, cell.mask, size), at)
    y += size[1] + 6
    write_line(pen, (x, y), f"true: {cell.name}", _NAME, DARK, CELL)
    y += _LINE + 6
    for said in cell.said:
        marks = (("TT", said.tt), ("ST", said.st))
        write_line(pen, (x, y), said.variant, _SMALL, _GREY, _NAMED, bold=False)
        for place, (name, right) in enumerate(marks):
            sign, colour = _RIGHT if right else _WRONG
            write_line(pen, (x + CELL - 98 + 52 * place, y), f"{name}{sign}", _SMALL, colour, 60, bold=False)
        cosine = f"{said.cosine:.2f}".replace("-", "−")
        room = CELL - load_font(_TEXT, False).getlength(cosine) - 12
        write_line(pen, (x, y + 22), said.text or "(no text)", _TEXT, DARK, round(room))
        pen.text((x + CELL - 4, y + 22), cosine, font=load_font(_TEXT, False), fill=DARK, anchor="ra")
        y += 22 + _LINE + 8


def _scale_size(cell: Cell) -> tuple[int, int]:
    height, width = cell.mask.shape
    factor = min(CELL / width, 1.2 * CELL / height)  # a tall picture is narrowed, as on the gallery's overview
    return max(1, round(width * factor)), max(1, round(height * factor))


def _measure_heading(strip: Strip, width: int) -> int:
    """Measure pixels above the pictures of a row: its headings take two lines where one is too long."""
    lines = max(len(fold_text(heading, _NAME, width)) for heading in (strip.left_title, strip.right_title))
    return 50 + _FOLD * (lines - 1)


def _measure_height(strip: Strip) -> int:
    """Measure pixels from the pictures down."""
    cells = (*strip.left, *strip.right)
    tall = max(_scale_size(cell)[1] for cell in cells)
    return tall + 6 + _LINE + 6 + (30 + _LINE) * max(len(cell.said) for cell in cells) + 14
