"""Section 4, data: how somebody's image is called in the data set: by its file, by a number, or by a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath, PureWindowsPath

from bench.data.files import compose
from bench.errors import UsageError, UserError

Id = int | str
_FORM = re.compile(r"[^{}]*\{(id|id:0?[1-9]?[0-9]d)\}[^{}]*")


@dataclass(frozen=True)
class ImageNames:
    """How ids become names of images.

    ``files`` are the file names that a list of images gives to ids, ``sizes`` their heights and widths. ``pattern``
    writes ids that no list names (``{id:012d}``, COCO's own). ``known`` are the images of the data set: a number is
    then found among them whatever zeros stand before it. ``exact`` are names that we wrote ourselves.
    """

    files: Mapping[Id, str] = field(default_factory=dict)
    sizes: Mapping[Id, tuple[int, int]] = field(default_factory=dict)
    pattern: str = ""
    known: frozenset[str] = frozenset()
    exact: Mapping[Id, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.pattern and not _FORM.fullmatch(self.pattern):
            raise UsageError(f"ids={self.pattern}: needs one {{id}} or {{id:012d}}, e.g. ids=COCO_val2014_{{id:012d}}")

    def find_name(self, image_id: Id) -> str:
        """Find the name of the image with an id."""
        if image_id in self.exact:
            return compose(self.exact[image_id])
        if image_id in self.files:
            return self._find_known(cut_ending(self.files[image_id]))
        if self.pattern:
            return self._write(image_id)
        return self._find_known(str(image_id))

    def describe_stray(self, image_id: Id) -> str | None:
        """Describe an id that the list of images lacks, told apart from one that it has as another type; else None."""
        if not self.files or image_id in self.files:
            return None
        other: Id = (
            int(image_id) if isinstance(image_id, str) and re.fullmatch("[0-9]{1,18}", image_id) else str(image_id)
        )
        near = f" (it has {other!r}: one is a text, the other a number)" if other in self.files else ""
        return f"is not in the list of {len(self.files)} images{near}"

    def find_file(self, name: str) -> str:
        """Find the name of an image by that of a file: its path and its ending are no part of it."""
        return self._find_known(cut_ending(name))

    def _write(self, image_id: Id) -> str:
        text = str(image_id)
        if ":" not in self.pattern:
            return self.pattern.replace("{id}", text)
        if not (isinstance(image_id, int) or re.fullmatch("[0-9]+", text, re.ASCII)):
            raise UserError(f"ids={self.pattern}: image id {text[:40]!r} is no number; write {{id}}")
        return self.pattern.format(id=int(text))

    def _find_known(self, name: str) -> str:
        name = compose(name)
        if not self.known or name in self.known:
            return name
        if name.isascii() and name.isdigit():
            return self._by_number.get(int(name), name)
        ends = [other for other in self.known if other.endswith(f"/{name}")] if "/" not in name else []
        return ends[0] if len(ends) == 1 else name

    @cached_property
    def _by_number(self) -> Mapping[int, str]:
        return number_names(self.known)


def number_names(names: Iterable[str]) -> dict[int, str]:
    """Map numbers to the names that end in them; a number that two names end in is none."""
    numbers: dict[int, list[str]] = {}
    for name in names:
        if match := re.fullmatch(r"(?:.*[^0-9])?([0-9]{1,18})", name, re.ASCII):
            numbers.setdefault(int(match[1]), []).append(name)
    return {number: same[0] for number, same in numbers.items() if len(same) == 1}


def choose_numbers(names: Iterable[str]) -> dict[str, int]:
    """Choose a number for each image: the one that its name ends in, unless two are the same; then its place from 1."""
    listed = list(names)
    numbers = number_names(listed)
    if len(numbers) == len(listed):
        return {name: number for number, name in numbers.items()}
    return {name: place for place, name in enumerate(listed, 1)}


def cut_ending(name: str) -> str:
    """Cut folders and the ending off the name of a file, of Windows or of any other system."""
    plain = PureWindowsPath(name).name if "\\" in name else PurePosixPath(name).name
    return compose(PurePosixPath(plain).stem)
