"""Section 4 (data sets): how the trains of the toy world look."""

from __future__ import annotations

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, tone
from bench.toyworld.things.wheels import (
    GLASS,
    LIGHT,
    NIGHT,
    OAR,
    STEEL,
    TYRE,
    WOOD,
    darken_edge,
    draw_panes,
    draw_wheels,
    lighten_shine,
    space_row,
    trim,
)


def draw_train(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a steam engine with a waggon, an express with a pointed nose, or a tram; always on rails."""
    for x in space_row(0.03, 1, 8):
        pen.fill_rect(x, 0.95, x + 0.06, 1, WOOD)
    pen.fill_rect(0, 0.925, 1, 0.96, (120, 122, 130))
    draws = (_draw_steam_train, _draw_express, _draw_tram)
    draws[look](pen, colour)


def _draw_steam_train(pen: Pen, colour: Colour) -> None:
    """Draw chimney, dome, cab and rods, with a waggon behind."""
    puff, dark = 0.04 * pen.rng.random(), (52, 50, 58)
    with pen.begin_part("steam"):
        for x, y, r in ((0.88, 0.1, 0.1), (0.79, 0.09 + puff, 0.09), (0.7, 0.08, 0.07)):
            pen.fill_disc(x, y, r, (250, 250, 250) if x > 0.8 else (226, 228, 234))
    _draw_waggon(pen, colour)
    with pen.begin_part("chimney"):
        pen.fill_poly(((0.862, 0.2), (0.928, 0.2), (0.91, 0.3), (0.91, 0.46), (0.88, 0.46), (0.88, 0.3)), dark)
    pen.fill_oval(0.72, 0.29, 0.78, 0.5, (228, 184, 84))
    pen.fill_rect(0.6, 0.38, 0.9, 0.74, colour)
    pen.fill_rect(0.6, 0.41, 0.9, 0.47, lighten_shine(colour))
    for x in (0.68, 0.8):
        pen.fill_rect(x, 0.38, x + 0.012, 0.74, (228, 184, 84))
    pen.fill_poly(((0.87, 0.38), (0.93, 0.38), (0.95, 0.46), (0.95, 0.66), (0.93, 0.74), (0.87, 0.74)), dark)
    pen.fill_rect(0.48, 0.26, 0.61, 0.78, colour)
    draw_panes(pen, (0.51,), 0.33, 0.07, 0.2, NIGHT)
    pen.fill_poly(((0.455, 0.28), (0.48, 0.2), (0.61, 0.2), (0.635, 0.28)), dark)
    pen.fill_rect(0.48, 0.74, 0.95, 0.81, tone(colour, 0.62))
    pen.fill_poly(((0.94, 0.72), (0.96, 0.72), (1, 0.92), (0.92, 0.92)), (190, 60, 50) if colour[2] > 60 else STEEL)
    pen.fill_disc(0.955, 0.5, 0.06, LIGHT)
    draw_wheels(pen, (0.54, 0.66, 0.78), 0.79, 0.14)
    draw_wheels(pen, (0.885,), 0.84, 0.09)
    pen.fill_rect(0.54, 0.78, 0.78, 0.82, (214, 90, 70))


def _draw_waggon(pen: Pen, colour: Colour) -> None:
    """Draw a passenger carriage, or an open waggon with coal or logs."""
    load, count = int(pen.rng.integers(3)), int(pen.rng.integers(3, 5))
    pen.fill_rect(0.38, 0.72, 0.5, 0.78, TYRE)
    if load == 0:
        pen.fill_rect(0.02, 0.32, 0.42, 0.78, colour)
        pen.fill_poly(((0, 0.33), (0.03, 0.25), (0.41, 0.25), (0.44, 0.33)), tone(colour, 0.6))
        draw_panes(pen, space_row(0.05, 0.42, count), 0.4, 0.36 / count - 0.025, 0.2)
        pen.fill_rect(0.02, 0.66, 0.42, 0.69, trim(colour))
    elif load == 1:
        pen.fill_poly(((0.03, 0.5), (0.1, 0.36), (0.2, 0.4), (0.28, 0.33), (0.38, 0.42), (0.41, 0.5)), (58, 56, 62))
        pen.fill_poly(((0.1, 0.5), (0.14, 0.42), (0.22, 0.46), (0.27, 0.4), (0.33, 0.5)), (92, 90, 98))
    else:
        for x, y in ((0.12, 0.42), (0.32, 0.42), (0.22, 0.34)):
            pen.fill_disc(x, y, 0.16, WOOD)
            pen.fill_disc(x, y, 0.11, OAR)
    if load:
        pen.fill_poly(((0.01, 0.46), (0.43, 0.46), (0.41, 0.78), (0.03, 0.78)), colour)
        for x in (0.14, 0.28):
            pen.fill_rect(x, 0.46, x + 0.014, 0.78, darken_edge(colour))
    pen.fill_rect(0.02, 0.76, 0.42, 0.82, tone(colour, 0.55))
    draw_wheels(pen, (0.09, 0.19, 0.35), 0.83, 0.1)


def _draw_express(pen: Pen, colour: Colour) -> None:
    """Draw two coaches ending in a long slanting nose."""
    count, tip = int(pen.rng.integers(4, 6)), 0.62 + 0.06 * pen.rng.random()
    pen.fill_rect(0.02, 0.8, 0.93, 0.88, (66, 68, 76))
    draw_wheels(pen, (0.06, 0.15, 0.28, 0.38, 0.48, 0.68, 0.78), 0.84, 0.085)
    nose = ((0.7, 0.14), (0.8, 0.22), (0.9, 0.4), (1, tip + 0.04), (0.995, tip + 0.14), (0.95, 0.84))
    pen.fill_poly(((0, 0.14), *nose, (0, 0.84)), colour)
    pen.fill_poly(((0, 0.14), (0.7, 0.14), (0.8, 0.22), (0, 0.22)), lighten_shine(colour))
    pen.fill_poly(
        ((0, 0.66), (0.78, 0.66), (0.985, tip + 0.02), (0.995, tip + 0.1), (0.76, 0.74), (0, 0.74)), trim(colour)
    )
    pen.fill_rect(0, 0.79, 0.955, 0.84, tone(colour, 0.62))
    draw_panes(pen, space_row(0.03, 0.32, 3), 0.32, 0.075, 0.22, NIGHT)
    draw_panes(pen, space_row(0.37, 0.7, count), 0.32, 0.33 / count - 0.02, 0.22, NIGHT)
    with pen.begin_part("window"):
        pen.fill_poly(((0.77, 0.28), (0.82, 0.28), (0.895, 0.46), (0.77, 0.5)), NIGHT)
        pen.fill_poly(((0.82, 0.28), (0.895, 0.46), (0.87, 0.465), (0.8, 0.28)), lighten_shine(NIGHT))
    pen.fill_rect(0.333, 0.14, 0.348, 0.86, (50, 50, 56))
    pen.fill_rect(0.715, 0.3, 0.75, 0.79, darken_edge(colour))
    pen.fill_poly(((0.925, 0.5), (0.965, 0.6), (0.94, 0.62), (0.91, 0.55)), LIGHT)


def _draw_tram(pen: Pen, colour: Colour) -> None:
    """Draw two mirrored halves, joined in the middle under a pantograph."""
    count, place = int(pen.rng.integers(3, 5)), 0.3 + 0.4 * pen.rng.random()
    for x0, x1 in ((0.0, -0.05), (-0.05, 0.02), (0.0, 0.05), (0.05, -0.02)):
        y = 0.28 if x0 == 0 else 0.15
        pen.draw_line(place + x0, y, place + x1, y - 0.13, 0.035, (70, 72, 80))
    pen.fill_rect(place - 0.07, 0, place + 0.07, 0.035, (70, 72, 80))
    pen.fill_rect(0.06, 0.82, 0.94, 0.87, (66, 68, 76))
    draw_wheels(pen, (0.11, 0.21, 0.45, 0.55, 0.79, 0.89), 0.84, 0.085)
    pen.fill_rect(0.48, 0.3, 0.52, 0.82, (66, 68, 76))
    for x, sign in ((0.0, 1.0), (1.0, -1.0)):

        def at(u: float, start: float = x, turn: float = sign) -> float:
            """Find a place so far from this half's outer end."""
            return start + turn * u

        pen.fill_poly(((at(0), 0.62), (at(0.02), 0.32), (at(0.04), 0.26), (at(0.485), 0.26), (at(0.485), 0.83),
                  (at(0.01), 0.83)), colour)  # fmt: skip
        pen.fill_poly(((at(0.02), 0.31), (at(0.05), 0.24), (at(0.47), 0.24), (at(0.485), 0.31)), tone(colour, 0.72))
        with pen.begin_part("window"):
            pen.fill_poly(((at(0.018), 0.57), (at(0.03), 0.36), (at(0.07), 0.36), (at(0.07), 0.57)), GLASS)
        pen.fill_rect(at(0.1), 0.36, at(0.16), 0.79, NIGHT)
        left = 0.19 if sign > 0 else 0.54
        draw_panes(pen, space_row(left, left + 0.28, count), 0.36, 0.28 / count - 0.02, 0.21)
        pen.fill_rect(at(0.18), 0.64, at(0.485), 0.69, trim(colour))
        pen.fill_disc(at(0.02), 0.71, 0.04, LIGHT)
