"""Section 4 (data sets): how airplanes and balloons of the toy world look."""

from __future__ import annotations

import math

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix, tone
from bench.toyworld.things.wheels import (
    CREAM,
    GLASS,
    NIGHT,
    STEEL,
    TYRE,
    WOOD,
    Point,
    lighten_shine,
    space_row,
    trim,
)


def draw_airplane(pen: Pen, colour: Colour, look: int) -> None:
    """Draw an airliner from the side, a biplane with a propeller, or a jet banking overhead, seen from below."""
    draws = (_draw_airliner, _draw_biplane, _draw_banking_jet)
    draws[look](pen, colour)


def _draw_airliner(pen: Pen, colour: Colour) -> None:
    """Draw tail fin, a row of windows and swept wings."""
    count, lift = int(pen.rng.integers(7, 10)), 0.05 * pen.rng.random()
    with pen.begin_part("wing"):
        pen.fill_poly(((0.44, 0.36), (0.6, 0.36), (0.4, 0.04 + lift), (0.34, 0.04 + lift)), tone(colour, 0.62))
    with pen.begin_part("tail"):
        pen.fill_poly(((0, 0), (0.1, 0), (0.24, 0.36), (0.05, 0.42)), tone(colour, 0.85))
        pen.fill_poly(((0.03, 0.11), (0.14, 0.11), (0.17, 0.19), (0.045, 0.19)), trim(colour))
    body = ((0.01, 0.36), (0.2, 0.32), (0.8, 0.31), (0.89, 0.34), (0.96, 0.42), (1, 0.52), (0.97, 0.6), (0.88, 0.66),
            (0.72, 0.68), (0.3, 0.68), (0.16, 0.58))  # fmt: skip
    pen.fill_poly(body, colour)
    pen.fill_poly(((0.1, 0.52), (0.99, 0.56), (0.97, 0.6), (0.88, 0.66), (0.72, 0.68), (0.3, 0.68), (0.16, 0.58)),
             tone(colour, 0.78))  # fmt: skip
    pen.fill_poly(((0.03, 0.37), (0.2, 0.33), (0.8, 0.32), (0.88, 0.35), (0.1, 0.38)), lighten_shine(colour))
    with pen.begin_part("window"):
        for x in space_row(0.22, 0.84, count):
            pen.fill_rect(x, 0.42, x + 0.034, 0.5, NIGHT)
        pen.fill_poly(((0.88, 0.38), (0.93, 0.39), (0.965, 0.46), (0.89, 0.46)), NIGHT)
    with pen.begin_part("tail"):
        pen.fill_poly(((0, 0.46), (0.06, 0.44), (0.2, 0.46), (0.18, 0.52)), tone(colour, 0.6))
    pen.fill_poly(((0.47, 0.74), (0.61, 0.7), (0.63, 0.78), (0.61, 0.88), (0.47, 0.84)), STEEL)
    pen.fill_poly(((0.6, 0.7), (0.63, 0.74), (0.63, 0.84), (0.6, 0.88)), TYRE)
    with pen.begin_part("wing"):
        pen.fill_poly(((0.4, 0.55), (0.63, 0.57), (0.36, 1), (0.26, 1)), tone(colour, 0.92))
        pen.fill_poly(((0.4, 0.55), (0.45, 0.555), (0.28, 1), (0.26, 1)), tone(colour, 0.6))


def _draw_biplane(pen: Pen, colour: Colour) -> None:
    """Draw two wings with struts, a propeller and a wheel."""
    spin, band = 0.8 * (pen.rng.random() - 0.5), bool(pen.rng.integers(2))
    pen.fill_disc(0.7, 0.88, 0.12, TYRE)
    pen.fill_disc(0.7, 0.88, 0.06, STEEL)
    pen.draw_line(0.66, 0.66, 0.7, 0.88, 0.05, TYRE)
    with pen.begin_part("tail"):
        pen.fill_poly(((0, 0.18), (0.07, 0.14), (0.13, 0.24), (0.19, 0.44), (0.03, 0.5)), tone(colour, 0.9))
    pen.fill_poly(((0.02, 0.46), (0.4, 0.4), (0.86, 0.36), (0.92, 0.44), (0.92, 0.62), (0.86, 0.72), (0.66, 0.74),
              (0.04, 0.56)), colour)  # fmt: skip
    pen.fill_poly(((0.02, 0.52), (0.92, 0.58), (0.86, 0.72), (0.66, 0.74), (0.04, 0.56)), tone(colour, 0.75))
    if band:
        pen.fill_poly(((0.22, 0.43), (0.3, 0.42), (0.3, 0.64), (0.22, 0.61)), trim(colour))
    pen.fill_poly(((0.86, 0.36), (0.92, 0.44), (0.92, 0.62), (0.86, 0.72)), STEEL)
    with pen.begin_part("tail"):
        pen.fill_poly(((0, 0.5), (0.1, 0.46), (0.2, 0.5), (0.12, 0.56)), tone(colour, 0.6))
    with pen.begin_part("window"):
        pen.fill_poly(((0.42, 0.4), (0.46, 0.24), (0.52, 0.39)), GLASS)
    for x in (0.54, 0.72):
        pen.draw_line(x - 0.03, 0.12, x - 0.04, 0.72, 0.04, WOOD)
    with pen.begin_part("wing"):
        for y, x in ((0.02, 0.44), (0.6, 0.4)):
            pen.fill_poly(((x, y + 0.1), (x + 0.06, y), (x + 0.42, y), (x + 0.4, y + 0.1)), lighten_shine(colour))
            pen.fill_rect(x, y + 0.1, x + 0.4, y + 0.15, tone(colour, 0.66))
    with pen.begin_part("propeller"):
        pen.draw_line(0.955 - 0.05 * spin, 0.12, 0.955 + 0.05 * spin, 0.94, 0.075, WOOD)
        pen.fill_oval(0.91, 0.46, 0.99, 0.6, TYRE)


def _draw_banking_jet(pen: Pen, colour: Colour) -> None:
    """Draw both wings spread, an engine under each."""
    tip, marks = 0.06 * pen.rng.random(), bool(pen.rng.integers(2))
    with pen.begin_part("wing"):
        pen.fill_poly(((0.42, 0.52), (0.66, 0.38), (0.42 + tip, 0), (0.33 + tip, 0)), tone(colour, 0.74))
        pen.fill_poly(((0.42, 0.56), (0.68, 0.5), (0.48 + tip, 1), (0.37 + tip, 1)), tone(colour, 0.88))
        if marks:
            for x, y in ((0.43 + tip, 0.11), (0.46 + tip, 0.86)):
                pen.fill_disc(x, y, 0.06, trim(colour))
    with pen.begin_part("tail"):
        pen.fill_poly(((0.06, 0.6), (0.2, 0.52), (0.1, 0.3), (0.03, 0.32)), tone(colour, 0.74))
        pen.fill_poly(((0.06, 0.66), (0.22, 0.62), (0.14, 0.9), (0.06, 0.9)), tone(colour, 0.88))
    pen.fill_poly(((0, 0.62), (0.2, 0.5), (0.8, 0.3), (0.93, 0.27), (1, 0.31), (0.96, 0.4), (0.84, 0.47), (0.4, 0.62),
              (0.12, 0.7)), colour)  # fmt: skip
    pen.fill_poly(((0.06, 0.64), (0.4, 0.53), (0.98, 0.36), (0.96, 0.4), (0.84, 0.47), (0.4, 0.62), (0.12, 0.7)),
             tone(colour, 0.68))  # fmt: skip
    for x, y in ((0.5, 0.2), (0.55, 0.72)):
        pen.fill_poly(((x - 0.07, y + 0.02), (x + 0.07, y - 0.05), (x + 0.09, y + 0.04), (x - 0.05, y + 0.12)), STEEL)
        pen.fill_poly(((x + 0.06, y - 0.05), (x + 0.09, y - 0.05), (x + 0.1, y + 0.04), (x + 0.08, y + 0.05)), TYRE)
    with pen.begin_part("window"):
        pen.fill_poly(((0.89, 0.29), (0.95, 0.28), (0.97, 0.31), (0.91, 0.33)), NIGHT)


def _outline_envelope(widest: float, bend: float, mouth: float, low: float) -> list[tuple[float, float]]:
    """Outline by half width and height at 21 levels: an ellipse down to the widest, then narrowing to the mouth."""
    levels = []
    for i in range(21):
        t = (i / 20) ** 1.3
        crown = math.sqrt(max(0.0, 1 - ((widest - t) / widest) ** 2))
        skirt = mouth + (1 - mouth) * max(0.0, math.cos((t - widest) / (1 - widest) * math.pi / 2)) ** bend
        levels.append((0.5 * (crown if t < widest else skirt), low * t))
    return levels


_SHAPES = (
    _outline_envelope(0.42, 1.1, 0.24, 0.8),
    _outline_envelope(0.48, 0.7, 0.3, 0.77),
    _outline_envelope(0.62, 0.8, 0.28, 0.81),
)
"""A drop, a globe and a pear."""


def _outline_slice(shape: int, start: int, stop: int, left: float = -1.0, right: float = 1.0) -> list[Point]:
    """Outline the envelope between two of its levels and between two shares of its half width."""
    sides = _SHAPES[shape][start : stop + 1]
    return [(0.5 + left * w, y) for w, y in sides] + [(0.5 + right * w, y) for w, y in reversed(sides)]


def draw_balloon(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a hot-air balloon with a wicker basket: a striped drop, a banded globe, or a chequered pear."""
    sunny, weights = bool(pen.rng.integers(2)), bool(pen.rng.integers(2))
    low = _SHAPES[look][-1][1]
    second: Colour = (252, 226, 130) if sunny and (colour[2] > 90 or colour[1] < 120) else CREAM
    for x, x1 in ((0.38, 0.37), (0.62, 0.63)):
        with pen.begin_part("rope"):
            pen.draw_line(x, low - 0.02, x1, 0.9, 0.014, (92, 70, 54))
    with pen.begin_part("flame"):
        pen.fill_poly(((0.46, low + 0.04), (0.5, low - 0.03), (0.54, low + 0.04)), (255, 190, 60))
    pen.fill_poly(_outline_slice(look, 0, 20), colour)
    if look == 0:
        pen.fill_poly(_outline_slice(0, 0, 20, -0.74, 0.74), second)
        pen.fill_poly(_outline_slice(0, 0, 20, -0.5, 0.5), colour)
        pen.fill_poly(_outline_slice(0, 0, 20, -0.16, 0.16), second)
    elif look == 1:
        pen.fill_poly(_outline_slice(1, 15, 17), second)
        rim = [(0.02 + 0.08 * i, 0.3 + (0.13 if i % 2 else -0.01)) for i in range(13)]
        pen.fill_poly((*rim, *((x, y + 0.1) for x, y in reversed(rim))), second)
    else:
        for i, (start, stop) in enumerate(((3, 8), (8, 11), (11, 14), (14, 17))):
            for left in (-1.0, 0.0) if i % 2 else (-0.5, 0.5):
                pen.fill_poly(_outline_slice(2, start, stop, left, left + 0.5), second)
    pen.fill_poly(_outline_slice(look, 1, 20, 0.8, 1), tone(colour, 0.72))
    pen.fill_poly(_outline_slice(look, 5, 9, -0.72, -0.56), mix(colour, (255, 255, 255), 0.6))
    pen.fill_poly(_outline_slice(look, 18, 20), tone(colour, 0.62))
    with pen.begin_part("basket"):
        pen.fill_poly(((0.34, 0.87), (0.66, 0.87), (0.63, 1), (0.37, 1)), (176, 122, 70))
        pen.fill_rect(0.33, 0.86, 0.67, 0.895, (112, 72, 42))
        pen.fill_rect(0.37, 0.94, 0.63, 0.955, (128, 84, 50))
        if weights:
            for x in (0.35, 0.61):
                pen.fill_oval(x, 0.9, x + 0.05, 0.96, (226, 214, 190))
