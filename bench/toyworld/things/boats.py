"""Section 4 (data sets): how the boats of the toy world look."""

from __future__ import annotations

from collections.abc import Sequence

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix, tone
from bench.toyworld.things.wheels import (
    CREAM,
    NIGHT,
    OAR,
    TYRE,
    WOOD,
    Point,
    darken_edge,
    lighten_shine,
    outline_arc,
    space_row,
    trim,
)


def draw_boat(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a sailing boat, a two-master, a steamer, or a rowing boat with its oars."""
    draws = (_draw_sailing_boat, _draw_two_master, _draw_steamer, _draw_rowing_boat)
    draws[look](pen, colour)


def _draw_hull(pen: Pen, colour: Colour, points: Sequence[Point], band: float) -> None:
    """Draw a hull whose first two points are its upper corners: a light rim and a dark foot."""
    (x0, y0), (x1, y1) = points[0], points[1]
    pen.fill_poly(points, colour)
    pen.draw_line(x0, y0 + 0.02, x1, y1 + 0.02, 0.045, lighten_shine(colour))
    pen.fill_rect(0.16, band, 0.86, 1, tone(colour, 0.62))


def _draw_sailing_boat(pen: Pen, colour: Colour) -> None:
    """Draw one mast, a sail in the paint's colour and a cream one."""
    tip, stripe = 0.03 * pen.rng.random(), int(pen.rng.integers(2))
    bright = mix(colour, (255, 255, 255), 0.12)
    with pen.begin_part("mast"):
        pen.fill_rect(0.475, 0, 0.515, 0.8, WOOD)
    with pen.begin_part("sail"):
        back = ((0.46, 0.04 + tip), (0.3, 0.24), (0.16, 0.46), (0.05, 0.67), (0.46, 0.7))
        pen.fill_poly(back, bright)
        if stripe:
            pen.fill_poly(((0.3, 0.24), (0.46, 0.26), (0.46, 0.36), (0.24, 0.34)), trim(colour))
        else:
            pen.fill_disc(0.34, 0.5, 0.07, trim(colour))
        pen.fill_poly(((0.05, 0.67), (0.46, 0.66), (0.46, 0.7)), tone(bright, 0.8))
        pen.fill_poly(((0.53, 0.08), (0.68, 0.26), (0.82, 0.46), (0.95, 0.68), (0.72, 0.64), (0.53, 0.66)), CREAM)
        pen.fill_poly(((0.53, 0.08), (0.6, 0.36), (0.56, 0.65), (0.53, 0.66)), tone(CREAM, 0.86))
    pen.fill_poly(((0.49, 0), (0.36, 0.03), (0.49, 0.06)), (226, 80, 60) if colour[2] > 60 else (80, 130, 200))
    _draw_hull(pen, colour, ((0.02, 0.78), (1, 0.74), (0.9, 0.9), (0.8, 1), (0.16, 1), (0.06, 0.9)), 0.94)


def _draw_two_master(pen: Pen, colour: Colour) -> None:
    """Draw billowing square sails over a high-sterned hull."""
    puff, band = 0.03 * pen.rng.random(), int(pen.rng.integers(2))
    pen.draw_line(0.86, 0.68, 1, 0.5, 0.03, WOOD)
    for x, top, size in ((0.3, 0.1, 0.19), (0.64, 0.02, 0.22)):
        with pen.begin_part("mast"):
            pen.fill_rect(x - 0.02, top, x + 0.02, 0.75, WOOD)
        pen.fill_poly(((x, top), (x - 0.13, top + 0.03), (x, top + 0.07)), colour)
        for y0, y1, half in ((top + 0.08, top + 0.26, size * 0.76), (top + 0.29, 0.63, size)):
            with pen.begin_part("sail"):
                side, belly = (y0 + y1) / 2, 0.06 + puff
                pen.fill_poly(((x - half, y0), (x + half, y0), (x + half + belly, side), (x + half, y1), (x - half, y1),
                          (x - half + belly, side)), CREAM)  # fmt: skip
                if band or y1 == 0.63:
                    pen.fill_poly(((x - half * 0.25, y0), (x + half * 0.25, y0), (x + half * 0.25 + belly, side),
                              (x + half * 0.25, y1), (x - half * 0.25, y1), (x - half * 0.25 + belly, side)),
                             colour)  # fmt: skip
                pen.fill_rect(x - half, y1 - 0.02, x + half, y1, tone(CREAM, 0.74))
    hull = ((0.02, 0.6), (0.2, 0.6), (0.24, 0.72), (0.76, 0.72), (0.94, 0.64), (0.86, 0.88), (0.74, 1), (0.14, 1),
            (0.06, 0.86))  # fmt: skip
    pen.fill_poly(hull, colour)
    pen.fill_rect(0.06, 0.76, 0.88, 0.79, trim(colour))
    pen.fill_rect(0.12, 0.94, 0.8, 1, tone(colour, 0.62))
    for x in space_row(0.2, 0.8, 4):
        pen.fill_disc(x, 0.87, 0.035, (250, 214, 110))


def _draw_steamer(pen: Pen, colour: Colour) -> None:
    """Draw one or two funnels with smoke, portholes along the hull."""
    funnels, puff = int(pen.rng.integers(1, 3)), 0.03 * pen.rng.random()
    for x, y, r in ((0.46, 0.09, 0.08), (0.33, 0.07 + puff, 0.07), (0.22, 0.1, 0.05)):
        pen.fill_disc(x, y, r, (214, 216, 222))
    with pen.begin_part("funnel"):
        for x in ((0.46,), (0.36, 0.56))[funnels - 1]:
            pen.fill_poly(((x, 0.14), (x + 0.13, 0.14), (x + 0.14, 0.46), (x - 0.01, 0.46)), colour)
            pen.fill_rect(x, 0.14, x + 0.13, 0.2, TYRE)
            pen.fill_rect(x, 0.26, x + 0.13, 0.31, trim(colour))
    with pen.begin_part("mast"):
        pen.fill_rect(0.86, 0.2, 0.885, 0.66, WOOD)
    pen.fill_rect(0.26, 0.42, 0.78, 0.56, (246, 244, 238))
    pen.fill_rect(0.26, 0.42, 0.78, 0.445, (196, 196, 200))
    pen.fill_rect(0.14, 0.55, 0.84, 0.68, (236, 234, 228))
    for x in space_row(0.31, 0.79, 4):
        pen.fill_rect(x, 0.46, x + 0.08, 0.53, NIGHT)
    _draw_hull(pen, colour, ((0, 0.62), (1, 0.56), (0.92, 0.84), (0.86, 1), (0.12, 1), (0.03, 0.84)), 0.92)
    for x in space_row(0.16, 0.86, 5):
        pen.fill_disc(x, 0.76, 0.045, CREAM)
        pen.fill_disc(x, 0.76, 0.03, NIGHT)


def _draw_rowing_boat(pen: Pen, colour: Colour) -> None:
    """Draw an open boat seen from a little above, an oar on either side."""
    swing, lines = 0.06 * pen.rng.random(), int(pen.rng.integers(2))
    with pen.begin_part("oar"):
        pen.draw_line(0.5, 0.5, 0.86, 0.12 + swing, 0.035, OAR)
        pen.draw_line(0.8, 0.18 + swing, 0.94, 0.03 + swing, 0.1, OAR)
    inside = outline_arc(0.5, 0.47, 0.45, 0.15, 0, 360, 20)
    pen.fill_poly(((0, 0.38), (0.2, 0.42), (0.8, 0.42), (1, 0.34), (0.93, 0.66), (0.8, 0.92), (0.72, 1), (0.26, 1),
              (0.16, 0.92), (0.05, 0.66)), colour)  # fmt: skip
    pen.fill_poly(inside, lighten_shine(colour))
    pen.fill_poly([(0.5 + 0.92 * (x - 0.5), 0.47 + 0.74 * (y - 0.47)) for x, y in inside], tone(colour, 0.45))
    for x in (0.24, 0.46, 0.68):
        pen.fill_poly(((x, 0.37), (x + 0.1, 0.37), (x + 0.09, 0.57), (x - 0.01, 0.57)), tone(OAR, 0.86))
    for y in (0.72, 0.84)[: 1 + lines]:
        pen.fill_poly(
            ((0.07 + 0.5 * (y - 0.66), y), (0.92 - 0.5 * (y - 0.66), y), (0.8, y + 0.02), (0.2, y + 0.02)),
            darken_edge(colour),
        )
    with pen.begin_part("oar"):
        pen.draw_line(0.62, 0.36, 0.24, 0.86 - swing, 0.04, OAR)
        pen.draw_line(0.28, 0.81 - swing, 0.14, 0.98 - swing, 0.11, OAR)
        pen.fill_disc(0.455, 0.58, 0.03, TYRE)
