"""Of the cases of a test with the mark ``thinned(n)`` each n-th stays quick; all others are slow.

A step that has a factor in common with a crossed parameter would leave whole values of it out: that is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

FEW = 4
"""Values of a parameter that have a quick case each, at whatever step."""


def thin_cases(items: Sequence[pytest.Item], whole: bool) -> None:
    """Mark cases as slow; where ``whole`` tests were collected, say which lost a value of a parameter.

    Raises UsageError, which ends the collection.
    """
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("thinned"):
            tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    faults = []
    for name, cases in tests.items():
        mark = cases[0].get_closest_marker("thinned")
        step = mark.args[0] if mark else 1
        for at, case in enumerate(cases):
            if at % step:
                case.add_marker(pytest.mark.slow)
        found = find_lost([list_parameters(case) for case in cases], step)
        faults += [f"{name}: thinned({step}) leaves no quick case of {lost}: take another step" for lost in found]
    if faults and whole:
        raise pytest.UsageError("\n".join(faults))


def list_parameters(case: pytest.Item) -> dict[str, str]:
    """List the parameters of a case with their values in words."""
    callspec = getattr(case, "callspec", None)
    return {name: repr(value) for name, value in callspec.params.items()} if callspec else {}


def find_lost(cases: Sequence[dict[str, str]], step: int) -> list[str]:
    """Find values that no n-th case has, of parameters of which each value occurs repeatedly.

    Those with more than `FEW` values may have more than there are such cases. Other parameters (an input, its message)
    are mostly another one in each case, and thinning is to drop some.
    """
    lost = []
    for name in cases[0] if cases else ():
        counts = Counter(case[name] for case in cases)
        kept = [case[name] for case in cases[::step]]
        if len(counts) <= max(FEW, len(kept)) and min(counts.values()) > 1:
            lost += [f"{name}={value}" for value in counts if value not in kept]
    return lost
