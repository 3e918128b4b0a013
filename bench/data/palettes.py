"""Section 4, data: label files that disagree what a number means, told by their palettes and bits; no pixel is read.

A PNG that was made smaller "without loss" keeps its colours and not its numbers: oxipng numbers the colours of each
file anew, and grey of 0 and 255 becomes one bit (`findings/lossless_png_renumbers_palettes.sh`); a picture of colours
that is made a palette by Pillow is numbered in each file, too. A single file tells nothing of this, two files do.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from bench.data.stored_numbers import find_raw_mode

_BLACK = b"\0\0\0"
_FEW_BITS = ("1", "L;1", "L;2", "L;4")


def list_palette_remarks(masks: Iterable[Path]) -> tuple[str, ...]:
    """List where label files disagree, from their headers: at most a line on palettes and one on bits of grey.

    Black is no colour here, for tools fill palettes up with it. What is wrong with a file is said where it is read.
    """
    first: dict[int, tuple[bytes, Path]] = {}
    other: list[tuple[int, bytes, Path]] = []
    few, many = [], []
    for mask in masks:
        colours, raw_mode = _read_header(mask)
        odd = [(n, colour) for n, colour in colours.items() if first.setdefault(n, (colour, mask))[0] != colour]
        other.extend((number, colour, mask) for number, colour in odd[:1])
        if raw_mode in _FEW_BITS:
            few.append(mask)
        elif raw_mode.startswith(("L", "I")):
            many.append(mask)
    return *_describe_palettes(first, other), *_describe_bits(few, many)


def _read_header(mask: Path) -> tuple[dict[int, bytes], str]:
    """Read the colours of a palette by number, black left out, and the way in which Pillow unpacks a row."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(mask) as image:
                raw_mode, palette = find_raw_mode(image), image.palette
    except Exception:  # decoders raise OSError, SyntaxError, ValueError, struct.error and more
        return {}, ""
    if palette is None or palette.mode != "RGB" or not raw_mode.startswith("P"):
        return {}, raw_mode
    data = bytes(palette.palette)
    colours = {n: data[3 * n : 3 * n + 3] for n in range(len(data) // 3)}
    return {number: colour for number, colour in colours.items() if colour != _BLACK}, raw_mode


def _describe_palettes(first: dict[int, tuple[bytes, Path]], other: list[tuple[int, bytes, Path]]) -> tuple[str, ...]:
    if not other:
        return ()
    number, colour, path = other[0]
    theirs, where = first[number]
    return (
        f"palettes of label files disagree: {number} is {tuple(theirs)} in {where} and {tuple(colour)} in {path} "
        f"(files that differ from those before: {len(other)}). Something numbered the colours of each file anew, as "
        "oxipng does to make PNGs smaller, and then the numbers are no classes; use the files as they were before",
    )


def _describe_bits(few: list[Path], many: list[Path]) -> tuple[str, ...]:
    if not few or not many:
        return ()
    return (
        f"grey label files of less than 8 bits: {len(few)}, the first {few[0]}; of 8 or more: {len(many)}. Numbers are "
        "taken as stored, but where a tool took bits away to make PNGs smaller, as oxipng does, 255 became 1, 3 or 15; "
        "use the files as they were before",
    )
