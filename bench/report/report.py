"""From the folders of finished runs to what people look at: one table, threshold curves, a gallery."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd
from hydra.utils import get_object

from bench.errors import UsageError, writing
from bench.report.figures.curves import markdown_areas, plot_curves
from bench.report.figures.sweep import write_sweeps
from bench.report.tables.comparisons import write_comparisons
from bench.report.tables.pairs import by_position, list_pairs
from bench.report.tables.sweeps import sweep_table, sweeps
from bench.report.tables.tables import markdown_table, print_table
from bench.run.run_folder import record_of, role_of, saved_csv, saved_curves, saved_scores, setting, settings_of
from bench.run.writing import while_whole
from bench.score.protocol_text import WIDTH, describe_protocol
from bench.score.score_table import ALL, FLOOR, split_measure, write_scores
from bench.settings.naming import NOT_IN_RUN_NAME
from bench.store.sealed import has
from bench.text.csv_files import write_csv
from bench.text.escape import visible

NOT_SHOWN = ("cosine", "top1")
"""Companions of TGQ: in scores.csv and table.md only, so that the terminal's one table holds the paper's metrics."""


@while_whole
def print_runs(folders: Sequence[Path]) -> None:
    """The table over some runs, then the folder of each with the names of its files: what a command prints last."""
    table = merged_scores(folders)
    if len(table):
        print()
        shown = _whole(table[[split_measure(measure)[0][-1] not in NOT_SHOWN for measure in table["measure"]]])
        width = max(shutil.get_terminal_size((120, 24)).columns, 100)
        print_table(shown, embedded=embedded(folders), width=width)
        print(*protocols(folders, width), sep="\n")
    else:
        print("no labels, so no scores: predictions and pictures only")
    if any(map(strangers, folders)):
        print(STRANGERS)
    for folder in folders:
        print(f"\n{visible(str(folder))}/")
        print("  " + "  ".join(sorted(p.name + "/" * p.is_dir() for p in folder.iterdir() if p.name[0] != ".")))


@while_whole
def write_report(folders: Sequence[Path], to: Path, pictures: int, pairs: str = "") -> list[Path]:
    """Leave table, scores, curves, comparisons and gallery of some runs in a folder; returns what was written.

    ``pairs`` names runs to compare besides the first with the others, by their positions: ``3-2,3-5``.
    """
    from bench.report.pictures.side_by_side import write_comparison

    names = labels(folders)
    more = by_position(pairs, [names[folder] for folder in folders]) if pairs else []
    floors = {names[folder] for folder in folders if role_of(settings_of(folder)) == FLOOR}
    compared = list_pairs([names[folder] for folder in folders], floors, more)
    table: pd.DataFrame = merged_scores(folders)
    written: list[Path] = []
    with writing(to, "to=FOLDER"):
        to.mkdir(parents=True, exist_ok=True)
        if len(table):
            small = embedded(folders)
            texts, files = write_comparisons(
                _named(folders), to, compared, title=data_name(table), embedded=small, floors=floors
            )
            areas = merged_curves(folders, "areas.csv")
            below = [*_quoted(folders), *texts, *([markdown_areas(areas)] if len(areas) else [])]
            text = "\n".join([markdown_table(_whole(table), embedded=small), *below])
            (to / "table.md").write_text(text, encoding="utf-8")
            written += [to / "table.md", write_scores(table, to / "scores.csv")]
            if any(has(folder, "curves.csv") for folder in folders):
                written += plot_curves(merged_curves(folders), to / "curves", title=data_name(table), embedded=small)
            if len(areas):
                written.append(write_csv(areas, to / "areas.csv"))
            written += [*files, *_sweeps(folders, table, to, small)]
        written += write_comparison(folders, to / "gallery", pictures, compared) if pictures else ()
    return written


def _sweeps(folders: Sequence[Path], table: pd.DataFrame, to: Path, small: bool) -> list[Path]:
    """Figures over the numbers that the runs sweep."""
    names, ours = labels(folders), (*NOT_IN_RUN_NAME, "variant")
    flat = {names[folder]: _flat(_telling(settings_of(folder))) for folder in folders if _scored(folder)}
    told = {name: {k: v for k, v in keys.items() if k.partition(".")[0] not in ours} for name, keys in flat.items()}
    return write_sweeps(sweep_table(sweeps(told), table), to, title=data_name(table), embedded=small)


def protocols(folders: Sequence[Path], width: int = WIDTH) -> list[str]:
    """Every setting of the protocols behind the runs, one block for each that differs."""
    blocks: dict[str, None] = {}
    for folder in folders:
        record = record_of(folder)
        scores = record.get("protocols") or [record.get("score") or settings_of(folder)["score"]]
        blocks |= dict.fromkeys(
            "\n".join(map(visible, describe_protocol(score, width).splitlines())) for score in scores
        )
    return list(blocks)


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Without the metrics of a breakdown, which are in the csv only."""
    return table[table["group"] == ""]


def _quoted(folders: Sequence[Path]) -> list[str]:
    return [f"```\n{block}\n```\n" for block in protocols(folders)]


def _named(folders: Sequence[Path]) -> list[tuple[str, Path]]:
    """Label and folder of the runs that were scored."""
    names = labels(folders)
    return [(names[folder], folder) for folder in folders if _scored(folder)]


def _scored(folder: Path) -> bool:
    """Whether the data had labels."""
    return len(saved_csv(folder, "scores.csv")) > 0


def finished_runs(folders: Sequence[Path]) -> list[Path]:
    """The folders given; one that holds runs stands for those runs, ordered by their labels, numbers as numbers.

    Raises UsageError for a run that is there twice.
    """
    found: list[Path] = []
    for folder in folders:
        within = [file.parent for file in folder.glob("*/run.json")]
        if (folder / "run.json").is_file() or not within:
            settings_of(folder)
            found.append(folder)
        else:
            names = labels(within)
            found += sorted(within, key=lambda run: (_natural(names[run]), run.name))
    places = [folder.resolve() for folder in found]
    if twice := [folder for at, folder in enumerate(found) if places[at] in places[:at]]:
        raise UsageError(f"{twice[0]} is given twice; each run counts once")
    return found


def _natural(label: str) -> list[tuple[bool, float, str]]:
    """Sorts 0.5 before 1 and 2 before 10."""
    pieces = re.split(r"(\d+(?:\.\d+)?)", label)
    return [(i % 2 == 1, float(piece) if i % 2 else 0.0, piece) for i, piece in enumerate(pieces)]


def labels(folders: Sequence[Path]) -> dict[Path, str]:
    """The variant of each run; runs of one variant are told apart by the settings in which they differ.

    Where no setting does, the places of their predictions do, as far as they differ, or else the end of the folder.
    """
    variants = {folder: str(record_of(folder)["variant"]) for folder in folders}
    flat = {folder: _flat(_telling(settings_of(folder))) for folder in folders}
    found = {}
    for folder, variant in variants.items():
        twins = [flat[other] for other in folders if variants[other] == variant]
        differ = [k for k in flat[folder] if any(twin.get(k) != flat[folder][k] for twin in twins)]
        told = [
            f"{k}={_word(flat[folder][k])}" for k in differ if k.partition(".")[0] not in (*NOT_IN_RUN_NAME, "variant")
        ]
        found[folder] = " ".join([variant, *(told if len(" ".join(told)) <= _LONG else [folder.name[-8:]])])
    for label in [label for label, count in Counter(found.values()).items() if count > 1]:
        alike = [folder for folder in found if found[folder] == label]
        found |= {folder: f"{label} {place}" for folder, place in zip(alike, _places(alike), strict=True)}
    return found


def _word(value: Any) -> str:
    return f"[{','.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _telling(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings by which runs are told apart: protocols by name, and not the place of predictions."""
    options = settings.get("protocols") or [settings.get("score", {})]
    return {**settings, "protocols": "+".join(str(each.get("name")) for each in options), "predictions": None}


def _places(folders: Sequence[Path]) -> list[str]:
    """What tells the predictions behind some folders apart: the differing part of their paths, else of the folders."""
    paths = [Path(settings_of(f).get("predictions", f.resolve() / "predictions.json")).parts for f in folders]
    if len(set(paths)) < len(paths):
        return [folder.name[-8:] for folder in folders]
    before = next(i for i, parts in enumerate(zip_longest(*paths)) if len(set(parts)) > 1)
    after = next(i for i, parts in enumerate(zip_longest(*(p[::-1] for p in paths))) if len(set(parts)) > 1)
    return ["/".join(parts[before : max(before + 1, len(parts) - after)]) for parts in paths]


def _flat(node: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(node, Mapping):
        return {prefix: node}
    return {k: v for name, value in node.items() for k, v in _flat(value, f"{prefix}.{name}".lstrip(".")).items()}


def merged_scores(folders: Sequence[Path]) -> pd.DataFrame:
    """scores.csv of all runs under each other; empty where nothing was labelled."""
    names = labels(folders)
    parts = [_renamed(saved_scores(f), f, names) for f in folders if _scored(f)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(ALL))


def merged_curves(folders: Sequence[Path], file: str = "curves.csv") -> pd.DataFrame:
    """curves.csv (or areas.csv, which earlier versions did not write) of all runs under each other, without floors.

    Where runs were scored by several protocols, each variant stands there once for each, told by its name.
    """
    names = labels(folders)
    parts = [_renamed(saved_curves(f, file), f, names) for f in folders if has(f, file)]
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    if table["protocol"].nunique() > 1:
        table["variant"] += ", " + table["protocol"]
    return table[table["role"] != FLOOR]


def _renamed(table: pd.DataFrame, folder: Path, names: Mapping[Path, str]) -> pd.DataFrame:
    """The variant by its label, in the names of its floors and ceilings too."""
    own, label = str(record_of(folder)["variant"]), names[folder]
    told = {variant: variant.replace(f"({own})", f"({label})") for variant in table["variant"].unique()}
    new = {before: f"{after} ({label})" if before == after != own != label else after for before, after in told.items()}
    new[own] = label
    return table.assign(variant=table["variant"].map(new))


def data_name(scores: pd.DataFrame) -> str:
    """Data set, split and subset of some scores, as their names say."""
    return str(scores["dataset"].iloc[0])


def embedded(folders: Sequence[Path]) -> bool:
    """Whether the small models had a part in any of the runs, whose numbers then compare with nothing published.

    Where predictions of another system were scored, the record says whether a model of ours measured anything.
    """
    return any(record_of(folder).get("embedded", setting(folder, "models", "name") == "embedded") for folder in folders)


_LONG = 70
"""Characters of differing settings beyond which the end of the folder's name tells twins apart."""
STRANGERS = "The embedded models know nothing of photographs (they saw drawn scenes): names and scores are void here."


def strangers(folder: Path) -> bool:
    """Whether names were made by models that have never seen a photograph, of photographs."""
    small = record_of(folder).get("made_embedded", not setting(folder, "models", "photographs"))
    return small and getattr(get_object(setting(folder, "data", "_target_")), "photographs", True)
