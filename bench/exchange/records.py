"""Predictions of other tools, what flows: read this first of `bench.exchange`; no part of the paper.

PATH ─▶ a kind's `read` ─▶ ForeignImage … ─▶ `write_imported` ─▶ the open format (`bench.predictions`)
the open format ─▶ `read_segments` ─▶ a kind's `write` ─▶ files of another tool
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int32

from bench.exchange.class_numbers import ClassNumbers
from bench.exchange.image_names import ImageNames
from bench.exchange.notes import Notes
from bench.exchange.runs import decode_counts, decode_runs


@dataclass(frozen=True)
class Segment:
    """One segment: its text, the compressed counts of its mask as COCO has them, and how sure its system is."""

    text: str
    counts: str
    score: float | None = None
    runs: Int32[np.ndarray, " r"] | None = field(default=None, compare=False, repr=False)
    """The run lengths of ``counts`` where its reader has them at hand."""

    def decode(self, size: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
        """Decode its mask."""
        return decode_counts(self.counts, size) if self.runs is None else decode_runs(self.runs, size)


@dataclass(frozen=True)
class ForeignImage:
    """One image of somebody's file; ``size`` is height and width of its masks. It is used only without ``faults``."""

    image_id: str
    size: tuple[int, int]
    segments: tuple[Segment, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Source:
    """What a kind is asked to read: the place, what its numbers mean, how its images are named, and the choices made.

    ``options`` are those of `Kind.options`, each with its default.
    """

    path: Path
    classes: ClassNumbers
    names: ImageNames
    options: Mapping[str, str] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)

    def require_classes(self) -> None:
        """Require that somebody said what numbers mean, and say so where that is only assumed. Raises UserError."""
        self.classes.require(self.path)
        if self.classes.assumed:
            self.notes.say(
                f"numbers are read as those of {self.classes.describe()}; others: classes=FILE or images=FILE"
            )


Read = Callable[[Source], Iterator[ForeignImage]]
"""Reads the images of a place in its order, one in memory at a time. Raises UserError for what no image can name."""


@dataclass(frozen=True, eq=False)
class Target:
    """Where and how a kind is asked to write: the classes that give texts their numbers, and the numbers of images."""

    path: Path
    classes: ClassNumbers
    numbers: Mapping[str, int]
    notes: Notes


Write = Callable[[Iterable[ForeignImage], Target], None]
"""Writes images. What the kind cannot hold is counted in the notes."""


def find_nothing(path: Path) -> Mapping[str, str]:
    """Find no choice beside a place."""
    return {}


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of foreign file.

    ``tell`` looks at a place and says in half a sentence why it is of this kind, or returns None. ``needs_classes``:
    its segments carry numbers of classes. ``options`` are the names of its choices, with their defaults. ``beside``
    finds what ``write`` has left beside a place to say what its numbers mean, as a choice.
    """

    title: str
    tell: Callable[[Path], str | None]
    read: Read
    write: Write | None = None
    needs_classes: bool = True
    options: Mapping[str, str] = field(default_factory=dict)
    beside: Callable[[Path], Mapping[str, str]] = find_nothing
