"""What can be said of the tables of a plan before any run is made: numbers that cannot be, rows that are not alike.

A run's settings alone tell the full names of all numbers that it will have (`bench.run.objective`): no model is loaded
and no image read. Among these names every cell is looked for, by the same rules as later among its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from bench.errors import UserError
from bench.metrics.registry import REGISTRY
from bench.paper.cells import check_alike
from bench.paper.definition import TABLE, Choice, Item, Row
from bench.paper.empty import explain_number
from bench.paper.numbers import Lines, choose_line
from bench.paper.plan import Need, Place, Plan
from bench.paper.rating_shares import RATINGS
from bench.paper.sources import Sources
from bench.score.curves import list_thresholds
from bench.score.human_ratings import LEVELS
from bench.score.score_table import describe_name

_CURVED = tuple(title for metric in REGISTRY if metric.over_tau for title in metric.titles)
_OF_LABELS = tuple(title for metric in REGISTRY if metric.mapping == "labels" for title in metric.titles)


def check_tables(plan: Plan, sources: Sources) -> None:
    """Raise UserError for a number that no such run has, and for rows of a column that are not alike."""
    known: dict[str, Lines | None] = {}
    for item in plan.items:
        for place in plan.places[item.name] if item.kind == TABLE else ():
            for name in place.columns:
                lines = [(row, _foresee(item, plan, sources, known, row, place, name)) for row in item.rows]
                check_alike(item, place, name, lines)


def _foresee(
    item: Item, plan: Plan, sources: Sources, known: dict[str, Lines | None], row: Row, place: Place, column: str
) -> Mapping[str, Any] | None:  # fmt: skip
    """Find the line that a cell will show, without its value; None where it will be empty or nobody can say."""
    need = plan.find(item, row, place)
    if need is None or not row.has(column):
        return None
    if need.key not in known:
        known[need.key] = _list_lines(need)
    names, choice = known[need.key], replace(item.columns[column], **row.choice, group=None)
    if names is None:
        return None
    lines = sketch_lines(names, choice)
    if choice.verify == "human" and not _select([{"measure": choice.metric or ""}], _OF_LABELS):
        told = f"{item.name}: {row.name}: {choice.metric} is not of labels, so that people cannot verify it"
        raise UserError(f"{told} (known: {', '.join(_OF_LABELS)})")
    found = choose_line(lines, choice, f"{item.name}: {row.name}, {column}")
    if found is None:
        explain_number(item, row, choice, lines, need.settings, sources)  # raises where it cannot be
    return found


def _list_lines(need: Need) -> Lines | None:
    """List what a run will measure as lines of scores.csv without values; None where its data or weights are not here.

    What else is wrong with its settings, the run itself will say.
    """
    from bench.run.context import RunContext
    from bench.run.objective import list_metric_names
    from bench.run.score import resolve_protocol

    try:
        context = RunContext(need.settings)
        if context.dataset.classes is None:
            return None
        names = list_metric_names(context, resolve_protocol(context, need.settings["score"]))
    except UserError:
        return None
    return [{**asdict(describe_name(name)), "metric": name, "value": 0.0} for name in names]


def sketch_lines(names: Lines, choice: Choice) -> Lines:
    """Sketch the lines among which a choice will be made: scores, points of curves, shares or labels that are rated."""
    if choice.rating is not None:
        return [{**names[0], "rating": rating, "measure": "share", "group": ""} for rating in RATINGS]
    if choice.at is not None:
        curved = [line for line in _select(names, _CURVED) if _word(line) in ("tt", "st")]
        return [{**line, "tau": tau, "threshold": tau} for line in curved for tau in list_thresholds(_word(line))]
    if choice.verify == "human":
        rated = [{**line, "mapping": f"{_word(line)}+human"} for line in _select(names, _OF_LABELS)]
        return [{**line, "threshold": level} for line in rated for level in LEVELS]
    return names


def _word(line: Mapping[str, Any]) -> str:
    return str(line["mapping"]).partition("(")[0]


def _select(lines: Lines, titles: Sequence[str]) -> list[Mapping[str, Any]]:
    return [line for line in lines if str(line["measure"]).partition(">")[0].partition(".")[0] in titles]
