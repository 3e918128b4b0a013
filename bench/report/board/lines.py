"""What the board says of each variant and number: value, rank, and which variants cannot be told apart from it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from bench.errors import UsageError, UserError
from bench.report.tables.breakdown import GROUPS, MAPPINGS, count_right, find_members
from bench.report.tables.paper_metrics import select_paper_metrics
from bench.score.comparisons import adjust_by_holm, compare_all_paired
from bench.score.evaluate import NOTE
from bench.score.intervals import MetricCounts, compute_intervals, select_images
from bench.score.ranks import compute_ranks, group_alike

PANELS = (
    ("TGQ", "tgq", "tt"),
    ("TGQ top-1", "top1", "tt"),
    ("TGQ cosine", "cosine", "tt"),
    ("top-1, ST", "top1", "st"),
    ("IoU, ST", "iou", "st"),
    ("IoU, TT", "iou", "tt"),
    ("recall, ST", "recall", "st"),
    ("recall, TT", "recall", "tt"),
)
"""Title, kind and mapping of the board's metrics (`bench.report.tables.paper_metrics`)."""
ALL = "all"
COLUMNS = (
    "metric", "group", "variant", "value", "low", "high", "rank", "rank_low", "rank_high", "first", "alike", "best",
    "behind", "behind_low", "behind_high", "p_holm", "n", "images", "name", NOTE,
)  # fmt: skip
"""``alike``: letters, of which two variants share one where they cannot be told apart; ``best``: it shares one with the
largest value, and ``behind`` is how far it lies below it, with a paired interval. ``first``: the share of resamples in
which nobody was better. ``name`` is the metric's full name, empty for a group of true segments."""
LEVEL = 0.05


@dataclass(frozen=True)
class Column:
    """One number of all variants that have it, on their common images, and of which segments."""

    title: str
    group: str
    name: str
    rows: Mapping[str, MetricCounts]


def list_columns(
    runs: Mapping[str, Mapping[str, MetricCounts]], segments: Mapping[str, pd.DataFrame]
) -> Iterator[Column]:
    """List the board's numbers: `PANELS`, then the true segments named right by group of things, stuff and size.

    ``runs`` and ``segments`` hold by variant the rows of each metric and segments.parquet. Raises UserError where two
    variants share no image.
    """
    names = dict.fromkeys(name for rows in runs.values() for name in rows)
    for title, name in select_paper_metrics(list(names), PANELS).items():
        rows = {variant: found[name] for variant, found in runs.items() if name in found}
        if len(rows) > 1:
            yield Column(title, ALL, name, _take_common(rows))
    members = {variant: find_members(table) for variant, table in segments.items()}
    for (mapping, column), group in ((pair, group) for pair in MAPPINGS.items() for group in GROUPS[1:]):
        rows = {variant: count_right(table, members[variant][group], column) for variant, table in segments.items()}
        if len(rows) > 1:
            yield Column(f"named right, {mapping.upper()}", group, "", _take_common(rows))


def compute_board(columns: Sequence[Column], resamples: int, seed: int) -> pd.DataFrame:
    """Compute `COLUMNS`, a line for each number and variant, the largest value first.

    Holm's adjustment is over all pairs of variants of one number. Two variants differ where its p is below 5 %.
    """
    lines = [line for column in columns for line in _compute_column(column, resamples, seed)]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def choose_resamples(count: int, wanted: int | None = None) -> int:
    """Choose how many resamples the board of ``count`` variants takes: 10,000, or more where there are many pairs.

    The least p of b resamples is 2 / (b + 1), and Holm's adjustment multiplies it by the number of pairs: with fewer
    nothing can be told apart whatever the images say, which is a UsageError where that many are ``wanted``.
    """
    pairs = count * (count - 1) // 2
    least = math.ceil(2 * pairs / LEVEL)
    if wanted is None:
        return max(10_000, 2 * least)
    if wanted < least:
        raise UsageError(
            f"board: resamples={wanted}: too few to tell any of {pairs} pairs of runs apart; give {least} or more"
        )
    return wanted


def _compute_column(column: Column, resamples: int, seed: int) -> list[tuple]:
    order = sorted(column.rows, key=lambda variant: _sort_key(variant, column.rows[variant]))
    rows = [column.rows[variant] for variant in order]
    spans, ranks = compute_intervals(rows, resamples, seed), compute_ranks(rows, resamples, seed)
    pairs = list(combinations(range(len(order)), 2))
    found = compare_all_paired([(rows[a], rows[b]) for a, b in pairs], resamples, seed)
    p = adjust_by_holm(np.array([each.p for each in found], np.float64))
    letters = write_letters(len(order), [pair for pair, each in zip(pairs, p, strict=True) if each < LEVEL])
    behind = {b: (each, adjusted) for (a, b), each, adjusted in zip(pairs, found, p, strict=True) if a == 0}
    lines = []
    for at, (variant, row, span, rank) in enumerate(zip(order, rows, spans, ranks, strict=True)):
        gap, adjusted = behind.get(at, (None, np.nan))
        gaps = (gap.value, gap.low, gap.high, adjusted) if gap else (0.0, np.nan, np.nan, np.nan)
        places = (rank.rank, rank.low, rank.high, rank.first)
        shared = int(bool(set(letters[at].split()) & set(letters[0].split())))
        images = int((row.denominator > 0).any(axis=1).sum())
        numbers = (span.value, span.low, span.high, *places, letters[at], shared, *gaps, row.n, images)
        lines.append((column.title, column.group, variant, *numbers, column.name, span.note))
    return lines


def write_letters(count: int, differing: Sequence[tuple[int, int]]) -> list[str]:
    """Write for each of ``count`` systems the letters of its groups, ``a b``; two that do not differ share one."""
    groups = group_alike(count, differing)
    names = [chr(ord("a") + at % 26) + (str(at // 26) if at >= 26 else "") for at in range(len(groups))]
    return [" ".join(name for name, group in zip(names, groups, strict=True) if at in group) for at in range(count)]


def _sort_key(variant: str, row: MetricCounts) -> tuple[float, str]:
    value = row.value()
    return (np.inf if np.isnan(value) else -value), variant


def _take_common(rows: Mapping[str, MetricCounts]) -> dict[str, MetricCounts]:
    """Take the rows of the images that all have. Raises UserError where there is none."""
    common = sorted(set.intersection(*(set(row.image_ids) for row in rows.values())))
    if not common:
        raise UserError(f"board: {' and '.join(list(rows)[:2])} share no image; run all on the same (data.subset=)")
    return {variant: select_images(row, common) for variant, row in rows.items()}
