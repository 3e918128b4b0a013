"""Section 4 (data sets): wheels, windows and colours that all vehicles of the toy world share."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix, tone

GLASS: Colour = (142, 190, 218)
NIGHT: Colour = (74, 104, 132)
TYRE: Colour = (34, 34, 40)
STEEL: Colour = (196, 198, 204)
CREAM: Colour = (250, 244, 226)
LIGHT: Colour = (255, 238, 160)
WOOD: Colour = (128, 84, 50)
OAR: Colour = (226, 184, 122)
Point = tuple[float, float]


def darken_edge(colour: Colour) -> Colour:
    """Darken paint for seams; black paint is lightened."""
    return mix(colour, (255, 255, 255), 0.3) if sum(colour) < 220 else tone(colour, 0.66)


def trim(colour: Colour) -> Colour:
    """Choose the trim for bands: cream, on white paint navy."""
    return (70, 92, 140) if min(colour) > 190 else CREAM


def lighten_shine(colour: Colour) -> Colour:
    """Lighten where light falls on the paint."""
    return mix(colour, (255, 255, 255), 0.28)


def outline_arc(x: float, y: float, rx: float, ry: float, start: float, stop: float, steps: int = 9) -> list[Point]:
    """Outline points on an ellipse; angles in degrees, 0 to the right, 90 down."""
    turns = (math.radians(start + (stop - start) * i / steps) for i in range(steps + 1))
    return [(x + rx * math.cos(t), y + ry * math.sin(t)) for t in turns]


def draw_hoop(pen: Pen, x: float, y: float, radius: float, width: float, colour: Colour) -> None:
    """Draw an open ring as one polygon, cheaper than `Pen.ring`."""
    squash, inner, outer = pen.height / pen.width, radius - width / 2, radius + width / 2
    rim = outline_arc(x, y, outer * squash, outer, 0, 360, 18)
    pen.fill_poly(rim + outline_arc(x, y, inner * squash, inner, 360, 0, 18), colour)


def draw_wheels(pen: Pen, xs: Sequence[float], y: float, radius: float, niche: Colour | None = None) -> None:
    """Draw wheels with hubs, on request in dark wheel arches."""
    if radius * pen.height < 3.6:
        _draw_small_wheels(pen, xs, y, radius)
        return
    for x in xs:
        if niche:
            pen.fill_disc(x, y, radius * 1.16, niche)
        with pen.begin_part("wheel"):
            pen.fill_disc(x, y, radius, TYRE)
            pen.fill_disc(x, y, radius * 0.55, STEEL)
            if radius * pen.height > 6:
                pen.fill_disc(x, y, radius * 0.2, (110, 112, 120))


def _draw_small_wheels(pen: Pen, xs: Sequence[float], y: float, radius: float) -> None:
    """Draw as `draw_wheels`, with few corners, which nobody can count at that size."""
    squash = pen.height / pen.width
    with pen.begin_part("wheel"):
        for x in xs:
            pen.fill_poly(outline_arc(x, y, radius * squash, radius, 18, 342, 9), TYRE)
        for x in xs if radius * pen.height > 2.7 else ():
            pen.fill_poly(outline_arc(x, y, radius * squash * 0.5, radius * 0.5, 30, 330, 5), STEEL)


def draw_panes(pen: Pen, xs: Sequence[float], top: float, width: float, height: float, glass: Colour = GLASS) -> None:
    """Draw a row of windows, each with a slanting glint where there is room for it."""
    with pen.begin_part("window"):
        for x in xs:
            pen.fill_rect(x, top, x + width, top + height, glass)
            if width * pen.width > 5:
                right, low = x + 0.6 * width, top + 0.6 * height
                pen.fill_poly(((x, top), (right, top), (x, low)), lighten_shine(glass))


def space_row(start: float, stop: float, count: int) -> list[float]:
    """Space a row evenly: where its members begin."""
    return [start + (stop - start) * i / count for i in range(count)]
