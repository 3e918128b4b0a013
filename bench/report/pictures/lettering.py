"""Figures 1 and 5, their letters: texts wrapped, folded or shortened to the pixels they have, and the font of each."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from bench.text.escape import escape_for_picture, shorten_to_fit
from bench.text.fonts import choose_font, find_usual


@lru_cache(maxsize=4096)
def wrap_text(text: str, size: int, width: float) -> str:
    """Wrap ``text`` on one line where it is short, on at most two otherwise; cut with … where even that is too wide."""
    words = escape_for_picture(" ".join(text.split()))
    lines = [words]
    if len(words) > 14 and " " in words:
        middle = min((i for i, c in enumerate(words) if c == " "), key=lambda i: abs(2 * i - len(words)))
        lines = [words[:middle], words[middle + 1 :]]
    return "\n".join(shorten_text(line, size, width) for line in lines)


def fit_middle(text: str, size: int, width: float, bold: bool = True) -> str:
    """Fit ``text`` as letters can show it, or both its ends with … between, as much as fits into ``width`` pixels."""
    line = escape_for_picture(text)
    letters = load_font(size, bold, line)
    return shorten_to_fit(line, lambda short: letters.getlength(short) <= width)


def fold_text(text: str, size: int, width: float, bold: bool = True) -> list[str]:
    """Fold ``text`` on one line, or on two where it is too wide, broken at a blank if possible; then by its ends."""
    line = escape_for_picture(text)
    letters = load_font(size, bold, line)
    if letters.getlength(line) <= width:
        return [line]
    most = max(at for at in range(1, len(line) + 1) if at == 1 or letters.getlength(line[:at]) <= width)
    blank = line.rfind(" ", most // 2, most + 1)
    at = blank if blank > 0 else most
    return [line[:at].rstrip(), fit_middle(line[at:].lstrip(), size, width, bold)]


def shorten_text(text: str, size: int, width: float, bold: bool = True) -> str:
    """Shorten ``text`` as letters can show it: as much of its beginning as fits into ``width`` pixels, and …."""
    text = escape_for_picture(text)
    if load_font(size, bold, text).getlength(text) <= width:
        return text
    while text and load_font(size, bold, text).getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"


@lru_cache(maxsize=4096)
def measure_text(text: str, size: int) -> tuple[int, int]:
    """Measure height and width in pixels of a text of one or more lines, with its outline."""
    pen = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, top, right, bottom = pen.multiline_textbbox(
        (0, 0), text, font=load_font(size, True, text), stroke_width=2, anchor="la", spacing=1
    )
    return round(bottom - min(top, 0)), round(right - min(left, 0))


@lru_cache(maxsize=32)
def load_letters(file: str, size: int) -> ImageFont.FreeTypeFont:
    """Load a font at a size in pixels."""
    return ImageFont.truetype(file, size)


def load_font(size: int, bold: bool = True, text: str = "") -> ImageFont.FreeTypeFont:
    """Load DejaVu Sans as matplotlib ships it: the same letters on every machine, accents included.

    For a ``text`` that it cannot write, the font of this system that can (`bench.text.fonts`), which is not bold.
    """
    usual = find_usual()
    file = usual if text.isascii() else choose_font(text) or usual
    return load_letters(
        usual.replace("DejaVuSans.ttf", "DejaVuSans-Bold.ttf") if bold and file == usual else file, size
    )
