"""Section 4, data: how somebody's image is called in the data set: by its file, by a number, or by a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath, PureWindowsPath

from bench.data.files import compose
from bench.errors import UsageError, UserError
from bench.exchange.notes import Notes

Id = int | str
_MARK = re.compile(r"[_.-](?=[A-Za-z])")
"""Where a name may go on after that of the image: ``_leftImg8bit``, ``-pred``, ``.seg``; digits are of its own."""
_FORM = re.compile(r"[^{}]*\{(id|id:0?[1-9]?[0-9]d)\}[^{}]*")


@dataclass(frozen=True)
class ImageNames:
    """How ids become names of images.

    ``files`` are the file names that a list of images gives to ids, ``sizes`` their heights and widths. ``pattern``
    writes ids that no list names (``{id:012d}``, COCO's own). ``known`` are the images of the data set: a number is
    then found among them whatever zeros stand before it, and a name by what goes before a publisher's or a tool's
    addition (``_leftImg8bit``) on either side, which is counted in ``notes``. ``exact`` are names that we wrote
    ourselves. ``cut`` is what names of files have before or after that of the image.
    """

    files: Mapping[Id, str] = field(default_factory=dict)
    sizes: Mapping[Id, tuple[int, int]] = field(default_factory=dict)
    pattern: str = ""
    known: frozenset[str] = frozenset()
    exact: Mapping[Id, str] = field(default_factory=dict)
    cut: str = ""
    notes: Notes = field(default_factory=Notes, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.pattern and not _FORM.fullmatch(self.pattern):
            raise UsageError(f"ids={self.pattern}: needs one {{id}} or {{id:012d}}, e.g. ids=COCO_val2014_{{id:012d}}")

    def find_name(self, image_id: Id) -> str:
        """Find the name of the image with an id."""
        if image_id in self.exact:
            return compose(self.exact[image_id])
        if image_id in self.files:
            return self._find_known(self._cut(self.files[image_id]))
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
        """Find the name of an image by that of a file: its path and its ending are no part of it.

        ``pattern`` writes the name where the data set has none that is called as the file.
        """
        stem = self._cut(name)
        found = self._find_known(stem)
        return self._write(stem) if self.pattern and found not in self.known else found

    def _cut(self, name: str) -> str:
        return cut_ending(name).removeprefix(self.cut).removesuffix(self.cut)

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
        ends = self._by_file.get(name, ()) if "/" not in name else ()
        return ends[0] if len(ends) == 1 else self._find_longer(name)

    def _find_longer(self, name: str) -> str:
        """Find the one image whose name this one goes on after, the longest, or which goes on after this one."""
        shorter = (name[: mark.start()] for mark in reversed(list(_MARK.finditer(name))))
        found = next((same for part in shorter if (same := self._by_file.get(part))), self._by_beginning.get(name, ()))
        if len(found) != 1:
            return name
        example = f"{name!r} is {found[0]!r}"
        self.notes.count(
            "images are called as the data set's, but for an addition at the end: taken as those", 1, example
        )
        return found[0]

    @cached_property
    def _by_file(self) -> Mapping[str, list[str]]:
        """The images of the data set by their names without folders."""
        files: dict[str, list[str]] = {}
        for name in self.known:
            files.setdefault(name.rpartition("/")[2], []).append(name)
        return files

    @cached_property
    def _by_beginning(self) -> Mapping[str, list[str]]:
        """The images of the data set by all that their names may go on after."""
        begins: dict[str, list[str]] = {}
        for file, names in self._by_file.items():
            for mark in _MARK.finditer(file):
                begins.setdefault(file[: mark.start()], []).extend(names)
        return begins

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
