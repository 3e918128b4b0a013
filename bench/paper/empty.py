"""Why a cell of the paper's tables, or a figure, is empty, and the command that fills it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.data.base import suggest_nearest
from bench.errors import UserError
from bench.metric_name import write_number
from bench.metrics.registry import REGISTRY
from bench.paper.definition import Choice, Item, Row
from bench.paper.numbers import Lines, find_misfit, list_near
from bench.paper.plan import DATA, OWN_PLACE, Need, Place, Plan
from bench.paper.sources import Sources
from bench.protocol import AGGREGATIONS, CHOICES, Protocol
from bench.score.score_table import split_measure

RATINGS_WORD = "ratings=FILE"
USUAL_METRICS = ("iou", "recall", "tgq")
BOUNDS = {"labels": "tau_iou", "tt": "tau_sbert", "st": "tau_clip"}
"""The setting that is the bound in a name, by what a metric's line in the registry reads."""


@dataclass(frozen=True)
class Lack:
    """Why there is no number, and the command that changes it; empty where none does."""

    why: str
    fills: str = ""

    def __str__(self) -> str:
        return f"{self.why}; `{self.fills}` fills it" if self.fills else self.why


def make_command(name: str, sources: Sources, *words: str) -> str:
    """Make the line that was typed for one table or figure, with further words; the last one on a key counts."""
    found = {word.partition("=")[0]: word for word in (*sources.typed, *words)}
    return shlex.join(["zgs", "paper", *sources.flags, name, *found.values()])


def explain_place(item: Item, sources: Sources, place: Place) -> Lack:
    """Explain a cell of a data set that was not asked for: it is named beside those that were.

    Where a place of data was typed, which is that of the others, the command asks for this data set alone.
    """
    own = next((word for word in place.words if word.startswith(DATA)), "")
    typed = {word.partition("=")[0]: word for word in sources.typed}
    if own and DATA[:-1] in typed and not typed.keys() & {*OWN_PLACE, "data.layout"}:
        own = f"{typed[DATA[:-1]]},{own.removeprefix(DATA)}"
    kept = [word for key, word in typed.items() if key not in (*OWN_PLACE, "data.layout")]
    found = {word.partition("=")[0]: word for word in (*kept, *([own] if own else []))}
    return Lack("not asked for", shlex.join(["zgs", "paper", *sources.flags, item.name, *found.values()]))


def explain_run(item: Item, row: Row, need: Need, sources: Sources) -> Lack:
    """Explain a run that is not there: what not everybody has and nobody named here, or what became of it."""
    if row.optional and not row.is_given(sources.typed):
        typed = make_command(item.name, sources, *row.fills)
        return Lack(row.optional, typed if row.fills else _write_run(need, sources))
    return Lack(sources.reasons.get(need.key) or "no finished run", _write_run(need, sources))


def list_missing(plan: Plan, sources: Sources) -> list[Lack]:
    """List the runs of a plan that are not there, each once."""
    found: dict[str, Lack] = {}
    for item in plan.items:
        for row in item.rows:
            for need in plan.list_needs(item, row):
                if need.key in sources.reasons:
                    found.setdefault(need.key, explain_run(item, row, need, sources))
    return list(found.values())


def _write_run(need: Need, sources: Sources) -> str:
    return shlex.join(["zgs", "run", *sources.flags, *need.words])


def explain_ratings(item: Item, sources: Sources, key: str) -> Lack:
    """Explain a number of people's ratings that is not there: none were given, or they do not fit the run."""
    reason = sources.unverified.get(key)
    why = f"people's ratings do not fit this run ({reason})" if reason else "needs people's ratings"
    return Lack(why, make_command(item.name, sources, RATINGS_WORD))


def explain_number(
    item: Item, row: Row, choice: Choice, lines: Lines, settings: Mapping[str, Any], sources: Sources
) -> Lack:
    """Explain a number that a finished run of some settings does not have: not asked for, or none for this row.

    Raises UserError with the nearest name where there is no such number.
    """
    metric, score = str(choice.metric), settings.get("score", {})
    family, metrics = _read_family(metric), score.get("metrics", USUAL_METRICS)
    if family not in {_read_family(str(line["measure"])) for line in lines}:
        word = find_word(metric)
        if word in metrics:
            return Lack(_explain_none(family, settings))
        asking = f"score.metrics=[{','.join([*metrics, word])}]"
        return Lack(f"{metric} was not asked for", make_command(item.name, sources, asking))
    if near := list_near(lines, choice):
        if words := find_settings(metric, score, (str(line["measure"]) for line in lines)):
            asks = "does" if len(words) == 1 else "do"
            return Lack(
                f"{metric} was not asked for: {' and '.join(words)} {asks}", make_command(item.name, sources, *words)
            )
        raise UserError(f"{item.name}: {row.name}: no metric {metric!r} by {choice.mapping}{near}")
    return _explain_misfit(item, row, choice, lines, sources)


def _explain_none(family: str, settings: Mapping[str, Any]) -> str:
    if "baseline" in settings:
        return "does not exist: a whole system in place of the method has no such number"
    if family == "tgq":
        return "does not exist: without merging, true segments say what those of the full method say"
    return "its run was asked for it and has none"


def _read_family(metric: str) -> str:
    return split_measure(metric)[0][0]


def find_word(metric: str) -> str:
    """Find the word by which ``score.metrics`` asks for a metric: ``pq`` is of ``panoptic``."""
    parts = split_measure(metric)[0]
    words = [each.word for each in REGISTRY if parts[0] in each.titles]
    return next((word for word in words if word in parts[1:]), words[0])


def find_settings(metric: str, score: Mapping[str, Any], measured: Iterable[str]) -> tuple[str, ...]:
    """Find the settings that make a run measure a metric, from the name nearest to it that it measured with ``score``.

    Each word that differs is the value of a setting, where the measured name has the value in force; so is the bound.
    Holds for any line of the registry. Nothing where some word is of no setting, or of several.
    """
    by, (words, bound) = {**Protocol().list_settings(), **score}, split_measure(metric)
    ways = []
    for name in measured:
        others, limit = split_measure(name)
        if len(others) != len(words) or others[0] != words[0]:
            continue
        found = [_set_word(*pair, by) for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
        if (asked := bound.lstrip(">=")) != (known := limit.lstrip(">=")):
            found.append(_set_bound(words[0], asked, known, by))
        ways.append(tuple(found))
    return min((way for way in ways if all(way)), key=len, default=())


def _set_word(asked: str, known: str, by: Mapping[str, Any]) -> str:
    """Set the one setting that has the value ``known`` to ``asked``; aggregations are measured side by side."""
    if asked in AGGREGATIONS and known in by["aggregation"]:
        return "" if asked in by["aggregation"] else f"score.aggregation=[{','.join([*by['aggregation'], asked])}]"
    keys = [key for key, values in CHOICES.items() if asked in values and by[key] == known]
    return f"score.{keys[0]}={asked}" if len(keys) == 1 else ""


def _set_bound(family: str, asked: str, known: str, by: Mapping[str, Any]) -> str:
    """Set the threshold that is the bound in a name: of an IoU where labels are compared, else of the similarity.

    Only a bound as names have it: a run that is asked for ``0.50`` has ``0.5`` again.
    """
    key = next((BOUNDS[each.mapping] for each in REGISTRY if family in each.titles and each.mapping in BOUNDS), "")
    fits = key and _is_written(asked) and known and by[key] is not None and write_number(by[key]) == known
    return f"score.{key}={asked}" if fits else ""


def _is_written(bound: str) -> bool:
    try:
        return write_number(float(bound)) == bound
    except ValueError:
        return False


def _explain_misfit(item: Item, row: Row, choice: Choice, lines: Lines, sources: Sources) -> Lack:
    """Explain a number that is there but for one thing asked of it; a group that no run was asked for leaves a cell."""
    key, asked, known = find_misfit(lines, choice)
    if key == "group" and not any("=" in each for each in known):
        word = "score.breakdown=[kind,size]"
        return Lack(f"group {asked} was not asked for", make_command(item.name, sources, word))
    near = suggest_nearest(asked, known) or f" (known: {', '.join(known[:12]) or 'none'})"
    raise UserError(f"{item.name}: {row.name}: no {choice.metric} with {key} {asked}{near}")
