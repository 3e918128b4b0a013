"""Section 4 (data sets): how lamps, clocks, windows and doors of the toy world look; furniture and balls come along."""

from __future__ import annotations

import math

import numpy as np

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix
from bench.toyworld.things.furniture import BRASS, INK, WHITE, choose_accent, darken_side, draw_bow, lighten_side

_GLOW: Colour = (255, 243, 176)
_METAL: Colour = (88, 88, 98)
_STONE: Colour = (168, 162, 154)
_LEAF: Colour = (74, 140, 66)
_GLASS: tuple[Colour, ...] = ((176, 216, 242), (150, 198, 236), (56, 68, 112), (252, 220, 130))


def draw_lamp(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a floor lamp, a street lantern, a table lamp with a round foot, or a lamp that hangs from a bent pole."""
    r = pen.rng.random(3)
    dark, light = darken_side(colour, 0.7), lighten_side(colour, 0.35)
    if look == 1:
        pen.fill_poly(((0.38, 0.4), (0.62, 0.4), (0.66, 0.9), (0.34, 0.9)), colour)
        pen.fill_rect(0.4, 0.42, 0.48, 0.9, light)
        pen.fill_rect(0.16, 0.43, 0.84, 0.47, dark)
        with pen.begin_part("foot"):
            pen.fill_poly(((0.3, 0.84), (0.7, 0.84), (0.86, 1), (0.14, 1)), dark)
        with pen.begin_part("glass"):
            pen.fill_poly(((0.1, 0.13), (0.9, 0.13), (0.7, 0.39), (0.3, 0.39)), _GLOW)
            pen.fill_disc(0.5, 0.26, 0.055, WHITE)
        for top, low in ((0.1, 0.3), (0.9, 0.7), (0.5, 0.5)):
            pen.draw_line(top, 0.13, low, 0.39, 0.022, dark)
        pen.fill_rect(0.26, 0.375, 0.74, 0.42, colour)
        with pen.begin_part("roof"):
            pen.fill_poly(((0.42, 0), (0.58, 0), (0.62, 0.04), (1, 0.14), (0, 0.14), (0.38, 0.04)), colour)
        return
    metal = (_METAL, BRASS, (150, 100, 60))[int(3 * r[0])]
    if look == 3:
        with pen.begin_part("foot"):
            pen.fill_oval(0.46, 0.93, 1, 1, darken_side(metal))
        draw_bow(pen, (0.78, 0.97), (0.84, 0.3), (0.06, 0), 0.04, metal)
        draw_bow(pen, (0.85, 0.32), (0.32, 0.14), (-0.02, -0.19), 0.04, metal)
        pen.fill_oval(0.1, 0.36, 0.54, 0.48, _GLOW)
        with pen.begin_part("shade"):
            pen.fill_poly(
                [(0.32 + 0.34 * math.cos(a), 0.42 - 0.3 * math.sin(a)) for a in np.linspace(0, math.pi, 12)], colour
            )
            draw_bow(pen, (0.07, 0.38), (0.24, 0.17), (-0.03, -0.03), 0.03, light)
            pen.fill_rect(-0.02, 0.39, 0.66, 0.42, dark)
        return
    low = 0.3 if look == 0 else 0.44
    with pen.begin_part("foot"):
        if look == 0:
            pen.fill_rect(0.45, low, 0.55, 0.96, metal)
            pen.fill_oval(0.16, 0.93, 0.84, 1, darken_side(metal))
        else:
            pen.fill_rect(0.42, low, 0.58, 0.6, metal)
            pen.fill_oval(0.22, 0.55, 0.78, 0.97, choose_accent(colour, r[1]))
            pen.fill_oval(0.3, 0.6, 0.46, 0.82, WHITE if r[2] < 0.5 else dark)
            pen.fill_rect(0.26, 0.94, 0.74, 1, darken_side(metal))
    pen.fill_oval(0.04, low - 0.04, 0.96, low + 0.05, _GLOW)
    with pen.begin_part("shade"):
        pen.fill_poly(((0.26, 0), (0.74, 0), (1, low), (0, low)), colour)
        pen.fill_poly(((0.26, 0), (0.4, 0), (0.3, low), (0, low)), darken_side(colour, 0.86))
        pen.fill_poly(((0.46, 0.01), (0.6, 0.01), (0.68, low), (0.42, low)), light)
        pen.fill_rect(0, low - 0.03, 1, low, choose_accent(colour, r[2]))
    if look == 0:
        pen.draw_line(0.72, low, 0.72, low + 0.12, 0.015, INK)


def _draw_dial(pen: Pen, x: float, y: float, radius: float, colour: Colour, r: np.ndarray) -> None:
    """Draw a face with marks and two hands; the radius is a share of the box's height."""
    face = mix(colour, WHITE, 0.82) if sum(colour) < 600 else (255, 252, 240)
    pen.fill_disc(x, y, radius, _METAL if sum(colour) > 600 else darken_side(colour, 0.5))
    pen.fill_disc(x, y, radius * 0.92, face)
    squash = pen.height / pen.width
    for i in range(12 if radius * pen.height > 18 else 4 if radius * pen.height > 5 else 0):
        turn = math.tau * i / (12 if radius * pen.height > 18 else 4)
        dx, dy = radius * math.sin(turn), radius * math.cos(turn)
        pen.draw_line(x + 0.68 * dx * squash, y + 0.68 * dy, x + 0.86 * dx * squash, y + 0.86 * dy, radius * 0.1, INK)
    with pen.begin_part("hand"):
        hour = 12 * r[0]
        for turn, length, width in ((hour * math.tau / 12, 0.48, 0.19), (hour * math.tau, 0.72, 0.13)):
            dx, dy = radius * length * math.sin(turn), -radius * length * math.cos(turn)
            pen.draw_line(x, y, x + dx * squash, y + dy, radius * width, INK)
        pen.fill_disc(x, y, radius * 0.12, (200, 60, 50))


def draw_clock(pen: Pen, colour: Colour, look: int) -> None:
    """Round on the wall, an alarm clock with two bells, one with a pendulum, or a cuckoo clock."""
    r = pen.rng.random(3)
    dark, light = darken_side(colour, 0.6), lighten_side(colour, 0.35)
    if look == 0:
        size = 0.5 * min(1.0, pen.width / pen.height)
        pen.fill_disc(0.5, 0.5, size, dark)
        pen.fill_disc(0.5, 0.49, size * 0.95, colour)
        _draw_dial(pen, 0.5, 0.5, size * 0.76, colour, r)
    elif look == 1:
        for x in (0.12, 0.88):
            pen.draw_line(0.5, 0.6, x, 0.98, 0.1, dark)
        draw_bow(pen, (0.3, 0.16), (0.7, 0.16), (0, -0.12), 0.06, dark)
        with pen.begin_part("bell"):
            for sign in (-1, 1):
                arc = [(math.cos(a + sign * 0.6), math.sin(a + sign * 0.6)) for a in np.linspace(math.pi, math.tau, 9)]
                pen.fill_poly(
                    [(0.5 + sign * 0.3 + 0.24 * c, 0.23 + 0.22 * s) for c, s in arc], BRASS if r[1] < 0.5 else light
                )
        pen.fill_disc(0.5, 0.57, 0.4, dark)
        pen.fill_disc(0.5, 0.56, 0.385, colour)
        _draw_dial(pen, 0.5, 0.57, 0.3, colour, r)
    elif look == 2:
        pen.fill_poly(((0.5, 0), (0.9, 0.14), (0.9, 0.2), (0.84, 0.2), (0.84, 0.92), (0.94, 1), (0.06, 1), (0.16, 0.92),
                  (0.16, 0.2), (0.1, 0.2), (0.1, 0.14)), colour)  # fmt: skip
        pen.fill_poly(((0.5, 0.03), (0.84, 0.15), (0.16, 0.15)), light)
        _draw_dial(pen, 0.5, 0.38, 0.24, colour, r)
        pen.fill_rect(0.28, 0.64, 0.72, 0.95, darken_side(colour, 0.4) if sum(colour) > 210 else light)
        with pen.begin_part("pendulum"):
            x = 0.42 + 0.16 * r[1]
            pen.draw_line(0.5, 0.6, x, 0.84, 0.035, BRASS)
            pen.fill_disc(x, 0.84, 0.085, BRASS)
    else:
        for x, low in ((0.34, 0.84 + 0.06 * r[1]), (0.66, 0.9 - 0.06 * r[1])):
            pen.draw_line(x, 0.7, x, low, 0.03, INK)
            pen.fill_oval(x - 0.06, low - 0.06, x + 0.06, low + 0.1, (120, 78, 48))
        pen.fill_rect(0.16, 0.3, 0.84, 0.76, colour)
        pen.fill_poly(((0.5, 0.04), (0.84, 0.36), (0.16, 0.36)), colour)
        with pen.begin_part("roof"):
            pen.fill_poly(((0.5, 0), (1, 0.36), (0.96, 0.46), (0.5, 0.14), (0.04, 0.46), (0, 0.36)), dark)
        pen.fill_rect(0.12, 0.74, 0.88, 0.8, dark)
        _draw_dial(pen, 0.5, 0.56, 0.19, colour, r)
        pen.fill_disc(0.5, 0.28, 0.085, INK)
        pen.fill_disc(0.51, 0.28, 0.055, (246, 200, 60) if r[2] < 0.6 else (90, 150, 210))


def _draw_glazing(pen: Pen, x0: float, y0: float, x1: float, y1: float, glass: Colour) -> None:
    """Draw glass with a gleam by day, with stars by night."""
    with pen.begin_part("pane"):
        pen.fill_rect(x0, y0, x1, y1, glass)
        wide, tall = x1 - x0, y1 - y0
        if sum(glass) < 300:
            for x, y in ((0.2, 0.3), (0.62, 0.18), (0.8, 0.66)):
                pen.fill_disc(x0 + x * wide, y0 + y * tall, 0.028, (250, 240, 190))
        else:
            pen.fill_poly(
                ((x0, y0 + 0.75 * tall), (x0 + 0.6 * wide, y0), (x0 + 0.85 * wide, y0), (x0, y1)),
                lighten_side(glass, 0.45),
            )


def draw_window(pen: Pen, colour: Colour, look: int) -> None:
    """Draw four panes with curtains, shutters, a round top, or a box of flowers below."""
    r = pen.rng.random(4)
    glass, dark, light = _GLASS[int(4 * r[0])], darken_side(colour, 0.66), lighten_side(colour, 0.2)
    left, top, low = (0.24 if look == 1 else 0.04), (0.42 if look == 2 else 0), (0.8 if look == 3 else 0.94)
    right, bar = 1 - left, 0.075
    if look == 2:
        for radius, shade in ((0.46, colour), (0.38, glass)):
            arc = [(math.cos(a), math.sin(a)) for a in np.linspace(math.pi, math.tau, 14)]
            with pen.begin_part("pane" if shade == glass else "frame"):
                pen.fill_poly([(0.5 + radius * c, 0.45 + (radius - 0.01) * s) for c, s in arc], shade)
    with pen.begin_part("frame"):
        pen.fill_rect(left, top, right, low, colour)
    _draw_glazing(pen, left + bar, top + (-0.02 if look == 2 else bar), right - bar, low - bar, glass)
    if look == 0:
        cloth = choose_accent(colour, r[1])
        with pen.begin_part("curtain"):
            for x, end in ((left + bar, 0.4), (right - bar, 0.6)):
                pen.fill_poly(
                    ((x, bar), (end, bar), (x + 0.4 * (end - x), 0.56), (x + 0.7 * (end - x), 0.86), (x, 0.86)), cloth
                )
                pen.fill_rect(x, 0.54, x + 0.42 * (end - x), 0.6, darken_side(cloth))
    with pen.begin_part("frame"):
        pen.fill_rect(0.465, 0.04, 0.535, low, colour)
        for y in (0.45,) if look == 2 else (0.34, 0.6) if look == 1 else ((low + top) / 2 - 0.03,):
            pen.fill_rect(left, y, right, y + 0.06, colour)
        if look == 2:
            for x in (0.2, 0.8):
                pen.draw_line(0.5, 0.46, x, 0.14, 0.05, colour)
    if look == 1:
        with pen.begin_part("shutter"):
            for x in (0, 0.77):
                pen.fill_rect(x, 0.02, x + 0.23, 0.92, light)
                for i in range(6 if pen.height > 14 else 0):
                    pen.fill_rect(x + 0.04, 0.08 + 0.135 * i, x + 0.19, 0.13 + 0.135 * i, dark)
    pen.fill_rect(0, low, 1, low + 0.06, dark)
    if look == 3:
        _draw_flower_box(pen, r)


def _draw_flower_box(pen: Pen, r: np.ndarray) -> None:
    """Draw a box with leaves and a row of flowers."""
    pen.fill_poly(
        [(0.04 + 0.092 * i, 0.7 + (0.08 if i % 2 else 0)) for i in range(11)] + [(0.96, 0.88), (0.04, 0.88)], _LEAF
    )
    for i in range(6):
        pen.fill_disc(
            0.11 + 0.156 * i,
            0.72 + 0.03 * (i % 2),
            0.055,
            choose_accent(_LEAF, (r[2] + 0.33 * (i % 2) * (r[3] < 0.5)) % 1),
        )
    pen.fill_poly(((0.02, 0.84), (0.98, 0.84), (0.92, 1), (0.08, 1)), (150, 96, 58))
    pen.fill_rect(0.02, 0.84, 0.98, 0.88, (182, 124, 78))


def draw_door(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a door: panelled, of planks with a round top, with a glass pane, or with two leaves; a knob and a step."""
    r = pen.rng.random(3)
    dark, light = darken_side(colour, 0.66), lighten_side(colour, 0.2)
    frame = darken_side(colour, 0.5) if r[0] < 0.5 else _STONE
    if look == 1:
        for inset, shade in ((0.0, frame), (0.1, colour)):
            arc = [(math.cos(a), math.sin(a)) for a in np.linspace(math.pi, math.tau, 12)]
            with pen.begin_part("frame" if inset == 0 else ""):
                pen.fill_poly([(0.5 + (0.5 - inset) * c, 0.26 + (0.26 - inset / 2) * s) for c, s in arc]
                         + [(1 - inset, 0.97), (inset, 0.97)], shade)  # fmt: skip
        for x, y in ((0.26, 0.12), (0.42, 0.06), (0.58, 0.06), (0.74, 0.12)):
            pen.fill_rect(x - 0.015, y, x + 0.015, 0.97, dark)
        for y in (0.3, 0.74):
            pen.fill_poly(((0.1, y), (0.6, y + 0.015), (0.68, y + 0.025), (0.6, y + 0.035), (0.1, y + 0.05)), _METAL)
    else:
        with pen.begin_part("frame"):
            pen.fill_rect(0, 0, 1, 0.97, frame)
        pen.fill_rect(0.09, 0.045, 0.91, 0.97, dark)
        pen.fill_rect(0.11, 0.055, 0.89, 0.97, colour)
    if look == 2:
        _draw_glazing(pen, 0.2, 0.11, 0.8, 0.46, _GLASS[int(2 * r[1])])
        pen.fill_rect(0.47, 0.11, 0.53, 0.46, colour)
        pen.fill_rect(0.2, 0.27, 0.8, 0.3, colour)
        pen.fill_rect(0.36, 0.54, 0.64, 0.57, BRASS)
    if look == 3:
        pen.fill_rect(0.485, 0.05, 0.515, 0.97, dark)
    spots = [(x, y, x + 0.26, y + tall) for x in (0.2, 0.54) for y, tall in ((0.12, 0.34), (0.58, 0.32))]
    if look == 2:
        spots = [(0.2, 0.64, 0.8, 0.9)]
    elif look == 3:
        spots = [(x, y, x + 0.24, y + 0.2) for x in (0.18, 0.58) for y in (0.12, 0.39, 0.7)]
    with pen.begin_part("panel"):
        for x0, y0, x1, y1 in () if look == 1 else spots:
            pen.fill_rect(x0, y0, x1, y1, dark)
            pen.fill_rect(x0 + 0.03, y0 + 0.015, x1, y1, light)
    with pen.begin_part("knob"):
        for x in (0.4, 0.6) if look == 3 else (0.8,):
            pen.fill_disc(x, 0.52, 0.035 if look == 3 else 0.042, BRASS if sum(colour) < 500 else INK)
    pen.fill_rect(0, 0.965, 1, 1, darken_side(_STONE, 0.85))
