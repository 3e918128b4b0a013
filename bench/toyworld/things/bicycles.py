"""Section 4 (data sets): how the bicycles of the toy world look."""

from __future__ import annotations

import math

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen
from bench.toyworld.things.wheels import CREAM, STEEL, TYRE, draw_hoop, lighten_shine, outline_arc


def draw_bicycle(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a town bicycle with a basket, a racer with dropped handlebars, or a penny-farthing."""
    draws = (_draw_town_bicycle, _draw_racer, _draw_penny_farthing)
    draws[look](pen, colour)


def _draw_spoked(pen: Pen, x: float, y: float, radius: float, rim: Colour) -> None:
    """Draw an open wheel: tyre, rim in the paint's colour and thin spokes."""
    squash = pen.height / pen.width
    with pen.begin_part("wheel"):
        if radius * pen.height > 5:
            for turn in (0.3, 1.35, 2.4):
                dx, dy = 0.9 * radius * squash * math.cos(turn), 0.9 * radius * math.sin(turn)
                pen.draw_line(x - dx, y - dy, x + dx, y + dy, 0.018, STEEL)
        draw_hoop(pen, x, y, radius - 0.06, 0.06, rim)
        draw_hoop(pen, x, y, radius - 0.03, 0.06, TYRE)


def _draw_town_bicycle(pen: Pen, colour: Colour) -> None:
    """Draw mudguards, a low frame and a basket in front."""
    low, goods = 0.46 + 0.05 * pen.rng.random(), int(pen.rng.integers(3))
    rear, front, crank, post = (0.22, 0.69), (0.78, 0.69), (0.47, 0.74), (0.38, 0.3)
    for x, y in (rear, front):
        _draw_spoked(pen, x, y, 0.31, lighten_shine(colour))
        squash = pen.height / pen.width
        pen.fill_poly(
            outline_arc(x, y, 0.33 * squash, 0.33, 185, 330, 8) + outline_arc(x, y, 0.26 * squash, 0.26, 330, 185, 8),
            colour,
        )
    for (x0, y0), (x1, y1) in ((rear, crank), (rear, post), (crank, post)):
        pen.draw_line(x0, y0, x1, y1, 0.06, colour)
    pen.draw_line(0.68, 0.12, *front, 0.07, colour)
    pen.fill_poly(((0.37, low), (0.7, 0.24), (0.71, 0.34), (0.55, low + 0.2), (0.48, 0.78), (0.44, 0.72)), colour)
    pen.fill_disc(*crank, 0.075, STEEL)
    with pen.begin_part("saddle"):
        pen.fill_poly(((0.26, 0.2), (0.47, 0.22), (0.47, 0.26), (0.38, 0.31), (0.28, 0.29)), (96, 62, 42))
    with pen.begin_part("handlebar"):
        pen.draw_curve(((0.7, 0.11), (0.62, 0.05), (0.54, 0.1)), (0.06, 0.06, 0.08), TYRE)
    with pen.begin_part("basket"):
        if goods:
            pen.fill_disc(0.83, 0.14, 0.12, ((210, 90, 90), (110, 170, 90))[goods - 1])
        pen.fill_poly(((0.7, 0.13), (0.98, 0.13), (0.94, 0.37), (0.74, 0.37)), (206, 160, 98))
        pen.fill_rect(0.69, 0.11, 0.99, 0.17, (160, 112, 62))
        pen.fill_rect(0.73, 0.25, 0.96, 0.28, (160, 112, 62))


def _draw_racer(pen: Pen, colour: Colour) -> None:
    """Draw a frame of straight tubes and dropped handlebars."""
    slope, bottle = 0.05 * pen.rng.random(), bool(pen.rng.integers(2))
    rear, front, crank = (0.22, 0.69), (0.78, 0.69), (0.46, 0.73)
    post, head, neck = (0.37, 0.27 + slope), (0.66, 0.24), (0.69, 0.36)
    for x, y in (rear, front):
        _draw_spoked(pen, x, y, 0.31, colour)
    for (x0, y0), (x1, y1) in ((rear, crank), (rear, post), (crank, (0.345, 0.14)), (post, head), (neck, crank),
                               (head, front)):  # fmt: skip
        pen.draw_line(x0, y0, x1, y1, 0.075, colour)
    pen.fill_disc(*crank, 0.085, STEEL)
    pen.draw_line(0.46, 0.73, 0.5, 0.88, 0.04, TYRE)
    if bottle:
        pen.draw_line(0.53, 0.62, 0.58, 0.49, 0.09, CREAM)
    with pen.begin_part("saddle"):
        pen.fill_poly(((0.25, 0.08), (0.46, 0.09), (0.45, 0.13), (0.36, 0.17), (0.27, 0.17)), TYRE)
    with pen.begin_part("handlebar"):
        pen.draw_curve(((0.64, 0.14), (0.76, 0.1), (0.83, 0.19), (0.78, 0.3), (0.71, 0.3)), (0.06,) * 5, TYRE)


def _draw_penny_farthing(pen: Pen, colour: Colour) -> None:
    """Draw a tall wheel and a tiny one."""
    small = 0.15 + 0.03 * pen.rng.random()
    _draw_spoked(pen, 0.66, 0.54, 0.46, colour)
    _draw_spoked(pen, 0.13, 1 - small, small, colour)
    spine = outline_arc(0.62, 0.62, 0.5, 0.58, 190, 272, 6)
    pen.draw_curve(((0.13, 1 - small), *spine), (0.07,) * 8, colour)
    pen.draw_line(0.64, 0.03, 0.66, 0.54, 0.08, colour)
    pen.fill_disc(0.66, 0.54, 0.06, STEEL)
    pen.draw_line(0.62, 0.66, 0.72, 0.66, 0.05, TYRE)
    pen.draw_line(0.66, 0.54, 0.67, 0.66, 0.05, STEEL)
    with pen.begin_part("saddle"):
        pen.fill_poly(((0.3, 0.02), (0.54, 0), (0.52, 0.07), (0.36, 0.12)), (96, 62, 42))
    with pen.begin_part("handlebar"):
        pen.draw_curve(((0.62, 0.03), (0.74, 0.02), (0.8, 0.1)), (0.06, 0.06, 0.08), TYRE)
