"""What interval_coverage.py found by simulation, as a page: tables, and sentences that are made from the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from coverage_methods import PRODUCT, Z
from coverage_metrics import CLASSES
from coverage_near import AWAY, BEFORE, CONCENTRATION, HEAVIEST
from coverage_rule import BEYOND, ERROR, LEAST_SETS, RIGHT, ROW, TEXT, compute_noise, list_judged, measure_miss
from coverage_tables import (
    EDGES,
    bin_freedom,
    split_bins,
    table_freedom,
    table_marks,
    table_methods,
    table_near,
    table_own,
    table_pairs,
    write_estimate,
    write_percent,
    write_share,
    write_table,
)

from bench.score.estimates import ENOUGH, FEW, FEW_IMAGES

CHOSEN = f"""**Chosen.** Percentiles of resamples for a number over images or segments whose standard error has at
least {ENOUGH:.0f} degrees of freedom (by the kurtosis of what each image does to it, Satterthwaite's way); 10,000 of
them, here 200 to 1,000, the same for all sets of a row. Below that, and for every average over classes: Wilson's
interval for as many trials as the jackknife's standard error tells of, with Student's t; for averages over classes from
below the lower of two values to above the higher, the number as measured and the same without the shift that few images
a class bring (`bench/score/estimates.py` derives it). Each reaches at least as far as images would which the set does
not show, where it shows few failures, or few hits (`bench/score/ends.py`). What resampling cannot see in an average
over classes: a class in a single image has no spread within itself, and about a third of the resamples lack it.
"""
RELATED = """**Related work.** "Performance uncertainty in medical image analysis: a large-scale investigation of
confidence intervals" (arXiv 2601.17103) measures coverage and width on 24 segmentation and classification tasks. Its
abstract says that reliable intervals need from a few dozens to several thousands of cases, and averages over classes
(macro) more than pooled numbers (micro). "Some hidden traps of confidence intervals in medical image segmentation:
coverage issues" (P. André and others, 2025) compares five methods for means and medians over images. Here the worlds
are made up, so that the truth of rare classes is known.
"""


def list_reaches(sizes: Sequence[int]) -> str:
    """Say of alike images from which number on they show fewer than 2 z^2 failures, or hits, so that ends move out."""
    least = {n: 100 * max(1 - Z * (2 / n) ** 0.5, 0.5) for n in sizes}
    told = [f"of {n:,} above {low:.0f} and below {100 - low:.0f} %" for n, low in least.items() if low > 50]
    return ", ".join([f"of {n} at any number" for n, low in least.items() if low <= 50] + told)


MARKED = f"""Marked is an interval of fewer than {FEW_IMAGES} images; of an average over classes of which more than half
are seen in fewer than {FEW} images; one without a width, because all images agree; and where classes count of which
nothing was measured (`unseen`, `unmatched`). The second rests on an assumption of these worlds, which another may not
fulfil: that few images do to every class what they do to the others. The product, in percent:
"""
NEAR = """Where nearly all is right, a set seldom shows what goes wrong. *alike* and *failures* cannot be told apart by
a set in which nothing fails: each image is nearly right, and in the one world that is all, in the other one image in
100 to 1,000 is wholly wrong. An interval that is right in both is wider in the first than that world alone asks for;
the rule asks for every world, and only then for width. The six worlds stand in `scripts/coverage_near.py`. Coverage in
percent where it is worst, of 99, 99.5 and 99.9 % and of 1, 0.5 and 0.1 %, and the mean width in points"""

FARTHER = f"""What a set does not show is reckoned with by counting failures (`bench/score/ends.py`), and alike images
of a middling number count as few of them, too: {list_reaches((30, 60, 90, 200, 1000))}. So in small sets intervals
reach farther away from the bounds as well, and that buys nothing where images really are alike. What it costs was
measured of images of {100 * AWAY:.0f} %, and {100 - 100 * AWAY:.0f} %, from a beta distribution of concentration
{CONCENTRATION} (a standard deviation of 6 points): coverage in percent, of the worse of both, and the mean width in
points"""
UNSEEN = """**A decision: these rows keep no mark.** A mark is made from the images of a set, and in these pools what
decides is not in it. A few images of very unequal weight bear much of what fails, and a set that has none of the
heaviest looks like one of a better source. An interval that held the truth there as well would have to assume how much
heavier than all seen an image may be, in every set of thousands of images."""


def summarise(lines: pd.DataFrame, quick: bool) -> str:
    """The page, from a line for each test set."""
    own, value = lines[lines["method"] == PRODUCT], lines[lines["kind"] == "value"]
    known = value["metric"].drop_duplicates()
    compared = known[known.isin(value.loc[value["method"] == "percentile", "metric"])]
    parts = [
        "# How often intervals hold the truth", describe_run(lines, quick), TEXT, CHOSEN, RELATED,
        "![coverage](coverage.png)", *describe_own(own[own["kind"] == "value"]),
        *compare_methods(value, [m for m in compared if m not in CLASSES], [m for m in compared if m in CLASSES]),
        "## Next to 0 and 100 %", *describe_near(lines[lines["kind"] == "near"]),
        "## Away from both: what it costs", *describe_away(lines[lines["kind"] == "away"]),
        "## Marked intervals", MARKED, table_marks(own),
        "## Paired tests", *describe_pairs(lines[lines["kind"].isin(["alike", "apart"])]),
        "## What misses the rule", *describe_faults(list_judged(own)),
        describe_unseen(own[own["kind"] == "near"]),
    ]  # fmt: skip
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def describe_run(lines: pd.DataFrame, quick: bool) -> str:
    """What was simulated, and how much of it."""
    worlds = ", ".join(lines.loc[lines["kind"] == "value", "world"].unique())
    again = lines[lines["stage"] == 2].groupby(["kind", "metric", "world", "false", "n"]).ngroups
    rows = lines.groupby(["kind", "metric", "world", "false", "n"]).ngroups
    return (
        f"Simulated test sets with known truth: n={(lines['method'] == PRODUCT).sum():,} intervals of the product in "
        f"{rows:,} rows, of which {again} were simulated again, from worlds shaped like {worlds} (what is known of "
        "them and what is assumed stands in `scripts/coverage_worlds.py`), and from some next to 0 and 100 % "
        f"(`scripts/coverage_near.py`). Made by `python scripts/interval_coverage.py{' --quick' * quick}`; all rows in "
        "`coverage.csv`."
    )


def describe_own(own: pd.DataFrame) -> list[str]:
    """Coverage of the product by metric."""
    return [
        "## The product, by metric",
        "Coverage of *seen* in percent: the mean over worlds of each size, and the worst row (its world, how many "
        "false segments it has for a true one, its size).",
        table_own(own, "seen"), "Averages over classes, *expected*:",
        table_own(own[own["metric"].isin(CLASSES)], "expected"),
    ]  # fmt: skip


def compare_methods(value: pd.DataFrame, means: Sequence[str], of_classes: Sequence[str]) -> list[str]:
    """All methods on the same sets, and where the product takes percentiles."""
    binned = bin_freedom(value, means)
    return [
        "## Methods for numbers over images and segments",
        f"{', '.join(means)}. Coverage over all sets of a size, the same for each method, in percent; width beside the "
        "product's.",
        table_methods(value, means, "seen"), "## Where percentiles stay", describe_freedom(binned),
        table_freedom(binned), "## Methods for averages over classes", f"{', '.join(of_classes)}. *Expected*:",
        table_methods(value, of_classes, "expected"), "*Seen*:", table_methods(value, of_classes, "seen"),
        "*All*:", table_methods(value, of_classes, "all"), describe_even(value),
    ]  # fmt: skip


def describe_freedom(binned: pd.DataFrame) -> str:
    """How percentiles do in the bins in which the product takes them."""
    kept = binned[(binned["method"] == "percentile") & (binned["bin"] >= EDGES.index(int(ENOUGH)))]
    low = [
        f"{least} to {most:,} ({write_share(part['seen'])})"
        for least, most, part in split_bins(kept)
        if measure_miss(part["seen"].mean(), len(part)) > BEYOND
    ]
    return (
        f"The same sets, by the degrees of freedom of the standard error. From {ENOUGH:.0f} on, where the product "
        f"takes them, percentiles hold the truth in {write_share(kept['seen'])} % of {len(kept):,} sets; bins below "
        f"{100 * RIGHT:.0f} % by more than two standard errors: {'; '.join(low) or 'none'}."
    )


def describe_even(value: pd.DataFrame) -> str:
    """The example of 60 images and 200 classes."""
    part = value[(value["world"] == "Even-200") & (value["metric"] == "mIoU") & (value["n"] == 60)]
    told = []
    for method in ("percentile", PRODUCT):
        one = part[part["method"] == method]
        expected, seen, own = write_share(one["expected"]), write_share(one["seen"]), one["holds"].mean()
        told.append(f"{method} holds what such sets give in {expected}, the value on infinitely many images in {seen}, "
                    f"and its own value in {write_percent(own)} (n={len(one)})")  # fmt: skip
    return f"60 images of 200 classes, 12 an image (Even-200), mIoU, in percent of sets: {'; '.join(told)}."


def describe_near(near: pd.DataFrame) -> list[str]:
    """The worlds next to 0 and 100 %, and what the narrower interval costs in the two that sets cannot tell apart."""
    told = []
    for method in (BEFORE, PRODUCT):
        part = near[(near["method"] == method) & (near["n"] == 60)]
        held = [part.loc[part["metric"] == world, "seen"] for world in ("alike", "failures")]
        told.append(f"{method} holds the truth in {write_share(held[0])} % of sets in *alike* and in "
                    f"{write_share(held[1])} % in *failures*")  # fmt: skip
    sets = int((near["method"] == PRODUCT).sum())
    return [f"{NEAR} (n={sets:,} sets). Of 60 images, {'; '.join(told)}.", table_near(near)]


def describe_away(away: pd.DataFrame) -> list[str]:
    """The world away from both bounds, and how much wider intervals are there than they need to be."""
    wide = away.groupby(["n", "method"])["width"].mean().unstack()
    ratios = [f"{row[PRODUCT] / row[BEFORE]:.1f} times as wide of {n}" for n, row in wide.iterrows()]
    sets = int((away["method"] == PRODUCT).sum())
    return [f"{FARTHER} (n={sets:,} sets). Against {BEFORE}, the product is {', '.join(ratios)} images.",
            table_near(away)]  # fmt: skip


def describe_unseen(near: pd.DataFrame) -> str:
    """Why unmarked rows next to the bounds miss the rule: which sets have none of the images that matter most."""
    told = []
    for row in list_judged(near):
        if row["miss"] > BEYOND and not row["marked"]:
            part = near[(near[ROW] == [row[key] for key in ROW]).all(axis=1) & (near["note"] == "")]
            lacking = part["heavy"] == 0
            told.append(
                f"{_name_row(row)}: {write_percent(lacking.mean())} % of sets have none of the {HEAVIEST} heaviest; of "
                f"these {write_share(part.loc[lacking, 'seen'])} % hold the truth, of the others "
                f"{write_share(part.loc[~lacking, 'seen'])} %"
            )
    return f"{UNSEEN} {'; '.join(told)}." if told else ""


def describe_pairs(paired: pd.DataFrame) -> list[str]:
    """False differences of the product, and all methods on the same sets."""
    own = paired[(paired["method"] == PRODUCT) & (paired["kind"] == "alike")]
    return [
        "How often the test says that two systems differ which are alike, in percent, at 5 %: the mean over worlds of "
        "each size, and the worst row.",
        table_own(own, "real", is_error=True),
        "By each method, with a system whose numbers are a tenth lower (*apart*), and how often the interval holds the "
        "true difference:",
        table_pairs(paired),
    ]


def describe_faults(judged: Sequence[Mapping[str, Any]]) -> list[str]:
    """The rows that miss the rule by more than noise, marked and not, and the unmarked ones that come nearest."""
    told = []
    for marked in (False, True):
        for errors, name, bound in ((False, "coverage", RIGHT), (True, "false differences", ERROR)):
            rows = [row for row in judged if row["marked"] == marked and (row["what"] == "false differences") == errors]
            faults = [row for row in rows if row["miss"] > BEYOND]
            told.append(
                f"{'Marked' if marked else 'Unmarked'}, {name}: of {len(rows):,} rows of {LEAST_SETS} sets or more "
                f"{sum(row['miss'] > 0 for row in rows)} lie beyond {100 * bound:.0f} %, by more than two standard "
                f"errors {len(faults)}: {'; '.join(_join_faults(faults)) or 'none'}."
            )
    lowest = sorted((row for row in judged if not row["marked"]), key=lambda row: -row["miss"])[:12]
    cells = [[_name_row(row), str(row["what"]), _write_judged(row), f"{row['sets']:,}", f"{row['miss']:.1f}"]
             for row in lowest]  # fmt: skip
    head = ["row", "what", "percent", "sets", "standard errors beyond the rule"]
    return [*told, "The unmarked rows that miss it by most, or keep it by least:", write_table(head, cells)]


def _join_faults(faults: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each metric and truth with its rows: all by name where they are few, else how many and between what."""
    each: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in faults:
        each.setdefault((f"{row['kind']} {row['metric']}", row["what"]), []).append(row)
    told = []
    for (place, what), rows in each.items():
        if len(rows) <= 4:
            told += [f"{_name_row(row)}, {what}: {_write_judged(row)} ({row['sets']:,} sets)" for row in rows]
        else:
            shares = [row["share"] for row in rows]
            span = f"{write_percent(min(shares))} to {write_percent(max(shares))} %"
            told.append(f"{place}, {what}: {len(rows)} rows, {span}")
    return told


def _name_row(row: Mapping[str, Any]) -> str:
    false = f", false={row['false']:g}" if row["false"] else ""
    return f"{row['kind']} {row['metric']} {row['world']}{false} n={row['n']:,}"


def _write_judged(row: Mapping[str, Any]) -> str:
    return write_estimate(row["share"], compute_noise(row["share"], row["sets"]))
