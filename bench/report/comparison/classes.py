"""Section 4.3's true segments, class by class: of which classes one variant names more segments right than another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from bench.report.tables.breakdown import MAPPINGS, count_right
from bench.report.tables.cells import list_doubts, write_mark
from bench.report.tables.comparisons import Pair, select_pairs, shorten_title, write_title
from bench.report.tables.differences import RESAMPLES, excludes_zero, write_signed
from bench.score.comparisons import adjust_by_holm, compare_all_paired
from bench.score.evaluate import NOTE
from bench.text.escape import escape_markdown, join_cells

COLUMNS = (
    "class", "mapping", "variant", "against", "value_variant", "value_against", "value", "low", "high", "p", "n",
    "images", "p_holm", NOTE,
)  # fmt: skip
"""``value`` is the share of the class's true segments that ``variant`` names right, minus that of ``against``."""
SHOWN = 6
"""Classes listed each way; the csv has all."""


def compute_classes(
    runs: Sequence[tuple[str, pd.DataFrame]], pairs: Sequence[Pair], resamples: int = RESAMPLES, seed: int = 0
) -> pd.DataFrame:
    """Compute `COLUMNS` from (variant, its segments.parquet), paired on the images of both.

    ``n`` counts true segments of the class, ``images`` the images that have one. Holm's adjustment is over all lines:
    every class, mapping and pair. A class that the images of a pair do not show has no line.
    """
    tables, lines = dict(runs), []
    for (variant, against), (mapping, column) in product(select_pairs(pairs, tables), MAPPINGS.items()):
        both = _take_common(tables[variant], tables[against])
        classes = sorted(set(both[0]["class"]))
        counts = [tuple(count_right(t, (t["class"] == name).to_numpy(bool), column) for t in both) for name in classes]
        found = compare_all_paired(counts, resamples, seed)  # type: ignore[arg-type]
        for name, (own, other), each in zip(classes, counts, found, strict=True):
            numbers = own.value(), other.value(), each.value, each.low, each.high, each.p
            images = int((own.denominator > 0).sum())
            lines.append((name, mapping, variant, against, *numbers, own.n, images, np.nan, each.note))
    table = pd.DataFrame(lines, columns=list(COLUMNS))
    return table.assign(p_holm=adjust_by_holm(table["p"].to_numpy(float)))


def select_ends(part: pd.DataFrame, count: int = SHOWN) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Select the classes with the largest differences above 0 and below 0, ``count`` each, ties by name."""
    order = part.sort_values(["value", "class"], ascending=[False, True], kind="stable")
    back = part.sort_values(["value", "class"], ascending=[True, True], kind="stable")
    return order[order["value"] > 0].head(count), back[back["value"] < 0].head(count)


def write_markdown_classes(table: pd.DataFrame) -> str:
    """Write for each pair and mapping the classes at both ends, in percent and points of a percent."""
    lines = [
        join_cells(["classes", "by", "class", "n", "first", "second", "difference"]),
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for (variant, against, mapping), part in table.groupby(["variant", "against", "mapping"], sort=False):
        names = [escape_markdown(shorten_title(str(name))) for name in (variant, against)]
        for better, ends in zip(names, select_ends(part), strict=True):
            told = f"{better} is ahead ({escape_markdown(write_title((str(variant), str(against))))})"
            if ends.empty:
                lines.append(join_cells([told, str(mapping).upper(), "none", "", "", "", ""]))
            for at, line in enumerate(ends.to_dict("records")):
                lines.append(join_cells(_write_cells(line, told if at == 0 else "")))
    count = table.groupby(["variant", "against", "mapping"], sort=False)["class"].count()
    notes = (
        f"Percent of the true segments of a class that each names right (TT: the text passes the threshold of TGQ; ST: "
        f"the embedding's nearest class is the true one); at most {SHOWN} classes each way of "
        f"{int(count.max()) if len(count) else 0}, all in classes.csv.",
        f"Differences with 95 % intervals over images, two-sided p, and Holm's p for all {len(table)} of classes.csv. "
        "**Bold**: the interval excludes 0, which of many around nothing one in twenty does by chance.",
        *list_doubts(table),
    )
    return "\n".join(lines) + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def _write_cells(line: Mapping[Any, Any], told: str) -> list[str]:
    shares = [f"{100 * line[key]:.1f}" for key in ("value_variant", "value_against")]
    value, low, high = (write_signed(line[key]) for key in ("value", "low", "high"))
    text = value
    if not math.isnan(line["low"]):
        text += f" [{low}, {high}]{write_mark(line)} p={line['p']:.2g}, {line['p_holm']:.2g}"
    text = f"**{text}**" if excludes_zero(line) else text
    mapping = str(line["mapping"]).upper() if told else ""
    return [told, mapping, escape_markdown(str(line["class"])), str(line["n"]), *shares, text]


def _take_common(first: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the rows of the images that both have."""
    common = set(first["image_id"]) & set(other["image_id"])
    return first[first["image_id"].isin(common)], other[other["image_id"].isin(common)]
