"""Section 4.1, class names: what the numbers of somebody's categories or label maps are called; nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from bench.data.class_tables import ClassTable
from bench.errors import UserError

USUAL_BACKGROUND, USUAL_VOID = (0,), (255, 65535)
"""What a number that no class has means in label maps of most tools, unless it is said otherwise."""


@dataclass(frozen=True)
class ClassNumbers:
    """The text of each number, and the numbers that are background or void: their pixels belong to no segment.

    ``origin`` says where the texts come from, for messages. Empty: nobody said what numbers mean. ``assumed``: they are
    those of the data set, and what the file itself says comes before them. ``exported``: `zgs export` left them beside
    the numbers, so that they are these and no others.
    """

    texts: Mapping[int, str]
    origin: str = ""
    background: frozenset[int] = field(default_factory=frozenset)
    void: frozenset[int] = field(default_factory=frozenset)
    assumed: bool = False
    exported: bool = False

    def __bool__(self) -> bool:
        return bool(self.texts)

    def describe_unknown(self, number: object) -> str:
        """Describe a number that no class has, and the numbers that have one."""
        return f"category {number!r:.40} is none of the {len(self.texts)} classes of {self.describe()}"

    def describe(self) -> str:
        """Describe whence the numbers are, with the first and the last of them."""
        first, last = min(self.texts), max(self.texts)
        return f"{self.origin} ({first} {self.texts[first]!r} … {last} {self.texts[last]!r})"

    def find_number(self, text: str) -> int | None:
        """Find the number of a class by its name, letter by letter; None for a text that is none."""
        return self._numbers.get(text)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {text: number for number, text in sorted(self.texts.items(), reverse=True)}

    def require(self, where: object) -> ClassNumbers:
        """Require that somebody said what numbers mean. Raises UserError otherwise."""
        if not self:
            empty = f" ({self.origin} lists none)" if self.origin else ""
            raise UserError(
                f"{where}: holds numbers of classes{empty}; say what they are called: classes=FILE or a table "
                "(zgs import --help), or images=FILE, a COCO json with categories"
            )
        return self


def number_table(table: ClassTable, origin: str, first: int | None = None, names: str = "own") -> ClassNumbers:
    """Take the numbers of a table of classes; with ``first`` they are counted anew, from there, by place in the table.

    ``names``: own or readable.
    """
    rows = sorted(table.rows, key=lambda row: row.id)
    texts = {}
    for place, row in enumerate(rows):
        for number in row.numbers if first is None else (first + place,):
            texts[number] = row.name if names == "own" else row.readable
    return ClassNumbers(texts, origin)


def number_categories(pairs: Iterable[tuple[object, object]], origin: str) -> ClassNumbers:
    """Take numbers and names as COCO's categories have them. Raises UserError for what is no number, and for twins."""
    texts: dict[int, str] = {}
    for number, name in pairs:
        if type(number) is not int or not isinstance(name, str) or not name.strip():
            raise UserError(f"{origin}: category {number!r:.40} {name!r:.40}: needs a whole number and a name")
        if texts.get(number, name) != name:
            raise UserError(f"{origin}: category {number} is {texts[number]!r} and {name!r}; each number for one class")
        texts[number] = name
    return ClassNumbers(texts, origin)


def set_outside(classes: ClassNumbers, background: Iterable[int] | None, void: Iterable[int] | None) -> ClassNumbers:
    """Say which numbers of label maps are background and which are void (None: the usual ones that no class has).

    Raises UserError where a number that was said to be outside is a class.
    """
    chosen = []
    for key, numbers, usual in (("background", background, USUAL_BACKGROUND), ("void", void, USUAL_VOID)):
        taken = [number for number in numbers or () if number in classes.texts]
        if taken:
            name = classes.texts[taken[0]]
            raise UserError(f"{key}={taken[0]}: is also {name!r} of {classes.origin}; each number has one meaning")
        chosen.append(frozenset(usual if numbers is None else numbers) - classes.texts.keys())
    return replace(classes, background=chosen[0], void=chosen[1] - chosen[0])
