"""From the folders of finished runs to what people look at: one table, threshold curves, a gallery."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.csv_files import write_csv
from bench.errors import writing
from bench.report.blocklist import Blocklist
from bench.report.comparison_files import write_comparisons
from bench.report.figures.curves import write_curves
from bench.report.figures.sweep import write_sweeps
from bench.report.out_of_domain import uses_embedded_models
from bench.report.printed import describe_protocols, drop_groups
from bench.report.runs import flatten_settings, label_runs, merge_curves, merge_scores, name_data
from bench.report.tables.areas import write_markdown_areas
from bench.report.tables.comparisons import list_pairs, read_pairs
from bench.report.tables.sweeps import find_sweeps, make_sweep_table
from bench.report.tables.tables import write_markdown_table
from bench.run.run_folder import find_role, has_scores
from bench.run.writing import read_while_whole
from bench.score.score_table import FLOOR, write_scores
from bench.settings.saved import read_run_settings
from bench.store.sealed import has_file


@read_while_whole
def write_report(
    folders: Sequence[Path], to: Path, pictures: int, pairs: str = "", blocklist: Blocklist | None = None
) -> list[Path]:  # fmt: skip
    """Leave table, scores, curves, comparisons and gallery of some runs in a folder; returns what was written.

    ``pairs`` names runs to compare besides the first with the others, by their positions: ``3-2,3-5``. Words of
    ``blocklist`` stand in no picture.
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
            text = "\n".join([write_markdown_table(drop_groups(table), embedded=small), *below])
            (to / "table.md").write_text(text, encoding="utf-8")
            written += [to / "table.md", write_scores(table, to / "scores.csv")]
            if any(has_file(folder, "curves.csv") for folder in folders):
                written += write_curves(merge_curves(folders), to / "curves", title=name_data(table), embedded=small)
            if len(areas):
                written.append(write_csv(areas, to / "areas.csv"))
            written += [*files, *_write_sweeps(folders, table, to, small)]
        written += write_side_by_side(folders, to / "gallery", pictures, compared, blocklist) if pictures else ()
    return written


def _write_sweeps(folders: Sequence[Path], table: pd.DataFrame, to: Path, small: bool) -> list[Path]:
    """Write figures over the numbers that the runs sweep."""
    differing = {name: flatten_settings(folder) for name, folder in _list_scored(folders)}
    return write_sweeps(make_sweep_table(find_sweeps(differing), table), to, title=name_data(table), embedded=small)


def _quote_protocols(folders: Sequence[Path]) -> list[str]:
    return [f"```\n{block}\n```\n" for block in describe_protocols(folders)]


def _list_scored(folders: Sequence[Path]) -> list[tuple[str, Path]]:
    """Label and folder of the runs that were scored."""
    names = label_runs(folders)
    return [(names[folder], folder) for folder in folders if has_scores(folder)]
