"""`zgs board`: finished runs in order on one page, markdown and HTML that needs no other file, and csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from bench.csv_files import write_csv
from bench.errors import UserError, writing
from bench.report.board.costs import read_costs
from bench.report.board.lines import ALL, choose_resamples, compute_board, list_columns
from bench.report.board.picture import save_board
from bench.report.board.text import order_variants, write_board, write_findings, write_groups
from bench.report.comparison.alike import check_alike
from bench.report.figures.agreement import write_markdown_agreement
from bench.report.out_of_domain import uses_embedded_models
from bench.report.pages import write_figure, write_head, write_pages
from bench.report.printed import describe_protocols
from bench.report.runs import label_runs, merge_scores, name_data
from bench.report.tables.comparisons import shorten_names
from bench.run.run_folder import read_rows, read_segments
from bench.run.writing import read_while_whole
from bench.score.intervals import MetricCounts
from bench.score.rank_agreement import FEWEST, compute_agreement
from bench.settings.saved import read_run_settings

PAGE = "board"
METHOD = "bench.encode.global_subtraction.GlobalSubtraction"
"""The encoder of the paper, whose place each finding says."""
NO_SEGMENTS = "Without merging nothing is said of true segments; merge.threshold=1 merges none and says it.\n"


@read_while_whole
def write_page(
    folders: Sequence[Path], to: Path, costs: str = "", resamples: int | None = None, seed: int = 0
) -> list[Path]:
    """Write board.html, .md, .csv, .png and .svg into ``to``; returns them, the pages first.

    ``costs`` is a table of milliseconds an image by variant, or empty. Raises UserError for runs that cannot be
    compared, and UsageError for fewer ``resamples`` than can tell any of them apart.
    """
    resamples = choose_resamples(len(folders), resamples)
    labels = label_runs(folders)
    remarks = check_alike(labels)
    short = shorten_names(list(labels.values()))
    names = {folder: short[label] for folder, label in labels.items()}
    runs = {name: read_rows(folder) for folder, name in names.items()}
    segments = {name: found for folder, name in names.items() if (found := read_segments(folder)) is not None}
    table = compute_board(list(list_columns(runs, segments)), resamples, seed)
    if table.empty:
        raise UserError(f"{folders[0]}: none of the board's metrics; score.metrics=[iou,recall,tgq] has them")
    order, title, small = order_variants(table), name_data(merge_scores(folders[:1])), uses_embedded_models(folders)
    cost, unit = read_costs(names, costs), "ms an image" if costs else "ms a segment"
    method = [names[f] for f in folders if read_run_settings(f).get("encode", {}).get("_target_") == METHOD]
    with writing(to, "to=FOLDER"):
        to.mkdir(parents=True, exist_ok=True)
        drawn = save_board(table, order, to / PAGE, title=title, embedded=small)
        csv = write_csv(table, to / f"{PAGE}.csv", decimals=6)
        parts = [
            write_head("Board", names, title, small, remarks),
            "## All variants, by their mean rank\n", write_board(table, order, cost, unit),
            *(write_figure("", path) for path in drawn if path.suffix == ".png"),
            "## What it says\n", write_findings(table, method),
            "## Things, stuff and sizes\n", write_groups(table, order) if segments else NO_SEGMENTS,
            "## Do the metrics rank alike?\n", _write_agreement(table, runs, title, small, resamples, seed),
            "## Protocol\n", *(f"```\n{block}\n```\n" for block in describe_protocols(folders)),
        ]  # fmt: skip
        return [*write_pages("\n".join(parts), to, PAGE), csv, *drawn]


def _write_agreement(
    table: pd.DataFrame, runs: Mapping[str, Mapping[str, MetricCounts]], title: str, small: bool, resamples: int,
    seed: int,
) -> str:  # fmt: skip
    """Write Kendall's tau between the board's metrics; a line where there is too little to correlate."""
    metrics = list(dict.fromkeys(table.loc[table["group"] == ALL, "name"]))
    if len(runs) < FEWEST or len(metrics) < 2:
        return f"It takes {FEWEST} runs and two metrics to ask.\n"
    rows = [{name: found[name] for name in metrics if name in found} for found in runs.values()]
    return write_markdown_agreement(compute_agreement(rows, resamples, seed), title=title, embedded=small)
