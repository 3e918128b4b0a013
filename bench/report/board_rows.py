"""The rows of a board: what a run chose of its variant, and runs that are one in every number; no part of the paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.errors import UserError
from bench.score.intervals import MetricCounts
from bench.settings.compose import compose_config, resolve_config
from bench.settings.saved import read_run_settings

UNKNOWN = "not known"
"""Where the option is not among those of this installation."""
Rows = Mapping[str, Mapping[str, MetricCounts]]


def write_settings(folder: Path) -> str:
    """Write what a run chose of its encoder besides the option, as words of `zgs run`; empty where that is its yaml.

    With the run's own models, for an option may take a number from them. A key that the yaml does not state has ++.
    """
    settings = read_run_settings(folder)
    own, choices = settings.get("encode"), settings.get("choices", {})
    if not isinstance(own, Mapping) or "encode" not in choices:
        return ""
    known = compose_encoder(str(choices["encode"]), choices.get("models"))
    if known is None or known.get("_target_") != own.get("_target_"):
        return UNKNOWN
    words = (("" if key in known else "++", key, value) for key, value in own.items() if known.get(key) != value)
    return " ".join(f"{plus}encode.{key}={value}" for plus, key, value in words)


def compose_encoder(option: str, models: str | None) -> dict[str, Any] | None:
    """Compose an option of encode= as its yaml and the models' have it; None where there is none of that name."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    words = [f"encode={option}", *([f"models={models}"] if models else [])]
    try:
        encoder = resolve_config(compose_config(words), complete=False)["encode"]
    except (HydraException, OmegaConfBaseException, UserError):
        return None
    return dict(encoder) if isinstance(encoder, Mapping) else None


def find_twins(rows: Rows, metrics: Sequence[str]) -> dict[str, str]:
    """Find the runs that have an earlier one's counts in every image, by every metric: twin to that one."""
    firsts, twins = list[str](), dict[str, str]()
    for name, own in rows.items():
        first = next((known for known in firsts if _are_equal(own, rows[known], metrics)), None)
        if first is None:
            firsts.append(name)
        else:
            twins[name] = first
    return twins


def _are_equal(one: Mapping[str, MetricCounts], other: Mapping[str, MetricCounts], metrics: Sequence[str]) -> bool:
    shared = [name for name in metrics if name in one or name in other]
    return bool(shared) and all(
        name in one
        and name in other
        and one[name].image_ids == other[name].image_ids
        and np.array_equal(one[name].numerator, other[name].numerator, equal_nan=True)
        and np.array_equal(one[name].denominator, other[name].denominator, equal_nan=True)
        for name in shared
    )


def select_different(rows: Rows, twins: Mapping[str, str]) -> Rows:
    """Select the runs that count in ranks: all without a twin before them; all where that would leave one alone."""
    different = {name: own for name, own in rows.items() if name not in twins}
    return different if len(different) > 1 else rows


def add_twins(table: pd.DataFrame, twins: Mapping[str, str]) -> pd.DataFrame:
    """Add to the ranks of a metric a line for each twin that was not ranked: that of the run it equals."""
    ranked = set(table["variant"])
    lines = [
        table[table["variant"] == first].assign(variant=twin) for twin, first in twins.items() if twin not in ranked
    ]
    return pd.concat([table, *lines]).sort_values("rank", kind="stable", ignore_index=True)


def describe_twins(twins: Mapping[str, str], counted_once: bool) -> Iterator[str]:
    """Describe each run that is another one in every number, and that both are one in ranks."""
    for twin, first in twins.items():
        ending = "; in ranks, letters and agreement both count once" if counted_once else ""
        yield f"{twin}: equal to {first} in every number of every image{ending}."
