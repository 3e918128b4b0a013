"""The numbers behind a cell, read from the folder of a finished run: scores, curves, shares of ratings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from bench.data.base import suggest_nearest
from bench.errors import UserError
from bench.paper.definition import Choice
from bench.run.run_folder import read_rows, read_run_curves, read_run_scores
from bench.score.score_table import OWN

Lines = Sequence[Mapping[str, Any]]


class Numbers:
    """Numbers of run folders, each file read once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, str], list[dict[str, Any]]] = {}
        self._rows: dict[Path, dict[str, Any]] = {}

    def read(self, folder: Path, choice: Choice) -> Lines:
        """Read the lines among which a choice is made, a variant's own alone."""
        kind = "curves" if choice.at is not None else "ratings" if choice.rating is not None else "scores"
        if (folder, kind) not in self._known:
            self._known[folder, kind] = {
                "curves": _read_curves, "ratings": _read_shares, "scores": self._read_scores,
            }[kind](folder)  # fmt: skip
        return self._known[folder, kind]

    def _read_scores(self, folder: Path) -> list[dict[str, Any]]:
        table = read_run_scores(folder)
        lines = _list_lines(table[table["role"] == OWN])
        return [{**line, "counts": partial(self._give_rows, folder, line["metric"])} for line in lines]

    def _give_rows(self, folder: Path, metric: str) -> Any:
        """Give the counts of each image behind a metric of a run."""
        if folder not in self._rows:
            self._rows[folder] = read_rows(folder)
        return self._rows[folder][metric]


def choose_line(lines: Lines, choice: Choice, where: str) -> Mapping[str, Any] | None:
    """Choose the one line that is asked for; None where there is none. Raises UserError where several are."""
    found = [line for line in lines if _fits(line, choice)]
    if len(found) > 1:
        keys = [key for key in ("protocol", "mapping", "threshold") if len({str(line[key]) for line in found}) > 1]
        told = " or ".join(str(line[keys[0]]) for line in found[:3]) if keys else ""
        raise UserError(f"{where}: {len(found)} numbers fit; say which{f', {keys[0]}: {told}' if keys else ''}")
    return found[0] if found and not math.isnan(found[0]["value"]) else None


def list_near(lines: Lines, choice: Choice) -> str:
    """Name the metric nearest to one that is not there; empty where it is there under another mapping or threshold."""
    known = sorted({str(line["measure"]) for line in lines})
    family = str(choice.metric).partition(">")[0].partition(".")[0]
    if choice.metric in known or not any(each.partition(".")[0].partition(">")[0] == family for each in known):
        return ""
    return suggest_nearest(str(choice.metric), known) or f" (known: {', '.join(known)})"


def find_misfit(lines: Lines, choice: Choice) -> tuple[str, str, list[str]]:
    """Find what keeps a number away: the first key without which some line fits, what it asks, and what is known.

    Where no single key does, it is all of them together.
    """
    for key in ("mapping", "threshold", "at", "protocol", "group", "verify", "rating"):
        if (asked := getattr(choice, key)) is None:
            continue
        column = {"at": "tau", "verify": "mapping"}.get(key, key)
        others = [
            line for line in lines if _fits(line, replace(choice, **{key: line["group"] if key == "group" else None}))
        ]
        if others:
            return key, str(asked), sorted({_write_plain(line.get(column)) for line in others} - {""})
    asked = ", ".join(f"{key} {value}" for key, value in vars(choice).items() if value is not None)
    return "all of", asked, []


def _write_plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).partition("(")[0]


def _fits(line: Mapping[str, Any], choice: Choice) -> bool:
    word = str(line["mapping"]).partition("(")[0]
    mapping = f"{choice.mapping}+human" if choice.verify == "human" else choice.mapping
    if choice.rating is not None:
        return bool(line["rating"] == choice.rating)
    near = (
        (choice.at, line.get("tau")),
        (choice.threshold, line.get("threshold")),
    )  # fmt: skip
    return (
        (choice.metric is None or line["measure"] == choice.metric)
        and (mapping is None or word == mapping)
        and (choice.protocol is None or line["protocol"] == choice.protocol)
        and line["group"] == (choice.group or "")
        and all(asked is None or (own is not None and math.isclose(asked, own, abs_tol=1e-9)) for asked, own in near)
    )


def _list_lines(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in line.items()} for line in table.to_dict("records")]


def _read_curves(folder: Path) -> list[dict[str, Any]]:
    """Read curves over τ under the names of scores.csv: ``metric`` is the full name, ``measure`` what it measures."""
    table = read_run_curves(folder, "curves.csv")
    table = table[(table["role"] == OWN) & (table["axis"] == "tau")]
    table = table.rename(columns={"metric": "measure", "name": "metric"}).assign(group="", threshold=table["tau"])
    return _list_lines(table)


def _read_shares(folder: Path) -> list[dict[str, Any]]:
    from bench.paper.rating_shares import measure_shares

    return measure_shares(folder)
