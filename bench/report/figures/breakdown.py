"""Section 4.3's true segments, sorted by what they are: which are named right, by text and by embedding.

Size classes are shares of the image's area with edges at 1/256, 1/64 and 1/16: of a picture of 128 x 128 pixels 64,
256 and 1024 pixels. Fixed shares and not quantiles, so that a class means the same in every data set and run.
A segment is all pixels of a class in an image (as for TGQ); an edge belongs to the larger class.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.figures.differences import real, signed
from bench.report.figures.style import MANY, headline, key, look, names_in, new_figure, note_of, plain, save
from bench.report.tables.breakdown_rows import GROUPS, MAPPINGS, NOTE, TITLES, draw_rows
from bench.report.tables.cells import MISSING
from bench.report.tables.pairs import Pair, select_pairs
from bench.report.tables.pairs import title as pair_title
from bench.score.intervals import Difference, Interval, MetricCounts, compare_paired, compute_intervals, select_images
from bench.text.escape import markdown

COLUMNS = ("variant", "against", "mapping", "group", "value", "low", "high", "n", "images")
"""``against`` is empty for a share, and names the variant that was taken away for a difference."""
EDGES = (1 / 256, 1 / 64, 1 / 16)
RESAMPLES = 10_000


def breakdown(
    runs: Sequence[tuple[str, pd.DataFrame]],
    pairs: Sequence[Pair],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """The columns `COLUMNS` from (variant, its segments.parquet): the share named right, from 0 to 1.

    After the shares of all variants come the differences for the pairs whose variants are there, paired on the images
    of both. Intervals are a bootstrap over the images that have a true segment; ``n`` counts segments, ``images`` the
    images that have one of the group. NaN where a group is empty. The ends are NaN where no resample varies (all or
    none are right): that would give an interval of no width, however few there are.
    """
    rows = {(variant, m): _grouped(segments, column) for variant, segments in runs for m, column in MAPPINGS.items()}
    lines = []
    for (variant, mapping), groups in rows.items():
        for group, row, span in zip(GROUPS, groups, compute_intervals(groups, resamples, seed), strict=True):
            lines.append((variant, "", mapping, group, span.value, *_ends(span), row.n, _images(row)))
    for (variant, other), mapping in product(select_pairs(pairs, dict(runs)), MAPPINGS):
        for group, own, row in zip(GROUPS, rows[variant, mapping], rows[other, mapping], strict=True):
            found = compare_paired(own, row, resamples, seed)
            n = select_images(own, [image for image in own.image_ids if image in set(row.image_ids)]).n
            lines.append((variant, other, mapping, group, found.value, *_ends(found), n, found.n))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def members(segments: pd.DataFrame) -> dict[str, np.ndarray]:
    """For each of `GROUPS` which rows belong to it, bool [rows]."""
    things, size = segments["thing"].to_numpy(bool), np.digitize(segments["share"], EDGES)
    sizes = {name: size == at for at, name in enumerate(GROUPS[3:])}
    return {"all": np.ones(len(segments), bool), "things": things, "stuff": ~things, **sizes}


def markdown_breakdown(table: pd.DataFrame) -> str:
    """A row for each variant (or difference) and mapping, a column for each group, in percent."""
    common = {str(group): _common_n(part) for group, part in table.groupby("group")}
    headers = [f"{group}<br>{common[group]}".removesuffix("<br>") for group in GROUPS]
    lines = ["| true segments named right | by | " + " | ".join(headers) + " |", "|---|---|" + "---:|" * len(GROUPS)]
    for (variant, against, mapping), part in table.groupby(["variant", "against", "mapping"], sort=False):
        found = {line["group"]: line for line in part.to_dict("records")}
        cells = [_cell(found[group], not common[group]) for group in GROUPS]
        name = pair_title((str(variant), str(against))) if against else str(variant)
        lines.append("| " + " | ".join([markdown(name), str(mapping).upper(), *cells]) + " |")
    notes = (
        "Percent of true segments with 95 % bootstrap intervals over images, paired for differences; none where all or "
        "none are right. **Bold**: the interval of a difference excludes 0.",
        "ST: the nearest class of the embedding is the true one. TT: the text's cosine to the true name passes the "
        "threshold of TGQ.",
        "Sizes are shares of the image's area; of 128 x 128 pixels the edges are 64, 256 and 1024 pixels.",
    )
    return "\n".join(lines) + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def plot_breakdown(
    table: pd.DataFrame, stem: Path, *, title: str, embedded: bool, floors: Collection[str] = ()
) -> tuple[Path, Path]:
    """Write ``stem`` .png and .svg."""
    return save(draw_breakdown(table, title=title, embedded=embedded, floors=floors), stem)


def draw_breakdown(table: pd.DataFrame, *, title: str, embedded: bool, floors: Collection[str] = ()) -> Figure:
    """A panel for each mapping, groups on x, a colour and a marker for each variant; floors are in the table only."""
    table = table[table["against"] == ""]
    every = list(dict.fromkeys(table["variant"]))
    variants = [variant for variant in every if variant not in floors] or every
    if len(variants) > MANY:
        return draw_rows(table, variants, title=title, embedded=embedded)
    figure = new_figure(7.0)
    figure.get_layout_engine().set(hspace=0.05)  # type: ignore[union-attr, call-arg]
    panels = figure.subplots(len(MAPPINGS), 1, sharex=True)
    for axes, mapping in zip(panels, MAPPINGS, strict=True):
        _panel(axes, table[table["mapping"] == mapping], variants)
        axes.set_title(TITLES[mapping], fontsize=11, loc="left")
        axes.set_ylabel("named right (%)", fontsize=11)
    shown = table[table["variant"].isin(variants)]
    counts = {group: _common_n(part) or "n differs" for group, part in shown.groupby("group")}
    panels[-1].set_xticks(range(len(GROUPS)), [f"{group}\n{counts[group]}" for group in GROUPS])
    panels[-1].set_xlabel(" " * 50 + "visible size, share of the image's area", fontsize=10.5)
    headline(figure, ("True segments named right", title))
    key(figure, panels[0].containers, list(names_in(variants).values()), note_of(NOTE, embedded), lined=False)
    return figure


def _panel(axes: Axes, part: pd.DataFrame, variants: Sequence[str]) -> None:
    step = min(0.16, 0.7 / len(variants))
    for at, variant in enumerate(variants):
        line = part[part["variant"] == variant].set_index("group").reindex(list(GROUPS))
        x = np.arange(len(GROUPS)) + (at - (len(variants) - 1) / 2) * step
        value, low, high = (100 * line[key].to_numpy(float) for key in ("value", "low", "high"))
        axes.errorbar(
            x, value, yerr=np.nan_to_num([value - low, high - value]), markersize=5.5, elinewidth=1.8,
            **look(at) | {"linestyle": "none"},
        )  # fmt: skip
    for edge in (0.5, 2.5):
        axes.axvline(edge, color="#aaaaaa", linewidth=1)
    axes.set_xlim(-0.5, len(GROUPS) - 0.5)
    axes.set_ylim(bottom=-4)  # a marker at 0 is seen whole
    plain(axes, "y")
    axes.tick_params(axis="x", length=0)


def _grouped(segments: pd.DataFrame, column: str) -> list[MetricCounts]:
    """For each of `GROUPS` how many segments of each image are named right, and how many there are."""
    return [_rows(segments, inside, column) for inside in members(segments).values()]


def _rows(segments: pd.DataFrame, inside: np.ndarray, column: str) -> MetricCounts:
    right = segments[column].to_numpy(float) * inside
    sums = pd.DataFrame({"image": segments["image_id"], "right": right, "n": inside.astype(float)})
    table = sums.groupby("image", sort=True).sum()
    return MetricCounts(tuple(table.index), table[["right"]].to_numpy(float), table[["n"]].to_numpy(float), "segments")


def _images(row: MetricCounts) -> int:
    return int((row.denominator > 0).sum())


def _ends(span: Interval | Difference) -> tuple[float, float]:
    return (span.low, span.high) if span.low < span.high else (np.nan, np.nan)


def _common_n(part: pd.DataFrame) -> str:
    return f"n={part['n'].iloc[0]}" if part["n"].nunique() == 1 else ""


def _cell(line: Mapping[Any, Any], counted: bool) -> str:
    if math.isnan(line["value"]):
        return MISSING
    keys = ("value", "low", "high")
    value, low, high = (signed(line[key]) if line["against"] else f"{100 * line[key]:.1f}" for key in keys)
    text = value + ("" if math.isnan(line["low"]) else f" [{low}, {high}]")
    text = f"**{text}**" if line["against"] and real(line) else text
    return text + (f" n={line['n']}" if counted else "")
