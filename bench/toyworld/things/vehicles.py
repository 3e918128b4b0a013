"""Section 4 (data sets): how the vehicles of the toy world look; cars and buses are drawn here."""

from __future__ import annotations

from collections.abc import Sequence

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix, tone
from bench.toyworld.things.wheels import (
    CREAM,
    GLASS,
    LIGHT,
    NIGHT,
    STEEL,
    TYRE,
    Point,
    darken_edge,
    draw_panes,
    draw_wheels,
    lighten_shine,
    outline_arc,
    space_row,
    trim,
)


def draw_car(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a saloon, a little round car, an open roadster, or a car from the front."""
    draws = (_draw_saloon, _round_car, _draw_roadster, _draw_car_front)
    draws[look](pen, colour)


def _draw_saloon(pen: Pen, colour: Colour) -> None:
    """Draw a three-box car with two side windows."""
    back, front = 0.24 + 0.06 * pen.rng.random(), 0.64 + 0.06 * pen.rng.random()
    pen.fill_poly(
        ((0.15, 0.46), (back, 0.04), (back + 0.03, 0), (front - 0.02, 0), (front, 0.03), (0.84, 0.46)), colour
    )
    with pen.begin_part("window"):
        pen.fill_poly(((0.22, 0.4), (back + 0.04, 0.1), (0.46, 0.1), (0.46, 0.4)), GLASS)
        pen.fill_poly(((0.5, 0.4), (0.5, 0.1), (front - 0.02, 0.1), (0.77, 0.4)), GLASS)
        pen.fill_poly(((0.51, 0.4), (0.58, 0.1), (0.63, 0.1), (0.56, 0.4)), lighten_shine(GLASS))
    hull = ((0, 0.52), (0.04, 0.4), (0.5, 0.37), (0.84, 0.4), (0.95, 0.46), (1, 0.58), (1, 0.82), (0.97, 0.87),
            (0.03, 0.87), (0, 0.8))  # fmt: skip
    _draw_body(pen, colour, hull, 0.21, 0.79, 0.22)
    with pen.begin_part("door"):
        pen.fill_poly(((0.33, 0.42), (0.65, 0.42), (0.65, 0.74), (0.33, 0.74)), mix(colour, (255, 255, 255), 0.1))
    pen.fill_rect(0.485, 0.42, 0.5, 0.76, darken_edge(colour))
    pen.fill_rect(0.54, 0.5, 0.59, 0.535, darken_edge(colour))


def _draw_body(pen: Pen, colour: Colour, hull: Sequence[Point], rear: float, front: float, radius: float) -> None:
    """Draw the lower half of a car from the side: sides, sill, lamps and two big wheels."""
    pen.fill_poly(hull, colour)
    pen.fill_rect(0.02, 0.76, 0.98, 0.87, tone(colour, 0.72))
    with pen.begin_part("light"):
        pen.fill_rect(0.94, 0.52, 1, 0.64, LIGHT)
        pen.fill_rect(0, 0.52, 0.035, 0.66, (240, 90, 60) if colour[0] < 180 or colour[1] > 100 else (255, 170, 60))
    draw_wheels(pen, (rear, front), 1 - radius, radius, tone(colour, 0.45))


def _round_car(pen: Pen, colour: Colour) -> None:
    """Draw a beetle-like dome on wheels, often with luggage on top."""
    middle, luggage = 0.44 + 0.06 * pen.rng.random(), int(pen.rng.integers(3))
    if luggage:
        hue: Colour = ((150, 96, 56), (90, 120, 90))[luggage - 1]
        pen.fill_rect(middle - 0.16, 0, middle + 0.06, 0.14, hue)
        pen.fill_rect(middle - 0.06, 0, middle - 0.03, 0.14, tone(hue, 0.6))
        pen.fill_rect(middle - 0.2, 0.12, middle + 0.14, 0.15, darken_edge(colour))
    pen.fill_poly(outline_arc(middle, 0.54, 0.36, 0.4 if luggage else 0.54, 180, 360, 14), colour)
    high = 0.28 if luggage else 0.4
    for x0, x1 in ((180, 266), (276, 360)):
        with pen.begin_part("window"):
            pane = outline_arc(middle, 0.48, 0.29, high, x0, x1, 6)
            pen.fill_poly((*pane, (pane[-1][0] if x0 == 180 else pane[0][0], 0.48)), GLASS)
    hull = [*outline_arc(0.2, 0.86, 0.2, 0.38, 180, 270, 5), *outline_arc(0.8, 0.86, 0.2, 0.36, 270, 360, 5)]
    _draw_body(pen, colour, hull, 0.23, 0.77, 0.23)
    with pen.begin_part("door"):
        pen.fill_rect(middle - 0.04, 0.52, middle + 0.15, 0.76, lighten_shine(colour))
    pen.fill_rect(middle - 0.02, 0.57, middle + 0.03, 0.605, darken_edge(colour))


def _draw_roadster(pen: Pen, colour: Colour) -> None:
    """Draw an open car: two seats behind a slanting windscreen."""
    seat: Colour = ((176, 120, 76), (240, 226, 200), (70, 56, 56))[int(pen.rng.integers(3))]
    glass = 0.56 + 0.04 * pen.rng.random()
    for x in (0.22, 0.36):
        pen.fill_poly([*outline_arc(x + 0.05, 0.24, 0.055, 0.14, 180, 360, 6), (x + 0.14, 0.5), (x + 0.02, 0.5)], seat)
    pen.draw_line(glass - 0.06, 0.4, glass - 0.09, 0.22, 0.06, TYRE)
    with pen.begin_part("window"):
        pen.fill_poly(((glass, 0.42), (glass - 0.07, 0.02), (glass - 0.03, 0), (glass + 0.1, 0.42)), GLASS)
    pen.draw_line(glass + 0.1, 0.42, glass - 0.05, 0, 0.06, tone(colour, 0.8))
    hull = ((0, 0.5), (0.03, 0.36), (0.12, 0.3), (0.24, 0.38), (0.6, 0.4), (0.84, 0.42), (0.95, 0.5), (1, 0.62),
            (1, 0.82), (0.97, 0.87), (0.03, 0.87), (0, 0.8))  # fmt: skip
    _draw_body(pen, colour, hull, 0.2, 0.79, 0.25)
    pen.fill_poly(((0.05, 0.52), (0.93, 0.54), (0.93, 0.59), (0.05, 0.58)), trim(colour))
    with pen.begin_part("door"):
        pen.fill_rect(0.37, 0.42, 0.53, 0.74, mix(colour, (255, 255, 255), 0.14))


def _draw_car_front(pen: Pen, colour: Colour) -> None:
    """Draw windscreen, grille, two lamps and the tyres' faces."""
    lean, round_lamps = 0.02 + 0.06 * pen.rng.random(), bool(pen.rng.integers(2))
    for x in (0.1, 0.73):
        with pen.begin_part("wheel"):
            pen.fill_rect(x, 0.7, x + 0.17, 1, TYRE)
    pen.fill_poly(((0.16, 0.44), (0.22 + lean, 0.03), (0.28 + lean, 0), (0.72 - lean, 0), (0.78 - lean, 0.03),
              (0.84, 0.44)), tone(colour, 0.92))  # fmt: skip
    with pen.begin_part("window"):
        pen.fill_poly(((0.22, 0.41), (0.27 + lean, 0.09), (0.73 - lean, 0.09), (0.78, 0.41)), GLASS)
        pen.fill_poly(((0.34, 0.41), (0.46, 0.09), (0.56, 0.09), (0.44, 0.41)), lighten_shine(GLASS))
    for x in (0.05, 0.86):
        pen.fill_oval(x, 0.28, x + 0.09, 0.42, tone(colour, 0.7))
    pen.fill_poly(((0.06, 0.56), (0.14, 0.41), (0.86, 0.41), (0.94, 0.56), (0.94, 0.82), (0.9, 0.88), (0.1, 0.88),
              (0.06, 0.82)), colour)  # fmt: skip
    pen.fill_poly(((0.3, 0.52), (0.26, 0.41), (0.74, 0.41), (0.7, 0.52)), lighten_shine(colour))
    pen.fill_poly(((0.34, 0.56), (0.66, 0.56), (0.62, 0.7), (0.38, 0.7)), TYRE if sum(colour) > 220 else STEEL)
    pen.fill_rect(0.06, 0.75, 0.94, 0.83, STEEL)
    pen.fill_rect(0.41, 0.73, 0.59, 0.85, CREAM)
    for x in (0.21, 0.79):
        with pen.begin_part("light"):
            if round_lamps:
                pen.fill_disc(x, 0.6, 0.115, STEEL)
                pen.fill_disc(x, 0.6, 0.085, LIGHT)
            else:
                pen.fill_rect(x - 0.1, 0.53, x + 0.1, 0.65, LIGHT)


def draw_bus(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a town bus, a double-decker, a school bus with a bonnet, or a bus seen from the front corner."""
    draws = (_draw_town_bus, _draw_double_decker, _draw_school_bus, _draw_bus_front)
    draws[look](pen, colour)


def _draw_box(pen: Pen, colour: Colour, left: float, right: float, top: float) -> None:
    """Draw a bus's sides with rounded upper corners, a light upper and a dark lower corner."""
    pen.fill_poly(((left, top + 0.08), (left + 0.03, top), (right - 0.04, top), (right, top + 0.1), (right, 0.88),
              (left, 0.88)), colour)  # fmt: skip
    pen.fill_poly(
        ((left, top + 0.08), (left + 0.03, top), (right - 0.04, top), (right, top + 0.08)), lighten_shine(colour)
    )
    pen.fill_rect(left, 0.8, right, 0.88, tone(colour, 0.7))


def _draw_town_bus(pen: Pen, colour: Colour) -> None:
    """Draw one deck, a door at the front and a band along the side."""
    count, band = int(pen.rng.integers(4, 6)), bool(pen.rng.integers(2))
    _draw_box(pen, colour, 0, 1, 0)
    draw_panes(pen, space_row(0.04, 0.72, count), 0.17, 0.68 / count - 0.03, 0.33)
    with pen.begin_part("window"):
        pen.fill_poly(((0.91, 0.17), (0.98, 0.17), (1, 0.24), (1, 0.54), (0.91, 0.54)), GLASS)
    with pen.begin_part("door"):
        pen.fill_rect(0.74, 0.17, 0.88, 0.84, NIGHT)
        pen.fill_rect(0.805, 0.17, 0.815, 0.84, STEEL)
    pen.fill_rect(0, 0.58, 0.72, 0.65 if band else 0.61, trim(colour))
    with pen.begin_part("light"):
        pen.fill_rect(0.96, 0.64, 1, 0.74, LIGHT)
    draw_wheels(pen, (0.2, 0.64), 0.86, 0.14, tone(colour, 0.45))


def _draw_double_decker(pen: Pen, colour: Colour) -> None:
    """Draw two rows of windows, a poster between them."""
    count, poster = int(pen.rng.integers(5, 7)), int(pen.rng.integers(3))
    _draw_box(pen, colour, 0.04, 0.96, 0)
    draw_panes(pen, space_row(0.08, 0.95, count), 0.1, 0.87 / count - 0.025, 0.23)
    draw_panes(pen, space_row(0.22, 0.8, count - 2), 0.48, 0.58 / (count - 2) - 0.025, 0.23)
    with pen.begin_part("window"):
        pen.fill_rect(0.86, 0.48, 0.96, 0.72, GLASS)
    with pen.begin_part("door"):
        pen.fill_rect(0.07, 0.48, 0.18, 0.84, NIGHT)
    pen.fill_rect(0.04, 0.375, 0.96, 0.435, trim(colour))
    if poster:
        pen.fill_rect(0.34, 0.355, 0.66, 0.455, ((90, 150, 190), (240, 200, 90))[poster - 1])
    with pen.begin_part("light"):
        pen.fill_rect(0.92, 0.75, 0.96, 0.82, LIGHT)
    draw_wheels(pen, (0.27, 0.77), 0.87, 0.13, tone(colour, 0.45))


def _draw_school_bus(pen: Pen, colour: Colour) -> None:
    """Draw a box behind a low bonnet."""
    count, nose = int(pen.rng.integers(4, 6)), 0.74 + 0.03 * pen.rng.random()
    _draw_box(pen, colour, 0, nose, 0)
    pen.fill_poly(((nose - 0.01, 0.46), (0.95, 0.49), (1, 0.58), (1, 0.88), (nose - 0.01, 0.88)), colour)
    pen.fill_poly(((nose, 0.46), (0.95, 0.49), (0.98, 0.55), (nose, 0.53)), lighten_shine(colour))
    draw_panes(pen, space_row(0.04, nose - 0.13, count), 0.15, (nose - 0.17) / count - 0.03, 0.28)
    with pen.begin_part("door"):
        pen.fill_rect(nose - 0.13, 0.15, nose - 0.02, 0.84, NIGHT)
        pen.fill_rect(nose - 0.08, 0.15, nose - 0.07, 0.84, STEEL)
    for y in (0.52, 0.62):
        pen.fill_rect(0, y, nose - 0.14, y + 0.035, darken_edge(colour))
    pen.fill_rect(0.94, 0.76, 1, 0.84, STEEL)
    with pen.begin_part("light"):
        pen.fill_rect(0.96, 0.6, 1, 0.7, LIGHT)
    draw_wheels(pen, (0.18, 0.84), 0.85, 0.15, tone(colour, 0.45))


def _draw_bus_front(pen: Pen, colour: Colour) -> None:
    """Draw the front with its windscreen, the side shrinking into the distance."""
    count, corner = int(pen.rng.integers(4, 6)), 0.52 + 0.05 * pen.rng.random()
    side = tone(colour, 0.8)
    for x in (corner + 0.03, 0.87):
        with pen.begin_part("wheel"):
            pen.fill_rect(x, 0.84, x + 0.1, 1, TYRE)
    pen.fill_poly(((0, 0.17), (corner, 0), (corner, 0.92), (0, 0.8)), side)
    pen.fill_poly(((0, 0.72), (corner, 0.82), (corner, 0.92), (0, 0.8)), tone(side, 0.7))
    for x in space_row(0.02, corner - 0.02, count):
        x1 = x + corner / count - 0.035
        with pen.begin_part("window"):
            y0, y1 = 0.29 - 0.16 * x / corner, 0.29 - 0.16 * x1 / corner
            pen.fill_poly(((x, y0), (x1, y1), (x1, 0.52), (x, 0.52)), tone(GLASS, 0.85))
    for x, radius in ((0.12, 0.1), (corner - 0.12, 0.13)):
        with pen.begin_part("wheel"):
            y = 0.82 + 0.1 * x / corner - 0.02
            pen.fill_oval(x - radius * 0.4, y - radius, x + radius * 0.4, y + radius, TYRE)
    pen.fill_poly(((corner, 0.05), (corner + 0.03, 0), (0.97, 0), (1, 0.05), (1, 0.92), (corner, 0.92)), colour)
    pen.fill_rect(corner + 0.08, 0.04, 0.92, 0.13, TYRE)
    pen.fill_rect(corner + 0.13, 0.065, 0.87, 0.105, (255, 190, 70))
    draw_panes(pen, (corner + 0.03, (corner + 1.01) / 2), 0.18, (0.96 - corner) / 2 - 0.025, 0.36)
    pen.fill_rect(corner, 0.62, 1, 0.67, trim(colour))
    pen.fill_rect(corner, 0.84, 1, 0.92, STEEL)
    for x in (corner + 0.08, 0.92):
        with pen.begin_part("light"):
            pen.fill_disc(x, 0.75, 0.06, LIGHT)
