"""The board: all variants by every metric of Tables 1 to 3, with ranks, groups, cost, and how far the metrics agree."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from bench.csv_files import write_csv
from bench.errors import UserError, writing
from bench.metric_name import parse
from bench.report.board_costs import COSTS, SHARE, read_costs
from bench.report.board_names import describe_shared, drop_shared
from bench.report.board_parts import describe_copies, describe_missing_tgq, describe_parts
from bench.report.board_rows import add_twins, describe_twins, find_twins, select_different, write_settings
from bench.report.comparison.alike import check_alike
from bench.report.figures.agreement import write_markdown_agreement
from bench.report.figures.board import save_board
from bench.report.out_of_domain import uses_embedded_models
from bench.report.pages import write_pages
from bench.report.printed import describe_protocols
from bench.report.runs import label_runs, merge_scores, name_data
from bench.report.tables.cells import MISSING, find_unit_of, write_title, write_value
from bench.run.run_folder import read_rows
from bench.run.writing import read_while_whole
from bench.score.intervals import MetricCounts
from bench.score.rank_agreement import FEWEST, compute_agreement
from bench.score.ranks import SIGNIFICANCE, compute_ranks, order_by_mean_rank, share_letter
from bench.score.score_table import EMBEDDED_NOTE, describe_name
from bench.text.escape import escape_markdown, join_cells

KINDS = ("iou", "recall", "tgq")
"""Families of metrics on the board, in its order; of each all that the runs share."""
RESAMPLES = 10_000
HARD = "\u00a0"
"""A blank at which no line ends: an interval stays whole."""
Rows = Mapping[str, Mapping[str, MetricCounts]]


@read_while_whole
def write_board(
    folders: Sequence[Path], to: Path, costs: Path | None = None, resamples: int | None = None,
    tuning: Path | None = None, note: str = "",
) -> list[Path]:  # fmt: skip
    """Write board.html, board.md, board.csv, agreement.csv and the picture into ``to``; returns what was written.

    ``costs`` is a csv of `scripts/masking_cost.py`; ``resamples`` grow with the pairs unless given; ``tuning`` is a
    file, to which the page links, about how settings were chosen; ``note`` is a remark more. Raises UserError for runs
    that cannot be compared.
    """
    whole = label_runs(folders)
    if len(whole) < 2:
        raise UserError("board: one run; ranks need two")
    names = drop_shared(whole)
    remarks, small = check_alike(names), uses_embedded_models(folders)
    every = {name: read_rows(folder) for folder, name in names.items()}
    metrics = list_board_metrics(every)
    if not metrics:
        raise UserError(f"board: these runs share no number of {', '.join(KINDS)}")
    twins = find_twins(every, metrics)
    rows, parts = select_different(every, twins), []
    least = count_resamples(len(rows))
    resamples = resamples or max(RESAMPLES, 2 * least)
    if resamples < least:
        remarks.append(f"{resamples} resamples tell few pairs of {len(rows)} variants apart: {least} are enough.")
    for metric in metrics:
        ranked = compute_ranks({name: own[metric] for name, own in rows.items() if metric in own}, resamples)
        parts.append(add_twins(ranked, twins).assign(metric=metric, group=describe_name(metric).group))
    table = pd.concat(parts, ignore_index=True)
    spent, others = read_costs(names, costs)
    table = table.join(pd.DataFrame(spent).set_index("variant"), on="variant")
    table["settings"] = table["variant"].map({name: write_settings(folder) for folder, name in names.items()})
    plain = [metric for metric in metrics if not describe_name(metric).group]
    title = name_data(merge_scores(folders[:1]))
    remarks += [
        *filter(None, [note]),
        *others,
        *describe_shared(whole, names),
        *describe_parts(names),
        *describe_copies(table[table["metric"].isin(plain)]),
    ]
    remarks += [*describe_missing_tgq(names, plain), *describe_twins(twins, len(rows) < len(names))]
    with writing(to, "to=FOLDER"):
        to.mkdir(parents=True, exist_ok=True)
        full = {names[folder]: label for folder, label in whole.items()}
        files = [write_csv(table.assign(variant=table["variant"].map(full)), to / "board.csv", decimals=6)]
        pictures = save_board(table[table["metric"].isin(plain)], to / "board", title=title, embedded=small)
        agreement = _write_agreement(rows, plain, to, title, small, resamples)
        text = [
            f"# The board: {len(names)} variants on {escape_markdown(title)}\n", f"![board]({pictures[0].name})\n",
            write_markdown_board(table, plain), *describe_settings(table, tuning, to),
            *write_notes(table, small, remarks), "",
            *_write_groups(table, metrics), *agreement, "## Protocol\n",
            *(f"```\n{block}\n```\n" for block in describe_protocols(folders)),
        ]  # fmt: skip
        pages = write_pages("\n".join(text), to / "board")
    return [*pages, *files, *pictures, *([to / "agreement.csv"] if agreement else [])]


def count_resamples(variants: int) -> int:
    """Count how many resamples it takes to tell any two variants apart.

    The least p of b resamples is 2 / (b + 1), and Holm's adjustment multiplies it by the number of pairs.
    """
    return math.ceil(2 * math.comb(variants, 2) / SIGNIFICANCE)


def list_board_metrics(rows: Rows) -> list[str]:
    """List the full names of the board's metrics that at least two runs have, all units before the groups."""
    every = list(dict.fromkeys(name for own in rows.values() for name in own))
    shared = [name for name in every if sum(name in own for own in rows.values()) > 1]
    kept = [name for name in shared if _find_family(name) in KINDS]
    order = {name: (bool(describe_name(name).group), KINDS.index(_find_family(name))) for name in kept}
    return sorted(kept, key=lambda name: order[name])


def _find_family(name: str) -> str:
    return parse(name).metric.split(".")[0].split(">")[0]


def write_markdown_board(table: pd.DataFrame, metrics: Sequence[str]) -> str:
    """Write a line a variant, the best mean rank first: value, interval, rank with its interval and letters."""
    shown = order_by_mean_rank(table[table["metric"].isin(metrics)])
    costs = [key for key in COSTS if table[key].notna().any()]
    told = ["settings"] if table["settings"].any() else []
    heads = ["variant", *told, *(_write_head(table, metric) for metric in metrics), "mean rank"]
    heads += [COSTS[key] for key in costs]
    aligned = "|---|" * (1 + len(told)) + "---:|" * (len(heads) - 1 - len(told))
    lines = [join_cells(heads), aligned.replace("||", "|")]
    for variant, mean in shown.items():
        own = table[table["variant"] == variant].set_index("metric")
        cells = [_write_cell(own, metric) for metric in metrics]
        spent = [_write_cost(key, float(own[key].iloc[0])) for key in costs]
        chosen = [escape_markdown(str(own["settings"].iloc[0]))] if told else []
        lines.append(join_cells([escape_markdown(str(variant)), *chosen, *cells, f"{mean:.1f}", *spent]))
    return "\n".join(lines) + "\n"


def _write_head(table: pd.DataFrame, metric: str) -> str:
    line = table[table["metric"] == metric].iloc[0]
    return f"{escape_markdown(write_title(metric))}<br>n={line['n']}"


def _write_cell(own: pd.DataFrame, metric: str) -> str:
    if metric not in own.index:
        return MISSING
    line, unit = own.loc[metric].to_dict(), find_unit_of(metric)
    value, low, high = (write_value(float(line[key]), unit) for key in ("value", "low", "high"))
    ends = (
        "" if line["rank_low"] == line["rank_high"] else f"{HARD}({line['rank_low']}{HARD}to{HARD}{line['rank_high']})"
    )
    return f"{value}{HARD}[{low},{HARD}{high}]<br>{line['rank']}.{ends}{HARD}{line['letters']}"


def _write_cost(key: str, value: float) -> str:
    if math.isnan(value):
        return MISSING
    return f"{100 * value:.0f} %" if key == SHARE else f"{value:.3g}"


def describe_settings(table: pd.DataFrame, tuning: Path | None, to: Path) -> list[str]:
    """Describe the column of settings, and where they were chosen; nothing where all runs are as their yaml has it."""
    if not table["settings"].any():
        return []
    link = f" They were chosen in [{tuning.name}]({Path(os.path.relpath(tuning, to)).as_posix()})." if tuning else ""
    return [
        "- settings: what a run chose besides its option of encode=; none: as the yaml of the option has it. "
        f"`zgs run encode=VARIANT` and these words run it so.{link}"
    ]


def write_notes(table: pd.DataFrame, embedded: bool, remarks: Sequence[str]) -> list[str]:
    """Write how to read the table, and what must be known of it."""
    notes = [
        "A cell: value [95 % interval], rank (its 95 % interval: a bootstrap over images, each resample ranks all "
        "variants anew) and letters: variants without a common letter differ by more than chance (paired by image, "
        "p below 5 % after Holm's adjustment for all pairs of the column).",
        "A line stands where its mean rank puts it; columns with the same numbers for every variant "
        "count once in it, those that merely agree count the same thing twice.",
        "ms a segment: processor time of costs= on one thread, where it has measured it, else clock seconds of the "
        "stage over the embeddings that the run itself made, whatever else the machine did.",
    ]
    if table[SHARE].notna().any():
        notes.append(
            "share of a product: of the rate of one large matrix product on the same thread; the rest of a variant's "
            "time are small products, softmax and pictures."
        )
    doubts = sorted(set(table["note"].dropna()) - {""})
    notes += [f"Intervals may be too narrow: {escape_markdown(doubt)}." for doubt in doubts[:3]]
    notes += [*map(escape_markdown, remarks), *([EMBEDDED_NOTE] if embedded else [])]
    return [f"- {note}" for note in notes]


def _write_groups(table: pd.DataFrame, metrics: Sequence[str]) -> list[str]:
    """Write the best variant of each group of a breakdown, with those that cannot be told from it."""
    lines = []
    for metric in (name for name in metrics if describe_name(name).group):
        part = table[table["metric"] == metric]
        best = part.iloc[0]
        alike = [
            row["variant"] for row in part.iloc[1:].to_dict("records") if share_letter(row["letters"], best["letters"])
        ]
        value = write_value(best["value"], find_unit_of(metric))
        cells = [describe_name(metric).group, escape_markdown(write_title(metric)), str(best["n"])]
        found = [f"{escape_markdown(best['variant'])} {value}", escape_markdown(", ".join(alike))]
        if part["value"].nunique(dropna=False) == 1:  # nobody leads
            found = [f"none: all {value}", MISSING]
        lines.append(join_cells([*cells, *found]))
    if not lines:
        return ["No groups: `score.breakdown=[kind,size]` gives them.\n"]
    head = ["group", "metric", "n", "best", "not told from it"]
    return ["## Things, stuff and sizes\n", join_cells(head), "|---|---|---:|---|---|", *lines, ""]


def _write_agreement(
    rows: Rows, metrics: Sequence[str], to: Path, title: str, embedded: bool, resamples: int
) -> list[str]:
    """Write agreement.csv and its matrix, where there are enough runs and metrics to correlate."""
    (to / "agreement.csv").unlink(missing_ok=True)
    runs = [{metric: own[metric] for metric in metrics if metric in own} for own in rows.values()]
    if len(runs) < FEWEST or len(metrics) < 2:
        return []
    table = compute_agreement(runs, resamples)
    write_csv(table, to / "agreement.csv", decimals=6)
    return ["## Do the metrics rank alike?\n", write_markdown_agreement(table, title=title, embedded=embedded), ""]
