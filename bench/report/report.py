"""From the folders of finished runs to what people look at: one table, threshold curves, a gallery."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from hydra.utils import get_object

from bench.errors import UserError, writing
from bench.evaluate.protocol import COLUMNS
from bench.report.curves import plot_curves
from bench.report.tables import markdown_table, print_table, read_scores, write_scores

NOT_SHOWN = (".cosine", ".top1")
"""Companions of TGQ: in scores.csv and table.md only, so that the terminal's one table holds the paper's metrics."""


def print_runs(folders: Sequence[Path]) -> None:
    """The table over some runs, then the folder of each with the names of its files: what a command prints last."""
    table = merged_scores(folders)
    if len(table):
        print()
        shown = table[~table["metric"].str.endswith(NOT_SHOWN)]
        print_table(shown, embedded=embedded(folders), width=max(shutil.get_terminal_size((120, 24)).columns, 100))
    else:
        print("no labels, so no scores: predictions and pictures only")
    if any(strangers(settings_of(folder)) for folder in folders):
        print(STRANGERS)
    for folder in folders:
        print(f"\n{folder}/")
        print("  " + "  ".join(sorted(p.name + "/" * p.is_dir() for p in folder.iterdir() if p.name[0] != ".")))


def write_report(folders: Sequence[Path], to: Path, pictures: int) -> list[Path]:
    """Leave table, scores, curves and gallery of some runs in a folder; returns what was written."""
    from bench.report.compare import write_comparison

    table: pd.DataFrame = merged_scores(folders)
    written: list[Path] = []
    with writing(to, "to"):
        to.mkdir(parents=True, exist_ok=True)
        if len(table):
            small = embedded(folders)
            (to / "table.md").write_text(markdown_table(table, embedded=small))
            written += [to / "table.md", write_scores(table, to / "scores.csv")]
            written += plot_curves(merged_curves(folders), to / "curves", title=data_name(table), embedded=small)
        written += write_comparison(folders, to / "gallery", pictures)
    return written


def merged_scores(folders: Sequence[Path]) -> pd.DataFrame:
    """scores.csv of all runs under each other; empty where nothing was labelled."""
    labelled = [folder for folder in folders if (folder / "curves.csv").exists()]
    if not labelled:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat([read_scores(folder / "scores.csv") for folder in labelled], ignore_index=True)


def data_name(scores: pd.DataFrame) -> str:
    """Data set, split and subset of some scores, as their names say."""
    return str(scores["metric"].iloc[0]).partition("/")[0]


def merged_curves(folders: Sequence[Path]) -> pd.DataFrame:
    """curves.csv of all runs under each other, floors left out."""
    parts = [pd.read_csv(folder / "curves.csv") for folder in folders if (folder / "curves.csv").exists()]
    table = pd.concat(parts, ignore_index=True)
    return table[~table["variant"].str.startswith("floor")]


def embedded(folders: Sequence[Path]) -> bool:
    """Whether any of the runs used the small models, whose numbers compare with nothing published."""
    return any(settings_of(folder)["models"]["name"] == "embedded" for folder in folders)


STRANGERS = "The embedded models know nothing of photographs (they saw drawn scenes): names and scores are void here."


def strangers(settings: Mapping[str, Any]) -> bool:
    """Whether models that have never seen a photograph were shown photographs."""
    dataset = get_object(settings["data"]["_target_"])
    return not settings["models"]["photographs"] and getattr(dataset, "photographs", True)


def settings_of(folder: Path) -> dict[str, Any]:
    """The resolved configuration of a finished run. Raises UserError for a folder that is none."""
    if not (folder / "run.json").is_file() or not (folder / "config.yaml").is_file():
        raise UserError(f"{folder}: no finished run (run.json is missing); give folders that `zgs run` has printed")
    settings: dict[str, Any] = yaml.safe_load((folder / "config.yaml").read_text())
    return settings


def record_of(folder: Path) -> dict[str, Any]:
    """run.json of a finished run."""
    record: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return record
