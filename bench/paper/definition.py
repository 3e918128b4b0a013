"""A table or figure of the paper as data, as one yaml in conf/experiment/paper states it.

A yaml says which runs stand in which rows (overrides on top of what is typed), which numbers in which columns (metric
by name, as in scores.csv), on which data sets at the paper's size, and in which csv the published numbers lie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

TABLE = "table"
"""The kind that is a table; others are figures, of the kinds of `bench.paper.figures`."""
RATINGS = "ratings"
"""What an item ``needs`` that is of people's ratings."""
Words = tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """Which number of a run a cell shows; what is None is not asked. A row may state any of it instead of a column.

    metric     as in the column ``measure`` of scores.csv: ``iou.image.union``, ``recall>0.5``
    mapping    tt, st …; of scores verified by people, it is the mapping that was verified
    threshold  the mapping's, or h of people's ratings (1, 2, 3)
    verify     "human": of the run as ratings=FILE scores it
    protocol   where runs are scored by several
    group      of a breakdown: ``size=small``
    at         the number of curves.csv at this threshold of the mapping
    rating     the share of predicted texts that people gave this rating (0 to 3)
    """

    metric: str | None = None
    mapping: str | None = None
    threshold: float | None = None
    verify: str | None = None
    protocol: str | None = None
    group: str | None = None
    at: float | None = None
    rating: int | None = None


CHOICE = tuple(f.name for f in fields(Choice))


@dataclass(frozen=True)
class Row:
    """One row: the overrides of its run (None: published only) and what it says of its cells.

    columns   those that it has; None: all
    optional  what it needs that is not everybody's, without which the table is whole; empty: nothing
    fills     words that give what is ``optional``, ``KEY=FOLDER``; where they are typed the row is one like any other
    """

    name: str
    words: Words | None
    choice: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None
    optional: str = ""
    fills: Words = ()
    remark: str = ""

    def has(self, column: str) -> bool:
        """Whether it has a cell in a column."""
        return self.columns is None or column in self.columns

    def is_given(self, typed: Sequence[str]) -> bool:
        """Whether the words of a command give what it needs."""
        keys = {word.partition("=")[0] for word in self.fills}
        return not self.optional or any(word.partition("=")[0] in keys for word in typed)


@dataclass(frozen=True)
class DataSet:
    """A data set at the paper's size: its heading, the words that choose it, the columns that it has (None: all)."""

    name: str
    words: Words
    columns: tuple[str, ...] | None = None

    @property
    def data(self) -> str:
        """The option of the group ``data`` that it is."""
        return next((word.partition("=")[2] for word in self.words if word.startswith("data=")), "")


@dataclass(frozen=True)
class Item:
    """A table or figure: see the fields of a yaml in PAPER.md."""

    name: str
    title: str
    kind: str
    shows: str
    caption: str = ""
    needs: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    columns: Mapping[str, Choice] = field(default_factory=dict)
    sets: tuple[DataSet, ...] = ()
    embedded: Words = ("data.subset=first:40",)
    against: str | None = None
    layout: str = "runs"
    published: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def needs_ratings(self) -> bool:
        """Whether any of its cells, or the figure, is of people's ratings."""
        return any(is_rated(self, row, tuple(self.columns)) for row in self.rows)


def is_rated(item: Item, row: Row, columns: tuple[str, ...]) -> bool:
    """Whether a row of an item has a cell of people's ratings in some columns; in a figure that needs them, it has."""
    chosen = [{**vars(item.columns[name]), **row.choice} for name in columns if row.has(name)]
    return RATINGS in item.needs or any(each["verify"] == "human" or each["rating"] is not None for each in chosen)
