"""From the folders of finished runs to what people look at: one table, threshold curves, a gallery."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.errors import writing
from bench.report.comparison_files import write_comparisons
from bench.report.figures.curves import write_curves
from bench.report.figures.sweep import write_sweeps
from bench.report.out_of_domain import OUT_OF_DOMAIN, is_out_of_domain, uses_embedded_models
from bench.report.runs import flatten_settings, label_runs, merge_curves, merge_scores, name_data
from bench.report.tables.areas import write_markdown_areas
from bench.report.tables.comparisons import list_pairs, read_pairs
from bench.report.tables.sweeps import find_sweeps, make_sweep_table
from bench.report.tables.tables import print_table, write_markdown_table
from bench.run.run_folder import find_role, has_scores
from bench.run.writing import read_while_whole
from bench.score.protocol_text import WIDTH, describe_protocol
from bench.score.score_table import FLOOR, split_measure, write_scores
from bench.settings.saved import read_run_settings
from bench.store.sealed import has_file, read_record
from bench.text.csv_files import write_csv
from bench.text.escape import escape_for_terminal

NOT_SHOWN = ("cosine", "top1")
"""Companions of TGQ: in scores.csv and table.md only, so that the terminal's one table holds the paper's metrics."""


@read_while_whole
def print_runs(folders: Sequence[Path]) -> None:
    """The table over some runs, then the folder of each with the names of its files: what a command prints last."""
    table = merge_scores(folders)
    if len(table):
        print()
        shown = _drop_groups(table[[split_measure(measure)[0][-1] not in NOT_SHOWN for measure in table["measure"]]])
        width = max(shutil.get_terminal_size((120, 24)).columns, 100)
        print_table(shown, embedded=uses_embedded_models(folders), width=width)
        print(*describe_protocols(folders, width), sep="\n")
    else:
        print("no labels, so no scores: predictions and pictures only")
    if any(map(is_out_of_domain, folders)):
        print(OUT_OF_DOMAIN)
    for folder in folders:
        print(f"\n{escape_for_terminal(str(folder))}/")
        print("  " + "  ".join(sorted(p.name + "/" * p.is_dir() for p in folder.iterdir() if p.name[0] != ".")))


@read_while_whole
def write_report(folders: Sequence[Path], to: Path, pictures: int, pairs: str = "") -> list[Path]:
    """Leave table, scores, curves, comparisons and gallery of some runs in a folder; returns what was written.

    ``pairs`` names runs to compare besides the first with the others, by their positions: ``3-2,3-5``.
    """
    from bench.report.pictures.side_by_side import write_side_by_side

    names = label_runs(folders)
    more = read_pairs(pairs, [names[folder] for folder in folders]) if pairs else []
    floors = {names[folder] for folder in folders if find_role(read_run_settings(folder)) == FLOOR}
    compared = list_pairs([names[folder] for folder in folders], floors, more)
    table: pd.DataFrame = merge_scores(folders)
    written: list[Path] = []
    with writing(to, "to=FOLDER"):
        to.mkdir(parents=True, exist_ok=True)
        if len(table):
            small = uses_embedded_models(folders)
            texts, files = write_comparisons(
                _list_scored(folders), to, compared, title=name_data(table), embedded=small, floors=floors
            )
            areas = merge_curves(folders, "areas.csv")
            below = [*_quote_protocols(folders), *texts, *([write_markdown_areas(areas)] if len(areas) else [])]
            text = "\n".join([write_markdown_table(_drop_groups(table), embedded=small), *below])
            (to / "table.md").write_text(text, encoding="utf-8")
            written += [to / "table.md", write_scores(table, to / "scores.csv")]
            if any(has_file(folder, "curves.csv") for folder in folders):
                written += write_curves(merge_curves(folders), to / "curves", title=name_data(table), embedded=small)
            if len(areas):
                written.append(write_csv(areas, to / "areas.csv"))
            written += [*files, *_write_sweeps(folders, table, to, small)]
        written += write_side_by_side(folders, to / "gallery", pictures, compared) if pictures else ()
    return written


def _write_sweeps(folders: Sequence[Path], table: pd.DataFrame, to: Path, small: bool) -> list[Path]:
    """Figures over the numbers that the runs sweep."""
    differing = {name: flatten_settings(folder) for name, folder in _list_scored(folders)}
    return write_sweeps(make_sweep_table(find_sweeps(differing), table), to, title=name_data(table), embedded=small)


def describe_protocols(folders: Sequence[Path], width: int = WIDTH) -> list[str]:
    """Every setting of the protocols behind the runs, one block for each that differs."""
    blocks: dict[str, None] = {}
    for folder in folders:
        record = read_record(folder)
        scores = record.get("protocols") or [record.get("score") or read_run_settings(folder)["score"]]
        blocks |= dict.fromkeys(
            "\n".join(map(escape_for_terminal, describe_protocol(score, width).splitlines())) for score in scores
        )
    return list(blocks)


def _drop_groups(table: pd.DataFrame) -> pd.DataFrame:
    """Without the metrics of a breakdown, which are in the csv only."""
    return table[table["group"] == ""]


def _quote_protocols(folders: Sequence[Path]) -> list[str]:
    return [f"```\n{block}\n```\n" for block in describe_protocols(folders)]


def _list_scored(folders: Sequence[Path]) -> list[tuple[str, Path]]:
    """Label and folder of the runs that were scored."""
    names = label_runs(folders)
    return [(names[folder], folder) for folder in folders if has_scores(folder)]
