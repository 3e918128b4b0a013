"""Which runs some tables and figures need, each once: the runs that they name, by what these compute.

An item names a run for each row and data set. Two names are one run where their settings agree in all that changes a
number, whatever the rows are called and wherever results lie. A word that is typed counts for the runs that have its
key: ``models.groupvit.source=FOLDER`` for GroupViT, ``encode.sigma2=1`` for the encoders that subtract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from bench.errors import UsageError
from bench.paper.definition import Item, Row, Words
from bench.paper.experiments import read_stated
from bench.settings.compose import compose_config, read_choices, resolve_config

OWN_PLACE = ("data.root", "data.split")
"""Keys that a data set at the paper's size may fix: a place that is typed is that of the other items' data."""
DATA = "data="


@dataclass(frozen=True)
class Place:
    """A data set that an item is made on: its heading, the words that choose it, its columns; or not ``asked`` for."""

    name: str
    words: Words
    columns: tuple[str, ...]
    asked: bool = True
    paper: bool = False
    """Whether it is one of the item's data sets at the paper's size."""


class UnknownKey(UsageError):
    """A word whose ``key`` the settings of a run do not have."""

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True)
class Need:
    """A run that an item names: its words as `zgs run` takes them, its settings, and the key of what it computes."""

    words: Words
    settings: Mapping[str, Any] = field(compare=False, repr=False)
    key: str


@dataclass(frozen=True)
class Plan:
    """By item and then (row, data set): the runs that are named; ``places`` says where each item is made.

    ``partial`` are the typed words that do not count for all runs, each with the rows for which it does.
    """

    items: tuple[Item, ...]
    places: Mapping[str, tuple[Place, ...]]
    named: Mapping[tuple[str, str, str], Need]
    partial: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def distinct(self) -> dict[str, Need]:
        """The runs by what they compute, in the order in which they are first named."""
        found: dict[str, Need] = {}
        for need in self.named.values():
            found.setdefault(need.key, need)
        return found

    def list_needs(self, item: Item, row: Row) -> list[Need]:
        """List the runs of a row on all data sets that are asked for."""
        return [need for (name, own, _), need in self.named.items() if (name, own) == (item.name, row.name)]

    def find(self, item: Item, row: Row, place: Place) -> Need | None:
        """Find the run of a cell; None of one that nothing here runs or nobody asked for."""
        return self.named.get((item.name, row.name, place.name))


def make_plan(
    items: Sequence[Item], words: Sequence[str], make_need: Callable[[Words], Need], config_dir: str | None = None
) -> Plan:
    """Plan the runs of some items under the words that were typed; ``data=A,B`` names several data sets.

    ``config_dir`` is the user's own folder of configurations, in which experiments may lie.
    """
    data = [name for word in words if word.startswith(DATA) for name in word.removeprefix(DATA).split(",")]
    rest = tuple(word for word in words if not word.startswith(DATA))
    if len(data) > 1 and any(word.startswith("data.root=") for word in rest):
        raise UsageError("paper: data.root= is the place of one data set; name one in data=, or keep them below data/")
    _check_typed(items, rest, config_dir)
    places = {item.name: choose_places(item, data) for item in items}
    named: dict[tuple[str, str, str], Need] = {}
    composed: dict[Words, tuple[Need, dict[str, UnknownKey]]] = {}
    unknown: list[tuple[str, Words, dict[str, UnknownKey]]] = []
    for item in items:
        for row in item.rows:
            typed = _list_unstated(row, rest, config_dir)
            for place in places[item.name]:
                if row.words is not None and place.asked:
                    joined = join_words(place, row.words, typed)
                    if joined not in composed:
                        composed[joined] = _compose_known(joined, typed, make_need)
                    named[item.name, row.name, place.name], lacking = composed[joined]
                    unknown.append((row.name, typed, lacking))
    return Plan(tuple(items), places, named, _find_partial(rest, unknown))


def _list_unstated(row: Row, typed: Words, config_dir: str | None) -> Words:
    """List the typed words whose key neither a row nor its experiment states: these count more than what is typed."""
    stated = read_stated(row.words or (), config_dir)
    return tuple(word for word in typed if word.partition("=")[0] not in stated)


def _compose_known(
    words: Words, typed: Words, make_need: Callable[[Words], Need]
) -> tuple[Need, dict[str, UnknownKey]]:
    """Compose a run without the typed words whose key it does not have; return it, and those with what was wrong."""
    lacking: dict[str, UnknownKey] = {}
    while True:
        try:
            return make_need(tuple(word for word in words if word not in lacking)), lacking
        except UnknownKey as error:
            word = next((each for each in words if each.partition("=")[0] == error.key), None)
            if word is None or word in lacking or word not in typed:
                raise
            lacking[word] = error


def _find_partial(
    typed: Words, unknown: Sequence[tuple[str, Words, Mapping[str, UnknownKey]]]
) -> dict[str, tuple[str, ...]]:
    """Find the typed words that count for some rows only. Raises UnknownKey for one whose key no run has."""
    partial = {}
    for word in typed:
        rows = dict.fromkeys(row for row, own, lacking in unknown if word in own and word not in lacking)
        if not rows and (wrong := [lacking[word] for _, _, lacking in unknown if word in lacking]):
            raise max(wrong, key=_measure_nearness)
        if len(rows) < len({row for row, _, _ in unknown}):
            partial[word] = tuple(rows)
    return partial


def _measure_nearness(error: UnknownKey) -> float:
    """Measure how like a key that does not exist the one is that its line suggests: 0 to 1."""
    near = re.search(r"did you mean ([\w.]+)", str(error))
    return SequenceMatcher(None, error.key, near[1]).ratio() if near else 0.0


def _check_typed(items: Sequence[Item], typed: Words, config_dir: str | None) -> None:
    """Raise UsageError for a word that would change nothing, because every row states that key itself."""
    stated = [read_stated(row.words, config_dir) for item in items for row in item.rows if row.words]
    for word in typed:
        if stated and all(word.partition("=")[0] in keys for keys in stated):
            raise UsageError(f"paper: {word}: every row states that itself; write a table of your own (PAPER.md)")


def choose_places(item: Item, data: Sequence[str]) -> tuple[Place, ...]:
    """Choose where an item is made: on drawn scenes, or on those of its data sets that ``data`` names.

    One that the item does not have is made with all columns, unless another that it has is named.
    """
    columns = tuple(item.columns)
    if not data:
        return (Place("toyscenes", ("data=toyscenes", *item.embedded), columns),)
    own = [Place(each.name, each.words, each.columns or columns, each.data in data, True) for each in item.sets]
    if any(place.asked for place in own):
        return tuple(own)
    return tuple(Place(name, _choose_generic(item, name), columns) for name in dict.fromkeys(data))


def _choose_generic(item: Item, name: str) -> Words:
    return (f"data={name}", *(item.embedded if name == "toyscenes" else ()))


def join_words(place: Place, row: Words, typed: Words) -> Words:
    """Join the words of a run: what was typed counts more than the data set's own, and what a row states most."""
    fixed = {word.partition("=")[0] for word in place.words if word.partition("=")[0] in OWN_PLACE}
    own = [word for word in typed if not (fixed and word.partition("=")[0] in (*OWN_PLACE, "data.layout"))]
    found = {word.partition("=")[0]: word for word in (*place.words, *own, *row)}
    return tuple(found.values())


def compose_need(words: Words, prepared: Words, config_dir: str | None = None) -> Need:
    """Compose a run of some words; ``prepared`` are the same as Hydra is to see them.

    Raises HydraException or OmegaConfBaseException for words that fit nothing.
    """
    config = compose_config([*prepared, "pictures=0"], config_dir)
    settings = {**resolve_config(config), "choices": read_choices(config.hydra)}
    return Need(words, settings, identify_run(settings))


def sketch_need(words: Words) -> Need:
    """Take a run for what its words say, which composes nothing: runs of different words count as different."""
    return Need(words, {}, " ".join(sorted(words)))


def identify_run(settings: Mapping[str, Any]) -> str:
    """Identify what a run computes: a digest of its settings, but for its name and what changes no number."""
    from bench.settings.naming import hash_settings

    return hash_settings({key: value for key, value in settings.items() if key != "variant"})
