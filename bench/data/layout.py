"""Section 4, a user's own labelled data: where images and masks lie and what the numbers mean, as a few lines of yaml.

    images: img/{id}.jpg       # {id} once; * stands for any characters but /
    masks: ann/{id}.png        # palette or grey PNG (8 or 16 bit), TIFF, or .npy of whole numbers
    classes: classes.txt       # or a list, {number: name}, or voc20, context59, context459; files: `class_lists`
    background: 0              # a number or a list of them: no class of the list; may be left out
    void: 255                  # a number or a list of them, also below 0: never scored; may be left out
    objects: inst/{id}.png     # optional: files that number objects from 1 on, 0 for none
    ids: val.txt               # optional: the images to use, one id a line
    name: mydata               # optional: as it stands in a metric's name; else the name of the yaml file

Names without numbers (a list, or lines of a .txt) count from 0, or from 1 where 0 is background or void. Words are
read as they are written (`yaml_text`). Hidden files are no data, and endings fit in any case.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bench.data.base import suggest_nearest
from bench.data.class_entries import Entry, make_table
from bench.data.class_lists import SHAPE, read_class_list
from bench.data.class_tables import ClassTable, list_tables, load_class_table
from bench.data.codes import Codes
from bench.data.files import compose, find_path, is_hidden
from bench.data.yaml_text import NOTHING, read_yaml
from bench.errors import UserError
from bench.records import BACKGROUND, VOID
from bench.text.characters import find_half_character

NEEDED = ("images", "masks", "classes")
KEYS = (*NEEDED, "background", "void", "objects", "ids", "name")
_SMALLEST, _LARGEST = -32768, 65535


@dataclass(frozen=True)
class Meanings:
    """What the numbers of masks mean: the classes, and which numbers are none of them."""

    classes: ClassTable
    background: tuple[int, ...]
    void: tuple[int, ...]
    remarks: tuple[str, ...] = ()
    """What was made of the class list, in words."""

    def make_codes(self, name: str) -> Codes:
        """Make the codes that read a mask of the data set ``name``."""
        outside = dict.fromkeys(self.background, BACKGROUND) | dict.fromkeys(self.void, VOID)
        first, last = self.classes.rows[0], self.classes.rows[-1]
        words = [f"{first.id} {first.name} … {last.id} {last.name}"]
        words += [f"{key} {value}" for key in ("background", "void") for value in getattr(self, key)]
        return Codes(self.classes.make_codes() | outside, f"{name}'s ({', '.join(words)})")


@dataclass(frozen=True)
class Layout:
    """A layout as read: patterns below the data's root, and what the numbers of masks mean."""

    name: str
    images: str
    masks: str
    meanings: Meanings
    ids: Path | None
    objects: str | None = None


def read_layout(path: Path, root: Path) -> Layout:
    """Read a layout file; files it names are looked for below ``root``, then beside it.

    Raises `UserError` that names the file and the key of the first fault.
    """
    content = read_keys(path, NEEDED, KEYS)
    name = make_name(path, content)
    ids = _find_file(path, root, "ids", str(content["ids"])) if content.get("ids") else None
    meanings = read_meanings(path, root, name, content)
    images, masks = (_check_pattern(path, key, content[key]) for key in ("images", "masks"))
    objects = _check_pattern(path, "objects", content["objects"]) if content.get("objects") else None
    return Layout(name, images, masks, meanings, ids, objects)


def find_files(root: Path, pattern: str) -> dict[str, Path]:
    """Find files below ``root`` by the text that stands for ``{id}``, as a composed text; hidden ones are left out.

    The ending fits in any case, and names in both normal forms of Unicode. Raises `UserError` where two files share
    an id.
    """
    expression, files = _compile_pattern(pattern), dict[str, Path]()
    fixed = pattern.partition("{id}")[0].partition("*")[0].rpartition("/")[0]
    for path, name in sorted(_walk(find_path(root, fixed), fixed), key=lambda found: found[0].parts):
        match = expression.fullmatch(name)
        if match is None or not path.is_file():
            continue
        if match["id"] in files:
            other = files[match["id"]]
            raise UserError(f"{other} and {path} have the same id {match['id']!r}; keep one, or narrow {pattern!r}")
        files[match["id"]] = path
    return files


def _walk(base: Path, name: str) -> Iterator[tuple[Path, str]]:
    """Walk over the files below a folder, which is called ``name``: each with its name from there, as composed text."""
    for folder, folders, files in os.walk(base):
        folders[:] = [each for each in folders if not is_hidden(each)]
        below = PurePosixPath(name, Path(folder).relative_to(base).as_posix()).as_posix()
        for file in files:
            if not is_hidden(file):
                yield Path(folder, file), compose(file if below == "." else f"{below}/{file}")


def _compile_pattern(pattern: str) -> re.Pattern[str]:
    before, after = (re.escape(compose(part)).replace(r"\*", "[^/]*") for part in pattern.split("{id}"))
    stem, dot, ending = after.rpartition(r"\.")
    if dot and "/" not in ending:
        after = f"{stem}{dot}(?i:{ending})"
    return re.compile(f"{before}(?P<id>.+){after}")


def read_keys(path: Path, needed: Sequence[str], keys: Sequence[str]) -> dict[Any, Any]:
    """Read the lines KEY: VALUE of a layout. Raises `UserError` for a key that is none of ``keys`` or is missing."""
    content = read_yaml(path, "data.layout=")
    if (half := find_half_character(content)) is not None:
        raise UserError(f"{path}: {half!r:.60} holds half a character")
    if not isinstance(content, dict):
        raise UserError(f"{path}: should hold lines KEY: VALUE with {', '.join(needed)}")
    content = {key: value for key, value in content.items() if value not in NOTHING or key not in keys}
    for key in content:
        if key not in keys:
            raise UserError(
                f"{path}: no such key {key!r}{suggest_nearest(str(key), keys)}; known are {', '.join(keys)}"
            )
    for key in needed:
        if not content.get(key):
            raise UserError(f"{path}: {key} is missing; a layout needs {', '.join(needed)}")
    return content


def make_name(path: Path, content: Mapping[Any, Any]) -> str:
    """Make the name of the data as it stands in a metric's name: as stated, else that of the layout's file."""
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", str(content.get("name") or path.stem)).lstrip(".+-") or "folder"


def read_meanings(path: Path, root: Path, name: str, content: Mapping[Any, Any]) -> Meanings:
    """Read what the numbers of masks mean. Raises `UserError` for a fault, and where a number has two meanings."""
    background, void = (check_numbers(path, key, content.get(key)) for key in ("background", "void"))
    begin = 1 if 0 in background + void else 0
    classes, remarks = read_classes(path, root, name, content["classes"], begin)
    check_disjoint(path, classes, background, void)
    return Meanings(classes, background, void, remarks)


def _check_pattern(path: Path, key: str, stated: Any) -> str:
    text = str(stated).removeprefix("./")
    if not isinstance(stated, str) or text.count("{id}") != 1 or text.startswith(("/", "~")) or ".." in text.split("/"):
        raise UserError(f"{path}: {key}={stated}: needs a path below data.root with {{id}} once, e.g. img/{{id}}.jpg")
    return text


def check_numbers(path: Path, key: str, stated: Any) -> tuple[int, ...]:
    values = stated if isinstance(stated, list) else [] if stated is None else [stated]
    for value in values:
        if type(value) is not int or not _SMALLEST <= value <= _LARGEST:
            raise UserError(
                f"{path}: {key}={value}: needs a whole number from {_SMALLEST} to {_LARGEST} as it is usually written, "
                "or a list of them"
            )
    return tuple(values)


def _find_file(path: Path, root: Path, key: str, name: str) -> Path:
    if Path(name).is_absolute() or name.startswith("~") or ".." in Path(name).parts:  # a layout comes with its data
        more = "; ids of another place: data.subset=file:PATH" if key == "ids" else ""
        raise UserError(f"{path}: {key}={name}: should lie below {root} or beside the layout; copy it there{more}")
    for place in (find_path(root, name), find_path(path.parent, name)):
        if place.is_file():
            return place
    raise UserError(f"{path}: {key}={name}: no such file below {root} or beside the layout")


def read_classes(
    path: Path, root: Path, name: str, stated: Any, begin: int
) -> tuple[ClassTable, tuple[str, ...]]:  # fmt: skip
    if isinstance(stated, str) and stated in list_tables():
        return load_class_table(stated), ()
    if isinstance(stated, str):
        return read_class_list(_find_file(path, root, "classes", stated), name, begin)
    where = f"{path}: classes"
    if isinstance(stated, Mapping):
        return make_table(where, name, [Entry(number, text) for number, text in stated.items()])
    if not isinstance(stated, list):
        raise UserError(f"{where}={stated}: needs a list, a mapping NUMBER: NAME, or a file; {SHAPE}")
    return make_table(where, name, [Entry(None, text) for text in stated], begin)


def check_disjoint(path: Path, classes: ClassTable, background: tuple[int, ...], void: tuple[int, ...]) -> None:
    taken = {number: row.name for row in classes.rows for number in row.numbers}
    for key, numbers in (("background", background), ("void", void)):
        for number in numbers:
            if number in taken:
                raise UserError(f"{path}: {key}={number} is also {taken[number]!r}; each number has one meaning")
            taken[number] = key
