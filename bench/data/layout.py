"""Section 4, a user's own labelled data: where images and masks lie and what the numbers mean, as a few lines of yaml.

    images: img/{id}.jpg       # {id} once; * stands for any characters but /
    masks: ann/{id}.png        # palette or grey PNG (8 or 16 bit), TIFF, or .npy of whole numbers
    classes: classes.txt       # or a list, {number: name}, a .csv like our tables, or voc20, context59, context459
    background: 0              # a number or a list of them: no class of the list; may be left out
    void: 255                  # a number or a list of them: never scored; may be left out
    ids: val.txt               # optional: the images to use, one id a line
    name: mydata               # optional: as it stands in a metric's name; else the name of the yaml file

Names without numbers (a list, or lines of a .txt) count from 0, or from 1 where 0 is background or void.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.characters import first_broken
from bench.data.base import nearest
from bench.data.class_tables import ClassRow, ClassTable, checked, class_table, read_table, tables
from bench.errors import UserError

NEEDED = ("images", "masks", "classes")
KEYS = (*NEEDED, "background", "void", "ids", "name")
_LARGEST = 65535


@dataclass(frozen=True)
class Layout:
    """A layout as read: patterns below the data's root, the classes, and which numbers are none of them."""

    name: str
    images: str
    masks: str
    classes: ClassTable
    background: tuple[int, ...]
    void: tuple[int, ...]
    ids: Path | None


def read_layout(path: Path, root: Path) -> Layout:
    """A layout file; files it names are looked for below ``root``, then beside it.

    Raises `UserError` that names the file and the key of the first fault.
    """
    given = _mapping(path)
    for key in given:
        if key not in KEYS:
            raise UserError(f"{path}: no such key {key!r}{nearest(str(key), KEYS)}; known are {', '.join(KEYS)}")
    for key in NEEDED:
        if not given.get(key):
            raise UserError(f"{path}: {key} is missing; a layout needs {', '.join(NEEDED)}")
    name = re.sub(r"[^A-Za-z0-9_.+-]", "_", str(given.get("name") or path.stem)).lstrip(".+-") or "folder"
    background, void = (_numbers(path, key, given.get(key)) for key in ("background", "void"))
    ids = _file(path, root, "ids", str(given["ids"])) if given.get("ids") else None
    classes = _classes(path, root, name, given["classes"], 1 if 0 in background + void else 0)
    _disjoint(path, classes, background, void)
    images, masks = (_pattern(path, key, given[key]) for key in ("images", "masks"))
    return Layout(name, images, masks, classes, background, void, ids)


def find(root: Path, pattern: str) -> dict[str, Path]:
    """Files below ``root`` by the text that stands for ``{id}``. Raises `UserError` where two files share an id."""
    parts = (re.escape(part).replace(r"\*", "[^/]*") for part in pattern.split("{id}"))
    wanted = re.compile("(?P<id>.+)".join(parts))
    fixed = pattern.partition("{id}")[0].partition("*")[0].rpartition("/")[0]
    found: dict[str, Path] = {}
    for path in sorted((root / fixed).rglob("*")):
        match = wanted.fullmatch(path.relative_to(root).as_posix())
        if match is None or not path.is_file():
            continue
        if match["id"] in found:
            raise UserError(f"{found[match['id']]} and {path} have the same id {match['id']!r}; narrow {pattern!r}")
        found[match["id"]] = path
    return found


def _mapping(path: Path) -> dict[Any, Any]:
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        half = first_broken(given)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"data.layout={path}: cannot be read ({error}); it should be a yaml file") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # dates and numbers that are none are ValueErrors
        raise UserError(f"{path}: no yaml ({' '.join(str(error).split())[:160]})") from error
    if half is not None:
        raise UserError(f"{path}: {half!r:.60} holds half a character")
    if not isinstance(given, dict):
        raise UserError(f"{path}: should hold lines KEY: VALUE with {', '.join(NEEDED)}")
    return given


def _pattern(path: Path, key: str, given: Any) -> str:
    text = str(given).removeprefix("./")
    if not isinstance(given, str) or text.count("{id}") != 1 or text.startswith(("/", "~")) or ".." in text.split("/"):
        raise UserError(f"{path}: {key}={given}: needs a path below data.root with {{id}} once, e.g. img/{{id}}.jpg")
    return text


def _numbers(path: Path, key: str, given: Any) -> tuple[int, ...]:
    values = given if isinstance(given, list) else [] if given is None else [given]
    for value in values:
        if type(value) is not int or not 0 <= value <= _LARGEST:
            raise UserError(f"{path}: {key}={value}: needs a whole number from 0 to {_LARGEST}, or a list of them")
    return tuple(values)


def _file(path: Path, root: Path, key: str, name: str) -> Path:
    if Path(name).is_absolute() or name.startswith("~") or ".." in Path(name).parts:  # a layout comes with its data
        more = "; ids of another place: data.subset=file:PATH" if key == "ids" else ""
        raise UserError(f"{path}: {key}={name}: should lie below {root} or beside the layout; copy it there{more}")
    for place in (root / name, path.parent / name):
        if place.is_file():
            return place
    raise UserError(f"{path}: {key}={name}: no such file below {root} or beside the layout")


def _classes(path: Path, root: Path, name: str, given: Any, begin: int) -> ClassTable:
    if isinstance(given, str) and given in tables():
        return class_table(given)
    if isinstance(given, str) and given.endswith(".csv"):
        return read_table(_file(path, root, "classes", given))
    where = f"{path}: classes"
    if isinstance(given, str):
        source = _file(path, root, "classes", given)
        where, given = str(source), _lines(source)
    pairs = list(given.items()) if isinstance(given, Mapping) else list(enumerate(given, begin))
    rows = tuple(_row(where, number, text) for number, text in pairs)
    return checked(ClassTable(f"{name}{len(rows)}", tuple(sorted(rows, key=lambda row: row.id))), where)


def _lines(source: Path) -> list[str] | dict[int, str]:
    """Lines ``name``, or all of them ``number: name``."""
    try:
        lines = [line.strip() for line in source.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{source}: cannot be read ({error}); it should hold one class a line") from error
    matches = [re.fullmatch(r"(\d{1,18})\s*[:\t]\s*(\S.*)", line, re.ASCII) for line in lines]
    numbered = [(int(match[1]), match[2]) for match in matches if match]
    if not numbered:
        return lines
    if len(numbered) < len(lines):
        odd = lines[matches.index(None)]
        raise UserError(f"{source}: {odd!r} has no number but other lines have; write all as NUMBER: NAME, or none")
    if len(dict(numbered)) < len(numbered):
        raise UserError(f"{source}: a number stands twice; each number for one class only")
    return dict(numbered)


def _row(where: str, number: Any, text: Any) -> ClassRow:
    if type(number) is not int or not 0 <= number <= _LARGEST or not isinstance(text, str) or not text.strip():
        raise UserError(f"{where}: {number}: {text!r} is no class; needs a number from 0 to {_LARGEST} and a name")
    return ClassRow(number, text.strip(), text.strip(), (), True)


def _disjoint(path: Path, classes: ClassTable, background: tuple[int, ...], void: tuple[int, ...]) -> None:
    taken = {row.id: row.name for row in classes.rows}
    for key, numbers in (("background", background), ("void", void)):
        for number in numbers:
            if number in taken:
                raise UserError(f"{path}: {key}={number} is also {taken[number]!r}; each number has one meaning")
            taken[number] = key
