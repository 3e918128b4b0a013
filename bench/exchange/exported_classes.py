"""No part of the paper: the list of classes that `zgs export` leaves beside what it wrote, read back letter by letter.

Texts of predictions are free: commas, semicolons, quotes and line feeds are part of them, while a publisher's list has
several names of a class between such marks (`bench.data.class_lists`). Its head and its column of aliases, which is
empty throughout, tell ours from a list that somebody made; as the open format of tables it is read by classes=, too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path

from bench.exchange.class_numbers import ClassNumbers

HEAD = ["id", "name", "aliases"]
_EARLIER = ["id", "name"]
"""Of an earlier version, where a cell is one text, or of somebody's own list, where it may hold several names.

Nothing in a file tells the one from the other: the earlier writer left what any writer of csv leaves.
"""
REMEDY = (
    "where an earlier `zgs export` left this list, each cell is one text: export again, or write id,name,aliases as "
    "its head and a comma at the end of each class"
)


def write_exported(texts: Mapping[int, str], place: Path) -> None:
    """Write numbers and their texts, each quoted: Python's writer leaves a carriage return bare."""
    with place.open("w", encoding="utf-8", errors="surrogatepass", newline="") as stream:
        stream.write(",".join(HEAD) + "\n")
        lines = [[number, text, None] for number, text in sorted(texts.items())]
        csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(lines)


def read_exported(place: Path) -> ClassNumbers | None:
    """Read the list that `write_exported` left, each text as it was; None for any other, which is no fault here."""
    try:
        with place.open(encoding="utf-8", errors="surrogatepass", newline="") as stream:
            head, *lines = csv.reader(stream)
    except (OSError, ValueError, csv.Error):
        return None
    if head != HEAD or not all(len(line) == len(HEAD) and not line[2] for line in lines):
        return None
    texts = {int(number): text for number, text, _ in lines if re.fullmatch("[0-9]{1,5}", number, re.ASCII) and text}
    return ClassNumbers(texts, str(place), exported=True) if texts and len(texts) == len(lines) else None


def describe_exported(place: str, read: Mapping[int, str]) -> str:
    """Describe a number that an export's own list at a place calls otherwise than it is ``read``; empty for none."""
    exported = read_exported(Path(place)) if place else None
    numbers = [number for number, text in exported.texts.items() if read.get(number) != text] if exported else []
    if not exported or not numbers:
        return ""
    first = numbers[0]
    told = f"{len(numbers)} of its {len(exported.texts)} numbers, {first} {exported.texts[first]!r:.60}"
    return f"{place}, which `zgs export` left, calls {told}, otherwise than classes=: leave that out to read by it"


def describe_earlier(place: Path, read: Mapping[int, str]) -> str:
    """Describe which cells of a list with the earlier head were ``read`` as something else; empty for none."""
    texts = _read_earlier(place)
    others = [number for number, text in texts.items() if read.get(number) != text.strip()]
    if not others:
        return ""
    first = others[0]
    told = f"{texts[first]!r:.60} of {first} is read as {read.get(first)!r:.60}"
    return f"{place}: {len(others)} of {len(texts)} texts are not as they stand there, {told}; {REMEDY}"


def is_earlier(place: Path) -> bool:
    """Whether a list has the earlier head."""
    return _read_head(place) == _EARLIER


def _read_earlier(place: Path) -> dict[int, str]:
    with place.open(encoding="utf-8-sig", errors="surrogatepass", newline="") as stream:
        lines = [line for line in csv.reader(stream) if len(line) == len(_EARLIER)]
    return {int(number): text for number, text in lines[1:] if re.fullmatch("[0-9]{1,5}", number, re.ASCII)}


def has_classes(place: Path) -> bool:
    """Whether a file begins as a list of ours does, or as one that names numbers and names alone."""
    try:
        return _read_head(place) in (HEAD, _EARLIER)
    except OSError:  # its reader says so
        return place.is_file()


def _read_head(place: Path) -> list[str] | None:
    try:
        with place.open(encoding="utf-8", errors="replace", newline="") as stream:
            return next(csv.reader(stream), None)
    except csv.Error:
        return None
