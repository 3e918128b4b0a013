"""What the simulation of coverage.py found, as a page and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.score.estimates import ENOUGH, FEW, FEW_IMAGES

CLASSES = ("mIoU", "PQ", "macro")
RIGHT, ERROR = 0.93, 0.06
RULE = """**The rule**, written down before the first run. Of a nominal 95 %:

1. An interval is right where it holds the truth in at least 93 % of test sets, in every world and size of set.
   Among the methods that are right, the one whose intervals are narrowest is chosen.
2. A paired test at 5 % calls a difference real in at most 6 % of sets where there is none.
3. An interval always holds its own value, and none has zero width at 0 % or 100 %.
4. Where no method is right, the interval is marked, and the mark says why.

**The truth** of a number over images or segments is its value on infinitely many images. Of an average over classes
there are three: *expected*, what sets of this size give on average; *seen*, the value on infinitely many images of
those classes that the set shows; *all*, the same of all classes there are. The rule asks for the first two. Of a
class that no image shows, nothing can be said; *all* stands beside them.
"""
CHOSEN = f"""**Chosen.** Percentiles of 10,000 resamples for a number over images or segments whose standard error has
at least {ENOUGH:.0f} degrees of freedom (by the kurtosis of what each image does to it, Satterthwaite's way). Below
that, and for every average over classes: Wilson's interval for as many trials as the jackknife's standard error
tells of, with Student's t; for averages over classes from below the lower of two values to above the higher, the
number as measured and the same without the shift that few images a class bring (`bench/score/estimates.py` derives it).
Percentiles, basic, bias-corrected, BCa, Bayesian and m-out-of-n intervals of averages over classes fail because a
class in a single image has no spread within itself and is missing from a third of the resamples; the delta method
gives it no spread at all.
"""


def summarise(lines: pd.DataFrame, cells: pd.DataFrame, quick: bool) -> str:
    """The page, from a line for each test set and the cells of all."""
    value, paired = cells[cells["kind"] == "value"], cells[cells["kind"] != "value"]
    holds = value[value["metric"].isin(CLASSES)].groupby("method")["holds"].min()
    sets = len(lines[lines["method"] == "the product"])
    how, worlds = " --quick" if quick else "", ", ".join(cells["world"].unique())
    unmarked = lines[lines["note"] == ""]
    parts = [
        "# How often intervals hold the truth",
        f"Simulated test sets with known truth: n={sets:,} intervals of the product, from "
        f"worlds shaped like {worlds} (what is known of them and what is assumed stands in "
        f"`scripts/coverage_worlds.py`). Made by `python scripts/coverage.py{how}`; all cells in `coverage.csv`.",
        RULE, CHOSEN, "![coverage](coverage.png)",
        "## Numbers over images and segments",
        "Mean over images, pixels pooled, recall above IoU 0.02, 0.5 and 0.95, area under recall. Coverage over all "
        "sets of a size, in percent; width beside the product's.",
        _table_methods(lines, [m for m in lines["metric"].unique() if m not in CLASSES], "seen"),
        "## Where percentiles stay",
        f"The same sets, by the degrees of freedom of the standard error: percentiles are right from {ENOUGH:.0f} on.",
        _table_freedom(lines),
        "## Averages over classes",
        "mIoU of a data set, PQ and macro recall. *Expected*:",
        _table_methods(lines, CLASSES, "expected"), "*Seen*:", _table_methods(lines, CLASSES, "seen"),
        "*All*:", _table_methods(lines, CLASSES, "all"),
        f"Its own value lies in {_percent(holds['percentile'])} % of the percentile intervals of the worst cell, and "
        f"in {_percent(holds['the product'])} % of the product's.",
        "## Marked intervals",
        f"Marked is an interval of fewer than {FEW_IMAGES} images, where no method is right everywhere; and of an "
        f"average over classes of which more than half are seen in fewer than {FEW} images. That one rests on an "
        "assumption which these worlds fulfil and another may not (few images do to every class what they do to the "
        "others), and it says least of the classes that no image shows. The product, in percent:",
        _table_marks(lines),
        "## Paired tests",
        "Two systems that are alike, and one whose numbers are a tenth lower (*apart*): how often the test "
        "says that they differ, and how often the interval holds the true difference, in percent.",
        _table_pairs(paired), _list_faults(unmarked),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _table_methods(lines: pd.DataFrame, metrics: Sequence[str], truth: str) -> str:
    """A row a method: coverage at each size, in the worst world and metric of any size, and the width."""
    part = lines[lines["metric"].isin(metrics) & (lines["kind"] == "value")]
    sizes = sorted(part["n"].unique())
    by_size = part.pivot_table(index="method", columns="n", values=truth, aggfunc="mean")
    worst = part.groupby(["method", "metric", "world", "n"])[truth].mean().groupby("method").min()
    wide = part[part["n"] <= 1000].groupby("method")["width"].mean()
    head = ["method", *(f"n={n:,}" for n in sizes), "worst cell", "width"]
    rows = [
        [str(name), *(_percent(by_size.loc[name, n]) for n in sizes), _percent(worst[name]),
         f"{wide[name] / wide['the product']:.2f}"]
        for name in part["method"].unique()
    ]  # fmt: skip
    return _write_table(head, rows)


def _table_freedom(lines: pd.DataFrame) -> str:
    edges = [1, 10, 20, 35, 50, 75, 100, 200, 10_000]
    part = lines[~lines["metric"].isin(CLASSES) & (lines["kind"] == "value")]
    part = part.assign(bin=np.searchsorted(edges, part["freedom"], side="right") - 1)
    rows = []
    for at, (low, high) in enumerate(zip(edges, edges[1:], strict=False)):
        inside = part[part["bin"] == at]
        if inside.empty:
            continue
        each = inside.groupby("method")["seen"].mean()
        names = ("percentile", "jackknife, Wilson", "the product")
        n = int((inside["method"] == "percentile").sum())
        rows.append([f"{low} to {high:,}", *(_percent(each[name]) for name in names), f"{n:,}"])
    return _write_table(["degrees of freedom", "percentile", "jackknife, Wilson", "the product", "n"], rows)


def _table_marks(lines: pd.DataFrame) -> str:
    part = lines[(lines["kind"] == "value") & (lines["method"] == "the product")]
    part = part.assign(what=["average over classes" if m in CLASSES else "other" for m in part["metric"]])
    rows = []
    for (what, marked), inside in part.groupby(["what", part["note"] != ""]):
        truths = [_percent(inside[name].mean()) for name in ("expected", "seen", "all")]
        worst = inside.groupby(["metric", "world", "n"])[["expected", "seen"]].mean().min(axis=1)
        counts = inside.groupby(["metric", "world", "n"]).size()
        least = _percent(worst[counts >= 60].min())
        rows.append([str(what), "yes" if marked else "no", *truths, least, f"{len(inside):,}"])
    return _write_table(["number", "marked", "expected", "seen", "all", "worst cell of 60 sets or more", "n"], rows)


def _table_pairs(paired: pd.DataFrame) -> str:
    rows = []
    for (metric, method), part in paired.groupby(["metric", "method"], sort=False):
        cells = []
        for kind in ("alike", "apart"):
            inside = part[part["kind"] == kind]
            real, holds, width = (np.average(inside[key], weights=inside["sets"]) for key in ("real", "seen", "width"))
            cells += [_percent(real), _percent(holds), f"{100 * width:.1f}"]
        rows.append([str(metric), str(method), *cells, f"{part['sets'].sum():,}"])
    head = ["metric", "method", "alike: differ", "holds", "width", "apart: differ", "holds", "width", "n"]
    return _write_table(head, rows)


def _list_faults(unmarked: pd.DataFrame) -> str:
    """The unmarked cells of the product that miss the rule by more than the simulation's own noise."""
    own = unmarked[unmarked["method"] == "the product"]
    faults = []
    for key, part in own.groupby(["kind", "metric", "world", "n"]):
        for truth in ("expected", "seen"):
            share, noise = part[truth].mean(), 2 * (RIGHT * (1 - RIGHT) / len(part)) ** 0.5
            if len(part) >= 30 and share < RIGHT - noise:
                faults.append(f"{' '.join(map(str, key))} ({truth}): {_percent(share)} of {len(part)}")
    told = "; ".join(faults) or "none"
    told = f"of unmarked intervals, of 30 sets or more, that miss 93 % by two standard errors of the simulation: {told}"
    return f"Cells {told}."



def _percent(share: Any) -> str:
    return "–" if pd.isna(share) else f"{100 * share:.1f}"


def _write_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def draw(cells: pd.DataFrame, to: Path) -> Path:
    """Coverage over the size of the set: percentiles beside the product, for each kind of number."""
    from matplotlib.figure import Figure

    value = cells[cells["kind"] == "value"]
    of_classes = value["metric"].isin(CLASSES)
    panels = [
        ("over images and segments: infinitely many images", value[~of_classes], "seen"),
        ("averages over classes: sets of this size", value[of_classes], "expected"),
        ("averages over classes: infinitely many images", value[of_classes], "seen"),
    ]
    figure = Figure(figsize=(12.5, 4.6), dpi=110, layout="constrained")
    for axes, (title, part, truth) in zip(figure.subplots(1, 3, sharey=True), panels, strict=True):
        axes.axhspan(100 * RIGHT, 101, color="#e7efe7", zorder=0)
        axes.axhline(95, color="#555555", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        for method, color in (("percentile", "#c8553d"), ("the product", "#1f5f8b")):
            for at, (world, inside) in enumerate(part[part["method"] == method].groupby("world", sort=False)):
                mean = inside.groupby("n")[truth].mean()
                marker = "osD^"[list(cells["world"].unique()).index(world)]
                axes.plot(mean.index, 100 * mean, color=color, marker=marker, markersize=5, linewidth=1.5,
                          label=f"{method}, {world}" if truth == "expected" else f"_{at}")  # fmt: skip
        axes.set_xscale("log")
        axes.set_xticks(sorted(part["n"].unique()), [f"{n:,}" for n in sorted(part["n"].unique())])
        axes.minorticks_off()
        axes.set_title(title, fontsize=10.5, loc="left")
        axes.set_xlabel("images in the set")
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("intervals that hold the truth, %")
    figure.axes[0].set_ylim(top=101)
    shown = figure.axes[1].get_legend_handles_labels()
    figure.legend(*shown, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.savefig(to, metadata={"Software": None})
    return to
