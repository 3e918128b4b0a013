"""Section 4.4: what is known of a data set before anybody has it: where it is, on which terms, and how large."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Split:
    """How many images a split has as published, and in lists made through the common converters where they differ."""

    published: int
    converters: int | None = None
    known: tuple[int, str] | None = None
    """Size and `publishers.sum_ids` of a list that was at hand when this was written."""


@dataclass(frozen=True)
class Publisher:
    """A data set as its publisher ships it.

    ``source`` is the file of `bench.prepare` that reads its layouts, ``options`` the options of `zgs prepare` that are
    for it alone, ``orders`` what ``--order`` may say of the numbers in its masks. ``background`` is how the authors'
    scores treat what is none of the classes.
    """

    title: str
    class_list: str
    background: str
    licence: str
    where: tuple[str, ...]
    splits: dict[str, Split]
    notes: tuple[str, ...]
    source: str
    options: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
