"""The rule of interval_coverage.py in numbers: what a row of test sets says of it, and which rows to simulate again.

A row is all test sets of one size that are drawn from one world for one metric. It is judged by itself, by its own
number of sets: coverage in k sets has a standard error of sqrt(c (1 - c) / k), and a row is a fault where it lies below
the rule by more than two of them (a test where its false differences lie above). Of hundreds of rows the worst is low
by bad luck. A row that misses the rule at first is therefore simulated again, with many more sets and none of the first
ones, and judged by these alone, unless it misses by more than five standard errors, which luck does not explain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

RIGHT, ERROR = 0.93, 0.06
BEYOND, CLEAR = 2.0, 5.0
"""Standard errors by which a row misses the rule, and by which it does so clearly."""
LEAST_SETS = 60
"""Rows of fewer sets are not judged."""
ROW = ["kind", "metric", "world", "false", "n"]
"""What test sets of one row have in common."""
TRUTHS = ("expected", "seen")
"""The true values that the rule asks for."""
TEXT = """**The rule**, written down before the first run. Of a nominal 95 %:

1. An interval is right where it holds the truth in at least 93 % of test sets, in every world and size of set.
   Among the methods that are right, the one whose intervals are narrowest is chosen.
2. A paired test at 5 % calls a difference real in at most 6 % of sets where there is none.
3. An interval always holds its own value, and none has zero width at 0 % or 100 %.
4. Where no method is right, the interval is marked, and the mark says why.

**The truth** of a number over images or segments is its value on infinitely many images. Of an average over classes
there are three: *expected*, what sets of this size give on average; *seen*, the value on infinitely many images of
those classes that the set shows; *all*, the same of all classes there are. The rule asks for the first two. Of a
class that no image shows, nothing can be said; *all* stands beside them.

**Noise.** Coverage is an estimate, too: of k sets it has a standard error of sqrt(c (1 - c) / k), which stands behind
it after ±. Every row, which is one metric, world and size of set, is judged by itself and its own number of sets: it is
a fault where it lies below the rule by more than two standard errors. Of hundreds of rows the worst is low by bad luck,
so a row that misses the rule at first is simulated again, with many more sets and none of the first ones, and judged by
these alone, unless it misses by more than five standard errors.
"""


def compute_noise(share: float, sets: int) -> float:
    """Compute the standard error of a share of some sets; of 0 and 1 that of half a set."""
    least = 0.5 / sets
    return float(np.sqrt(max(share * (1 - share), least * (1 - least)) / sets))


def measure_miss(share: float, sets: int, is_error: bool = False) -> float:
    """Measure by how many standard errors a share of sets misses the rule; negative where it keeps it."""
    bound = ERROR if is_error else RIGHT
    return (share - bound if is_error else bound - share) / compute_noise(bound, sets)


def is_undecided(lines: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the product's intervals of one row miss the rule by no more than luck may explain.

    Marked intervals and others are looked at by themselves, as `list_judged` does.
    """
    found = [row["miss"] for row in list_judged(pd.DataFrame(lines), LEAST_SETS // 3)]
    return any(0 < miss < CLEAR for miss in found)


def list_judged(lines: pd.DataFrame, least: int = LEAST_SETS) -> list[dict[str, Any]]:
    """Take the product's lines, return what is judged: of each row, marked or not, every share that has a rule.

    Each has the row's `ROW`, ``marked``, ``what`` (a truth, or "false differences"), ``share``, ``sets`` and ``miss``.
    """
    judged = []
    marked = (lines["note"] != "").rename("marked")
    for (*row, is_marked), part in lines.groupby([*(key for key in ROW if key in lines), marked], sort=False):
        shares = {truth: part[truth].dropna() for truth in TRUTHS if truth in part}
        if "real" in part and (part["kind"] == "alike").all():
            shares["false differences"] = part["real"].dropna()
        facts = dict(zip([key for key in ROW if key in lines], row, strict=True)) | {"marked": bool(is_marked)}
        for what, held in shares.items():
            if len(held) >= least:
                miss = measure_miss(held.mean(), len(held), what == "false differences")
                judged.append({**facts, "what": what, "share": held.mean(), "sets": len(held), "miss": miss})
    return judged


def keep_judged(lines: pd.DataFrame, product: str) -> pd.DataFrame:
    """Keep every line but the product's of rows that were simulated again: of these the last ones."""
    last = lines.groupby([*ROW, "method"], sort=False)["stage"].transform("max")
    return lines[(lines["stage"] == last) | (lines["method"] != product)]
