"""Section 4.1, class names: what is said twice in a list: one class with several numbers, one word for two classes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from bench.data.class_tables import ClassRow, ClassTable, check_table
from bench.data.files import compose


def combine(
    where: str, name: str, rows: Sequence[ClassRow], *, strict: bool = False, numbered: bool = False
) -> tuple[ClassTable, tuple[str, ...]]:
    """Combine rows into a table, and say in words what was made of them.

    Rows of the same name are one class with several numbers. An alias that also stands for another class is left out,
    unless ``strict``: then it is an error, as is a number that stands twice. ``numbered`` puts the number of classes
    behind the name of the list.
    """
    merged, remarks = _merge_rows(where, rows)
    if not strict:
        merged, more = _drop_shared_aliases(where, merged)
        remarks += more
    remarks += _list_near_names(where, merged)
    table = ClassTable(f"{name}{len(merged)}" if numbered else name, tuple(sorted(merged, key=lambda row: row.id)))
    return check_table(table, where), tuple(remarks)


def _merge_rows(where: str, rows: Sequence[ClassRow]) -> tuple[list[ClassRow], list[str]]:
    groups: dict[str, list[ClassRow]] = {}
    for row in rows:
        groups.setdefault(row.name, []).append(row)
    names, remarks = [], []
    for name, group in groups.items():
        numbers = sorted(number for row in group for number in row.numbers)
        aliases = tuple(dict.fromkeys(alias for row in group for alias in row.aliases))
        names.append(replace(group[0], id=numbers[0], more=tuple(numbers[1:]), aliases=aliases))
        if len(group) > 1 and len(set(numbers)) == len(numbers):
            listed = f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
            remarks.append(f"{where}: {len(numbers)} numbers, {listed}, are {name!r}: one class")
    return names, remarks


def _drop_shared_aliases(where: str, rows: Sequence[ClassRow]) -> tuple[list[ClassRow], list[str]]:
    """Drop aliases that name one class only."""
    names = {row.name for row in rows}
    uses = Counter(alias for row in rows for alias in set(row.aliases))
    kept, left_out = [], []
    for row in rows:
        aliases = tuple(alias for alias in row.aliases if alias not in names and uses[alias] == 1)
        left_out += [(alias, row.name) for alias in row.aliases if alias not in aliases and alias != row.name]
        kept.append(replace(row, aliases=aliases))
    if not left_out:
        return kept, []
    alias, name = left_out[0]
    remark = f"{len(left_out)} aliases also stand for another class and were left out, e.g. {alias!r} of {name!r}"
    return kept, [f"{where}: {remark}"]


def _list_near_names(where: str, rows: Sequence[ClassRow]) -> list[str]:
    """List names that differ by case, spaces or marks alone: two classes, as they are written."""
    groups: dict[str, list[ClassRow]] = {}
    for row in rows:
        groups.setdefault(reduce_text(row.name), []).append(row)
    return [
        f"{where}: {group[0].name!r} ({group[0].id}) and {group[1].name!r} ({group[1].id}) are two classes; "
        "write them alike to make them one"
        for group in groups.values()
        if len(group) > 1
    ]


@lru_cache(maxsize=1 << 14)
def reduce_text(text: str) -> str:
    """Reduce a text by what a slip changes: case, spaces, hyphens, marks, and the form of its letters."""
    kept = re.sub(r"[\W_]+", " ", compose(text).casefold()).strip()
    return kept or compose(text).strip()
