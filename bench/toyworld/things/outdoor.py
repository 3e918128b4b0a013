"""Section 4 (data sets): how tents, umbrellas and benches of the toy world look; with buildings and plants."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, tone

Points = Sequence[tuple[float, float]]

_WHITE: Colour = (246, 242, 230)
_WOOD: Colour = (112, 76, 48)
_IRON: Colour = (58, 58, 66)


def draw_tent(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a ridge tent with its side, a tipi with poles, or a dome; some are striped."""
    share = pen.rng.random(4).tolist()
    inside, light = tone(colour, 0.32), (_WHITE if sum(colour) < 560 else tone(colour, 0.6))
    striped = share[0] < 0.45
    if look == 0:
        with pen.begin_part("pole"):
            pen.draw_line(0.32, 0, 0.32, 1, 0.04, _WOOD)
        back = 0.76 + 0.06 * share[1]
        pen.fill_poly(((0.32, 0.05), (back, 0.14), (1, 0.93), (0.64, 1)), tone(colour, 0.78))
        for t in (0.2, 0.6) if striped else ():
            pen.fill_poly([(0.32 + (t + d) * (back - 0.32), 0.05 + (t + d) * 0.09) for d in (0, 0.2)]
                     + [(0.64 + (t + d) * 0.36, 1 - (t + d) * 0.07) for d in (0.2, 0)], light)  # fmt: skip
        pen.fill_poly(((0.32, 0.05), (0.64, 1), (0, 1)), colour)
        with pen.begin_part("door"):
            pen.fill_poly(((0.32, 0.2), (0.46, 1), (0.18, 1)), inside)
        pen.fill_poly(((0.32, 0.18), (0.4, 0.62), (0.46, 1), (0.53, 1)), tone(colour, 1.2))
        pen.fill_poly(((0.32, 0.18), (0.24, 0.62), (0.18, 1), (0.11, 1)), tone(colour, 1.2))
    elif look == 1:
        with pen.begin_part("pole"):
            for x in (0.36, 0.45, 0.55, 0.63):
                pen.draw_line(0.5 + 0.8 * (0.5 - x), 0.3, x, 0, 0.035, _WOOD)
        pen.fill_poly(((0.45, 0.12), (0.55, 0.12), (0.92, 0.94), (0.72, 1), (0.28, 1), (0.08, 0.94)), colour)
        pen.fill_poly(((0.5, 0.12), (0.55, 0.12), (0.92, 0.94), (0.72, 1), (0.66, 1)), tone(colour, 0.76))
        low = 0.66 + 0.1 * share[1]
        edge = [(0.5 + (i - 4) / 4 * 0.45 * (low - 0.02), low + (0.07 if i % 2 else -0.02)) for i in range(9)]
        pen.fill_poly(edge + [(x, y + 0.1) for x, y in reversed(edge)], light)
        with pen.begin_part("door"):
            pen.fill_poly(((0.5, 0.42), (0.62, 1), (0.38, 1)), inside)
        pen.fill_poly(((0.5, 0.4), (0.56, 0.7), (0.62, 1), (0.7, 1)), tone(colour, 1.15))
    else:
        arc = [(math.cos(math.pi * i / 12), math.sin(math.pi * i / 12) ** 0.9) for i in range(13)]
        for k, factor in enumerate((0.74, 0.9, 1.0, 1.15)):
            half, middle = (0.5, 0.42, 0.28, 0.13)[k], (0.5, 0.45, 0.4, 0.37)[k]
            paint = light if striped and k == 1 else tone(colour, factor)
            pen.fill_poly([(middle + half * c, 1 - (0.97 - 0.02 * k) * s) for c, s in arc], paint)
        with pen.begin_part("door"):
            pen.fill_poly([(0.37 + 0.14 * c, 1 - (0.6 + 0.1 * share[1]) * s) for c, s in arc], inside)
            pen.fill_poly(((0.37, 0.42), (0.51, 0.8), (0.51, 1), (0.44, 1)), tone(colour, 0.6))


_DOME = ((0.0, 0.0), (0.38, 0.08), (0.71, 0.3), (0.92, 0.62), (1.0, 1.0))
_CONE = ((0.0, 0.0), (0.5, 0.46), (1.0, 1.0))


def _draw_canopy(pen: Pen, box: tuple[float, float, float, float, float], profile: Points, paints: Sequence[Colour],
            valance: float) -> None:  # fmt: skip
    """Draw a fan of cloth panels; ``box`` is apex x, y, half width, height (shares of the height) and tilt."""
    x0, y0, half, tall, tilt = box
    cos, sin, squash = math.cos(tilt), math.sin(tilt), pen.height / pen.width

    def place(u: float, v: float) -> tuple[float, float]:
        return (x0 + (u * half * cos - v * tall * sin) * squash, y0 + u * half * sin + v * tall * cos)

    edges = [math.sin(math.pi * (i / len(paints) - 0.5)) for i in range(len(paints) + 1)]
    for left, right, paint in zip(edges, edges[1:], paints, strict=False):
        rim = [(left, 1 + valance), ((left + right) / 2, 1 - 0.1 + 2.2 * valance), (right, 1 + valance)]
        panel = [(left * s, v) for s, v in profile] + rim + [(right * s, v) for s, v in reversed(profile)]
        pen.fill_poly([place(u, v) for u, v in panel], paint)
        if valance:
            pen.fill_poly([place(u, v) for u, v in [(left, 1), *rim, (right, 1)]], tone(paint, 0.82))


def draw_umbrella(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a leaning beach parasol, a tilted rain umbrella with a curved handle, or a straight cafe parasol."""
    share = pen.rng.random(3).tolist()
    other = _WHITE if sum(colour) < 640 else (128, 172, 206)
    shades = [tone(colour, f) for f in (1.15, 1.05, 1.0, 0.9, 0.76, 0.7)]
    wide = 0.5 * pen.width / pen.height
    if look == 1:
        tilt = 0.3 + 0.25 * share[0]
        c, s = math.cos(tilt), math.sin(tilt)

        def at(u: float, v: float) -> tuple[float, float]:
            return (0.62 + (u * c - v * s) * pen.height / pen.width, 0.04 + u * s + v * c)

        pen.draw_curve((at(0, -0.04), at(0, 0.3), at(0, 0.82)), (0.02, 0.035, 0.04), _IRON)
        with pen.begin_part("handle"):
            pen.draw_curve(
                (at(0, 0.78), at(0, 0.9), at(-0.045, 0.96), at(-0.1, 0.93), at(-0.11, 0.86)), (0.055,) * 5, _WOOD
            )
        _draw_canopy(pen, (0.62, 0.04, wide * 0.98, 0.46, tilt), _DOME, shades[:5], 0.0)
        return
    lean = 0.22 * share[0] - 0.11 if look == 0 else 0.0
    with pen.begin_part("pole"):
        pen.draw_line(
            0.5 - lean * 0.3, 0.06, 0.5 - 2.5 * lean * 0.6, 1, 0.05, tone(_WHITE, 0.86) if share[1] < 0.4 else _WOOD
        )
    if look == 0:
        pen.fill_oval(0.5 - 1.5 * lean - 0.2, 0.94, 0.5 - 1.5 * lean + 0.2, 1.0, (222, 196, 140))
        striped = [shades[0], other, shades[2], other, shades[4]]
        _draw_canopy(pen, (0.5, 0.03, wide * 0.97, 0.44, lean), _DOME, striped if share[2] < 0.7 else shades[:5], 0.0)
        pen.fill_disc(0.5, 0.03, 0.03, _WOOD)
    else:
        with pen.begin_part("pole"):
            pen.fill_rect(0.3, 0.94, 0.7, 1, _IRON)
        count = 7 if share[2] < 0.5 else 5
        paints = [other if i % 2 else tone(colour, 1.15 - 0.07 * i) for i in range(count)]
        _draw_canopy(pen, (0.5, 0.03, wide, 0.32, 0.0), _CONE, paints, 0.3)


def draw_bench(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a park bench from the front, one from the side in perspective, or a stone one with rolled ends."""
    share = pen.rng.random(3).tolist()
    dark = tone(colour, 0.72)
    leg = _IRON if sum(colour) > 200 else (120, 120, 126)
    if look == 2:
        _draw_stone_bench(pen, colour, share[0])
        return
    if look == 0:
        slats = 3 + int(2 * share[0])
        with pen.begin_part("leg"):
            for x in (0.13, 0.82):
                pen.fill_rect(x, 0, x + 0.05, 0.92, leg)
            for x in (0.03, 0.91):
                pen.fill_rect(x, 0.6, x + 0.06, 1, leg)
                pen.fill_rect(x - 0.03, 0.95, x + 0.09, 1, leg)
        step = 0.45 / slats
        for i in range(slats):
            pen.fill_rect(0.02, 0.03 + step * i, 0.98, 0.03 + step * (i + 0.74), colour)
            pen.fill_rect(0.02, 0.03 + step * (i + 0.58), 0.98, 0.03 + step * (i + 0.74), dark)
        for y, inset in ((0.48, 0.03), (0.565, 0.015)):
            pen.fill_poly(
                ((inset + 0.01, y), (0.99 - inset, y), (1 - inset, y + 0.07), (inset, y + 0.07)), tone(colour, 1.12)
            )
        pen.fill_rect(0, 0.645, 1, 0.73, dark)
        with pen.begin_part("armrest"):
            for x in (0.01, 0.9):
                pen.fill_rect(x, 0.32, x + 0.09, 0.39, leg)
                pen.fill_rect(x + 0.025, 0.36, x + 0.065, 0.65, leg)
        return
    _draw_bench_aside(pen, colour, leg, 0.6 + 0.05 * share[1])


def _draw_stone_bench(pen: Pen, colour: Colour, share: float) -> None:
    """Draw a heavy slab on two scrolled feet; both ends of the slab roll upwards."""
    dark, deep = tone(colour, 0.74), tone(colour, 0.54)
    with pen.begin_part("leg"):
        for x in (0.13, 0.69):
            pen.fill_poly(((x - 0.03, 0.62), (x + 0.21, 0.62), (x + 0.16, 0.76), (x + 0.16, 0.88), (x + 0.21, 1),
                      (x - 0.03, 1), (x + 0.02, 0.88), (x + 0.02, 0.76)), dark)  # fmt: skip
            pen.fill_poly(((x + 0.11, 0.62), (x + 0.16, 0.76), (x + 0.16, 0.88), (x + 0.21, 1), (x + 0.11, 1)), deep)
    top = 0.1 + 0.08 * share
    pen.fill_poly(((0.07, 0.3), (0.93, 0.3), (1, 0.44), (0, 0.44)), tone(colour, 1.14))
    pen.fill_rect(0, 0.43, 1, 0.62, colour)
    pen.fill_rect(0.02, 0.61, 0.98, 0.66, dark)
    for _ in range(4):
        x = 0.12 + 0.7 * pen.rng.random()
        pen.fill_rect(x, 0.5, x + 0.05, 0.54, tone(colour, 0.88))
    with pen.begin_part("armrest"):
        for left, right in ((0.0, 0.1), (0.9, 1.0)):
            pen.fill_rect(left, top + 0.1, right, 0.44, tone(colour, 0.88))
            pen.fill_oval(left, top, right, top + 0.2, tone(colour, 1.05))
            pen.fill_oval(left + 0.025, top + 0.05, right - 0.025, top + 0.15, dark)


def _draw_bench_aside(pen: Pen, colour: Colour, leg: Colour, along: float) -> None:
    """Draw one end of the bench near us, the other further away to the right; ``along`` is how far."""
    rise = -0.1
    with pen.begin_part("leg"):
        for x, y, low in ((along + 0.34, 0.46, 0.86), (along + 0.06, 0.54, 0.94), (0.33, 0.5, 0.93), (0.06, 0.6, 1.0)):
            pen.fill_rect(x - 0.022, y, x + 0.022, low, leg)
    for t in (0.0, 0.35, 0.7):
        a, b = t, t + 0.26
        near = ((0.37 - 0.08 * a, 0.1 + 0.42 * a), (0.37 - 0.08 * b, 0.1 + 0.42 * b))
        far = [(x + along, y + rise) for x, y in near]
        pen.fill_poly((near[0], far[0], far[1], near[1]), tone(colour, 0.82))
    for t in (0.0, 0.36, 0.7):
        near = ((0.03 + 0.25 * t, 0.63 - 0.1 * t), (0.03 + 0.25 * (t + 0.28), 0.63 - 0.1 * (t + 0.28)))
        far = [(x + along, y + rise) for x, y in near]
        pen.fill_poly((near[0], far[0], far[1], near[1]), tone(colour, 1.12))
    pen.fill_poly(
        ((0.03, 0.63), (0.03 + along, 0.63 + rise), (0.03 + along, 0.71 + rise), (0.03, 0.71)), tone(colour, 0.7)
    )
    with pen.begin_part("armrest"):
        for dx, dy in ((along, rise), (0.0, 0.0)):
            pen.draw_curve(((0.04 + dx, 0.62 + dy), (0.04 + dx, 0.38 + dy), (0.33 + dx, 0.32 + dy)), (0.07,) * 3, leg)
