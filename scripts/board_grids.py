"""What the board tunes of each masking variant: the grids, and how a grid grows whose best value stands at its edge.

A best value at an edge says only that the grid was too narrow: it grows by the step of its last two values, `STEPS`
times at most, and then to the end of its range, until the best value is inside or stands at that end. A range ends
before the value at which a variant is another one (`RANGES`): a knob that may turn its own method off would rank that
other one twice, under a name that is not its own.
"""

from __future__ import annotations

from collections.abc import Sequence

Knob = tuple[str, str, str]
"""Key below encode, the published value, and what else is tried."""
LAYERS: Knob = ("start_layer", "3", "1,2,4,5,6")
"""The paper's last four layers, of 6 here."""
FROM_END: Knob = ("start_layer", "-6", "-5,-4,-3,-2,-1")
KNOBS: dict[str, tuple[Knob, ...]] = {
    "blur_outside": (("blur", "0.3", "0.1,0.2,0.5"),),
    "crop_blur": (("blur", "0.1", "0.05,0.2,0.3"),),
    "gem": (("iterations", "1", "2,3,4"), FROM_END),
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
last layer alone the start layer is none, for what comes before is the plain forward wherever it is cut."""
_FLAT = "more leaves less than a tenth of the contrast (median of 40 tune scenes), nearly one colour as in crop_mean"
RANGES: dict[tuple[str, str], tuple[float, float, str, str]] = {
    ("blur_outside", "blur"): (0.02, 0.7, "with 0 nothing is blurred: it is unmasked", _FLAT),
    ("crop_blur", "blur"): (0.02, 0.7, "with 0 nothing is masked: it is the bounding box", _FLAT),
    ("gem", "iterations"): (
        1, 100, "with 0 nothing attends to itself before it weighs the values; with its authors all do at least once",
        "no end is near",
    ),
    ("global_subtraction", "sigma2"): (
        0.1, 10, "less subtracts below 1 % at a saliency of 0: it is masked",
        "more subtracts 80 % and up whatever the saliency, which is then without effect",
    ),
    ("naclip", "std"): (
        0.5, 32, "less gives even the nearest patch below 14 % of a patch's own window",
        "more is as wide as the grid: no window, k-k attention alone",
    ),
    ("projected_subtraction", "weight"): (
        0.05, 10, "with 0 nothing is subtracted: it is masked", "more leaves nothing but the whole image, subtracted",
    ),
    ("proxyclip", "gamma"): (
        0.1, 160, "less weighs all patches that are kept alike",
        "more leaves the patches beside a patch's own less than two thirds of the weight (median over the patches of "
        "20 tune scenes; a tenth of them have 13 % left), and in the end each attends to itself alone, without DINO",
    ),
    ("red_circle", "width"): (0.001, 0.1, "less is the same line of one pixel", "more covers the segment itself"),
    ("red_circle_grey_blur", "blur"): (0.02, 0.7, "with 0 it is grey alone", _FLAT),
}  # fmt: skip
"""Of a variant's knob the smallest and the largest value that are tried, and why none lies beyond each."""
STEPS = 4
"""How often a grid grows by its own step before it goes to the end of the range."""
INSIDE, BOUND, OUTSIDE = "inside", "at the end of its range", "outside of its range"


def find_bounds(variant: str, knob: Knob) -> tuple[float, float]:
    """Find the smallest and the largest value of a knob: of a start layer those of the tower, which all are tried."""
    key, published, others = knob
    if key == "start_layer":
        tried = [float(value) for value in (published, *others.split(","))]
        return min(tried), max(tried)
    low, high, *_ = RANGES[variant, key]
    return low, high


def explain_end(variant: str, key: str, value: float) -> str:
    """Explain why no value beyond this one is tried; empty where it is no end of a range, as of a start layer."""
    low, high, below, above = RANGES.get((variant, key), (float("-inf"), float("inf"), "", ""))
    return below if value <= low else above if value >= high else ""


def extend_grid(values: Sequence[str], best: str, bounds: tuple[float, float], grown: int) -> str | None:
    """Take the values tried and the best of them; return the next value beyond it, None where it is not at an edge.

    None too where it stands at an end of ``bounds`` or outside. The step is the ratio of the last two values where both
    are above 0, else their difference; after ``grown`` >= `STEPS` values of the grid's own growth it is the end itself.
    """
    ordered, at = sorted(map(float, values)), float(best)
    if at not in (ordered[0], ordered[-1]) or not bounds[0] < at < bounds[1]:
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
    """Say whether the best value lies inside of its range, at an end of it, or outside, by an earlier rule."""
    if not bounds[0] <= float(best) <= bounds[1]:
        return OUTSIDE
    return BOUND if float(best) in bounds else INSIDE
