"""The yamls of conf/experiment/paper, and those of a user's own folder, read and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from bench.data.base import suggest_nearest
from bench.errors import UsageError, UserError
from bench.paper.definition import CHOICE, TABLE, Choice, DataSet, Item, Row, Words
from bench.paper.figures import RENDERERS
from bench.system.conf_yaml import read_conf_yaml
from bench.system.resources import find_conf_dir, find_published_dir

PLACE = Path("experiment") / "paper"
"""Where the yamls lie below the folder of configurations, ours or the user's own."""
PUBLISHED_ONLY = "published"
"""In place of a row's overrides: nothing here runs it, only its published numbers stand there."""
FIELDS = (
    "title", "kind", "shows", "caption", "needs", "runs", "columns", "sets", "embedded", "against", "layout",
    "published", "options",
)  # fmt: skip
RATED = (0, 1, 2, 3)
"""What people may give a label."""
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
        node = read_conf_yaml(path)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"{path}: cannot be read ({' '.join(str(error).split())[:200]})") from error
    node = _check_keys(path, "", node, FIELDS)
    if missing := [key for key in ("title", "kind", "shows", "runs") if not node.get(key)]:
        raise UserError(f"{path}: {missing[0]} is missing")
    for key, known in (("kind", (TABLE, *RENDERERS)), ("layout", LAYOUTS)):
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
    limited = [*((each.name, each.columns) for each in item.sets), *((row.name, row.columns) for row in item.rows)]
    for owner, names in limited:
        for name in names or ():
            if name not in item.columns:
                raise UserError(f"{path}: {owner}: no column {name!r}{suggest_nearest(name, item.columns)}")
    if item.kind == TABLE and not item.columns:
        raise UserError(f"{path}: columns is missing")
    from bench.metrics.registry import REGISTRY

    known = list(dict.fromkeys(title for metric in REGISTRY for title in metric.titles))
    for choice in (*map(vars, item.columns.values()), *(row.choice for row in item.rows)):
        family = str(choice.get("metric") or "").partition(">")[0].partition(".")[0]
        if family and family not in known:
            near = suggest_nearest(family.lower(), known) or f" (known: {', '.join(known)})"
            raise UserError(f"{path}: metric {choice['metric']!r}: no such metric{near}")


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
    where = f"runs: {name}"
    if not isinstance(value, dict):
        return Row(name, None if value == PUBLISHED_ONLY else _read_words(path, where, value))
    node = _check_keys(path, where, value, ("words", "columns", "optional", "fills", "remark", *CHOICE))
    return Row(
        name,
        _read_words(path, where, node.get("words", [])),
        _check_values(path, where, {key: node[key] for key in CHOICE if key in node}),
        _read_names(node.get("columns")),
        str(node.get("optional", "")),
        _read_words(path, f"{where}: fills", node.get("fills", [])),
        str(node.get("remark", "")),
    )


def _read_names(value: Any) -> tuple[str, ...] | None:
    return None if value is None else tuple(map(str, value))


def _read_choice(path: Path, where: str, value: Any) -> Choice:
    return Choice(**_check_values(path, where, _check_keys(path, where, value, CHOICE)))


def _check_values(path: Path, where: str, node: dict[str, Any]) -> dict[str, Any]:
    for key in ("threshold", "at", "rating"):
        if not isinstance(node.get(key, 0), int | float):
            raise UserError(f"{path}: {where}: {key}: {node[key]!r} is no number")
    if node.get("rating", 0) not in RATED:
        raise UserError(f"{path}: {where}: rating: {node['rating']} is none of {', '.join(map(str, RATED))}")
    if node.get("verify") not in (None, "human"):
        raise UserError(f"{path}: {where}: verify: {node['verify']!r} is none of human; leave it out for plain scores")
    return node


def _read_set(path: Path, name: str, value: Any) -> DataSet:
    where = f"sets: {name}"
    node = _check_keys(path, where, value, ("words", "columns")) if isinstance(value, dict) else {"words": value}
    return DataSet(name, _read_words(path, where, node.get("words")), _read_names(node.get("columns")))


def _find_published(path: Path, name: str | None) -> Path | None:
    """Find the csv of published numbers: beside the yaml or among ours; of a yaml that names none, ours of its name."""
    places = [path.parent / str(name), find_published_dir() / str(name)] if name else []
    found = next((place for place in places if place.is_file()), None)
    if name and found is None:
        raise UserError(f"{path}: published: {name}: no such file beside it")
    return found
