"""Tables 1 to 5 as differences: the first variant minus each other one, on the images that both have."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bench.evaluate.intervals import Rows, paired
from bench.evaluate.names import parse
from bench.report.layout import MISSING, short_name

COLUMNS = ("metric", "variant", "against", "value", "low", "high", "p", "n")
"""``value`` is ``variant`` minus ``against``; ``p`` is two-sided, from the bootstrap; ``n`` counts images."""
RESAMPLES = 10_000


def differences(
    runs: Sequence[tuple[str, Mapping[str, Rows]]], resamples: int = RESAMPLES, seed: int = 0
) -> pd.DataFrame:
    """The columns `COLUMNS`, from (variant, rows of its metrics) of each run, the first against the others.

    Only metrics of one full name are compared. Floors are left out: nobody asks whether a method beats them by chance.
    """
    lines = []
    for variant, rows in runs[1:]:
        for metric in () if variant.startswith("floor") else [name for name in runs[0][1] if name in rows]:
            found = paired(runs[0][1][metric], rows[metric], resamples, seed)
            lines.append((metric, runs[0][0], variant, found.value, found.low, found.high, found.p, found.n))
    return pd.DataFrame(lines, columns=list(COLUMNS))


def real(line: Mapping[Any, Any]) -> bool:
    """Whether the interval of a difference excludes 0."""
    return bool(line["low"] > 0 or line["high"] < 0)


def markdown_differences(table: pd.DataFrame) -> str:
    """A row for each other variant, a column for each metric, in points of a percent (cosines as they are)."""
    first, metrics = str(table["variant"].iloc[0]), list(dict.fromkeys(table["metric"]))
    names = [parse(metric) for metric in metrics]
    headers = ["<br>".join(filter(None, short_name(name, names))) for name in names]
    found = {(line["against"], line["metric"]): line for line in table.to_dict("records")}
    lines = [_piped([f"{first} minus …", *headers]), "|---|" + "---:|" * len(metrics)]
    for variant in dict.fromkeys(table["against"]):
        lines.append(_piped([variant, *(_cell(found.get((variant, metric)), metric) for metric in metrics)]))
    low, high = int(table["n"].min()), int(table["n"].max())
    notes = (
        f"Differences on the {low}{f' to {high}' if high > low else ''} images that both have, in points of a percent "
        f"(cosines as they are) with 95 % intervals of a paired bootstrap over images.",
        "**Bold**: the interval excludes 0. Of many intervals around nothing, one in twenty excludes 0 by chance.",
    )
    return "\n".join(lines) + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def signed(value: float, cosine: bool = False) -> str:
    """``+2.1`` points of a percent, ``−0.012`` for a cosine; a rounded 0 has no sign."""
    text = f"{value:+.3f}" if cosine else f"{100 * value:+.1f}"
    return (text if text.strip("+-0.") else text[1:]).replace("-", "−")


def _cell(line: Mapping[Any, Any] | None, metric: str) -> str:
    if line is None or math.isnan(line["value"]):
        return MISSING
    value, low, high = (signed(line[key], metric.endswith(".cosine")) for key in ("value", "low", "high"))
    if math.isnan(line["low"]):
        return value
    text = f"{value} [{low}, {high}]"
    return f"**{text}**" if real(line) else text


def _piped(texts: Sequence[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"
