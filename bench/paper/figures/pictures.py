"""What the figures with pictures share: runs and samples opened once for all of them, and a grid of pictures."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from bench.data.base import Dataset
from bench.records import Sample
from bench.report.figures.style import make_figure, measure_line, save
from bench.report.pictures.side_by_side import ShownRun, read_shown_run
from bench.settings.instantiate import make_object
from bench.settings.saved import read_run_settings
from bench.store.sealed import RECORD
from bench.text.escape import escape_for_picture, shorten_to_fit

WIDE, ACROSS, DPI = 7.2, 6, 200
"""Inches: a page of the paper's width, so that letters have their size when printed; pictures beside each other."""
TITLE, NOTE, LETTERS = 8.0, 7.0, 6.3
"""Points of the letters above, below and on a picture."""
GREY = "#444444"
_GAP, _TITLE_LINE, _NOTE_LINE = 0.07, 0.145, 0.125
"""Inches between pictures, and of a line of text."""


@dataclass(frozen=True, eq=False)
class Shown:
    """One picture of a grid, RGB, with a title above it and notes below it."""

    picture: Image.Image
    title: str = ""
    note: str = ""


def open_run(folder: Path, name: str) -> ShownRun:
    """Open a finished run, once for all figures; one that was made again is opened again."""
    return _open_run(folder, name, (folder / RECORD).stat().st_mtime_ns)


def open_dataset(folder: Path) -> Dataset:
    """Open the data set of a finished run, once for all runs and figures."""
    return _open_dataset(json.dumps(read_run_settings(folder)["data"], sort_keys=True))


def load_sample(folder: Path, image_id: str) -> Sample:
    """Load an image with its truth from the data set of a finished run, once for all figures."""
    return _load_sample(json.dumps(read_run_settings(folder)["data"], sort_keys=True), image_id)


def draw_pictures(rows: Sequence[Sequence[Shown]], footer: str = "") -> Figure:
    """Draw rows of pictures, all of one width, titles above and notes below them, and a footer in small letters.

    Every picture is brought to its printed size here, so that nothing is resampled twice. Titles that repeat those of
    the row above are left out.
    """
    columns = max(len(row) for row in rows)
    room = (WIDE - _GAP * (columns + 1)) / columns
    titles = [_choose_titles(rows, at, room) for at in range(len(rows))]
    sized = [[_resize(shown.picture, room) for shown in row] for row in rows]
    parts = [_measure_row(row, lines, row_sized) for row, lines, row_sized in zip(rows, titles, sized, strict=True)]
    told = wrap(footer, WIDE - 2 * _GAP, NOTE)
    high = _GAP + sum(map(sum, parts)) + _NOTE_LINE * len(told) + _GAP
    figure = make_figure(high, WIDE)
    figure.set_layout_engine("none")
    top = _GAP
    for row, lines, pictures, (above, tall, below) in zip(rows, titles, sized, parts, strict=True):
        for at, (shown, title, picture) in enumerate(zip(row, lines, pictures, strict=True)):
            left = _GAP + at * (room + _GAP)
            write_lines(figure, left, top + above - 0.03, title, TITLE, "bottom", fontweight="bold")
            place_picture(figure, picture, left, top + above)
            notes = [fit(line, room, NOTE) for line in shown.note.split("\n")] if shown.note else []
            write_lines(figure, left, top + above + picture.height / DPI + 0.03, notes, NOTE, "top", color=GREY)
        top += above + tall + below
    write_lines(figure, _GAP, top, told, NOTE, "top", color=GREY)
    return figure


def place_picture(figure: Figure, picture: Image.Image, left: float, top: float) -> Axes:
    """Place a picture of the printed size with its corner at inches from the left and from the top."""
    wide, high = figure.get_size_inches()
    size = picture.width / DPI / wide, picture.height / DPI / high
    axes = figure.add_axes((left / wide, 1 - top / high - size[1], *size))
    axes.imshow(np.asarray(picture), interpolation="none", aspect="auto")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_axis_off()
    return axes


def save_pictures(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Write ``stem`` .png and .svg, as small files: pictures with many colours are a quarter as large.

    Colours of a few pixels may be lost to their neighbours', so this is nothing for a small mark in a picture.
    """
    png, svg = save(figure, stem)
    shrink(png, svg)
    return png, svg


def shrink(png: Path, svg: Path) -> None:
    """Shrink both files: the PNG to a palette of 256 colours, each picture in the SVG to one of its own."""
    _reduce(Image.open(png)).save(png, dpi=(DPI, DPI))
    text = svg.read_text(encoding="utf-8")
    found = re.sub(r"(data:image/png;base64,)\s*([^\"]+)", lambda found: found[1] + _encode_again(found[2]), text)
    svg.write_text(found, encoding="utf-8")


def _reduce(picture: Image.Image) -> Image.Image:
    return picture.convert("RGB").quantize(256)


def _encode_again(text: str) -> str:
    """Encode a PNG in base64 with fewer colours."""
    file = io.BytesIO()
    _reduce(Image.open(io.BytesIO(base64.b64decode(text)))).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


def fit(text: str, room: float, size: float, bold: bool = False) -> str:
    """Fit a text as figures show it into ``room`` inches, by both its ends where it is too long."""
    line = shorten_to_fit(escape_for_picture(text), lambda short: measure_line(short, size, bold) <= room)
    return line.replace("$", "\\$")


def wrap(text: str, room: float, size: float, bold: bool = False) -> list[str]:
    """Wrap a text as figures show it at blanks, so that every line fits into ``room`` inches."""
    lines = list[str]()
    for word in escape_for_picture(text).split():
        joined = f"{lines[-1]} {word}" if lines else ""
        if joined and measure_line(joined, size, bold) <= room:
            lines[-1] = joined
        else:
            lines.append(word)
    return [fit(line, room, size, bold) for line in lines]


def compute_lines(columns: int) -> float:
    """Compute how many lines of letters of `LETTERS` points a picture's side has, ``columns`` beside each other."""
    return (WIDE - _GAP * (columns + 1)) / columns * 72 / LETTERS


def _choose_titles(rows: Sequence[Sequence[Shown]], at: int, room: float) -> list[list[str]]:
    """Choose the lines of the titles above a row: none where they are those of the row above."""
    own = [shown.title for shown in rows[at]]
    if at and own == [shown.title for shown in rows[at - 1]][: len(own)]:
        return [[] for _ in own]
    return [wrap(title, room, TITLE, bold=True)[:2] for title in own]


def _measure_row(
    row: Sequence[Shown], titles: Sequence[Sequence[str]], sized: Sequence[Image.Image]
) -> tuple[float, float, float]:
    """Measure inches above the pictures of a row, of the tallest, and below."""
    above = _TITLE_LINE * max(map(len, titles)) + (0.03 if any(titles) else 0)
    notes = max((shown.note.count("\n") + 1 for shown in row if shown.note), default=0)
    return above, max(picture.height for picture in sized) / DPI, _NOTE_LINE * notes + 0.03 + _GAP


def _resize(picture: Image.Image, room: float) -> Image.Image:
    """Bring a picture to its printed size; a very tall one is narrowed."""
    factor = min(room / picture.width, 1.5 * room / picture.height) * DPI
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    return picture.resize(size, Image.Resampling.LANCZOS)


def write_lines(
    figure: Figure, left: float, top: float, lines: Sequence[str], size: float, anchor: str, **style: Any
) -> None:
    """Write lines at inches from the left and from the top."""
    wide, high = figure.get_size_inches()
    if lines:
        text = "\n".join(lines)
        figure.text(left / wide, 1 - top / high, text, fontsize=size, va=anchor, ha="left", linespacing=1.1, **style)


@lru_cache(maxsize=64)
def _open_run(folder: Path, name: str, _: int) -> ShownRun:
    return read_shown_run(folder, name)


@lru_cache(maxsize=8)
def _open_dataset(options: str) -> Dataset:
    dataset: Dataset = make_object(json.loads(options))
    return dataset


@lru_cache(maxsize=256)
def _load_sample(options: str, image_id: str) -> Sample:
    return _open_dataset(options).load(image_id)
