"""Section 4.4: a look into some masks before the work begins: which numbers occur, and which meaning they allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.data.prepared import NO_CLASS, NO_SCORE
from bench.errors import BadSample, UserError
from bench.prepare.masks import read_mask
from bench.prepare.plan import Coding

SAMPLE = 200
"""Masks looked into, evenly spread over the split, and as many again for an overlap with another set."""

ENOUGH = 20
"""From so many masks on pixels of no class are bound to be among them."""


def sample_evenly(files: Mapping[str, Path]) -> dict[str, Path]:
    """Take up to `SAMPLE` files, evenly spread."""
    names = sorted(files)
    step = max(1, len(names) / SAMPLE)
    return {name: files[name] for name in (names[int(i * step)] for i in range(min(SAMPLE, len(names))))}


def read_values(masks: Mapping[str, Path]) -> set[int]:
    """Read the numbers that occur. A damaged mask is named when the work reaches it; here it counts only if all are."""
    seen: set[int] = set()
    for path in sample_evenly(masks).values():
        try:
            values = read_mask(path)
            found = np.flatnonzero(np.bincount(values.ravel())) if values.dtype == np.uint8 else np.unique(values)
            seen |= set(found.tolist())
        except BadSample as error:
            fault = error
    if not seen:
        raise UserError(str(fault)) from fault
    return seen


def choose_coding(options: Sequence[Coding], masks: Mapping[str, Path], order: str | None) -> tuple[Coding, str]:
    """Choose what the numbers mean, and say how it was told: by ``--order``, else by the numbers that occur.

    Raises `UserError` where they have no meaning, where several fit, and where ``order`` contradicts them.
    """
    seen, some = read_values(masks), next(iter(masks.values()))
    fitting = [option for option in options if option.fits(seen)]
    looked = f"{min(SAMPLE, len(masks))} of {len(masks):,} masks"
    if not fitting:
        known = ("neither " if len(options) > 1 else "not ") + " nor ".join(option.legend for option in options)
        raise UserError(f"{some.parent}: masks hold {_describe(seen)}, which is {known}; use the publisher's masks")
    told = [option for option in fitting if order in (None, option.name)]
    if not told:
        raise UserError(f"--order {order}: the numbers in {looked} are {fitting[0].legend}; leave --order out")
    likely = [option for option in fitting if _uses_rest(option, seen)] if len(masks) >= ENOUGH else []
    if len(likely) == 1 and likely[0] in told:
        return likely[0], f"by the numbers in {looked}: those of no class occur there, and of no other meaning"
    if len(told) > 1:
        ask = " or ".join(f"--order {option.name} ({option.legend})" for option in told)
        raise UserError(f"{some.parent}: the numbers in {looked} do not tell what they mean; say {ask}")
    if order is not None and len(fitting) > 1:
        return told[0], "as told by --order"
    return told[0], f"by the numbers in {looked}"


def _uses_rest(option: Coding, seen: set[int]) -> bool:
    """Whether the numbers that stand for no class occur, which they do in any number of real masks."""
    return any(option.table[number] in (NO_CLASS, NO_SCORE) for number in seen)


def _describe(seen: set[int]) -> str:
    """Describe the numbers that occur, the largest apart where it stands alone (255 among small ones)."""
    ordered = sorted(seen)
    if len(ordered) > 2 and ordered[-1] - ordered[-2] > 1:
        return f"{ordered[0]} to {ordered[-2]}, and {ordered[-1]}"
    return f"{ordered[0]} to {ordered[-1]}"
