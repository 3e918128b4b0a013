"""What the simulation of coverage.py found, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from coverage_methods import JACKKNIFE, PRODUCT
from coverage_metrics import CLASSES
from coverage_near import TOLD

from bench.score.estimates import ENOUGH, FEW, FEW_IMAGES

RIGHT, ERROR = 0.93, 0.06
LEAST_SETS = 60
"""Cells of fewer sets are not judged."""
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
Each reaches at least as far as images would which the set does not show, where it shows few failures, or few hits
(`bench/score/ends.py`).
Percentiles, basic, bias-corrected, BCa, Bayesian and m-out-of-n intervals of averages over classes fail because a
class in a single image has no spread within itself and is missing from a third of the resamples; the delta method
gives it no spread at all.
"""
NOISE = """Coverage is an estimate, too: of k sets it has a standard error of sqrt(c (1 - c) / k), which stands behind
it after ±. A cell misses the rule where it lies below it by more than two of them."""


def summarise(lines: pd.DataFrame, cells: pd.DataFrame, quick: bool) -> str:
    """The page, from a line for each test set and the cells of all."""
    near, paired = lines[lines["kind"] == "near"], lines[lines["kind"].isin(["alike", "apart"])]
    value = lines[lines["kind"] == "value"]
    full, own = value[value["full"]], value[value["method"] == PRODUCT]
    means = [metric for metric in full["metric"].unique() if metric not in CLASSES]
    of_classes = [metric for metric in full["metric"].unique() if metric in CLASSES]
    sets = int((lines["method"] == PRODUCT).sum())
    how, worlds = " --quick" if quick else "", ", ".join(own["world"].unique())
    parts = [
        "# How often intervals hold the truth",
        f"Simulated test sets with known truth: n={sets:,} intervals of the product, from "
        f"worlds shaped like {worlds} (what is known of them and what is assumed stands in "
        "`scripts/coverage_worlds.py`), and from some next to 0 and 100 % (`scripts/coverage_near.py`). Made by "
        f"`python scripts/coverage.py{how}`; all cells in `coverage.csv`.",
        RULE, NOISE, CHOSEN, "![coverage](coverage.png)",
        "## The product, by metric", "Coverage of *seen* in percent, over all worlds; n as in `coverage.csv`.",
        _table_own(own, "seen"), "Averages over classes, *expected*:",
        _table_own(own[own["metric"].isin(CLASSES)], "expected"),
        "## Methods for numbers over images and segments",
        f"{', '.join(means)}. Coverage over all sets of a size (n={_count_sets(full, means):,} by each "
        "method), in percent; width beside the product's.",
        _table_methods(full, means, "seen"),
        "## Where percentiles stay",
        f"The same sets, by the degrees of freedom of the standard error: percentiles are right from {ENOUGH:.0f} on.",
        _table_freedom(full, means),
        "## Methods for averages over classes",
        f"{', '.join(of_classes)} (n={_count_sets(full, of_classes):,} by each method). *Expected*:",
        _table_methods(full, of_classes, "expected"), "*Seen*:", _table_methods(full, of_classes, "seen"),
        "*All*:", _table_methods(full, of_classes, "all"), _describe_even(value),
        "## Next to 0 and 100 %", f"{TOLD} (n={int((near['method'] == PRODUCT).sum()):,} sets).", _table_near(near),
        "## Marked intervals",
        f"Marked is an interval of fewer than {FEW_IMAGES} images, where no method is right everywhere; of an "
        f"average over classes of which more than half are seen in fewer than {FEW} images; one without a width, "
        "because all images agree; and where classes count of which nothing was measured (`unseen`, `unmatched`). The "
        "second rests on an assumption which these worlds fulfil and another may not (few images do to every class "
        "what they do to the others), and it says least of the classes that no image shows. "
        "The product, in percent:",
        _table_marks(own),
        "## Paired tests",
        "How often the test says that two systems differ which are alike, in percent, at 5 %:",
        _table_null(paired[paired["method"] == PRODUCT]),
        "By each method, with a system whose numbers are a tenth lower (*apart*), and how often the interval holds the "
        "true difference:",
        _table_pairs(paired[paired["full"]]), "## What misses the rule",
        _list_faults(lines[lines["method"] == PRODUCT]),
    ]  # fmt: skip
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _count_sets(lines: pd.DataFrame, metrics: Sequence[str]) -> int:
    return int(((lines["method"] == "percentile") & lines["metric"].isin(metrics)).sum())


def _table_own(own: pd.DataFrame, truth: str) -> str:
    """A row a metric, a column a size: coverage with its standard error."""
    sizes = sorted(own["n"].unique())
    rows = []
    for metric, part in own.groupby("metric", sort=False):
        each = [part[part["n"] == n] for n in sizes]
        worst = part.groupby(["world", "n"])[truth].mean().min()
        told = [_estimate_share(inside[truth]) for inside in each]
        rows.append([str(metric), *told, _percent(worst), _percent((part["note"] != "").mean()), f"{len(part):,}"])
    return _write_table(["metric", *(f"n={n:,}" for n in sizes), "worst cell", "marked", "n"], rows)


def _estimate_share(held: pd.Series) -> str:
    if not len(held):
        return "–"
    return f"{_percent(held.mean())} ± {100 * _find_noise(held.mean(), len(held)):.1f}"


def _find_noise(share: float, sets: int) -> float:
    return float(np.sqrt(max(share * (1 - share), 0.5 / sets * (1 - 0.5 / sets)) / sets))


def _describe_even(value: pd.DataFrame) -> str:
    part = value[(value["world"] == "Even-200") & (value["metric"] == "mIoU") & (value["n"] == 60)]
    told = []
    for method in ("percentile", PRODUCT):
        one = part[part["method"] == method]
        expected, seen, own = _estimate_share(one["expected"]), _estimate_share(one["seen"]), one["holds"].mean()
        told.append(f"{method} holds what such sets give in {expected}, the value on infinitely many images in {seen}, "
                    f"and its own value in {_percent(own)} (n={len(one)})")  # fmt: skip
    return f"60 images of 200 classes, 12 an image (Even-200), mIoU, in percent of sets: {'; '.join(told)}."


def _table_near(near: pd.DataFrame) -> str:
    sizes = sorted(near["n"].unique())
    rows = []
    for (world, method), part in near.groupby(["metric", "method"], sort=False):
        worst = part.groupby(["n", "world"])["seen"].mean().groupby("n").min()
        wide = part.groupby("n")["width"].mean()
        cells = [f"{_percent(worst[n])} ({100 * wide[n]:.2g})" for n in sizes]
        rows.append([str(world), str(method), *cells])
    return _write_table(["world", "method", *(f"n={n:,}" for n in sizes)], rows)


def _table_methods(lines: pd.DataFrame, metrics: Sequence[str], truth: str) -> str:
    """A row a method: coverage at each size, and the width."""
    part = lines[lines["metric"].isin(metrics)]
    sizes = sorted(part["n"].unique())
    by_size = part.pivot_table(index="method", columns="n", values=truth, aggfunc="mean")
    wide = part[part["n"] <= 1000].groupby("method")["width"].mean()
    head = ["method", *(f"n={n:,}" for n in sizes), "width"]
    rows = [
        [str(name), *(_percent(by_size.loc[name, n]) for n in sizes), f"{wide[name] / wide[PRODUCT]:.2f}"]
        for name in part["method"].unique()
    ]
    return _write_table(head, rows)


def _table_freedom(lines: pd.DataFrame, metrics: Sequence[str]) -> str:
    edges = [1, 10, 20, 35, 50, 75, 100, 200, 10_000]
    part = lines[lines["metric"].isin(metrics)]
    part = part.assign(bin=np.searchsorted(edges, part["freedom"], side="right") - 1)
    rows = []
    for at, (low, high) in enumerate(zip(edges, edges[1:], strict=False)):
        inside = part[part["bin"] == at]
        if inside.empty:
            continue
        each = inside.groupby("method")["seen"].mean()
        names = ("percentile", JACKKNIFE, PRODUCT)
        n = int((inside["method"] == "percentile").sum())
        rows.append([f"{low} to {high:,}", *(_percent(each[name]) for name in names), f"{n:,}"])
    return _write_table(["degrees of freedom", "percentile", "jackknife, Wilson", "the product", "n"], rows)


def _table_marks(own: pd.DataFrame) -> str:
    part = own.assign(what=["average over classes" if m in CLASSES else "other" for m in own["metric"]])
    rows = []
    for (what, marked), inside in part.groupby(["what", part["note"] != ""]):
        truths = [_estimate_share(inside[name].dropna()) for name in ("expected", "seen", "all")]
        rows.append([str(what), "yes" if marked else "no", *truths, f"{len(inside):,}"])
    return _write_table(["number", "marked", "expected", "seen", "all", "n"], rows)


def _table_null(paired: pd.DataFrame) -> str:
    alike = paired[paired["kind"] == "alike"]
    sizes = sorted(alike["n"].unique())
    rows = []
    for metric, part in alike.groupby("metric", sort=False):
        each = [_estimate_share(part.loc[part["n"] == n, "real"]) for n in sizes]
        rows.append([str(metric), *each, _estimate_share(part["real"]), f"{len(part):,}"])
    return _write_table(["metric", *(f"n={n:,}" for n in sizes), "all", "n"], rows)


def _table_pairs(paired: pd.DataFrame) -> str:
    rows = []
    for (metric, method), part in paired.groupby(["metric", "method"], sort=False):
        cells = []
        for kind in ("alike", "apart"):
            inside = part[part["kind"] == kind]
            real, seen, width = (100 * inside[key].mean() for key in ("real", "seen", "width"))
            cells += [f"{real:.1f}", f"{seen:.1f}", f"{width:.1f}"]
        rows.append([str(metric), str(method), *cells, f"{len(part):,}"])
    head = ["metric", "method", "alike: differ", "holds", "width", "apart: differ", "holds", "width", "n"]
    return _write_table(head, rows)


def _list_faults(own: pd.DataFrame) -> str:
    """Count the product's cells that miss the rule, and name those that do by more than the simulation's own noise."""
    found = [*_find_faults(own, "unmarked", own["note"] == ""), *_find_faults(own, "marked", own["note"] != "")]
    return "\n\n".join(found)


def _find_faults(own: pd.DataFrame, what: str, kept: pd.Series) -> list[str]:
    """A sentence on coverage, and one on false differences."""
    cells: dict[str, list[tuple[str, float, int]]] = {"coverage": [], "false differences": []}
    for key, part in own[kept].groupby(["kind", "metric", "world", "n"], sort=False):
        for truth in ("expected", "seen"):
            known = part[truth].dropna()
            if len(known) >= LEAST_SETS:
                cells["coverage"].append((f"{key[0]} {key[1]} ({truth})", known.mean(), len(known)))
        if key[0] == "alike" and len(part) >= LEAST_SETS:
            cells["false differences"].append((str(key[1]), part["real"].mean(), len(part)))
    told = []
    for name, sign, bound in (("coverage", 1, RIGHT), ("false differences", -1, ERROR)):
        missed = [cell for cell in cells[name] if sign * cell[1] < sign * bound]
        faults = [cell for cell in missed if sign * (bound - cell[1]) > 2 * _find_noise(bound, cell[2])]
        each: dict[str, list[float]] = {}
        for place, share, _ in faults:
            each.setdefault(place, []).append(share)
        listed = "; ".join(f"{place} in {len(shares)}, {_percent(min(shares))} to {_percent(max(shares))} %"
                           for place, shares in each.items()) or "none"  # fmt: skip
        told.append(f"{what.capitalize()}, {name}: of {len(cells[name]):,} cells of {LEAST_SETS} sets or more "
                    f"{len(missed)} lie beyond {100 * bound:.0f} %, by more than two standard errors {len(faults)}: "
                    f"{listed}.")  # fmt: skip
    return told


def _percent(share: Any) -> str:
    return "–" if pd.isna(share) else f"{100 * share:.1f}"


def _write_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)
