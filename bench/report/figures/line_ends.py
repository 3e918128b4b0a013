"""Figures 11 and 12 with many lines: each has its number at its end, in a column where no number covers another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from bench.report.figures.style import look

SIZE = 8.0
"""Points."""
_APART = 1.3
"""Of the size: from one number to the next."""


Ends = Mapping[int, tuple[float, float]]
"""By the variant's position, a place in units of the axes."""


def number_ends(axes: Axes, ends: Ends, begins: Ends | None = None) -> None:
    """Write the number (from 1) of each variant right of the panel, with a thin line to where its curve ends.

    Where the curves are farther apart in ``begins`` (scores that all fall to 0), the numbers stand left of those. The
    limits of the axes are kept from here on, so everything else is drawn before.
    """
    left, right = axes.get_xlim()
    first = begins is not None and _push_apart(begins) > _push_apart(ends)
    axes.set_xlim(left - 0.07 * (right - left) * first, right)
    axes.set_ylim(axes.get_ylim())
    if begins is not None and first:
        _draw_number(axes, begins, 0.012)
    elif ends:
        _draw_number(axes, ends, 1.035)


def _push_apart(ends: Ends) -> float:
    return float(np.std([y for _, y in ends.values()])) if ends else 0.0


def _draw_number(axes: Axes, ends: Ends, at_x: float) -> None:
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    figure = axes.get_figure(root=True)
    assert figure is not None
    inches = figure.get_figheight() / len(figure.axes) - 1.0  # about what labels and key leave of a panel
    gap = SIZE * _APART / 72 / max(inches, 1.0)
    order = sorted(ends, key=lambda at: (ends[at][1], -at))
    places = spread_places([(ends[at][1] - low) / (high - low) for at in order], gap)
    for at, place in zip(order, places, strict=True):
        x, y = ends[at]
        start, colour = ((x - left) / (right - left), (y - low) / (high - low)), look(at)["color"]
        axes.annotate(
            str(at + 1), start, (at_x, place), xycoords="axes fraction", textcoords="axes fraction", fontsize=SIZE,
            color=colour, va="center", ha="left", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 1, "shrinkB": 0},
        )  # fmt: skip


def spread_places(places: Sequence[float], gap: float) -> list[float]:
    """Spread ascending places between 0 and 1, as little as it takes to be ``gap`` apart (closer where none fits)."""
    if not places:
        return []
    gap = min(gap, 1 / max(1, len(places) - 1))
    groups: list[tuple[list[float], float]] = []  # members, and the middle of the group
    for place in places:
        groups.append(([place], place))
        while len(groups) > 1 and _find_top(*groups[-2], gap) + gap > _find_bottom(*groups[-1], gap):
            (one, _), (two, _) = groups[-2:]
            both = [*one, *two]
            groups[-2:] = [(both, _keep_inside(sum(both) / len(both), len(both), gap))]
        groups[-1] = groups[-1][0], _keep_inside(groups[-1][1], len(groups[-1][0]), gap)
    return [_find_bottom(members, centre, gap) + gap * at for members, centre in groups for at in range(len(members))]


def _keep_inside(centre: float, count: int, gap: float) -> float:
    half = gap * (count - 1) / 2
    return min(max(centre, half), 1 - half)


def _find_bottom(members: Sequence[float], centre: float, gap: float) -> float:
    return centre - gap * (len(members) - 1) / 2


def _find_top(members: Sequence[float], centre: float, gap: float) -> float:
    return centre + gap * (len(members) - 1) / 2
