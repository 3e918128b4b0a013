"""Fonts that tests make themselves, so that they need none of this system, and lend to matplotlib for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.font_manager import fontManager

from bench.text import fonts


def make_font(path: Path, letters: str) -> str:
    """A font whose letters are all one triangle."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((500, 900))
    pen.lineTo((900, 0))
    pen.closePath()
    glyph = pen.glyph()
    names = [".notdef", *(f"u{ord(letter):x}" for letter in letters)]
    build = FontBuilder(1000, isTTF=True)
    build.setupGlyphOrder(names)
    build.setupCharacterMap({ord(letter): f"u{ord(letter):x}" for letter in letters})
    build.setupGlyf(dict.fromkeys(names, glyph))
    build.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    build.setupHorizontalHeader(ascent=900, descent=-100)
    build.setupNameTable({"familyName": "Triangles", "styleName": "Regular"})
    build.setupOS2()
    build.setupPost()
    build.save(path)
    return str(path)


@contextmanager
def lend_fonts(*files: str) -> Iterator[None]:
    """Of the fonts of this system there are these, made by `make_font`, and no other; without any, none."""
    before, families, listed = list(fontManager.ttflist), fonts.FAMILIES, (fonts.list_fallbacks, fonts.list_families)
    for file in files:
        fontManager.addfont(file)
    fonts.FAMILIES = ("Triangles",) if files else ()
    for found in (*listed, fonts.choose_font):
        found.cache_clear()
    try:
        yield
    finally:
        fonts.FAMILIES, fontManager.ttflist[:] = families, before
        for found in (*listed, fonts.choose_font):
            found.cache_clear()
