"""What the board tunes of each masking variant: the grids, and how a grid grows whose best value stands at its edge.

A best value at an edge says only that the grid was too narrow: it grows by the step of its last two values, `STEPS`
times at most, and then to the end of the field's range, until the best value is inside or stands at that end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hydra.utils import get_object

from bench.bounds import read_hints, read_span
from bench.commands.variants import find_target
from bench.settings.compose import list_options

Knob = tuple[str, str, str]
"""Key below encode, the published value, and what else is tried."""
LAYERS: Knob = ("start_layer", "3", "1,2,4,5,6")
"""The paper's last four layers, of 6 here."""
FROM_END: Knob = ("start_layer", "-6", "-5,-4,-3,-2,-1")
KNOBS: dict[str, tuple[Knob, ...]] = {
    "blur_outside": (("blur", "0.3", "0.1,0.2,0.5"),),
    "crop_blur": (("blur", "0.1", "0.05,0.2,0.3"),),
    "gem": (("iterations", "1", "0,2,3"), FROM_END),
    "global_subtraction": (("sigma2", "2.5", "0.1,0.25,0.5,1,5"), LAYERS),
    "mask_tokens": (("start_layer", "1", "2,3,4,5,6"),),
    "masked": (LAYERS,),
    "naclip": (("std", "5.0", "1.0,2.0,10.0"),),
    "projected_subtraction": (("weight", "0.5", "0.05,0.1,0.25,1.0"), LAYERS),
    "proxyclip": (("gamma", "3.0", "1.0,5.0,10.0"),),
    "red_circle": (("width", "0.006", "0.003,0.012,0.025,0.05"),),
    "red_circle_grey_blur": (("blur", "0.3", "0.1,0.2,0.5"),),
    "surgery": (FROM_END,),
}
"""What is tuned of a variant, in this order. One that is not here has no number to choose: of those that change the
last layer alone the start layer is none, for what comes before is the plain forward wherever it is cut.
projected_subtraction with a weight of 0 is `masked`."""
STEPS = 4
"""How often a grid grows by its own step before it goes to the end of the range."""
INSIDE, BOUND = "inside", "at the end of its range"


def find_bounds(variant: str, knob: Knob) -> tuple[float, float]:
    """Find the smallest and the largest value of a knob: of a start layer those of the tower, which all are tried."""
    key, published, others = knob
    if key == "start_layer":
        tried = [float(value) for value in (published, *others.split(","))]
        return min(tried), max(tried)
    target = find_target("encode", list_options("encode")[variant])
    span: Mapping[str, float] = read_span(read_hints(get_object(target))[key])
    return span["ge"], span["le"]


def extend_grid(values: Sequence[str], best: str, bounds: tuple[float, float], grown: int) -> str | None:
    """Take the values tried and the best of them; return the next value beyond it, None where it is not at an edge.

    None too where it stands at an end of ``bounds``. The step is the ratio of the last two values where both are above
    0, else their difference; after ``grown`` >= `STEPS` values of the grid's own growth it is the end itself.
    """
    ordered, at = sorted(map(float, values)), float(best)
    if at not in (ordered[0], ordered[-1]) or at in bounds:
        return None
    edge, inner, end = (*ordered[:2], bounds[0]) if at == ordered[0] else (*ordered[:-3:-1], bounds[1])
    if grown >= STEPS:
        return write_number(end)
    beyond = edge * edge / inner if min(edge, inner) > 0 else 2 * edge - inner
    if all(value.lstrip("-").isdigit() for value in values):  # a whole number stays one
        beyond = 2 * edge - inner
    return write_number(min(max(beyond, bounds[0]), bounds[1]))


def write_number(value: float) -> str:
    """Write a number of a grid: three digits that count."""
    return f"{float(f'{value:.3g}'):g}"


def find_place(best: str, bounds: tuple[float, float]) -> str:
    """Say whether the best value lies inside of its range or at an end of it."""
    return BOUND if float(best) in bounds else INSIDE
