"""Section 4.1, class names: entries of a publisher's list as a table of classes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from bench.data.class_tables import ClassRow, ClassTable
from bench.data.combined import combine
from bench.data.yaml_text import read_whole_number
from bench.errors import UserError

LARGEST = 65535
COUNTED = "count with data.names=aliases"
"""What becomes of further names where a data set is read; whoever has no use for them says so in its place."""
_BETWEEN = r"(?![^()]*\))"  # a comma in brackets belongs to the name


class Entry(NamedTuple):
    """One class as a list says it: number (None: by its place), cell of names, further names, and thing, if told."""

    number: object
    name: object
    aliases: tuple[str, ...] = ()
    thing: bool = True


def make_table(
    where: str, name: str, entries: Iterable[Entry], begin: int = 0, numbered: bool = True
) -> tuple[ClassTable, tuple[str, ...]]:
    """Make the table of some entries: cells with several names are taken apart, equal names are one class.

    ``name`` is that of the class list; ``numbered`` puts the number of classes behind it.
    """
    listed = list(entries)
    cells = [entry.name for entry in listed if isinstance(entry.name, str)]
    mark = next((mark for mark in ";," if any(re.search(mark + _BETWEEN, _strip_cell(cell)) for cell in cells)), None)
    split = mark if not any(entry.aliases for entry in listed) else None
    rows = [_make_row(where, entry, place, split) for place, entry in enumerate(listed, begin)]
    several = sum(bool(row.aliases) for row in rows)
    remarks = []
    if several and split:
        aliases = sum(len(row.aliases) for row in rows)
        example = next(row for row in rows if row.aliases)
        remarks.append(
            f"{where}: {several} of {len(rows)} classes have several names, e.g. {example.name!r} with the alias "
            f"{example.aliases[0]!r}: the first is the name, the other {aliases} {COUNTED}"
        )
    table, more = combine(where, name, rows, numbered=numbered)
    return table, (*remarks, *more)


def _make_row(where: str, entry: Entry, place: int, split: str | None) -> ClassRow:
    stated, names = entry.number, entry.name
    number = place if stated is None else read_whole_number(stated)
    if number is None and isinstance(stated, str) and re.fullmatch(r"0[0-9]+", stated, re.ASCII):
        readings = dict.fromkeys([int(stated), int(stated, 8)] if re.fullmatch("[0-7]+", stated) else [int(stated)])
        hint = f" ({' or '.join(map(str, readings))}?)"
        raise UserError(f"{where}: number {stated}{hint}: write it without the leading 0")
    words = names if isinstance(names, list) else [names]
    if isinstance(names, str):
        cell = _strip_cell(names)
        words = [_strip_cell(word) for word in re.split(split + _BETWEEN, cell)] if split else [cell]
        words = [word for word in words if word]
    texts = [word for word in words if isinstance(word, str) and word.strip()]
    if number is None or not 0 <= number <= LARGEST or not texts or len(texts) < len(words):
        hint = "swap them: " if isinstance(stated, str) and read_whole_number(names) is not None else ""
        raise UserError(
            f"{where}: {stated if stated is not None else place}: {names!r} is no class; {hint}needs a number from 0 "
            f"to {LARGEST} and a name"
        )
    first, *others = dict.fromkeys((*map(str.strip, texts), *entry.aliases))
    return ClassRow(number, first, first, tuple(others), entry.thing)


def _strip_cell(cell: str) -> str:
    """Strip the quotes and the last comma of a list in a program."""
    return cell.strip().rstrip(",;").strip().strip("'\"").strip()
