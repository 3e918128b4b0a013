"""Letters for pictures: DejaVu Sans, which matplotlib ships, and for what it lacks the fonts of this system.

DejaVu has Latin, Greek, Cyrillic, Hebrew, Arabic and more, but neither Han, Kana and Hangul nor the scripts of India. A
text that DejaVu cannot write whole is written in the first installed font that can; where none can, what is missing is
shown by its code, so that no two texts look alike. Pictures are the same bytes everywhere unless they hold such texts.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

FAMILIES = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "Droid Sans Fallback", "Microsoft YaHei", "PingFang SC", "Hiragino Sans", "Malgun Gothic",
    "Noto Sans", "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Telugu", "Noto Sans Thai",
    "Lohit Devanagari", "Nirmala UI", "Noto Sans Symbols", "Noto Sans Symbols 2", "Noto Emoji", "Symbola", "FreeSans",
    "Arial Unicode MS", "Unifont",
)  # fmt: skip
"""Families that are asked for letters, in this order; Debian: ``apt-get install fonts-noto-cjk fonts-noto-core``."""

_DEJAVU = Path("fonts", "ttf", "DejaVuSans.ttf")


@lru_cache(maxsize=1)
def list_fallbacks() -> tuple[str, ...]:
    """List the files of the installed fonts of `FAMILIES`, in that order; regular ones."""
    from matplotlib.font_manager import fontManager

    files = {each.name: each.fname for each in reversed(fontManager.ttflist) if each.style == "normal"}
    regular = {each.name: each.fname for each in fontManager.ttflist if each.style == "normal" and each.weight == 400}
    return tuple((files | regular)[family] for family in FAMILIES if family in files)


@lru_cache(maxsize=1)
def list_families() -> tuple[str, ...]:
    """List those of `FAMILIES` that are installed: what matplotlib may take a letter from."""
    from matplotlib.font_manager import fontManager

    logging.getLogger("matplotlib.font_manager").addFilter(_tells_news)
    there = {each.name for each in fontManager.ttflist}
    return tuple(family for family in FAMILIES if family in there)


def _tells_news(record: logging.LogRecord) -> bool:
    """Whether a remark of matplotlib's is none about a family that has no bold letters, as most of these have not."""
    return "Failed to find font weight" not in str(record.msg)


@lru_cache(maxsize=64)
def read_letters(file: str) -> frozenset[int]:
    """Read which characters a font file has letters for."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(file).get_charmap())


@lru_cache(maxsize=1)
def find_usual() -> str:
    """Find DejaVu Sans, as matplotlib ships it; that is imported only where its data do not lie beside its code."""
    spec = find_spec("matplotlib")
    beside = Path(str(spec and spec.origin)).parent / "mpl-data" / _DEJAVU
    if beside.is_file():
        return str(beside)
    import matplotlib as mpl

    return str(Path(mpl.get_data_path(), _DEJAVU))


@lru_cache(maxsize=4096)
def choose_font(text: str) -> str | None:
    """Choose the first font that has all letters of a text; None where no single one has."""
    codes = {ord(character) for character in text if character not in "\n"}
    return next((file for file in (find_usual(), *list_fallbacks()) if codes <= read_letters(file)), None)


def can_write(text: str) -> bool:
    """Whether a single font has all letters of a text."""
    return text.isascii() or choose_font(text) is not None
