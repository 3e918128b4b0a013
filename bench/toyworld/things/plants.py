"""Section 4 (data sets): how trees and flowers of the toy world look."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix, tone

Points = Sequence[tuple[float, float]]

_WHITE: Colour = (246, 242, 230)
_WOOD: Colour = (112, 76, 48)
_LEAF: Colour = (70, 146, 66)


def _outline_scallops(bumps: int) -> list[tuple[float, float]]:
    """Outline a circle of radius 1 with that many bumps on its rim."""
    reach = (0.87, 0.98, 0.98)
    turns = [2 * math.pi * i / (3 * bumps) for i in range(3 * bumps)]
    return [(reach[i % 3] * math.cos(t), reach[i % 3] * math.sin(t)) for i, t in enumerate(turns)]


_RIMS = {bumps: _outline_scallops(bumps) for bumps in range(3, 14)}


def _draw_bush(pen: Pen, x: float, y: float, rx: float, ry: float, bumps: int, colour: Colour) -> None:
    """Draw a leafy clump with a scalloped rim."""
    pen.fill_poly([(x + rx * c, y + ry * s) for c, s in _RIMS[bumps]], colour)


def _draw_trunk(pen: Pen, top: float, half: float, wood: Colour) -> None:
    """Draw a trunk with flared roots, shaded on the right."""
    with pen.begin_part("trunk"):
        pen.fill_poly(((0.5 - half * 0.6, top), (0.5 + half * 0.6, top), (0.5 + half, 0.9), (0.5 + half * 1.9, 1),
                  (0.5 - half * 1.9, 1), (0.5 - half, 0.9)), wood)  # fmt: skip
        pen.fill_poly(((0.5 + half * 0.1, top), (0.5 + half * 0.6, top), (0.5 + half, 0.9), (0.5 + half * 1.9, 1),
                  (0.5 + half * 0.3, 1)), tone(wood, 0.72))  # fmt: skip


def draw_tree(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a round crown (some bear fruit), a fir, a poplar, a palm, or leaves or blossom on bare branches."""
    move = (0.06 * (pen.rng.random((12, 2)) - 0.5)).tolist()
    if look == 3:
        _draw_palm(pen, colour, move)
        return
    if look == 4:
        _draw_blossom(pen, colour, move)
        return
    wood = tone(_WOOD, 0.9 + 4 * move[0][0])
    if look == 0:
        _draw_trunk(pen, 0.5, 0.09, wood)
        clumps = (
                  (0.5, 0.35, 0.44, 0.33, 0.72), (0.2, 0.44, 0.2, 0.2, 0.8), (0.8, 0.44, 0.2, 0.2, 0.72),
                  (0.34, 0.4, 0.25, 0.2, 0.9), (0.66, 0.32, 0.27, 0.22, 0.9), (0.44, 0.2, 0.3, 0.2, 1.0),
                  (0.26, 0.36, 0.16, 0.11, 1.08), (0.42, 0.15, 0.19, 0.11, 1.14), (0.68, 0.26, 0.14, 0.09, 1.06),
        )  # fmt: skip
        for (x, y, rx, ry, factor), (dx, dy) in zip(clumps, move, strict=False):
            x = min(max(x + dx, rx), 1 - rx)
            _draw_bush(pen, x, max(y + dy, ry), rx, ry, 9 if rx > 0.4 else 6, tone(colour, factor))
        with pen.begin_part("fruit"):
            for dx, dy in move[:6] if move[9][0] > 0.005 and pen.height > 24 else ():
                pen.fill_disc(0.5 + 11 * dx, 0.36 + 7 * dy, 0.028, (214, 60, 48) if colour[0] < 180 else (250, 214, 90))
    elif look == 1:
        _draw_trunk(pen, 0.7, 0.07, wood)
        for y, half, deep in ((0.5, 0.48, 0.4), (0.32, 0.4, 0.36), (0.15, 0.3, 0.32), (0.0, 0.2, 0.26)):
            half += move[int(9 * y)][0] * 0.4
            hem = [(0.5 + half * (1 - i / 4), y + deep - (0.04 if i % 2 else 0.0) + 0.02 * (i == 4)) for i in range(9)]
            pen.fill_poly([(0.5, y), *hem], tone(colour, 0.92 if y else 1.05))
            pen.fill_poly([(0.5, y), *hem[:4], (0.5 + 0.1 * half, y + 0.6 * deep)], tone(colour, 0.68))
            pen.fill_poly((hem[8], hem[7], hem[6], (0.5, y + 0.5 * deep)), tone(colour, 1.12))
    else:
        _draw_trunk(pen, 0.7, 0.08, wood)
        half = 0.3 + move[0][0]
        _draw_bush(pen, 0.5, 0.44, half, 0.44, 13, tone(colour, 0.72))
        _draw_bush(pen, 0.46, 0.44, half * 0.8, 0.4, 12, tone(colour, 0.92))
        for i, (dx, dy) in enumerate(move):
            x, y = 0.36 + 0.09 * (i % 4) + dx, 0.22 + 0.2 * (i // 4) + 2 * dy
            pen.fill_poly(((x, y - 0.08), (x + 0.05, y + 0.04), (x, y + 0.09), (x - 0.05, y + 0.04)),
                     tone(colour, (1.15, 1.05, 0.85, 0.76)[i % 4]))  # fmt: skip


def _draw_palm(pen: Pen, colour: Colour, move: Sequence[Sequence[float]]) -> None:
    """Draw a leaning ringed trunk, fronds that hang in arcs, two or three nuts."""
    bend = 0.1 + move[0][0] * 2
    trunk = [(0.5 - bend, 1.0), (0.5 - 0.9 * bend, 0.75), (0.5 - 0.4 * bend, 0.5), (0.52, 0.26)]
    with pen.begin_part("trunk"):
        pen.draw_curve(trunk, (0.12, 0.09, 0.075, 0.065), (158, 116, 74))
        for i in range(6) if pen.height > 30 else ():
            t = i / 6
            x, wide = 0.5 - bend * (1 - t) ** 0.8, 0.06 - 0.022 * t
            pen.draw_line(x - wide, 0.96 - 0.66 * t, x + wide, 0.95 - 0.66 * t, 0.018, (116, 80, 50))
    tips = ((0.04, 0.58, 0.72), (0.96, 0.6, 0.66), (0.0, 0.3, 0.9), (1.0, 0.32, 0.8), (0.2, 0.04, 1.0),
            (0.82, 0.03, 1.1), (0.3, 0.66, 0.84), (0.72, 0.66, 0.94))  # fmt: skip
    for (x, y, factor), (dx, dy) in zip(tips, move, strict=False):
        x, y = min(max(x + dx, 0.0), 1.0), y + dy
        mx, my = (0.52 + x) / 2 + (x - 0.52) * 0.12, min(0.24, (0.25 + y) / 2) - 0.16
        over, under = [], []
        for i in range(7):
            t = i / 6
            px = (1 - t) ** 2 * 0.52 + 2 * t * (1 - t) * mx + t * t * x
            py = (1 - t) ** 2 * 0.25 + 2 * t * (1 - t) * max(0.0, my) + t * t * y
            over.append((px, py - 0.045 * math.sin(math.pi * t)))
            under.append((px - 0.04 * (x - 0.52) * (i % 2), py + (0.14 if i % 2 else 0.045) * math.sin(math.pi * t)))
        pen.fill_poly(over + under[::-1], tone(colour, factor))
    with pen.begin_part("fruit"):
        for x, y in ((0.47, 0.3), (0.57, 0.31)):
            pen.fill_disc(x, y, 0.035, (96, 62, 40))


def _draw_blossom(pen: Pen, colour: Colour, move: Sequence[Sequence[float]]) -> None:
    """Draw forked branches that show between clusters of leaves or blossom."""
    ends = ((0.16, 0.42), (0.84, 0.4), (0.3, 0.2), (0.7, 0.18), (0.5, 0.13), (0.1, 0.3), (0.9, 0.26))
    places = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(ends, move, strict=False)]
    for x, y in places:
        x = min(max(x, 0.19), 0.81)
        _draw_bush(pen, x, max(y, 0.14), 0.19, 0.14, 6, tone(colour, 0.74))
    wood = tone(_WOOD, 0.8)
    _draw_trunk(pen, 0.52, 0.07, wood)
    with pen.begin_part("branch"):
        for (x, y), knee in zip(places[:4], ((0.4, 0.52), (0.62, 0.5), (0.45, 0.4), (0.57, 0.38)), strict=False):
            pen.draw_line(0.5, 0.62, *knee, 0.06, wood)
            pen.draw_line(*knee, x, y, 0.036, wood)
    for i, (x, y) in enumerate(places):
        x, y = min(max(x + move[i + 4][0], 0.16), 0.84), max(y - 0.02, 0.11)
        _draw_bush(pen, x, y, 0.15, 0.1, 6, tone(colour, 0.98))
        _draw_bush(pen, x - 0.03, y - 0.025, 0.08, 0.05, 5, mix(colour, _WHITE, 0.28))
    for dx, dy in move[:5] if pen.height > 24 else ():
        x, y = 0.5 + 13 * dx, 0.58 + 2 * dy
        pen.fill_poly(((x - 0.03, y), (x, y - 0.02), (x + 0.03, y), (x, y + 0.02)), colour)


def _draw_petals(pen: Pen, count: int, y: float, shape: Points, start: float, paint: Colour) -> None:
    """Draw petals around (0.5, y); ``shape`` is one of them: points along and across it, in shares of the height."""
    squash = pen.height / pen.width
    for i in range(count):
        c, s = math.cos(start + 2 * math.pi * i / count), math.sin(start + 2 * math.pi * i / count)
        shade = tone(paint, 1.0 if i % 2 else 0.87)
        pen.fill_poly([(0.5 + (a * c - b * s) * squash, y + a * s + b * c) for a, b in shape], shade)


def draw_flower(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a daisy, a tulip, a rose in whorls, or a sunflower with pointed petals and a large dark heart."""
    share = pen.rng.random(4).tolist()
    green, size = tone(_LEAF, 0.85 + 0.3 * share[0]), min(0.34, 0.5 * pen.width / pen.height)
    bend = 0.08 * (share[1] - 0.5)
    with pen.begin_part("stem"):
        pen.draw_curve(((0.5, 0.3), (0.5 + bend, 0.7), (0.5 - bend, 1.0)), (0.05, 0.05, 0.06), tone(green, 0.82))
    with pen.begin_part("leaf"):
        for side, y in ((-1, 0.92), (1, 0.97)):
            tall = 0.5 if look == 1 else 0.26
            tip, wide = (0.5 + side * (0.36 if look == 1 else 0.48), y - tall), 0.5 + side * 0.3
            pen.fill_poly(((0.5, y), (0.5 + side * 0.12, y - 0.7 * tall), tip, (wide, y - 0.3 * tall)),
                     green if side < 0 else tone(green, 0.88))  # fmt: skip
    if look == 0:
        half = ((0.05, 0.02), (0.65 * size, 0.075), (0.92 * size, 0.055), (size, 0.0))
        shape = (*half, *((a, -b) for a, b in half[::-1]))
        _draw_petals(pen, 10 + int(3 * share[2]), size, shape, share[3], colour)
        heart = (246, 196, 52) if abs(colour[1] - 206) + abs(colour[2] - 60) > 70 else (150, 88, 40)
        pen.fill_disc(0.5, size, 0.105, tone(heart, 0.82))
        pen.fill_disc(0.48, size - 0.01, 0.085, heart)
    elif look == 1:
        pen.fill_poly(((0.3, 0.14), (0.5, 0.0), (0.7, 0.14), (0.6, 0.4), (0.4, 0.4)), tone(colour, 0.7))
        for side in (-1, 1):
            pen.fill_poly([(0.5 + side * x, y) for x, y in ((0.42, 0.02), (0.45, 0.26), (0.36, 0.42), (0.16, 0.52),
                      (-0.05, 0.52), (0.02, 0.3), (0.16, 0.14))], tone(colour, 1.0 if side < 0 else 0.84))  # fmt: skip
        pen.fill_poly(
            ((0.5, 0.08), (0.66, 0.24), (0.66, 0.42), (0.5, 0.53), (0.34, 0.42), (0.34, 0.24)), tone(colour, 1.14)
        )
    elif look == 2:
        _draw_bush(pen, 0.5, size, 0.5, size, 5, tone(colour, 0.8))
        for i, (reach, factor) in enumerate(((0.82, 1.0), (0.62, 0.78), (0.54, 1.08), (0.34, 0.72), (0.26, 1.0))):
            dx = (0.03, -0.02, -0.05, 0.03, 0.0)[i]
            _draw_bush(
                pen, 0.5 + dx, size - 0.03 * reach, 0.5 * reach, size * reach, (5, 4, 4, 3, 3)[i], tone(colour, factor)
            )
        pen.fill_poly(((0.5, size), (0.6, size - 0.05), (0.54, size + 0.04), (0.42, size + 0.03)), tone(colour, 0.62))
    else:
        for grow, factor in ((1.0, 0.74), (0.86, 1.0)):
            shape = ((0.1, -0.03), (0.66 * size, -0.072), (size * grow, 0.0), (0.66 * size, 0.072), (0.1, 0.03))
            _draw_petals(pen, 13, size, shape, share[3] + 1.7 * grow, tone(colour, factor))
        pen.fill_disc(0.5, size, 0.14, (74, 46, 30))
        pen.fill_disc(0.48, size - 0.012, 0.1, (112, 70, 40))
