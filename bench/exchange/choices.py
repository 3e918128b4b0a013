"""What is said about somebody's files beside their place: names of classes, of images, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bench.data.base import Dataset, list_whole_split, suggest_nearest
from bench.data.class_entries import COUNTED
from bench.data.class_lists import read_class_list
from bench.data.class_tables import list_tables, load_class_table
from bench.errors import UsageError, UserError
from bench.exchange.annotations import read_lists
from bench.exchange.class_numbers import ClassNumbers, number_table, set_outside
from bench.exchange.exported_classes import REMEDY, describe_earlier, describe_exported, is_earlier, read_exported
from bench.exchange.image_names import ImageNames
from bench.exchange.records import Kind, Notes, Source

SHARED = {
    "classes": "", "first": "", "names": "own", "background": "", "void": "", "images": "", "ids": "", "cut": "",
    "faults": "stop",
}  # fmt: skip
"""Choices of every kind, with their defaults."""
MEANINGS = ("classes", "first", "images")
"""Choices that say what numbers mean: where none is made, what `zgs export` left beside the place says it."""
NAMES = ("own", "readable")
FAULTS = ("stop", "skip")


def make_source(path: Path, name: str, kind: Kind, given: Mapping[str, str], dataset: Dataset | None = None) -> Source:
    """Make what a kind reads of a place and the choices that were given; ``name`` is the kind's word.

    Without other words for it, what lies beside the place says what numbers and images are called, else ``dataset``.
    Raises UsageError for a choice that the kind does not have.
    """
    options, notes = check_choices(name, kind, given), Notes()
    beside = {} if any(options[key] for key in MEANINGS) else dict(kind.beside(path))
    options |= beside
    for key, place in beside.items():
        notes.say(f"{key}={place}: {Path(place).name} beside it")
    known = frozenset(list_whole_split(dataset)) if dataset else frozenset()
    images = ImageNames(pattern=options["ids"], known=known, cut=options["cut"], notes=notes)
    classes = ClassNumbers({})
    if options["images"]:
        images, classes = read_lists(Path(options["images"]).expanduser(), images)
    if options["classes"]:
        chosen = options["classes"], read_number(options, "first"), options["names"], notes
        classes = read_beside(*chosen) if "classes" in beside else read_classes(*chosen)
        if other := describe_exported(kind.beside(path).get("classes", ""), classes.texts):
            notes.say(other)
    elif not classes and dataset is not None and (table := getattr(dataset, "table", None)) is not None:
        origin, first = f"the data set {dataset.name}", read_number(options, "first")
        classes = replace(number_table(table, origin, first, options["names"]), assumed=first is None)
    elif options["first"] and "first" not in kind.options:
        raise UsageError("first=: counts the classes of a list anew; name it with classes=")
    classes = set_outside(classes, *(read_numbers(options, key) for key in ("background", "void")))
    return Source(path, classes, images, {key: options[key] for key in kind.options}, notes)


def check_choices(name: str, kind: Kind, given: Mapping[str, str]) -> dict[str, str]:
    """Check choices, return all that the kind has. Raises UsageError for another, and for a word that is no choice."""
    known = SHARED | dict(kind.options)
    for key in given:
        if key not in known:
            hint = suggest_nearest(key, known) or f" (known: {', '.join(known)})"
            raise UsageError(f"{key}={given[key]}: no choice of {name}{hint}")
    options = known | dict(given)
    for key, words in (("names", NAMES), ("faults", FAULTS)):
        if options[key] not in words:
            raise UsageError(f"{key}={options[key]}: known are {', '.join(words)}")
    return options


def read_beside(said: str, first: int | None, names: str, notes: Notes) -> ClassNumbers:
    """Read the list that lies beside the numbers: letter by letter where `zgs export` left it, else as `read_classes`.

    Of one that an earlier export may have left, each text that was read as something else is said with the remedy.
    """
    place = Path(said)
    if exported := read_exported(place):
        return exported
    try:
        classes = read_classes(said, first, names, notes)
    except UserError as error:
        raise UserError(f"{error}; {REMEDY}" if is_earlier(place) else str(error)) from error
    if is_earlier(place) and (told := describe_earlier(place, classes.texts)):
        notes.say(told)
    return classes


def read_classes(said: str, first: int | None, names: str = "own", notes: Notes | None = None) -> ClassNumbers:
    """Read what numbers are called from a table of the package or a file (`bench.data.class_lists`).

    ``first`` counts them anew from there. Places in a file without numbers count from 0. What was made of a file beyond
    reading it, as of cells with several names, is said in ``notes``.
    """
    if said in list_tables():
        return number_table(load_class_table(said), said, first, names)
    place = Path(said).expanduser()
    if not place.is_file():
        known = list_tables()
        raise UserError(
            f"classes={said}: no such file, and no table{suggest_nearest(said, known)} (tables: {', '.join(known)})"
        )
    table, remarks = read_class_list(place, place.stem, 0)
    for remark in remarks:
        (notes or Notes()).say(remark.replace(COUNTED, "are left out"))
    return number_table(table, said, first, names)


def read_number(options: Mapping[str, str], key: str) -> int | None:
    """Read a choice that is one number; None where it was not made."""
    numbers = read_numbers(options, key)
    if numbers is not None and len(numbers) != 1:
        raise UsageError(f"{key}={options[key]}: needs one whole number")
    return numbers[0] if numbers else None


def read_numbers(options: Mapping[str, str], key: str) -> list[int] | None:
    """Read a choice that is numbers, as 0 or 0,255, or ``none`` for no number; None where it was not made."""
    text = options[key].strip("[] ")
    if not text:
        return None
    if text == "none":
        return []
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch("-?[0-9]{1,9}", part, re.ASCII) for part in parts):
        raise UsageError(f"{key}={options[key]}: needs whole numbers, e.g. {key}=0 or {key}=0,255, or none")
    return [int(part) for part in parts]
