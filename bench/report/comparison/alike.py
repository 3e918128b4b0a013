"""May two runs be compared? Their numbers must be of the same data, class list, protocol and mappings (Table 3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bench.errors import UserError
from bench.run.run_folder import NEEDED, has_rows, has_scores, read_run_scores
from bench.store.sealed import read_record

PARTS = {
    "dataset": "data", "classlist": "class list", "protocol": "protocol", "mapping": "mapping",
    "threshold": "threshold", "measure": "metrics",
}  # fmt: skip
"""Columns of scores.csv that two numbers must share, and what a reader calls them."""


def check_alike(names: Mapping[Path, str]) -> list[str]:
    """Check that every run can be compared with the first; returns what is not compared, in words.

    Raises UserError, one line, for a run without labels or of an earlier version, for one that shares no metric with
    the first (with what differs), and for data that have the same name and other contents.
    """
    for folder in names:
        _check_complete(folder)
    first, *others = names
    tables = {folder: _read_own(folder) for folder in names}
    told = []
    for other in others:
        _check_contents(first, other)
        shared = set(tables[first]["metric"]) & set(tables[other]["metric"])
        differing = _describe_difference(tables[first], tables[other])
        if not shared:
            raise UserError(
                f"{other}: no number of it can be compared with those of {first}: {differing}; `zgs score RUN score=… "
                "KEY=VALUE` scores a run again by another protocol, data.subset= chooses other images"
            )
        left = len(set(tables[first]["metric"]) ^ set(tables[other]["metric"]))
        if left:
            told.append(f"{left} metrics that {names[first]} or {names[other]} alone has are left out: {differing}.")
    return told


def _check_complete(folder: Path) -> None:
    """Raise UserError for a run without the rows of each image."""
    if not has_scores(folder):
        raise UserError(f"{folder}: its data have no labels, so there are no numbers to compare")
    if not has_rows(folder):
        raise UserError(
            f"{folder}: made by an earlier version, without {' and '.join(NEEDED)}; run the same command again"
        )


def _check_contents(first: Path, other: Path) -> None:
    """Raise UserError where records say that the data of two runs are not the same bytes."""
    prints = [read_record(folder).get("data") for folder in (first, other)]
    if all(prints) and prints[0] != prints[1] and _name_data(first) == _name_data(other):
        raise UserError(
            f"{other}: its data are called {_name_data(other)} as those of {first}, and are others (images, labels or "
            "class list differ): score both on one copy"
        )


def _name_data(folder: Path) -> str:
    return str(read_run_scores(folder)["dataset"].iloc[0])


def _read_own(folder: Path) -> pd.DataFrame:
    """Read the run's own numbers of all units, without floors, ceilings and groups."""
    table = read_run_scores(folder)
    return table[(table["role"] == table["role"].iloc[0]) & (table["group"] == "")]


def _describe_difference(first: pd.DataFrame, other: pd.DataFrame) -> str:
    """Describe the parts of the metrics' names in which two runs differ: ``data voc:val and voc:train``."""
    parts = [
        f"{title} {_list_values(first[column])} and {_list_values(other[column])}"
        for column, title in PARTS.items()
        if set(first[column].dropna()) != set(other[column].dropna())
    ]
    return "; ".join(parts) or "the same parts in other combinations"


def _list_values(column: pd.Series) -> str:
    shown = [f"{value:g}" if isinstance(value, float) else str(value) for value in dict.fromkeys(column)]
    return ", ".join(text for text in shown if text != "nan") or "none"
