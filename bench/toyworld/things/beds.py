"""Section 4 (data sets): how the toy world's beds look."""

from __future__ import annotations

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen
from bench.toyworld.things.furniture import (
    WHITE,
    WOODS,
    Point,
    choose_accent,
    darken_side,
    draw_bow,
    draw_soft,
    lighten_side,
)


def draw_bed(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a bed from the side, from an angle, or with four posts and a canopy; some of these are bunk beds."""
    r = pen.rng.random(4)
    wood, hem = WOODS[int(3 * r[0])], choose_accent(colour, r[1])
    if look == 0:
        pen.fill_rect(0.04, 0.6, 0.96, 0.86, darken_side(wood))
        with pen.begin_part("headboard"):
            pen.fill_poly(((0, 0.12), (0.035, 0), (0.07, 0.12), (0.07, 1), (0, 1)), wood)
            pen.fill_rect(0.012, 0.16, 0.035, 0.94, lighten_side(wood))
        pen.fill_poly(((0.94, 0.4), (0.97, 0.3), (1, 0.4), (1, 1), (0.94, 1)), wood)
        _draw_bedding(pen, colour, hem, 0.28, 0.88)
    elif look == 1:
        for x, y in ((0.03, 1), (0.84, 1), (0.955, 0.8)):
            pen.fill_rect(x, 0.6, x + 0.045, y, darken_side(wood, 0.6))
        with pen.begin_part("headboard"):
            pen.fill_poly(((0, 0.92), (0, 0.26), (0.06, 0.06), (0.13, 0), (0.18, 0.1), (0.18, 0.56)), wood)
            pen.fill_poly(
                ((0.02, 0.6), (0.02, 0.3), (0.07, 0.12), (0.13, 0.06), (0.16, 0.14), (0.16, 0.44)), lighten_side(wood)
            )
        pen.fill_poly(
            ((0.03, 0.6), (0.18, 0.38), (0.98, 0.38), (0.86, 0.6), (0.86, 0.9), (0.03, 0.9)), darken_side(WHITE, 0.84)
        )
        with pen.begin_part("pillow"):
            for x, y in ((0.12, 0.3), (0.05, 0.46)):
                pen.fill_poly(
                    ((x, y + 0.17), (x + 0.06, y), (x + 0.19, y + 0.01), (x + 0.15, y + 0.18)), darken_side(WHITE, 0.8)
                )
                pen.fill_poly(((x, y + 0.14), (x + 0.06, y), (x + 0.18, y + 0.01), (x + 0.14, y + 0.14)), WHITE)
        with pen.begin_part("blanket"):
            pen.fill_poly(((0.3, 0.58), (0.42, 0.32), (0.96, 0.32), (1, 0.38), (0.87, 0.6)), lighten_side(colour, 0.14))
            pen.fill_poly(((0.28, 0.58), (0.87, 0.58), (0.87, 0.88), (0.28, 0.84)), colour)
            pen.fill_poly(((0.87, 0.58), (1, 0.37), (1, 0.68), (0.87, 0.88)), darken_side(colour))
            pen.fill_poly(((0.26, 0.58), (0.4, 0.31), (0.48, 0.31), (0.34, 0.58), (0.34, 0.85), (0.26, 0.84)), hem)
    elif r[2] < 0.5:
        for y in (0.08, 0.58):
            pen.fill_rect(0.03, y + 0.24, 0.97, y + 0.36, darken_side(wood))
            _draw_bedding(pen, colour, hem, y, y + 0.34)
        for x in (0, 0.945):
            pen.fill_rect(x, 0, x + 0.055, 1, wood)
        for x in (0.68, 0.8):
            pen.fill_rect(x, 0.1, x + 0.025, 1, lighten_side(wood))
        for y in (0.28, 0.46, 0.64, 0.82):
            pen.fill_rect(0.68, y, 0.82, y + 0.05, lighten_side(wood))
    else:
        pen.fill_rect(0.03, 0.68, 0.97, 0.88, darken_side(wood))
        with pen.begin_part("headboard"):
            pen.fill_rect(0.03, 0.3, 0.09, 0.7, lighten_side(wood))
        _draw_bedding(pen, colour, hem, 0.5, 0.88)
        for x in (0, 0.95):
            pen.fill_rect(x, 0.05, x + 0.05, 1, wood)
        with pen.begin_part("canopy"):
            for i in range(6):
                pen.fill_oval(i / 6, 0.1, (i + 1) / 6, 0.26, darken_side(colour, 0.85))
            pen.fill_rect(0, 0, 1, 0.18, colour)
            pen.fill_rect(0, 0.12, 1, 0.16, hem)
            for x, bend in ((0.06, 0.02), (0.94, -0.02)):
                draw_bow(pen, (x, 0.16), (x, 0.6), (bend, 0), 0.13, lighten_side(colour, 0.15))


def _draw_bedding(pen: Pen, colour: Colour, hem: Colour, top: float, low: float) -> None:
    """Draw a mattress, a pillow at the left and a blanket whose edge is turned back, between two heights."""
    tall = low - top

    def at(*points: Point) -> list[Point]:
        return [(x, top + y * tall) for x, y in points]

    pen.fill_rect(0.05, top + 0.35 * tall, 0.95, top + 0.8 * tall, darken_side(WHITE, 0.92))
    with pen.begin_part("pillow"):
        draw_soft(pen, 0.06, top + 0.02 * tall, 0.27, top + 0.5 * tall, darken_side(WHITE, 0.8))
        draw_soft(pen, 0.07, top, 0.26, top + 0.4 * tall, WHITE)
    with pen.begin_part("blanket"):
        pen.fill_poly(
            at((0.3, 0.25), (0.36, 0.12), (0.6, 0.05), (0.88, 0.15), (0.95, 0.35), (0.95, 1), (0.3, 1)), colour
        )
        pen.fill_poly(at((0.36, 0.14), (0.6, 0.07), (0.87, 0.17), (0.6, 0.3)), lighten_side(colour, 0.2))
        pen.fill_rect(0.3, low - 0.16 * tall, 0.95, low - 0.06 * tall, hem)
        pen.fill_poly(at((0.26, 0.25), (0.34, 0.1), (0.39, 0.16), (0.36, 1), (0.27, 1)), hem)
