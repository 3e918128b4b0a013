"""The runs of a report: which folders they are, what each is called, and their numbers under each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd

from bench.errors import UsageError
from bench.run.run_folder import has_scores, read_run_curves, read_run_scores
from bench.score.score_table import ALL, FLOOR
from bench.settings.ranges import NOT_IN_RUN_NAME
from bench.settings.saved import read_run_settings
from bench.store.sealed import has_file, read_record

_LONG = 70
"""Characters of differing settings beyond which the end of the folder's name tells twins apart."""


def find_runs(folders: Sequence[Path]) -> list[Path]:
    """Find the folders given; one that holds runs stands for those runs, ordered by their labels, numbers as numbers.

    Raises UsageError for a run that is there twice.
    """
    found: list[Path] = []
    for folder in folders:
        within = [file.parent for file in folder.glob("*/run.json")]
        if (folder / "run.json").is_file() or not within:
            read_run_settings(folder)
            found.append(folder)
        else:
            found += sort_runs(within)
    places = [folder.resolve() for folder in found]
    if twice := [folder for at, folder in enumerate(found) if places[at] in places[:at]]:
        raise UsageError(f"{twice[0]} is given twice; each run counts once")
    return found


def sort_runs(folders: Sequence[Path]) -> list[Path]:
    """Sort runs by their labels, numbers as numbers."""
    names = label_runs(folders)
    return sorted(folders, key=lambda run: (_split_numbers(names[run]), run.name))


def _split_numbers(label: str) -> list[tuple[bool, float, str]]:
    """Sorts 0.5 before 1 and 2 before 10."""
    pieces = re.split(r"(\d+(?:\.\d+)?)", label)
    return [(i % 2 == 1, float(piece) if i % 2 else 0.0, piece) for i, piece in enumerate(pieces)]


def label_runs(folders: Sequence[Path]) -> dict[Path, str]:
    """Label the variant of each run; runs of one variant are told apart by the settings in which they differ.

    Where no setting does, the places of their predictions do, as far as they differ, or else the end of the folder.
    """
    variants = {folder: str(read_record(folder)["variant"]) for folder in folders}
    flat = {folder: flatten_settings(folder) for folder in folders}
    found = {}
    for folder, variant in variants.items():
        twins = [flat[other] for other in folders if variants[other] == variant]
        differing = {k: v for k, v in flat[folder].items() if any(twin.get(k) != v for twin in twins)}
        told = [f"{key}={_write_value(value)}" for key, value in differing.items()]
        found[folder] = " ".join([variant, *(told if len(" ".join(told)) <= _LONG else [folder.name[-8:]])])
    for label in [label for label, count in Counter(found.values()).items() if count > 1]:
        alike = [folder for folder in found if found[folder] == label]
        found |= {folder: f"{label} {place}" for folder, place in zip(alike, _describe_places(alike), strict=True)}
    return found


def _write_value(value: Any) -> str:
    return f"[{','.join(map(str, value))}]" if isinstance(value, list) else str(value)


def flatten_settings(folder: Path) -> dict[str, Any]:
    """Flatten the settings by which a run is told from others, by their full keys.

    Protocols by their names, and neither the variant nor what changes no number, as the place of predictions.
    """
    settings = read_run_settings(folder)
    options = settings.get("protocols") or [settings.get("score", {})]
    names = "+".join(str(each.get("name")) for each in options)
    flat = _flatten({**settings, "protocols": names, "predictions": None})
    return {key: value for key, value in flat.items() if key.partition(".")[0] not in (*NOT_IN_RUN_NAME, "variant")}


def _describe_places(folders: Sequence[Path]) -> list[str]:
    """Describe what tells predictions behind folders apart: the differing part of their paths, else of the folders."""
    paths = [Path(read_run_settings(f).get("predictions", f.resolve() / "predictions.json")).parts for f in folders]
    if len(set(paths)) < len(paths):
        return [folder.name[-8:] for folder in folders]
    before = next(i for i, parts in enumerate(zip_longest(*paths)) if len(set(parts)) > 1)
    after = next(i for i, parts in enumerate(zip_longest(*(p[::-1] for p in paths))) if len(set(parts)) > 1)
    return ["/".join(parts[before : max(before + 1, len(parts) - after)]) for parts in paths]


def _flatten(node: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(node, Mapping):
        return {prefix: node}
    return {k: v for name, value in node.items() for k, v in _flatten(value, f"{prefix}.{name}".lstrip(".")).items()}


def merge_scores(folders: Sequence[Path], names: Mapping[Path, str] | None = None) -> pd.DataFrame:
    """Merge scores.csv of all runs under each other; empty where nothing was labelled.

    ``names`` are those of `label_runs`, for whoever shows more runs than these.
    """
    names = names or label_runs(folders)
    parts = [_label_rows(read_run_scores(f), f, names) for f in folders if has_scores(f)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(ALL))


def merge_curves(folders: Sequence[Path], file: str = "curves.csv") -> pd.DataFrame:
    """Merge curves.csv (or areas.csv, which earlier versions did not write) of all runs, without floors.

    Where runs were scored by several protocols, each variant stands there once for each, told by its name.
    """
    names = label_runs(folders)
    parts = [_label_rows(read_run_curves(f, file), f, names) for f in folders if has_file(f, file)]
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    if table["protocol"].nunique() > 1:
        table["variant"] += ", " + table["protocol"]
    return table[table["role"] != FLOOR]


def _label_rows(table: pd.DataFrame, folder: Path, names: Mapping[Path, str]) -> pd.DataFrame:
    """Label the variant by its label, in the names of its floors and ceilings too."""
    own, label = str(read_record(folder)["variant"]), names[folder]
    told = {variant: variant.replace(f"({own})", f"({label})") for variant in table["variant"].unique()}
    new = {before: f"{after} ({label})" if before == after != own != label else after for before, after in told.items()}
    new[own] = label
    return table.assign(variant=table["variant"].map(new))


def name_data(scores: pd.DataFrame) -> str:
    """Name data set, split and subset of some scores, as their names say."""
    return str(scores["dataset"].iloc[0])
