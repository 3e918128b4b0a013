"""Section 4.4: a look into some masks before the work begins: which numbers occur, and which meaning they allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.data.prepared import NO_CLASS, NO_SCORE
from bench.errors import BadSample, UserError
from bench.prepare.masks import read_mask
from bench.prepare.plan import Coding

SAMPLE = 200
"""Masks looked into, evenly spread over the split, and as many again for an overlap with another set."""

FEW = 0.1
"""Of the masks looked into at most so many are damage, which ``--partial`` leaves out; more are another data set."""

ENOUGH = 20
"""From so many masks on pixels of no class are bound to be among them."""


def sample_evenly(files: Mapping[str, Path]) -> dict[str, Path]:
    """Take up to `SAMPLE` files, evenly spread."""
    names = sorted(files)
    step = max(1, len(names) / SAMPLE)
    return {name: files[name] for name in (names[int(i * step)] for i in range(min(SAMPLE, len(names))))}


def read_values(masks: Mapping[str, Path]) -> set[int]:
    """Read the numbers that occur in the masks looked into. Raises `UserError` where all are damaged."""
    return set[int]().union(*read_values_of_each(masks).values())


def read_values_of_each(masks: Mapping[str, Path]) -> dict[Path, set[int]]:
    """Read the numbers that occur in each mask looked into.

    A damaged mask is named when the work reaches it; here it counts only if all are: raises `UserError`.
    """
    seen: dict[Path, set[int]] = {}
    for path in sample_evenly(masks).values():
        try:
            values = read_mask(path)
            found = np.flatnonzero(np.bincount(values.ravel())) if values.dtype == np.uint8 else np.unique(values)
            seen[path] = set(found.tolist())
        except BadSample as error:
            fault = error
    if not seen:
        raise UserError(str(fault)) from fault
    return seen


def choose_coding(
    options: Sequence[Coding], masks: Mapping[str, Path], order: str | None, partial: bool = False
) -> tuple[Coding, str]:
    """Choose what the numbers mean, and say how it was told: by ``--order``, else by the numbers that occur.

    Raises `UserError` where they have no meaning, naming the first such mask, where several fit, and where ``order``
    contradicts them. With ``partial`` a mask of many that has another meaning is left for the work to name.
    """
    values = read_values_of_each(masks)
    odd = _find_odd(options, values)
    if odd and not (partial and len(odd) <= FEW * len(values)):
        _refuse_numbers(options, values, odd[0])
    seen = set[int]().union(*(values[path] for path in values.keys() - odd))
    fitting = [option for option in options if option.fits(seen)]
    return _choose_fitting(fitting, seen, masks, order)


def _find_odd(options: Sequence[Coding], values: Mapping[Path, set[int]]) -> list[Path]:
    """Find the masks that do not fit the meaning that most of them fit; none where one meaning fits all."""
    misfits = [[path for path, seen in values.items() if not option.fits(seen)] for option in options]
    return min(misfits, key=len)


def _refuse_numbers(options: Sequence[Coding], values: Mapping[Path, set[int]], first: Path) -> None:
    """Raise `UserError` for a mask of other numbers, which says what it and the others hold."""
    every = _describe(set[int]().union(*values.values()))
    known = ("neither " if len(options) > 1 else "not ") + " nor ".join(option.legend for option in options)
    raise UserError(
        f"{first}: holds {_describe(values[first])}, and all masks looked into hold {every}, which is {known}; "
        "use the publisher's masks"
    )


def _choose_fitting(
    fitting: Sequence[Coding], seen: set[int], masks: Mapping[str, Path], order: str | None
) -> tuple[Coding, str]:
    """Choose among meanings that fit what was seen in some of the masks."""
    some, looked = next(iter(masks.values())), f"{min(SAMPLE, len(masks))} of {len(masks):,} masks"
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


def _uses_rest(option: Coding, seen: Iterable[int]) -> bool:
    """Whether the numbers that stand for no class occur, which they do in any number of real masks."""
    return any(option.table[number] in (NO_CLASS, NO_SCORE) for number in seen)


def _describe(seen: set[int]) -> str:
    """Describe the numbers that occur, the largest apart where it stands alone (255 among small ones)."""
    ordered = sorted(seen)
    if len(ordered) > 2 and ordered[-1] - ordered[-2] > 1:
        return f"{ordered[0]} to {ordered[-2]}, and {ordered[-1]}"
    return f"{ordered[0]} to {ordered[-1]}" if len(ordered) > 1 else str(ordered[0])
