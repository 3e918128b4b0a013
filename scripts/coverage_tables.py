"""What interval_coverage.py found by simulation, as tables: every share with its standard error, every row by itself.

Over rows shares are averaged with equal weights, whatever their sets: rows that were simulated again have more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from coverage_methods import JACKKNIFE, PRODUCT, SAME
from coverage_metrics import CLASSES
from coverage_rule import ROW, compute_noise

EDGES = (1, 10, 20, 35, 50, 75, 100, 200, 10_000)
"""Of the degrees of freedom."""


def write_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table in markdown, all but the first column to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def write_percent(share: float) -> str:
    """Write a share in percent."""
    return "–" if pd.isna(share) else f"{100 * share:.1f}"


def write_share(held: pd.Series) -> str:
    """Write a share of test sets with its standard error, in percent."""
    known = held.dropna()
    return write_estimate(known.mean(), compute_noise(known.mean(), len(known))) if len(known) else "–"


def write_estimate(share: float, noise: float) -> str:
    """Write a share and its standard error in percent."""
    return f"{write_percent(share)} ± {100 * noise:.1f}"


def average_rows(lines: pd.DataFrame, what: str) -> str:
    """Average a share over rows of equal weight, with the standard error of that."""
    rows = lines.groupby(ROW)[what].agg(["mean", "count"])
    rows = rows[rows["count"] > 0]
    if rows.empty:
        return "–"
    noise = [compute_noise(share, sets) for share, sets in zip(rows["mean"], rows["count"], strict=True)]
    return write_estimate(rows["mean"].mean(), float(np.sqrt(np.square(noise).sum()) / len(rows)))


def find_worst(lines: pd.DataFrame, what: str, is_error: bool = False) -> str:
    """Find the row whose share is lowest (of errors highest), and say which it is and of how many sets."""
    rows = lines.groupby(ROW)[what].agg(["mean", "count"])
    rows = rows[rows["count"] > 0]
    if rows.empty:
        return "–"
    key: Any = rows["mean"].idxmax() if is_error else rows["mean"].idxmin()
    share, sets = rows.loc[key]
    _, _, world, false, n = key
    return f"{write_estimate(share, compute_noise(share, int(sets)))} ({world}, {false:g}, n={n:,}; {int(sets):,} sets)"


def table_own(own: pd.DataFrame, what: str, is_error: bool = False) -> str:
    """A row a metric, a column a size: the mean over worlds with its standard error, and the worst row."""
    sizes = sorted(own["n"].unique())
    rows = []
    for metric, part in own.groupby("metric", sort=False):
        told = [average_rows(part[part["n"] == n], what) for n in sizes]
        worst, marked = (
            find_worst(part, what, is_error),
            (part["note"] != "").groupby([part[key] for key in ROW]).mean(),
        )
        rows.append([str(metric), *told, worst, write_percent(marked.mean()), f"{len(part):,}"])
    return write_table(["metric", *(f"n={n:,}" for n in sizes), "worst row", "marked", "sets"], rows)


def table_methods(lines: pd.DataFrame, metrics: Sequence[str], truth: str) -> str:
    """A row a method: coverage at each size, of the same sets, with how many these are; and the width."""
    part = lines[lines["metric"].isin(metrics) & (lines["method"] != PRODUCT)]
    sizes, wide = sorted(part["n"].unique()), part[part["n"] <= 1000].groupby("method")["width"].mean()
    rows = [["sets of each", *(f"{((part['n'] == n) & (part['method'] == SAME)).sum():,}" for n in sizes), ""]]
    for name, each in part.groupby("method", sort=False):
        cells = [write_share(each.loc[each["n"] == n, truth]) for n in sizes]
        rows.append([str(name), *cells, f"{wide[name] / wide[SAME]:.2f}"])
    return write_table(["method", *(f"n={n:,}" for n in sizes), "width"], rows)


def bin_freedom(lines: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """The lines of the sets that all methods were applied to, with the bin of their degrees of freedom."""
    part = lines[lines["metric"].isin(metrics) & lines["method"].isin(("percentile", JACKKNIFE, SAME))]
    return part.assign(bin=np.searchsorted(EDGES, part["freedom"], side="right") - 1)


def split_bins(binned: pd.DataFrame) -> Iterator[tuple[int, int, pd.DataFrame]]:
    """Both edges of each bin, and its lines."""
    for at, edges in enumerate(zip(EDGES, EDGES[1:], strict=False)):
        inside = binned[binned["bin"] == at]
        if len(inside):
            yield *edges, inside


def table_freedom(binned: pd.DataFrame) -> str:
    """A row a bin of degrees of freedom: coverage of percentiles, of the jackknife and of the product."""
    rows = []
    for low, high, inside in split_bins(binned):
        each = {method: part["seen"] for method, part in inside.groupby("method")}
        told = [write_share(each[name]) for name in ("percentile", JACKKNIFE, SAME)]
        rows.append([f"{low} to {high:,}", *told, f"{len(each[SAME]):,}"])
    return write_table(["degrees of freedom", "percentile", JACKKNIFE, "the product", "sets"], rows)


def table_marks(own: pd.DataFrame) -> str:
    """A row for marked and others, of averages over classes and of the rest: coverage of each truth."""
    part = own.assign(what=["average over classes" if m in CLASSES else "other" for m in own["metric"]])
    rows = []
    for (what, marked), inside in part.groupby(["what", part["note"] != ""]):
        truths = [average_rows(inside, name) for name in ("expected", "seen", "all")]
        rows.append([str(what), "yes" if marked else "no", *truths, f"{len(inside):,}"])
    return write_table(["number", "marked", "expected", "seen", "all", "sets"], rows)


def table_pairs(paired: pd.DataFrame) -> str:
    """A row a metric and method: false differences, differences found, how often intervals hold them, widths."""
    rows = []
    for (metric, method), part in paired[paired["method"] != PRODUCT].groupby(["metric", "method"], sort=False):
        cells = []
        for kind in ("alike", "apart"):
            inside = part[part["kind"] == kind]
            shares = [write_share(inside["real"]), write_share(inside["seen"])]
            cells += [*shares, f"{100 * inside['width'].mean():.1f}"]
        rows.append([str(metric), str(method), *cells, f"{(part['kind'] == 'alike').sum():,}"])
    head = ["metric", "method", "alike: differ", "holds", "width", "apart: differ", "holds", "width", "sets"]
    return write_table(head, rows)


def table_near(near: pd.DataFrame) -> str:
    """A row a world and method, a column a size: coverage where it is worst of the six numbers, and the mean width."""
    sizes = sorted(near["n"].unique())
    rows = []
    for (world, method), part in near.groupby(["metric", "method"], sort=False):
        cells = []
        for n in sizes:
            inside = part[part["n"] == n]
            each = inside.groupby("world")["seen"].agg(["mean", "count"])
            share, sets = each.loc[each["mean"].idxmin()]
            cells.append(
                f"{write_estimate(share, compute_noise(share, int(sets)))} ({100 * inside['width'].mean():.2g})"
            )
        rows.append([str(world), str(method), *cells])
    return write_table(["world", "method", *(f"n={n:,}" for n in sizes)], rows)
