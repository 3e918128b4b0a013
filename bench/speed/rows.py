"""No part of the paper: rows that an earlier `zgs speed` left, and the settings that a row was made with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.speed.weights import find_smaller

Row = Mapping[str, Any]
"""Its ``settings`` are the words of its command that change a setting, and image=FILE; none are the defaults."""
DEFAULT = "by default"
UNTOLD = "not told"
"""The weights of a row that an earlier version left."""


def read_rows(path: Path, machine: Row, make_page: Callable[[list[dict[str, Any]]], object]) -> list[dict[str, Any]]:
    """Read the rows that an earlier command left; none of another machine, and none where nothing is left.

    ``make_page`` asks for every number that a row has to have. Raises UserError for a file that holds no such rows.
    """
    if not path.is_file():
        return []
    try:
        objects = json.loads(path.read_text(encoding="utf-8"))
        rows = [update_row(row) for row in objects if row["machine"] == dict(machine)]
        if rows:
            make_page(rows)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: no rows of `zgs speed` ({error}): give another to=FOLDER, or remove it") from error
    return rows


def update_row(row: Row) -> dict[str, Any]:
    """Copy a row of an earlier version as it is called now.

    Those without ``settings`` were made by default, those without ``weights`` do not say by which; of a processor's
    without ``share_best``, that was the share.
    """
    is_old = "plain_s" in row and "share_best" not in row
    shares = {"share": None, "share_best": row["share"]} if is_old else {}
    return {**row, **shares, "settings": list(row.get("settings", ())),
            "weights": row.get("weights", UNTOLD)}  # fmt: skip


def list_default(rows: Iterable[Row]) -> list[Row]:
    """List the rows of the default settings and picture."""
    return [row for row in rows if not row.get("settings")]


def list_judged(rows: Iterable[Row]) -> list[Row]:
    """List the rows that aims are judged by: of the default settings, and of no model smaller than the paper's."""
    return [row for row in list_default(rows) if not find_smaller(row.get("weights", UNTOLD))]


def describe_unjudged(rows: Sequence[Row]) -> list[str]:
    """Describe in sentences the rows that no aim is judged by, and why; nothing for none."""
    others = [f"{row['stage']} ({write_settings(row)})" for row in rows if row.get("settings")]
    small = {row["stage"]: find_smaller(row.get("weights", UNTOLD)) for row in list_default(rows)}
    weights = [f"{stage} ({'; '.join(models)})" for stage, models in small.items() if models]
    told = [f"Not judged, since the aims are those of the default settings: {', '.join(others)}."] if others else []
    return told + ([f"Not judged, since these models are smaller than the paper's: {', '.join(weights)}."]
                   if weights else [])  # fmt: skip


def write_weights(rows: Iterable[Row]) -> str:
    """Write in sentences the weights of each stage, those of stages that have the same together."""
    stages: dict[str, dict[str, None]] = {}
    for row in rows:
        stages.setdefault(row.get("weights", UNTOLD), {})[row["stage"]] = None
    return " ".join(f"Of {', '.join(names)}: {weights}." for weights, names in stages.items())


def write_settings(row: Row) -> str:
    """Write a row's settings as words of a command; by default where it has none."""
    return " ".join(row.get("settings", ())) or DEFAULT


def write_cell(row: Row, rows: Sequence[Row]) -> str:
    """Write the cell of a page's table that names a row's settings; nothing where all rows are of the defaults."""
    if len(list_default(rows)) == len(rows):
        return ""
    told = write_settings(row).replace("|", "\\|")
    return f" {told} |" if told == DEFAULT else f" `{told}` |"


def write_head(rows: Sequence[Row]) -> tuple[str, str, str]:
    """Write what a page says besides where rows have settings: after its command, and a column's head and rule."""
    if len(list_default(rows)) == len(rows):
        return "", "", ""
    return ", each row with the words under settings besides,", " settings |", "---|"


def describe_others(kept: Sequence[Row], made: Sequence[Row]) -> str:
    """Describe in a line the rows of a folder that other settings than this command's made; nothing for none."""
    own = list(made[0]["settings"])
    others = {f"{row['stage']} ({write_settings(row)})": None for row in kept if list(row["settings"]) != own}
    return f"kept beside, of other settings: {', '.join(others)}" if others else ""
