"""Section 4.1, class names: lists as publishers write them as one table: numbers, names, aliases, thing or stuff.

    wall                              one class a line, or all lines NUMBER: NAME (also a tab, a comma, a space)
    building, edifice; or ; between   several names of one class: the first is its name, the others are aliases
    Idx  Ratio  Train  Val  Stuff  Name     a table, tab-separated or csv, with a header or, as ADE20K's, without
    {"categories": [{"id": 1, "name": "person", "isthing": 1}]}     json as COCO's and LVIS's, or {"1": "person"}

Whatever was made of a list beyond reading it is said in its remarks.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.data.class_entries import LARGEST, Entry, make_table
from bench.data.class_tables import COLUMNS, ClassTable, read_rows
from bench.data.combined import combine
from bench.errors import UserError

SHAPE = (
    "a class list holds one class a line (NAME, or NUMBER: NAME; synonyms after commas), a csv or tab-separated table "
    "with a column name, or json as COCO's categories"
)
NAME = ("name", "names", "class", "class_name", "classname", "label", "category", "category_name")
NUMBER = ("id", "idx", "index", "number", "class_id", "label_id", "category_id", "value", "trainid")
THING = ("thing", "isthing", "is_thing", "hasinstances")
STUFF = ("stuff", "isstuff", "is_stuff")
ALIASES = ("aliases", "synonyms")
_YES, _NO = ("1", "true", "yes"), ("0", "false", "no")


def read_class_list(source: Path, name: str, begin: int) -> tuple[ClassTable, tuple[str, ...]]:
    """Read the classes of a file and what was made of it; places without numbers count from ``begin``.

    Raises `UserError` that names file and line of the first fault and says what a class list looks like.
    """
    try:
        text = source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{source}: cannot be read ({error}); {SHAPE}") from error
    stem = re.sub(r"[^A-Za-z0-9_.+-]", "_", source.stem).lstrip(".+-") or name
    if source.suffix.lower() == ".json" or text.lstrip()[:1] in ("{", "["):
        return make_table(str(source), name, _read_json(source, text), begin)
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if _is_ours(lines):
        return combine(str(source), stem, read_rows(source), strict=True)
    entries = _read_with_header(source, lines)
    if entries is None:
        return make_table(str(source), name, _read_without_header(source, lines) or _read_lines(source, lines), begin)
    is_csv = source.suffix.lower() == ".csv"
    return make_table(str(source), stem if is_csv else name, entries, begin, numbered=not is_csv)


def _is_ours(lines: Sequence[str]) -> bool:
    header = {cell.strip() for cell in next(csv.reader(lines[:1]), [])}
    return {"id", "name"} <= header <= set(COLUMNS) and bool({"readable", "aliases"} & header)


def _read_with_header(source: Path, lines: Sequence[str]) -> list[Entry] | None:
    """Read the lines of a table by the names of its columns; None where the first line is no header."""
    for mark in ("\t", ",", ";"):
        header = [cell.strip().casefold() for cell in next(csv.reader(lines[:1], delimiter=mark), [])]
        columns = {kind: _find_column(header, words) for kind, words in _KINDS.items()}
        known = sum(place is not None for place in columns.values())
        alone = mark == "\t" or source.suffix.lower() in (".csv", ".tsv")
        if columns["name"] is None or not (known > 1 or (alone and (len(header) > 1 or mark == ","))):
            continue
        return [
            _read_cells(source, place, line, header, columns) for place, line in _read_table(source, lines[1:], mark)
        ]
    return None


_KINDS = {"name": NAME, "number": NUMBER, "thing": THING, "stuff": STUFF, "aliases": ALIASES}


def _find_column(header: Sequence[str], words: Sequence[str]) -> int | None:
    return next((header.index(word) for word in words if word in header), None)


def _read_table(source: Path, lines: Sequence[str], mark: str) -> Iterable[tuple[int, list[str]]]:
    try:
        yield from enumerate(csv.reader(lines, delimiter=mark, skipinitialspace=True), 2)
    except csv.Error as error:
        raise UserError(f"{source}: cannot be read as a table ({error}); {SHAPE}") from error


def _read_cells(
    source: Path, line_number: int, line: list[str], header: Sequence[str], columns: dict[str, int | None]
) -> Entry:  # fmt: skip
    if len(line) != len(header):
        cells = f"{len(line)} cells under {len(header)} columns"
        raise UserError(f"{source}, line {line_number}: {cells}; quote names with commas")
    cell = {kind: None if place is None else line[place].strip() for kind, place in columns.items()}
    thing = _is_told(cell["thing"], _YES) and _is_told(cell["stuff"], _NO)
    aliases = tuple(filter(None, (alias.strip() for alias in re.split("[;|,]", cell["aliases"] or ""))))
    number = cell["number"]
    if number is not None and not re.fullmatch("[0-9]+", number, re.ASCII):
        raise UserError(f"{source}, line {line_number}: number {number!r}: needs a whole number from 0 to {LARGEST}")
    return Entry(None if number is None else int(number), cell["name"], aliases, thing)


def _is_told(cell: str | None, yes: Sequence[str]) -> bool:
    return cell is None or cell == "" or cell.casefold() in yes


def _read_without_header(source: Path, lines: Sequence[str]) -> list[Entry] | None:
    """Read the lines of a table whose one column of words comes last, after a number of its own in the first."""
    for mark in ("\t", ",", ";"):
        cells = [[cell.strip() for cell in line] for _, line in _read_table(source, lines, mark)]
        widths = {len(line) for line in cells}
        if len(widths) != 1 or min(widths) < 3 or any(_is_numeric(line[-1]) for line in cells):
            continue
        if not all(_is_numeric(cell) for line in cells for cell in line[:-1]):
            continue
        numbers = [line[0] for line in cells]
        if not all(number.isdigit() for number in numbers) or len(set(numbers)) < len(numbers):
            raise UserError(f"{source}: {lines[0]!r}: its first column is no number of a class (a colour?); {SHAPE}")
        # ADE20K's columns before the name: number, share, images of train and of val, and whether it is stuff.
        ade = widths == {6} and {line[-2] for line in cells} <= {"0", "1"}
        return [Entry(int(line[0]), line[-1], thing=not (ade and line[-2] == "1")) for line in cells]
    return None


def _is_numeric(cell: str) -> bool:
    return bool(re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?", cell, re.ASCII))


def _read_lines(source: Path, lines: Sequence[str]) -> list[Entry]:
    """Read lines ``name``, or all of them ``number: name``."""
    texts = [line.strip() for line in lines]
    for mark in (r"\s*[:\t]\s*", r"\s*[,;]\s*", r"\s+"):
        matches = [re.fullmatch(rf"(\d+){mark}(\S.*)", text, re.ASCII) for text in texts]
        numbered = [Entry(int(match[1]), match[2]) for match in matches if match]
        if len(numbered) == len(texts) or (numbered and ":" in mark):
            break
    else:
        numbered = []
    if 0 < len(numbered) < len(texts):
        odd = texts[matches.index(None)]
        raise UserError(f"{source}: {odd!r} has no number but other lines have; write all as NUMBER: NAME, or none")
    entries = numbered or [Entry(None, text) for text in texts]
    for entry, text in zip(entries, texts, strict=True):
        if "\t" in str(entry.name) or _is_numeric(str(entry.name).split()[0]):
            raise UserError(f"{source}: {text[:60]!r} is no class; {SHAPE}")
    if len({entry.number for entry in numbered}) < len(numbered):
        raise UserError(f"{source}: a number stands twice; each number for one class only")
    return entries


def _read_json(source: Path, text: str) -> list[Entry]:
    try:
        content = json.loads(text, object_pairs_hook=_make_mapping)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{source}: not a JSON file ({error}); {SHAPE}") from error
    if isinstance(content, dict):
        keys = [key for key in ("categories", "classes", "id2label", "labels") if key in content]
        content = content[keys[0]] if keys else content
    if isinstance(content, dict):
        turned = all(type(value) is int for value in content.values())
        return [Entry(value, key) if turned else Entry(key, value) for key, value in content.items()]
    if isinstance(content, list) and content:
        return [_read_category(source, item) for item in content]
    raise UserError(f"{source}: {text[:40]!r}: no list of classes; {SHAPE}")


def _make_mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} stands there twice")
    return dict(pairs)


def _read_category(source: Path, item: Any) -> Entry:
    if not isinstance(item, dict):
        return Entry(None, item)
    plain = {str(key).casefold(): value for key, value in item.items()}
    cell = {kind: next((plain[word] for word in words if word in plain), None) for kind, words in _KINDS.items()}
    if cell["name"] is None:
        raise UserError(f"{source}: {str(item)[:60]}: has no name; {SHAPE}")
    names = cell["aliases"] if isinstance(cell["aliases"], list) else []
    aliases = tuple(name for name in names if isinstance(name, str) and name != cell["name"])
    thing = _is_told(_make_word(cell["thing"]), _YES) and _is_told(_make_word(cell["stuff"]), _NO)
    return Entry(cell["number"], cell["name"], aliases, thing)


def _make_word(value: object) -> str | None:
    return None if value is None else str(value)
