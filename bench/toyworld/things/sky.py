"""Section 4 (data sets): how sun, moon and clouds of the toy world look."""

from __future__ import annotations

import math

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix, tone

_CREAM: Colour = (255, 250, 222)
_DUSK: Colour = (226, 84, 52)
_NIGHT: Colour = (62, 70, 104)

_ROUND = tuple((math.cos(i * math.pi / 9), math.sin(i * math.pi / 9)) for i in range(18))


def _draw_burst(pen: Pen, count: int, inner: float, lengths: tuple[float, ...], half: float, colour: Colour) -> None:
    """Draw pointed rays around the middle, of alternating length; ``half`` is half a root's width in radians."""
    start = 6.3 * pen.rng.random()
    with pen.begin_part("ray"):
        for i in range(count):
            turn, reach = start + 2 * math.pi * i / count, lengths[i % len(lengths)]
            ends = ((inner, turn - half), (reach, turn), (inner, turn + half))
            pen.fill_poly([(0.5 + r * math.cos(t), 0.5 + r * math.sin(t)) for r, t in ends], colour)


def _draw_arc(pen: Pen, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
    """Draw a mouth or a closed eye: a sickle that hangs down from (x, y)."""
    rim = [(x + rx * math.cos(t), math.sin(t)) for t in (i * math.pi / 7 for i in range(8))]
    pen.fill_poly([(a, y + ry * s) for a, s in rim] + [(a, y + 0.45 * ry * s) for a, s in rim[::-1]], colour)


def _draw_smile(pen: Pen, colour: Colour) -> None:
    """Draw two eyes, rosy cheeks and a curved mouth."""
    dark = tone(colour, 0.5)
    for x in (0.42, 0.58):
        pen.fill_oval(x - 0.022, 0.42, x + 0.022, 0.5, dark)
        pen.fill_disc(x + (x - 0.5) * 0.75, 0.54, 0.035, mix(colour, (240, 110, 90), 0.5))
    _draw_arc(pen, 0.5, 0.55, 0.1, 0.08, dark)


def draw_sun(pen: Pen, colour: Colour, look: int) -> None:
    """Draw the sun with pointed rays (some smile), with a pale halo, or low in warm rings behind haze."""
    share, many = pen.rng.random(), int(pen.rng.integers(0, 3))
    if look == 0:
        _draw_burst(pen, 10 + 2 * many, 0.3, (0.5, 0.5 - 0.1 * share), 0.15, tone(colour, 0.96))
        pen.fill_disc(0.5, 0.5, 0.345, tone(colour, 0.84))
        pen.fill_disc(0.5, 0.5, 0.325, colour)
        pen.fill_disc(0.47, 0.47, 0.26, mix(colour, _CREAM, 0.25))
        if share > 0.35 and pen.height > 18:
            _draw_smile(pen, colour)
    elif look == 1:
        _draw_burst(pen, 16 + 4 * many, 0.36, (0.5,), 0.09, mix(colour, _CREAM, 0.3))
        for radius, cream in ((0.42, 0.62), (0.36, 0.38), (0.3, 0.0), (0.2, 0.3), (0.11, 0.75)):
            pen.fill_disc(0.5, 0.5, radius, mix(colour, _CREAM, cream))
    else:
        rings = ((0.47, _DUSK, 0.75 - 0.3 * share), (0.41, _DUSK, 0.3), (0.34, colour, 0.0), (0.25, _CREAM, 0.28),
                 (0.15, _CREAM, 0.62))  # fmt: skip
        for radius, other, much in rings:
            pen.fill_disc(0.5, 0.6 - 0.27 * radius, radius, mix(colour, other, much))
        haze = mix(mix(colour, _DUSK, 0.5), (255, 232, 214), 0.78)
        for y, width in ((0.56, 0.42), (0.73, 0.5), (0.88, 0.4)):
            x = 0.5 + 0.12 * (pen.rng.random() - 0.5)
            left, right = max(0.0, x - width), min(1.0, x + width)
            pen.fill_poly(
                ((left, y), (x - 0.22, y - 0.03), (x + 0.2, y - 0.024), (right, y), (x + 0.1, y + 0.03)), haze
            )


def _draw_phase(pen: Pen, radius: float, bulge: float, colour: Colour) -> None:
    """Draw the lit side of the disc: from its left edge to an inner one that bulges right (left, if negative)."""
    turns = [math.pi * i / 16 for i in range(17)]
    outer = [(0.5 - radius * math.sin(t), 0.5 - radius * math.cos(t)) for t in turns]
    inner = [(0.5 + bulge * math.sin(t), 0.5 + radius * math.cos(t)) for t in turns]
    pen.fill_poly(outer + inner, colour)


def _draw_crater(pen: Pen, x: float, y: float, radius: float, colour: Colour) -> None:
    """Draw a round hollow with a lighter floor."""
    pen.fill_disc(x, y, radius, tone(colour, 0.74))
    pen.fill_disc(x + 0.2 * radius, y + 0.22 * radius, 0.74 * radius, tone(colour, 0.86))


def draw_moon(pen: Pen, colour: Colour, look: int) -> None:
    """Draw the moon: a crescent (some with a face), full with craters, or half to gibbous above its dark side."""
    share, shift = pen.rng.random(), (0.06 * (pen.rng.random(6) - 0.5)).tolist()
    pale = tone(colour, 1.04)
    if look == 0:
        bite, horn = 0.3 + 0.12 * share, 1.0 + 0.12 * shift[0]
        outer = [horn + i * (math.pi - horn) / 10 for i in range(21)]
        rim = [(0.5 + 0.5 * math.cos(t), 0.5 + 0.5 * math.sin(t)) for t in outer]
        (edge, low), depth = rim[0], 0.0
        for depth, paint in ((0.0, tone(colour, 0.82)), (0.045, pale)):
            turns = [-math.pi / 2 + i * math.pi / 14 for i in range(15)]
            inner = [(edge - (edge - bite + depth) * math.cos(t), 0.5 + (low - 0.5) * math.sin(t)) for t in turns]
            pen.fill_poly(rim + inner, paint)
        if share > 0.4 and pen.height > 15:
            dark = tone(colour, 0.42)
            _draw_arc(pen, 0.21, 0.39, 0.07, 0.07, dark)
            _draw_arc(pen, 0.25, 0.62, 0.06, 0.06, dark)
            pen.fill_disc(0.16, 0.53, 0.045, mix(colour, (240, 130, 120), 0.4))
        elif pen.height > 12:
            with pen.begin_part("crater"):
                for x, y, radius in ((0.14, 0.4, 0.06), (0.2, 0.62, 0.075), (0.33, 0.84, 0.05)):
                    _draw_crater(pen, x, y, radius, colour)
        return
    spots = ((0.3, 0.34, 0.12), (0.62, 0.62, 0.15), (0.64, 0.27, 0.08), (0.31, 0.7, 0.09), (0.83, 0.44, 0.06))
    if look == 1:
        pen.fill_disc(0.5, 0.5, 0.5, tone(colour, 0.8))
        pen.fill_disc(0.475, 0.475, 0.47, pale)
    else:
        pen.fill_disc(0.5, 0.5, 0.48, mix(colour, _NIGHT, 0.72))
        _draw_phase(pen, 0.5, 0.02 + 0.2 * share, tone(colour, 0.82))
        _draw_phase(pen, 0.49, -0.03 + 0.2 * share, pale)
    with pen.begin_part("crater"):
        for (x, y, radius), move in zip(spots if look == 1 else (spots[0], spots[3]), shift, strict=False):
            _draw_crater(pen, x + move, y - move, radius + 0.4 * move, colour)
        if look == 2:
            _draw_crater(pen, 0.16, 0.52, 0.06, colour)


def _draw_puffs(pen: Pen, puffs: list[tuple[float, float, float, float]], base: float, colour: Colour) -> None:
    """Draw ovals (middle, half sizes) in three layers, shaded rim to lit top; below ``base`` all is cut flat."""
    for sink, shrink, factor in ((0.0, 1.0, 0.82), (-0.06, 0.87, 0.92), (-0.12, 0.64, 1.0)):
        for x, y, rx, ry in puffs:
            lit = (x - (1 - shrink) * 0.35 * rx, y + sink * ry - (1 - shrink) * 0.4 * ry)
            rim = [(lit[0] + shrink * rx * c, lit[1] + shrink * ry * s) for c, s in _ROUND]
            pen.fill_poly([(a, min(b, base + sink)) for a, b in rim], tone(colour, factor))


def draw_cloud(pen: Pen, colour: Colour, look: int) -> None:
    """Draw puffs on a flat base, flat streaks, a towering heap, or two small ones."""
    pale = mix(colour, (252, 252, 255), 0.7 if sum(colour) > 690 else 0.4)
    move = (0.05 * (pen.rng.random(10) - 0.5)).tolist()
    if look == 0:
        puffs = [(0.17, 0.72, 0.17, 0.28), (0.84, 0.74, 0.16, 0.26), (0.63, 0.5, 0.2, 0.42), (0.36, 0.44, 0.2, 0.44),
                 (0.5, 0.72, 0.3, 0.28)]  # fmt: skip
    elif look == 1:
        rows = ((0.86, 0.14, 0.82, 0.86), (0.13, 0.24, 0.86, 0.94), (0.62, 0.28, 1.0, 0.92), (0.38, 0.0, 0.74, 1.0))
        for k, (y, left, right, dark) in enumerate(rows):
            middle, half = (left + right) / 2 + move[k], (right - left) / 2 * (0.94 + move[k + 4])
            middle, lump = min(max(middle, half), 1 - half), 0.25 + 5 * move[k + 2]
            turns = [math.pi * i / 12 for i in range(24)]
            rim = [(math.copysign(abs(math.cos(t)) ** 0.8, math.cos(t)), math.sin(t)) for t in turns]
            tall = [0.13 * s * (1 + 0.5 * math.cos(7 * (c - lump))) if s < 0 else 0.1 * s for c, s in rim]
            places = [(middle + half * c, y + dy) for (c, _), dy in zip(rim, tall, strict=False)]
            pen.fill_poly(places, tone(pale, dark * 0.9))
            pen.fill_poly([(x, y - 0.03 + 0.7 * (b - y)) for x, b in places], tone(pale, dark))
        return
    elif look == 2:
        puffs = [(0.22, 0.86, 0.14, 0.14), (0.8, 0.88, 0.14, 0.12), (0.64, 0.72, 0.17, 0.28), (0.4, 0.72, 0.19, 0.28),
                 (0.57, 0.46, 0.15, 0.26), (0.4, 0.4, 0.15, 0.24), (0.48, 0.2, 0.13, 0.2)]  # fmt: skip
    else:
        _draw_puffs(pen, [(0.68, 0.28, 0.12, 0.26), (0.85, 0.34, 0.15, 0.2), (0.58, 0.36, 0.12, 0.18)], 0.48, pale)
        puffs = [(0.13, 0.82, 0.13, 0.2), (0.3, 0.66, 0.17, 0.3), (0.5, 0.8, 0.17, 0.22)]
    moved = [(x + m, y, rx, ry + n) for (x, y, rx, ry), m, n in zip(puffs, move, move[4:], strict=False)]
    _draw_puffs(pen, moved, 0.99, pale)
