"""The cells of a table of the paper: each number with n and interval, its significance, and what fills an empty one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.paper.definition import Item, Row
from bench.paper.empty import (
    RATINGS_WORD,
    Lack,
    explain_number,
    explain_place,
    explain_ratings,
    explain_run,
    make_command,
)
from bench.paper.numbers import Numbers, choose_line
from bench.paper.plan import Need, Place, Plan
from bench.paper.published import Key, Published, describe_weights, find_other, read_published
from bench.paper.sources import Sources
from bench.paper.weights import describe_baseline
from bench.score.comparisons import Difference, adjust_by_holm, compare_all_paired
from bench.store.sealed import read_record

MARK = "†"
"""Beside a number of which a note below the table says something."""


@dataclass(frozen=True)
class Cell:
    """One number of ours with what belongs to it, or why there is none.

    line        the line of scores.csv or curves.csv, or of ratings; None where the cell is empty
    empty       why there is none, and ``fills`` the command that changes it, where one does
    difference  of this row minus ``against`` on their common images, with p; ``p_holm`` is adjusted for the table
    published   the paper's number, and ``other`` why ours may not be compared with it (empty: it may)
    remark      what a reader must know of our number: ratings that are missing, weights that no metric's name tells
    """

    line: Mapping[str, Any] | None = None
    empty: str = ""
    fills: str = ""
    difference: Difference | None = None
    p_holm: float = float("nan")
    published: Published | None = None
    other: str = ""
    remark: str = ""


@dataclass(frozen=True)
class PaperTable:
    """A table before it has a form: our cells by row, data set and column, and the paper's where ours have no place."""

    item: Item
    places: tuple[Place, ...]
    cells: Mapping[Key, Cell]
    published: Mapping[Key, Published]
    comparisons: int
    embedded: bool
    notes: tuple[str, ...]


def make_table(item: Item, plan: Plan, sources: Sources) -> PaperTable:
    """Make the cells of a table. Raises UserError for a metric that does not exist and for protocols that differ."""
    places, published, numbers = plan.places[item.name], read_published(item), Numbers()
    cells: dict[Key, Cell] = {}
    for row in item.rows:
        for place in places:
            for name in place.columns:
                cells[row.name, place.name, name] = _make_cell(item, plan, sources, numbers, row, place, name)
    for place in places:
        for name in place.columns:
            check_alike(item, place, name, [(row, cells[row.name, place.name, name].line) for row in item.rows])
    cells, comparisons = _add_differences(item, plan, sources, numbers, cells)
    cells = {
        key: _add_published(cell, published.get(key), plan, sources, (item.name, *key[:2]))
        for key, cell in cells.items()
    }
    needs = {need.key: need.settings for (name, _, _), need in plan.named.items() if name == item.name}
    embedded = any(each["models"].get("name") == "embedded" for each in needs.values())
    notes = [*(text for key, text in sources.as_is.items() if key in needs), *_list_own_remarks(cells)]
    notes += _list_remarks(published)
    return PaperTable(item, places, cells, published, comparisons, embedded, tuple(notes))


def _make_cell(
    item: Item, plan: Plan, sources: Sources, numbers: Numbers, row: Row, place: Place, column: str
) -> Cell:  # fmt: skip
    line = _find_line(item, plan, sources, numbers, row, place, column)
    if isinstance(line, Lack):
        return Cell(empty=line.why, fills=line.fills)
    return Cell(line=line, remark=_find_remark(line, plan.find(item, row, place), sources))


def _find_remark(line: Mapping[str, Any], need: Need | None, sources: Sources) -> str:
    """Find what a reader must know of a number: of people's ratings how many are missing, of a baseline its weights."""
    if need is None:
        return ""
    from bench.run.score_notes import find_unrated

    mapping, _, by = str(line["mapping"]).partition("(")[0].partition("+")
    notes = read_record(sources.verified[need.key]).get("notes", []) if by == "human" else []
    of_ratings = line.get("remark") or find_unrated(notes, mapping)
    return "; ".join(filter(None, [of_ratings, describe_baseline(need.settings)]))


def _find_line(
    item: Item, plan: Plan, sources: Sources, numbers: Numbers, row: Row, place: Place, column: str
) -> Mapping[str, Any] | Lack:  # fmt: skip
    """Find the number of a cell, or why there is none."""
    choice = replace(item.columns[column], **row.choice)
    if row.words is None:
        return Lack("as published: nothing here runs it")
    if not row.has(column):
        return Lack("this row has no such number")
    need = plan.find(item, row, place)
    if need is None:
        return explain_place(item, sources, place)
    folder = sources.folders.get(need.key)
    if folder is None:
        return explain_run(item, row, need, sources)
    if choice.verify == "human" or choice.rating is not None:
        if need.key not in sources.verified:
            return explain_ratings(item, sources, need.key)
        folder = sources.verified[need.key]
    try:
        lines = numbers.read(folder, choice)
    except UserError as error:
        if choice.rating is None:
            raise
        return Lack(" ".join(str(error).split()), make_command(item.name, sources, RATINGS_WORD))
    found = choose_line(lines, choice, f"{item.name}: {row.name}, {column}")
    return found if found is not None else explain_number(item, row, choice, lines, need.settings, sources)


def check_alike(
    item: Item, place: Place, column: str, lines: Sequence[tuple[Row, Mapping[str, Any] | None]]
) -> None:  # fmt: skip
    """Raise UserError where two rows of a column are by other data, classes, protocols, mappings or thresholds.

    What a row states itself may differ.
    """
    known = [(row, line) for row, line in lines if line is not None]
    for row, line in known[1:]:
        first, other = known[0]
        for key in ("dataset", "classlist", "protocol", "mapping", "threshold"):
            stated = {*row.choice, *first.choice} & {key, *(("verify", "mapping") if key == "threshold" else ())}
            ours, theirs = (_plain(each[key]) for each in (line, other))
            if "verify" in {*row.choice, *first.choice}:  # Table 5: what people verified is beside what they did not
                ours, theirs = ours.removesuffix("+human"), theirs.removesuffix("+human")
            if ours != theirs and not stated:
                raise UserError(
                    f"{item.name}: {place.name}, {column}: {row.name} is by {key} {ours}, {first.name} by {theirs}; "
                    f"rows of one table are alike in {key}, or say in the yaml that they differ ({key}: …)"
                )


def _plain(value: Any) -> str:
    text = str(value)
    return text.partition("(")[0] if text not in ("nan", "") else "none"


def _add_differences(
    item: Item, plan: Plan, sources: Sources, numbers: Numbers, cells: Mapping[Key, Cell]
) -> tuple[dict[Key, Cell], int]:
    """Compare each row with ``against`` on their common images, number by number; Holm over all of the table."""
    pairs: dict[Key, tuple[Any, Any]] = {}
    for key, cell in cells.items():
        base = cells.get((str(item.against), *key[1:]))
        if key[0] == item.against or cell.line is None or base is None or base.line is None:
            continue
        if cell.line.get("metric") != base.line.get("metric") or "counts" not in cell.line:
            continue
        pairs[key] = cell.line["counts"](), base.line["counts"]()
    found = compare_all_paired(list(pairs.values())) if pairs else []
    holm = adjust_by_holm(np.array([each.p for each in found])) if found else np.array([])
    new = {
        key: replace(cells[key], difference=each, p_holm=float(p))
        for key, each, p in zip(pairs, found, holm, strict=True)
    }
    return {**cells, **new}, len(new)


def _add_published(
    cell: Cell, published: Published | None, plan: Plan, sources: Sources, named: tuple[str, str, str]
) -> Cell:
    if published is None:
        return cell
    need = plan.named.get(named)
    if cell.line is None or need is None:
        return replace(cell, published=published, other="no number of ours")
    weights = describe_weights(need.settings, sources.paper_models or {})
    return replace(cell, published=published, other=find_other(published, cell.line, weights))


def _list_own_remarks(cells: Mapping[Key, Cell]) -> list[str]:
    """List what is to be known of our numbers, each with the cells of which it is said."""
    said: dict[str, list[str]] = {}
    for key, cell in cells.items():
        if cell.remark:
            said.setdefault(cell.remark, []).append(", ".join(key))
    return [f"{MARK} {_join_some(where)}: {text}" for text, where in said.items()]


def _join_some(where: Sequence[str]) -> str:
    return f"{'; '.join(where[:3])}{' …' if len(where) > 3 else ''}"


def _list_remarks(published: Mapping[Key, Published]) -> list[str]:
    """List what is odd about published numbers, each with the numbers of which it is said."""
    said: dict[str, list[str]] = {}
    for (row, place, column), each in published.items():
        if each.remark:
            said.setdefault(each.remark, []).append(f"{row}, {place}, {column} ({each.value:.1f})")
    return [f"{MARK} Paper, {_join_some(where)}: {text}" for text, where in said.items()]
