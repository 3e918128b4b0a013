"""No part of the paper: what `zgs speed scale=paper` should reach, and which of it a run of it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.speed.rows import describe_unjudged, list_judged
from bench.speed.try_stages import STAGES

SHARE, PEAK = 0.85, 3072
"""Of the limit, in stages with models; MB (of 1,024 x 1,024 bytes, as the page has them) of a stage's process."""
OF_BEST = (
    "- Shares are of the rate at which products of the stage's own shapes are made. That of the best shape's rate "
    "stands in the first table, and is no aim: a product of few rows waits for its weight on any machine, and can "
    "never be made at the rate of a large one."
)


@dataclass(frozen=True)
class Aim:
    """A bound on a number of a stage's row: `path` leads to it, and `at_most` says on which side it should lie."""

    stage: str
    what: str
    path: tuple[str, ...]
    bound: float
    at_most: bool = False

    def is_met(self, value: float) -> bool:
        """Whether a measured value is on the right side, the bound itself included."""
        return value <= self.bound if self.at_most else value >= self.bound


AIMS = (
    Aim("features", "ratio", ("ratio",), 5),
    Aim("clustering", "ratio", ("ratio",), 8),
    Aim("embeddings", "ratio", ("ratio",), 6.5),
    Aim("captions", "ratio of a token step", ("ratio",), 90),
    Aim("captions", "ratio over an image", ("image", "ratio"), 300),
    Aim("scoring", "ratio", ("ratio",), 5000),
    *(Aim(stage, "share of the limit", ("share",), SHARE) for stage in ("features", "embeddings", "captions")),
    Aim("features", "bfloat16, ratio to float32", ("bfloat16", "ratio"), 1.9),
    Aim("embeddings", "bfloat16 of trunk and masked layers, ratio to float32", ("bfloat16", "ratio"), 1.8),
    *(Aim(stage, "peak, MB", ("peak_mb",), PEAK, at_most=True) for stage in STAGES),
)
"""All of them, in the order of the page."""
WHOLE_SEARCH = (
    "- The peak of captions is that of the token step in its row: a whole search of several segments and beams "
    "holds more; `python scripts/caption_memory.py` measures it (MODELS.md, memory of a worker)."
)


def judge_aims(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Aim, float]]:
    """Give each aim with what was measured for it; none for stages and types not measured as aims ask."""
    found = {row["stage"]: row for row in list_judged(rows)}
    for aim in AIMS:
        value: Any = found.get(aim.stage)
        for key in aim.path:
            value = value.get(key) if value else None
        if value is not None:
            yield aim, float(value)


def write_aims(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write the page's lines: a table of aims, what was measured, and in words whether it is met; none of no aim."""
    judged = list(judge_aims(rows))
    told = [line for sentence in describe_unjudged(rows) for line in ("", sentence)]
    if not judged:
        return told
    notes = [OF_BEST] if any(aim.stage == "captions" and aim.bound == SHARE for aim, _ in judged) else []
    notes += [WHOLE_SEARCH] if any(aim.stage == "captions" and aim.at_most for aim, _ in judged) else []
    return [
        "",
        f"**Aims:** {count_met(judged)}",
        "",
        *write_table(judged),
        *(["", *notes] if notes else []),
        *told,
    ]


def count_met(judged: Sequence[tuple[Aim, float]]) -> str:
    """Count in a sentence how many aims are met."""
    missed = sum(not aim.is_met(value) for aim, value in judged)
    return f"{len(judged) - missed} of the {len(judged)} that were measured are met, {missed} missed."


def write_table(judged: Iterable[tuple[Aim, float | None]]) -> list[str]:
    """Write a table of aims; None is what was not measured."""
    return ["| aim | measured | met |", "|---|---:|---|", *(_write_line(aim, value) for aim, value in judged)]


def _write_line(aim: Aim, value: float | None) -> str:
    side = "at most" if aim.at_most else "at least"
    told = "– | not measured"
    if value is not None:
        told = f"{_write_value(aim, value)} | {'met' if aim.is_met(value) else '**missed**'}"
    return f"| {aim.stage}: {aim.what}, {side} {aim.bound:,g} | {told} |"


def _write_value(aim: Aim, value: float) -> str:
    """Write a value with as many digits as tell it from the bound, two at least below 100."""
    if 0 < value < 1e-3:
        return f"{value:.1e}"
    digits = 2 if value < 100 else 0
    while digits < 9 and round(value, digits) == aim.bound != value:
        digits += 1
    return f"{value:,.{digits}f}"
