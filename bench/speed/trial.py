"""No part of the paper: a stage tried twice on the same inputs, in its plain and in its fast form."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.speed.clock import Cost, measure
from bench.speed.products import Product, measure_limit
from bench.system.pages import give_back


@dataclass(frozen=True)
class Trial:
    """One stage, ready to run.

    ``plain`` and ``fast`` take nothing; ``compare`` gives by how much what they gave differs, at most ``tolerance``.
    ``products`` lists those of the fast form once it has run. What is dear is run in part: the whole takes
    ``plain_times`` as long as what was measured, and ``extrapolated`` says how the whole was worked out. ``more`` adds
    to the row what belongs to this stage alone.
    """

    stage: str
    inputs: str
    plain: Callable[[], Any]
    fast: Callable[[], Any]
    compare: Callable[[Any, Any], float]
    tolerance: float
    products: Callable[[], Sequence[Product]] = tuple
    plain_times: float = 1.0
    extrapolated: str = ""
    more: Callable[[Cost, Cost], Mapping[str, Any]] = field(default=lambda plain, fast: {})


def run_trial(trial: Trial) -> dict[str, Any]:
    """Run both forms and return a row: see `bench.speed.write.COLUMNS`. Seconds are the processor's, of one thread."""
    from bench.system.products import leave_to_torch

    gc.collect()  # models of an earlier trial
    give_back()  # as a run does between stages, so that the peak is that of a worker
    fast, fast_cost = measure(trial.fast)
    with leave_to_torch():
        plain, plain_cost = measure(trial.plain)
    difference, products = trial.compare(plain, fast), trial.products()
    limit, plain_s = measure_limit(products), plain_cost.seconds * trial.plain_times
    share, share_best = limit.compute_shares(fast_cost.seconds) if limit.flops else (None, None)
    return {
        "stage": trial.stage,
        "inputs": trial.inputs,
        "plain_s": plain_s,
        "fast_s": fast_cost.seconds,
        "ratio": plain_s / fast_cost.seconds,
        "agrees": difference <= trial.tolerance,
        "difference": difference,
        "tolerance": trial.tolerance,
        "peak_mb": fast_cost.peak_mb,
        "mapped_mb": fast_cost.mapped_mb,
        "flops": limit.flops or None,
        "gflops_a_second": limit.flops / fast_cost.seconds / 1e9 if limit.flops else None,
        "limit_gflops_a_second": limit.flops / limit.seconds / 1e9 if limit.flops else None,
        "best_gflops_a_second": limit.best / 1e9 if limit.flops else None,
        "share": share,
        "share_best": share_best,
        "plain": "extrapolated" if trial.extrapolated else "measured",
        "fast": "measured",
        "how": trial.extrapolated,
        "n": fast_cost.times,
        **trial.more(plain_cost, fast_cost),
    }
