"""Section 4 (data sets): how the furniture of the toy world looks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix, tone

Point = tuple[float, float]
WHITE: Colour = (250, 248, 242)
BRASS: Colour = (246, 210, 92)
INK: Colour = (48, 44, 52)
WOODS: tuple[Colour, ...] = ((122, 80, 46), (172, 122, 72), (92, 58, 40))
_ACCENTS: tuple[Colour, ...] = (
    (214, 70, 62), (244, 196, 70), (70, 128, 206), (90, 164, 98), (246, 240, 226), (236, 140, 168),
)  # fmt: skip
_HUMP = [(math.cos(i * math.pi / 12), math.sin(i * math.pi / 12)) for i in range(13)]


def lighten_side(colour: Colour, share: float = 0.25) -> Colour:
    """Lighten the side towards the light."""
    return mix(colour, (255, 252, 240), share)


def darken_side(colour: Colour, factor: float = 0.7) -> Colour:
    """Darken the side away from the light; for black things a little brighter, so that it is seen."""
    return tone(colour, factor) if sum(colour) > 210 else mix(colour, (150, 150, 165), 0.9 * (1 - factor))


def choose_accent(colour: Colour, share: float) -> Colour:
    """Choose a second colour, picked by ``share``, that differs clearly from the first."""
    i = int(share * len(_ACCENTS))
    return next(c for c in _ACCENTS[i:] + _ACCENTS[:i] if sum(abs(a - b) for a, b in zip(c, colour, strict=True)) > 170)


def draw_bow(pen: Pen, start: Point, end: Point, sag: Point, width: float, colour: Colour) -> None:
    """Draw a bent bar whose middle lies ``sag`` off the straight line; the width is a share of the box's height."""
    left, right = [], []
    ax, ay, bx, by = end[0] - start[0], end[1] - start[1], 4 * sag[0], 4 * sag[1]
    for i in range(10):
        t = i / 9
        x, y = start[0] + t * ax + t * (1 - t) * bx, start[1] + t * ay + t * (1 - t) * by
        dx, dy = (ax + (1 - 2 * t) * bx) * pen.width, (ay + (1 - 2 * t) * by) * pen.height
        half = width * pen.height / 2 / (math.hypot(dx, dy) or 1.0)
        left.append((x - dy * half / pen.width, y + dx * half / pen.height))
        right.append((x + dy * half / pen.width, y - dx * half / pen.height))
    pen.fill_poly(left + right[::-1], colour)


def draw_soft(pen: Pen, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
    """Draw a plump cushion: a rectangle with cut corners."""
    a, b = (x1 - x0) * 0.12, (y1 - y0) * 0.22
    pen.fill_poly(((x0 + a, y0), (x1 - a, y0), (x1, y0 + b), (x1, y1 - b), (x1 - a, y1), (x0 + a, y1), (x0, y1 - b),
              (x0, y0 + b)), colour)  # fmt: skip


def _draw_legs(pen: Pen, spots: Sequence[tuple[float, float, float]], y: float, width: float, colour: Colour) -> None:
    """Draw tapering legs from ``y`` down: x at the top, x and y at the foot; the width is a share of the box's."""
    w = width / 2
    with pen.begin_part("leg"):
        for top, foot, low in spots:
            pen.fill_poly(((top - w, y), (top + w, y), (foot + 0.7 * w, low), (foot - 0.7 * w, low)), colour)


def draw_table(pen: Pen, colour: Colour, look: int) -> None:
    """Draw four legs and a top seen from above, a round top on one foot, a cloth with a hem, or a desk with drawers."""
    r = pen.rng.random(4)
    if look == 3:
        _draw_desk(pen, colour, r)
    elif look == 1:
        with pen.begin_part("leg"):
            for x in (0.2, 0.8):
                draw_bow(pen, (0.5, 0.74), (x, 0.96), (0, -0.04), 0.13, darken_side(colour, 0.6))
            pen.fill_poly(
                ((0.45, 0.3), (0.55, 0.3), (0.58, 0.64), (0.55, 1), (0.45, 1), (0.42, 0.64)), darken_side(colour)
            )
        with pen.begin_part("top"):
            pen.fill_oval(0, 0.08, 1, 0.42, darken_side(colour, 0.8))
            pen.fill_oval(0, 0.01, 1, 0.34, lighten_side(colour, 0.12))
            pen.fill_oval(0.08, 0.04, 0.92, 0.3, lighten_side(colour, 0.2 + 0.1 * r[1]))
        _draw_plates(pen, 0.17, r)
    else:
        inset = 0.1 + 0.06 * r[1]
        left, right = inset + 0.05, 0.95 - inset
        _draw_legs(pen, ((left, left, 0.82), (right, right, 0.82)), 0.3, 0.06, darken_side(colour, 0.5))
        _draw_legs(pen, ((0.07, 0.06, 1), (0.93, 0.94, 1)), 0.3, 0.1, darken_side(colour, 0.72 if look == 0 else 0.55))
        if look == 2:
            _draw_cloth(pen, colour, inset, r)
            return
        pen.fill_rect(0.04, 0.34, 0.96, 0.46, darken_side(colour, 0.62))
        with pen.begin_part("top"):
            pen.fill_poly(((inset, 0), (1 - inset, 0), (1, 0.28), (0, 0.28)), lighten_side(colour, 0.16))
            pen.fill_rect(0, 0.28, 1, 0.37, colour)
            for x in (0.36, 0.64):
                pen.draw_line(0.5 + (x - 0.5) * 0.78, 0.01, x, 0.28, 0.02, darken_side(colour, 0.85))
        _draw_plates(pen, 0.14, r)


def _draw_plates(pen: Pen, y: float, r: np.ndarray) -> None:
    """Draw the two plates that lie on some tables."""
    if r[2] < 0.55 and pen.height > 14:
        for x in (0.28, 0.7):
            pen.fill_oval(x - 0.09, y - 0.06, x + 0.09, y + 0.07, WHITE)
            pen.fill_oval(x - 0.055, y - 0.035, x + 0.055, y + 0.04, choose_accent(WHITE, r[3]))


def _draw_cloth(pen: Pen, colour: Colour, inset: float, r: np.ndarray) -> None:
    """Draw a cloth over the whole top; in front it hangs down in scallops with a hem."""
    hem = choose_accent(colour, r[2])
    waves = [(i / 20, 0.62 + 0.06 * abs(math.sin(i * math.pi / 4))) for i in range(21)]
    with pen.begin_part("cloth"):
        pen.fill_poly([(1, 0.26), (0, 0.26), *waves], hem)
        pen.fill_poly([(1, 0.26), (0, 0.26), *((x, y - 0.08) for x, y in waves)], darken_side(colour, 0.85))
        pen.fill_poly(((inset, 0), (1 - inset, 0), (1, 0.27), (0, 0.27)), lighten_side(colour, 0.12))
        for x in (0.2, 0.4, 0.6, 0.8):
            pen.draw_line(x, 0.27, x, 0.55, 0.05, hem if r[3] < 0.5 else darken_side(colour, 0.6))
            if r[3] < 0.5:
                pen.draw_line(0.5 + (x - 0.5) * (1 - 2 * inset), 0, x, 0.27, 0.04, hem)


def _draw_desk(pen: Pen, colour: Colour, r: np.ndarray) -> None:
    """Draw a slab on a block of drawers and two legs, or on two blocks."""
    _draw_legs(pen, ((0.92, 0.93, 1), (0.78, 0.78, 0.86)), 0.2, 0.09, darken_side(colour, 0.6))
    for x in (0.04, 0.66)[: 1 if r[0] < 0.5 else 2]:
        pen.fill_rect(x, 0.2, x + 0.3, 0.97, darken_side(colour, 0.6))
        with pen.begin_part("drawer"):
            for y in (0.29, 0.52, 0.75):
                pen.fill_rect(x + 0.03, y, x + 0.27, y + 0.19, colour)
                pen.fill_disc(x + 0.15, y + 0.095, 0.045, BRASS if sum(colour) < 560 else INK)
    with pen.begin_part("top"):
        pen.fill_poly(((0.07, 0), (0.93, 0), (1, 0.16), (0, 0.16)), lighten_side(colour, 0.2))
        pen.fill_rect(0, 0.16, 1, 0.25, colour)
    if r[1] < 0.6:
        pen.fill_poly(((0.5, 0.02), (0.68, 0.02), (0.72, 0.11), (0.52, 0.11)), choose_accent(colour, r[2]))


def draw_chair(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a chair from the side, from the front with slats, at an angle with a cushion, or with a hoop for a back."""
    r = pen.rng.random(3)
    dark, light, soft = darken_side(colour, 0.62), lighten_side(colour), choose_accent(colour, r[0])
    if look == 0:
        _draw_legs(pen, ((0.34, 0.28, 0.95), (0.72, 0.74, 0.95)), 0.56, 0.1, darken_side(colour, 0.5))
        _draw_legs(pen, ((0.22, 0.06, 1), (0.88, 0.93, 1)), 0.56, 0.14, dark)
        pen.draw_line(0.14, 0.8, 0.9, 0.8, 0.035, dark)
        with pen.begin_part("back"):
            draw_bow(pen, (0.07, 0.0), (0.23, 0.58), (0.03, 0.02), 0.11, colour)
            draw_bow(pen, (0.16, 0.04), (0.28, 0.44), (0.03, 0.02), 0.05, light)
        pen.fill_rect(0.14, 0.52, 1, 0.61, darken_side(colour, 0.88))
        with pen.begin_part("cushion"):
            draw_soft(pen, 0.26, 0.45, 0.98, 0.53, soft if r[1] < 0.6 else light)
    elif look == 1:
        _draw_legs(pen, ((0.22, 0.24, 0.9), (0.78, 0.76, 0.9)), 0.6, 0.1, darken_side(colour, 0.5))
        _draw_legs(pen, ((0.1, 0.08, 1), (0.9, 0.92, 1)), 0.6, 0.14, dark)
        with pen.begin_part("back"):
            count = 3 + int(2 * r[1])
            for i in range(count):
                x = 0.5 + (i - (count - 1) / 2) * 0.56 / count
                pen.fill_rect(x - 0.05, 0.06, x + 0.05, 0.52, light)
            for x in (0.1, 0.78):
                pen.fill_rect(x, 0.03, x + 0.12, 0.54, darken_side(colour, 0.88))
            draw_bow(pen, (0.06, 0.08), (0.94, 0.08), (0, -0.025), 0.1, colour)
        pen.fill_poly(((0.1, 0.5), (0.9, 0.5), (1, 0.61), (0, 0.61)), light)
        pen.fill_rect(0, 0.61, 1, 0.68, darken_side(colour, 0.84))
        pen.fill_rect(0.1, 0.8, 0.9, 0.84, dark)
    elif look == 2:
        _draw_legs(
            pen, ((0.1, 0.08, 0.93), (0.95, 0.95, 0.93), (0.62, 0.62, 0.84)), 0.56, 0.1, darken_side(colour, 0.5)
        )
        _draw_legs(pen, ((0.45, 0.45, 1),), 0.7, 0.12, dark)
        with pen.begin_part("back"):
            pen.fill_poly(((0, 0.08), (0.08, 0.03), (0.5, 0), (0.6, 0.04), (0.64, 0.52), (0.05, 0.6)), dark)
            pen.fill_poly(((0.07, 0.08), (0.13, 0.05), (0.5, 0.02), (0.6, 0.06), (0.64, 0.5), (0.11, 0.58)), colour)
        pen.fill_poly(((0.05, 0.56), (0.62, 0.48), (1, 0.61), (1, 0.69), (0.44, 0.79), (0.05, 0.64)), dark)
        with pen.begin_part("cushion"):
            pen.fill_poly(
                ((0.1, 0.52), (0.6, 0.45), (1, 0.58), (1, 0.63), (0.45, 0.72), (0.1, 0.59)), darken_side(soft, 0.8)
            )
            pen.fill_poly(((0.1, 0.52), (0.6, 0.45), (1, 0.58), (0.45, 0.67)), soft)
    else:
        _draw_legs(pen, ((0.36, 0.3, 0.93), (0.64, 0.7, 0.93)), 0.52, 0.1, darken_side(colour, 0.5))
        _draw_legs(pen, ((0.22, 0.06, 1), (0.78, 0.94, 1)), 0.52, 0.13, dark)
        with pen.begin_part("back"):
            for x in (0.34, 0.5, 0.66):
                pen.draw_line(0.5 + (x - 0.5) * 0.8, 0.5, x, 0.06, 0.035, dark)
            draw_bow(pen, (0.12, 0.5), (0.88, 0.5), (0, -0.46), 0.075, colour)
        pen.fill_oval(0, 0.47, 1, 0.65, dark)
        pen.fill_oval(0, 0.43, 1, 0.6, colour)
        with pen.begin_part("cushion"):
            pen.fill_oval(0.12, 0.44, 0.88, 0.56, light if r[1] < 0.5 else soft)


def draw_sofa(pen: Pen, colour: Colour, look: int) -> None:
    """Draw three seats between round arms, a two-seater with a curved back, or a corner sofa with pillows."""
    r = pen.rng.random(4)
    dark, light = darken_side(colour, 0.68), lighten_side(colour, 0.14)
    _draw_legs(pen, ((0.09, 0.08, 1), (0.91, 0.92, 1)), 0.84, 0.05, WOODS[int(3 * r[0])])
    count = 3 if look == 0 else 2
    if look == 1:
        for wide, shade in ((0.44, dark), (0.41, colour)):
            arch = [(0.5 - wide * c, 0.42 - (wide - 0.02) * h) for c, h in _HUMP]
            pen.fill_poly([(0.5 - wide, 0.7), *arch, (0.5 + wide, 0.7)], shade)
        for i in range(5 if pen.height > 14 else 0):
            pen.fill_disc(0.26 + 0.12 * i, 0.3 if i % 2 else 0.4, 0.035, dark)
    else:
        draw_soft(pen, 0.06, 0, 0.94, 0.7, dark)
    pen.fill_rect(0.08, 0.66, 0.92, 0.9, dark)
    with pen.begin_part("cushion"):
        for i in range(count):
            x, end = 0.13 + 0.74 * i / count, 0.13 + 0.74 * (i + 1) / count
            if look != 1:
                draw_soft(pen, x + 0.004, 0.09, end - 0.008, 0.58, colour)
            draw_soft(pen, x + 0.003, 0.54, end - 0.006, 0.74, light)
    with pen.begin_part("armrest"):
        for x in (0.0, 0.85):
            pen.fill_rect(x + 0.01, 0.4, x + 0.14, 0.92, colour)
            pen.fill_oval(x, 0.24, x + 0.15, 0.54, darken_side(colour, 0.82))
            pen.fill_oval(x + 0.02, 0.27, x + 0.13, 0.49, light)
    if look == 2:
        with pen.begin_part("cushion"):
            pen.fill_poly(((0.56, 0.6), (0.86, 0.6), (0.94, 0.82), (0.54, 0.82)), light)
        pen.fill_poly(((0.54, 0.82), (0.94, 0.82), (0.94, 0.97), (0.54, 0.97)), dark)
    _draw_pillows(pen, colour, r[2:], 3 if look == 2 else int(r[1] < 0.3))


def _draw_pillows(pen: Pen, colour: Colour, r: np.ndarray, count: int) -> None:
    """Draw small pillows that stand on their corners against the back."""
    with pen.begin_part("pillow"):
        for i in range(count):
            x, shade = (0.24, 0.72, 0.38)[i] + 0.06 * r[0], choose_accent(colour, (r[1] + 0.37 * i) % 1)
            pen.fill_poly(((x, 0.2), (x + 0.09, 0.36), (x + 0.02, 0.6), (x - 0.08, 0.42)), darken_side(shade, 0.75))
            pen.fill_poly(((x, 0.22), (x + 0.075, 0.37), (x + 0.015, 0.55), (x - 0.07, 0.41)), shade)
