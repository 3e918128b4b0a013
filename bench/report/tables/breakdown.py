"""Section 4.3's true segments, sorted by what they are: which are named right, by text and by embedding.

Size classes are shares of the image's area with edges at 1/256, 1/64 and 1/16: of a picture of 128 x 128 pixels 64,
256 and 1024 pixels. Fixed shares and not quantiles, so that a class means the same in every data set and run.
A segment is all pixels of a class in an image (as for TGQ); an edge belongs to the larger class.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from bench.report.tables.cells import MISSING, list_doubts, write_mark
from bench.report.tables.comparisons import Pair, select_pairs
from bench.report.tables.comparisons import write_title as pair_title
from bench.report.tables.differences import excludes_zero, write_signed
from bench.score.comparisons import compare_paired
from bench.score.evaluate import NOTE
from bench.score.intervals import MetricCounts, compute_intervals, select_images
from bench.text.escape import escape_markdown

GROUPS = ("all", "things", "stuff", "< 1/256", "1/256 to 1/64", "1/64 to 1/16", "≥ 1/16")
"""The last four are visible sizes, as shares of the image."""
MAPPINGS = {"st": "st_top1", "tt": "tt_hit"}
COLUMNS = ("variant", "against", "mapping", "group", "value", "low", "high", "n", "images", NOTE)
"""``against`` is empty for a share, and names the variant that was taken away for a difference."""
EDGES = (1 / 256, 1 / 64, 1 / 16)
RESAMPLES = 10_000


def compute_breakdown(
    runs: Sequence[tuple[str, pd.DataFrame]],
    pairs: Sequence[Pair],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute `COLUMNS` from (variant, its segments.parquet): the share named right, from 0 to 1.

    After the shares of all variants come the differences for the pairs whose variants are there, paired on the images
    of both. Intervals are over the images that have a true segment; ``n`` counts segments, ``images`` the
    images that have one of the group. NaN where a group is empty.
    """
    rows = {
        (variant, m): _count_groups(segments, column) for variant, segments in runs for m, column in MAPPINGS.items()
    }
    lines = []
    for (variant, mapping), groups in rows.items():
        for group, row, span in zip(GROUPS, groups, compute_intervals(groups, resamples, seed), strict=True):
            ends = span.value, span.low, span.high
            lines.append((variant, "", mapping, group, *ends, row.n, _count_images(row), span.note))
    for (variant, other), mapping in product(select_pairs(pairs, dict(runs)), MAPPINGS):
        for group, own, row in zip(GROUPS, rows[variant, mapping], rows[other, mapping], strict=True):
            found = compare_paired(own, row, resamples, seed)
            n = select_images(own, [image for image in own.image_ids if image in set(row.image_ids)]).n
            ends = found.value, found.low, found.high
            lines.append((variant, other, mapping, group, *ends, n, found.n, found.note))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def find_members(segments: pd.DataFrame) -> dict[str, np.ndarray]:
    """Find for each of `GROUPS` which rows belong to it, bool [rows]."""
    things, size = segments["thing"].to_numpy(bool), np.digitize(segments["share"], EDGES)
    sizes = {name: size == at for at, name in enumerate(GROUPS[3:])}
    return {"all": np.ones(len(segments), bool), "things": things, "stuff": ~things, **sizes}


def write_markdown_breakdown(table: pd.DataFrame) -> str:
    """Write a row for each variant (or difference) and mapping, a column for each group, in percent."""
    common = {str(group): count_in_common(part) for group, part in table.groupby("group")}
    headers = [f"{group}<br>{common[group]}".removesuffix("<br>") for group in GROUPS]
    lines = ["| true segments named right | by | " + " | ".join(headers) + " |", "|---|---|" + "---:|" * len(GROUPS)]
    for (variant, against, mapping), part in table.groupby(["variant", "against", "mapping"], sort=False):
        found = {line["group"]: line for line in part.to_dict("records")}
        cells = [_write_cell(found[group], not common[group]) for group in GROUPS]
        name = pair_title((str(variant), str(against))) if against else str(variant)
        lines.append("| " + " | ".join([escape_markdown(name), str(mapping).upper(), *cells]) + " |")
    notes = (
        "Percent of true segments with 95 % intervals over images, paired for differences. **Bold**: the interval of a "
        "difference excludes 0.",
        "ST: the nearest class of the embedding is the true one. TT: the text's cosine to the true name passes the "
        "threshold of TGQ.",
        "Sizes are shares of the image's area; of 128 x 128 pixels the edges are 64, 256 and 1024 pixels.",
        *list_doubts(table),
    )
    return "\n".join(lines) + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def _count_groups(segments: pd.DataFrame, column: str) -> list[MetricCounts]:
    """Count for each of `GROUPS` how many segments of each image are named right, and how many there are."""
    return [count_right(segments, inside, column) for inside in find_members(segments).values()]


def count_right(segments: pd.DataFrame, inside: np.ndarray, column: str) -> MetricCounts:
    """Count of each image how many of the segments ``inside`` a group, bool [rows], are named right by ``column``."""
    right = segments[column].to_numpy(float) * inside
    sums = pd.DataFrame({"image": segments["image_id"], "right": right, "n": inside.astype(float)})
    table = sums.groupby("image", sort=True).sum()
    return MetricCounts(tuple(table.index), table[["right"]].to_numpy(float), table[["n"]].to_numpy(float), "segments")


def _count_images(row: MetricCounts) -> int:
    return int((row.denominator > 0).sum())


def count_in_common(part: pd.DataFrame) -> str:
    return f"n={part['n'].iloc[0]}" if part["n"].nunique() == 1 else ""


def _write_cell(line: Mapping[Any, Any], counted: bool) -> str:
    if math.isnan(line["value"]):
        return MISSING
    keys = ("value", "low", "high")
    value, low, high = (write_signed(line[key]) if line["against"] else f"{100 * line[key]:.1f}" for key in keys)
    text = value + ("" if math.isnan(line["low"]) else f" [{low}, {high}]{write_mark(line)}")
    text = f"**{text}**" if line["against"] and excludes_zero(line) else text
    return text + (f" n={line['n']}" if counted else "")
