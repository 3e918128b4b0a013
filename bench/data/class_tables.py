"""Section 4.1, class names: ids and names of the public data sets as tables of our own (``class_tables/*.csv``).

``name`` is the data set's own spelling and what the paper uses; ``readable`` is what a text encoder should read, with
the sense of short words written out ("computer mouse", "rail track"); ``aliases`` are other words for the same class,
none of which names another class of the same table. ``thing`` is true for what one counts (a chair, a window) and
false for surfaces, materials and what comes in masses (sky, wall, grass, buildings, clothes): our own division.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.data.base import suggest_nearest
from bench.data.files import is_hidden
from bench.errors import UsageError, UserError
from bench.records import BACKGROUND, ClassList

FOLDER = Path(__file__).with_name("class_tables")
COLUMNS = ("id", "name", "readable", "aliases", "thing")
CHOICES = ("own", "readable", "aliases")


@dataclass(frozen=True)
class ClassRow:
    """One class: the number that stands for it in label maps, and what it is called."""

    id: int
    name: str
    readable: str
    aliases: tuple[str, ...]
    thing: bool
    more: tuple[int, ...] = ()
    """Further numbers that stand for it."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """All numbers that stand for it."""
        return self.id, *self.more


@dataclass(frozen=True)
class ClassTable:
    """The classes of a data set, ascending by id."""

    name: str
    rows: tuple[ClassRow, ...]

    def make_class_list(self, names: str = "own", exclude: Sequence[str] = ()) -> ClassList:
        """Make the class list, texts, without those excluded: neither asked for nor ground truth.

        Its name says both choices: ``context59+readable``, ``context459-unknown``. ``aliases`` are readable names with
        all aliases beside them. Raises `UsageError` for an unknown choice or an unknown name among the excluded.
        """
        if names not in CHOICES:
            raise UsageError(f"data.names={names}: known are {', '.join(CHOICES)}{suggest_nearest(names, CHOICES)}")
        rows = self._drop_rows(exclude)
        left_out = "".join(f"-{re.sub('[^A-Za-z0-9_]', '_', name)}" for name in dict.fromkeys(exclude))
        return ClassList(
            f"{self.name}{left_out}" + ("" if names == "own" else f"+{names}"),
            tuple(row.name if names == "own" else row.readable for row in rows),
            tuple(row.thing for row in rows),
            tuple(row.aliases for row in rows) if names == "aliases" else (),
        )

    def make_codes(self, exclude: Sequence[str] = ()) -> dict[int, int]:
        """Map ids in label maps to places in the class list; an excluded class is background."""
        places = {row.id: place for place, row in enumerate(self._drop_rows(exclude))}
        return {number: places.get(row.id, BACKGROUND) for row in self.rows for number in row.numbers}

    def _drop_rows(self, exclude: Sequence[str]) -> tuple[ClassRow, ...]:
        known = [row.name for row in self.rows]
        for name in exclude:
            if name not in known:
                raise UsageError(f"data.exclude={name}: no class of {self.name}{suggest_nearest(name, known)}")
        return tuple(row for row in self.rows if row.name not in exclude)


@cache
def load_class_table(name: str) -> ClassTable:
    """Load a table of the package: voc20, context59 or context459. Raises `UsageError` for another name."""
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        known = list_tables()
        raise UsageError(f"class table {name!r}: known are {', '.join(known)}{suggest_nearest(name, known)}")
    return read_table(path)


def list_tables() -> list[str]:
    """List the names of the tables that travel with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.csv") if not is_hidden(path.name))


def load_class_list(name: str, names: str = "own") -> ClassList:
    """Load the class list of a table; see `ClassTable.make_class_list`."""
    return load_class_table(name).make_class_list(names)


def read_table(path: Path) -> ClassTable:
    """Read a table from a csv with the columns ``id,name,readable,aliases,thing`` (the last three may be missing).

    Aliases are separated by ``;``. Raises `UserError` that names the line of the first fault.
    """
    return check_table(ClassTable(path.stem, tuple(sorted(read_rows(path), key=lambda row: row.id))), str(path))


def read_rows(path: Path) -> list[ClassRow]:
    """Read the lines of such a csv, as they stand."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = reader.fieldnames or ()
            if not {"id", "name"} <= set(columns) <= set(COLUMNS):
                raise UserError(f"{path}: columns are {','.join(columns)} but should be {','.join(COLUMNS)}")
            return [_read_row(path, reader.line_num, line) for line in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read as a table of classes ({error})") from error


def check_table(table: ClassTable, where: str) -> ClassTable:
    """Check that no id stands twice and no text names two classes; raises `UserError` otherwise."""
    if not table.rows:
        raise UserError(f"{where}: holds no class")
    ids = Counter(number for row in table.rows for number in row.numbers)
    texts = Counter(text for row in table.rows for text in {row.name, row.readable, *row.aliases})
    for value, count in [*ids.items(), *texts.items()]:
        if count > 1:
            raise UserError(f"{where}: {value!r} stands for {count} classes; each id and each name for one only")
    return table


def _read_row(path: Path, line: int, cells: dict[str, str | None]) -> ClassRow:
    text = {key: (value or "").strip() for key, value in cells.items() if key is not None}
    thing = text.get("thing", "").lower() or "true"
    if not (re.fullmatch("[0-9]{1,9}", text["id"]) and text["name"]) or thing not in ("true", "false"):
        raise UserError(f"{path}, line {line}: needs a whole number as id, a name, and true or false as thing")
    aliases = (alias.strip() for alias in text.get("aliases", "").split(";"))
    readable = text.get("readable", "") or text["name"]
    return ClassRow(int(text["id"]), text["name"], readable, tuple(filter(None, aliases)), thing == "true")
