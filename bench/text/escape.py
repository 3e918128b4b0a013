"""Tables 1 to 5 and every figure: names and texts of users as each format can show them, on one line and harmless.

Csv, JSON and parquet keep names exactly; this is for what people look at. Names come from command lines and from files
of others: they may hold line ends, terminal codes, marks that turn the direction of writing, markup of any kind.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from bench.text.fonts import can_write, find_usual, read_letters

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_KEPT = "\u200c\u200d"
"""Joiners: several scripts, and drawn signs of several parts, are written with them."""
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Control characters, marks without a shape (direction of writing among them), halves of pairs, line ends."""
_MARKUP = re.compile(r"\\(?=[!-/:-@\[-`{-~])|[|`*~$]|(?<![^\W_])_|_(?![^\W_])|\[(?=[^\]]*\][(\[:])|^[#>+\-=](?=\s)")
_ENTITIES = {"&": "&amp;", "<": "&lt;"}


def escape_for_terminal(text: str, lines: bool = False) -> str:
    """Return ``text`` as a terminal can show it: ``\\x1b`` for what starts a code, and on one line unless ``lines``."""
    if text.isascii() and text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(each if each in kept else _escape_character(each) for each in text)


def _escape_character(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _HIDDEN:
        return character
    return _SHORT.get(character) or _write_code(character)


def _write_code(character: str) -> str:
    """Write a code: ``\\x1b``, ``\\u202e`` or ``\\U0001f600``, as Python writes it."""
    value = ord(character)
    return f"\\x{value:02x}" if value < 0x100 else f"\\u{value:04x}" if value < 0x10000 else f"\\U{value:08x}"


def escape_markdown(text: str) -> str:
    """Escape ``text`` for a cell or a list of markdown: shown letter by letter, whatever it would mean there.

    A ``_`` inside a word means nothing in markdown and stays.
    """
    plain = re.sub("[&<]", lambda match: _ENTITIES[match[0]], escape_for_terminal(text))
    plain = _MARKUP.sub(lambda match: "\\" + match[0], plain)
    return re.sub(r"^(\d+)([.)]\s)", r"\1\\\2", plain)


def join_cells(texts: Iterable[str]) -> str:
    """Join a line of a markdown table, of cells that are markdown already."""
    return "| " + " | ".join(texts) + " |"


def escape_for_figure(text: str) -> str:
    """Escape ``text`` for matplotlib: no ``$`` begins a formula, and what its letters lack is shown by its code."""
    return escape_for_picture(text).replace("$", "\\$")


def escape_for_picture(text: str) -> str:
    """Escape ``text`` for the letters that pictures are written with: what no font here has is shown by its code.

    An empty box in place of each would make names of other scripts all alike.
    """
    line = escape_for_terminal(text)
    if can_write(line):
        return line
    known = read_letters(find_usual())
    return "".join(c if ord(c) in known else _write_code(c) for c in line)


def measure_width(text: str) -> int:
    """Measure columns of a terminal: letters of East Asian scripts take two, combining marks none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def pad_text(text: str, columns: int, *, right: bool = False) -> str:
    """Pad ``text`` with blanks behind it, or before it, up to so many columns."""
    blanks = " " * (columns - measure_width(text))
    return blanks + text if right else text + blanks


def shorten_middle(text: str, columns: int) -> str:
    """Shorten ``text`` to both its ends with … between (names of a sweep differ at the end), ``columns`` wide."""
    if measure_width(text) <= columns:
        return text
    room = max(columns - 1, 2)
    head, tail = text, text
    while measure_width(head) > (room + 1) // 2:
        head = head[:-1]
    while measure_width(tail) > room // 2:
        tail = tail[1:]
    while tail and unicodedata.combining(tail[0]):
        tail = tail[1:]
    return f"{head.rstrip()}…{tail.lstrip()}"


def shorten_to_fit(text: str, fits: Callable[[str], bool]) -> str:
    """Shorten text by `shorten_middle` to the most columns with which it fits, but to no fewer than two."""
    columns = measure_width(text)
    while columns > 2 and not fits(shorten_middle(text, columns)):
        columns -= 1
    return shorten_middle(text, columns)


def shorten_apart(texts: Iterable[str], columns: int) -> dict[str, str]:
    """Shorten each text by `shorten_middle`; texts that would become alike are numbered, in their order."""
    short_names: dict[str, str] = {}
    taken: set[str] = set()
    for text in dict.fromkeys(texts):
        short = shorten_middle(text, columns)
        at = 1
        while short in taken:
            at += 1
            short = f"{shorten_middle(text, columns - len(f' ({at})'))} ({at})"
        taken.add(short)
        short_names[text] = short
    return short_names
