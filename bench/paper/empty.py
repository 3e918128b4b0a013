"""Why a cell of the paper's tables, or a figure, is empty, and the command that fills it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.data.base import suggest_nearest
from bench.errors import UserError
from bench.metrics.registry import REGISTRY
from bench.paper.definition import Choice, Item, Row
from bench.paper.numbers import Lines, find_misfit, list_near
from bench.paper.plan import DATA, OWN_PLACE, Need, Place, Plan
from bench.paper.sources import Sources
from bench.score.score_table import split_measure

RATINGS_WORD = "ratings=FILE"
USUAL_METRICS = ("iou", "recall", "tgq")


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
        if word := find_setting(metric, score):
            return Lack(f"{metric} was not asked for: {word} does", make_command(item.name, sources, word))
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


def find_setting(metric: str, score: Mapping[str, Any]) -> str:
    """Find the setting that makes a run measure a metric of a known family in another way; nothing where none does."""
    if match := re.fullmatch(r"iou\.(image|pair|dataset)\.(union|argmax)", metric):
        asked: Sequence[str] = score.get("aggregation", ["image"])
        if match[1] not in asked:
            return f"score.aggregation=[{','.join([*asked, match[1]])}]"
        return f"score.representative={match[2]}" if match[2] != score.get("representative", "union") else ""
    if match := re.fullmatch(r"(?:recall|precision)>(\d(?:\.\d+)?)", metric):
        return f"score.tau_iou={match[1]}" if float(match[1]) != score.get("tau_iou", 0.5) else ""
    match = re.fullmatch(r"tgq\.(micro|macro)(?:>=?\d(?:\.\d+)?)?", metric)
    return f"score.tgq={match[1]}" if match and match[1] != score.get("tgq", "micro") else ""


def _explain_misfit(item: Item, row: Row, choice: Choice, lines: Lines, sources: Sources) -> Lack:
    """Explain a number that is there but for one thing asked of it; a group that no run was asked for leaves a cell."""
    key, asked, known = find_misfit(lines, choice)
    if key == "group" and not any("=" in each for each in known):
        word = "score.breakdown=[kind,size]"
        return Lack(f"group {asked} was not asked for", make_command(item.name, sources, word))
    near = suggest_nearest(asked, known) or f" (known: {', '.join(known[:12]) or 'none'})"
    raise UserError(f"{item.name}: {row.name}: no {choice.metric} with {key} {asked}{near}")
