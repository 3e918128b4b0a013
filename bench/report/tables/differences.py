"""Tables 1 to 5 as differences: the first variant minus each other one, on the images that both have."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bench.metric_name import parse
from bench.report.tables.cells import (
    MISSING,
    find_unit_of,
    list_doubts,
    name_plain_units,
    shorten_name,
    write_mark,
    write_value,
)
from bench.report.tables.comparisons import Pair, select_pairs, write_title
from bench.score.comparisons import adjust_by_holm, compare_all_paired
from bench.score.evaluate import NOTE
from bench.score.intervals import MetricCounts
from bench.score.score_table import describe_name
from bench.text.escape import escape_markdown, join_cells

COLUMNS = ("metric", "variant", "against", "value", "low", "high", "p", "n", "p_holm", NOTE)
"""``value`` is ``variant`` minus ``against``; ``p`` is two-sided, ``p_holm`` the same adjusted for how many there are;
``n`` counts images; the note says why an interval may be too narrow."""
RESAMPLES = 10_000


def compute_differences(
    runs: Sequence[tuple[str, Mapping[str, MetricCounts]]],
    pairs: Sequence[Pair],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute `COLUMNS` from (variant, rows of its metrics) of each run, for the pairs whose variants are there.

    Only metrics of one full name are compared. Holm's adjustment is over the whole table, and for a breakdown's groups
    over all of those, which are in the csv only.
    """
    lines, tables = [], dict(runs)
    for variant, against in select_pairs(pairs, tables):
        own, other = tables[variant], tables[against]
        both = [name for name in own if name in other]
        counts = [(own[metric], other[metric]) for metric in both]
        for metric, found in zip(both, compare_all_paired(counts, resamples, seed), strict=True):
            numbers = found.value, found.low, found.high, found.p, found.n
            lines.append((metric, variant, against, *numbers, np.nan, found.note))
    table = pd.DataFrame(lines, columns=list(COLUMNS))
    grouped = np.array([bool(describe_name(metric).group) for metric in table["metric"]], bool)
    for family in (grouped, ~grouped):
        table.loc[family, "p_holm"] = adjust_by_holm(table.loc[family, "p"].to_numpy(float))
    return table


def list_pairs_in(table: pd.DataFrame) -> list[Pair]:
    """List the pairs of a table, in its order."""
    return list(dict.fromkeys(zip(table["variant"], table["against"], strict=True)))


def excludes_zero(line: Mapping[Any, Any]) -> bool:
    """Whether the interval of a difference excludes 0."""
    return bool(line["low"] > 0 or line["high"] < 0)


def write_markdown_differences(table: pd.DataFrame) -> str:
    """Write a row for each pair of variants, a column for each metric, in points of a percent (cosines as they are).

    Metrics of a breakdown are in the csv only.
    """
    metrics = [metric for metric in dict.fromkeys(table["metric"]) if not describe_name(metric).group]
    names = [parse(metric) for metric in metrics]
    headers = ["<br>".join(map(escape_markdown, filter(None, shorten_name(name, names)))) for name in names]
    found = {(line["variant"], line["against"], line["metric"]): line for line in table.to_dict("records")}
    lines = [join_cells(["difference", *headers]), "|---|" + "---:|" * len(metrics)]
    for pair in list_pairs_in(table):
        lines.append(
            join_cells(
                [
                    escape_markdown(write_title(pair)),
                    *(_write_cell(found.get((*pair, metric)), metric) for metric in metrics),
                ]
            )
        )
    low, high = int(table["n"].min()), int(table["n"].max())
    notes = (
        f"Differences on the {low}{f' to {high}' if high > low else ''} images that both have, in points of a percent "
        f"({name_plain_units(metrics)} as they are) with 95 % intervals and two-sided p, paired by image.",
        "**Bold**: the interval excludes 0. Of many intervals around nothing, one in twenty excludes 0 by chance; "
        f"the second p is Holm's, for all {len(metrics) * len(list_pairs_in(table))} of this table: below 0.05 it "
        "leaves 5 % for any of them to be chance.",
        *list_doubts(table[table["metric"].isin(metrics)]),
    )
    return "\n".join(lines) + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def write_signed(value: float, kind: str = "share") -> str:
    """Write ``+2.1`` points of a percent, ``−0.012`` for a cosine, ``+7.25`` for a count; a rounded 0 has no sign."""
    text = ("" if math.copysign(1, value) < 0 else "+") + write_value(value, kind)
    return (text if text.strip("+-0.") else text[1:]).replace("-", "−")


def _write_cell(line: Mapping[Any, Any] | None, metric: str) -> str:
    if line is None or math.isnan(line["value"]):
        return MISSING
    value, low, high = (write_signed(line[key], find_unit_of(metric)) for key in ("value", "low", "high"))
    if math.isnan(line["low"]):
        return value
    text = f"{value} [{low}, {high}]{write_mark(line)} p={line['p']:.2g}, {line['p_holm']:.2g}"
    return f"**{text}**" if excludes_zero(line) else text
