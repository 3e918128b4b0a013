"""A table or figure of the paper as data: one yaml in conf/experiment/paper, read and checked.

A yaml says which runs stand in which rows (overrides on top of what is typed), which numbers in which columns (metric
by name, as in scores.csv), on which data sets at the paper's size, and in which csv the published numbers lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from bench.data.base import suggest_nearest
from bench.errors import UsageError, UserError
from bench.system.resources import find_conf_dir, find_published_dir

PLACE = Path("experiment") / "paper"
"""Where the yamls lie below the folder of configurations, ours or the user's own."""
KINDS = (
    "table", "curves", "histograms", "sweep", "panels", "failures", "attention", "ratings",
)  # fmt: skip
RATINGS = "ratings"
"""What an item ``needs`` that is of people's ratings."""
PUBLISHED_ONLY = "published"
"""In place of a row's overrides: nothing here runs it, only its published numbers stand there."""
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
    """One row: the overrides of its run (None: published only), what it says of its cells, and a remark."""

    name: str
    words: Words | None
    choice: Mapping[str, Any]
    remark: str = ""


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
    chosen = [{**vars(item.columns[name]), **row.choice} for name in columns]
    return RATINGS in item.needs or any(each["verify"] == "human" or each["rating"] is not None for each in chosen)


FIELDS = (
    "title", "kind", "shows", "caption", "needs", "runs", "columns", "sets", "embedded", "against", "layout",
    "published", "options",
)  # fmt: skip
LAYOUTS = ("runs", "sets")
"""What the rows are: runs, with a block of columns for each data set; or data sets, of one run or several."""


def list_definitions(config_dir: str | None = None) -> dict[str, Path]:
    """List the yamls by name, ours in the order of the paper and then those of the user's folder."""
    folders = [find_conf_dir(), *([Path(config_dir)] if config_dir else [])]
    found = {file.stem: file for folder in folders for file in sorted((folder / PLACE).glob("*.yaml"), key=_by_number)}
    return dict(sorted(found.items(), key=lambda pair: _by_number(pair[1])))


def read_definitions(names: Iterable[str], config_dir: str | None = None) -> list[Item]:
    """Read the yamls of some names (``all`` is all of them). Raises UsageError for a name without one."""
    known, items = list_definitions(config_dir), []
    for name in dict.fromkeys(each for asked in names for each in (known if asked == "all" else [asked])):
        if name not in known:
            raise UsageError(f"paper: {name}: no such table or figure{suggest_nearest(name, known)}; `zgs paper` lists")
        items.append(read_definition(known[name]))
    return items


def read_definition(path: Path) -> Item:
    """Read one yaml. Raises UserError that names file, key and the nearest right one."""
    try:
        node = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"{path}: cannot be read ({' '.join(str(error).split())[:200]})") from error
    node = _check_keys(path, "", node, FIELDS)
    if missing := [key for key in ("title", "kind", "shows", "runs") if not node.get(key)]:
        raise UserError(f"{path}: {missing[0]} is missing")
    for key, known in (("kind", KINDS), ("layout", LAYOUTS)):
        if node.get(key, known[0]) not in known:
            near = suggest_nearest(str(node[key]), known)
            raise UserError(f"{path}: {key}: {node[key]} is none of {', '.join(known)}{near}")
    runs, columns, sets, options = (_read_mapping(path, key, node) for key in ("runs", "columns", "sets", "options"))
    item = Item(
        path.stem,
        str(node["title"]),
        str(node["kind"]),
        str(node["shows"]),
        caption=" ".join(str(node.get("caption", "")).split()),
        needs=_read_words(path, "needs", node.get("needs", [])),
        rows=tuple(_read_row(path, str(name), value) for name, value in runs.items()),
        columns={str(name): _read_choice(path, f"columns: {name}", value) for name, value in columns.items()},
        sets=tuple(_read_set(path, str(name), value) for name, value in sets.items()),
        embedded=_read_words(path, "embedded", node.get("embedded", list(Item.embedded))),
        against=node.get("against"),
        layout=str(node.get("layout", LAYOUTS[0])),
        published=_find_published(path, node.get("published")),
        options=options,
    )
    _check_names(path, item)
    return item


def _by_number(path: Path) -> tuple[bool, bool, int, str]:
    """Sort table2 before table10, tables before figures, and names of the user's own last."""
    kind, number = re.match(r"(.*?)(\d*)$", path.stem).groups()  # type: ignore[union-attr]
    return kind not in ("table", "figure"), kind != "table", int(number or 0), path.stem


def _check_names(path: Path, item: Item) -> None:
    """Check that names of rows, columns and metrics which one part of a yaml says are those of another."""
    rows = [row.name for row in item.rows]
    if item.against is not None and item.against not in rows:
        raise UserError(f"{path}: against: {item.against!r} is no row{suggest_nearest(str(item.against), rows)}")
    for each in item.sets:
        for name in each.columns or ():
            if name not in item.columns:
                raise UserError(f"{path}: sets: {each.name}: no column {name!r}{suggest_nearest(name, item.columns)}")
    if item.kind == "table" and not item.columns:
        raise UserError(f"{path}: columns is missing")
    from bench.metrics.registry import REGISTRY

    known = list(dict.fromkeys(title for metric in REGISTRY for title in metric.titles))
    for choice in (*map(vars, item.columns.values()), *(row.choice for row in item.rows)):
        family = str(choice.get("metric") or "").partition(">")[0].partition(".")[0]
        if family and family not in known:
            raise UserError(f"{path}: metric {choice['metric']!r}: no such metric{suggest_nearest(family, known)}")


def _check_keys(path: Path, where: str, node: Any, known: Iterable[str]) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise UserError(f"{path}: {where or 'it'} should hold lines KEY: VALUE")
    for key in node:
        if key not in known:
            said = f"{where}: " if where else ""
            raise UserError(
                f"{path}: {said}{key}: no such key{suggest_nearest(str(key), known)} (known: {', '.join(known)})"
            )
    return node


def _read_mapping(path: Path, key: str, node: Mapping[str, Any]) -> dict[str, Any]:
    value = node.get(key) or {}
    if not isinstance(value, dict):
        raise UserError(f"{path}: {key} should hold lines NAME: VALUE")
    return value


def _read_words(path: Path, where: str, value: Any) -> Words:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise UserError(f"{path}: {where} should be a list of texts")
    return tuple(words)


def _read_row(path: Path, name: str, value: Any) -> Row:
    if value == PUBLISHED_ONLY:
        return Row(name, None, {})
    where = f"runs: {name}"
    if not isinstance(value, dict):
        return Row(name, _read_words(path, where, value), {})
    node = _check_keys(path, where, value, ("words", "remark", *CHOICE))
    words = node.get("words", [])
    choice = {key: node[key] for key in CHOICE if key in node}
    return Row(
        name, None if words == PUBLISHED_ONLY else _read_words(path, where, words), choice, str(node.get("remark", ""))
    )


def _read_choice(path: Path, where: str, value: Any) -> Choice:
    return Choice(**_check_keys(path, where, value, CHOICE))


def _read_set(path: Path, name: str, value: Any) -> DataSet:
    where = f"sets: {name}"
    node = _check_keys(path, where, value, ("words", "columns")) if isinstance(value, dict) else {"words": value}
    columns = node.get("columns")
    return DataSet(
        name, _read_words(path, where, node.get("words")), None if columns is None else tuple(map(str, columns))
    )


def _find_published(path: Path, name: str | None) -> Path | None:
    """Find the csv of published numbers: beside the yaml or among ours; of a yaml that names none, ours of its name."""
    places = [path.parent / str(name), find_published_dir() / str(name)] if name else []
    found = next((place for place in places if place.is_file()), None)
    if name and found is None:
        raise UserError(f"{path}: published: {name}: no such file beside it")
    return found
