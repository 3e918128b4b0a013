"""Section 4 (data sets): how balls of the toy world look."""

from __future__ import annotations

import math

import numpy as np

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen
from bench.toyworld.things.furniture import INK, WHITE, choose_accent, darken_side, draw_bow

Outline = list[tuple[float, float]]


def _outline_sectors() -> np.ndarray:
    """Outline [3, 16, 3]: every second sixth of a ball from pole to pole, the pole tilted towards us."""
    lat = np.concatenate([np.linspace(0, 2.6, 8), np.linspace(2.6, 0, 8)])
    lon = np.arange(3)[:, None] * math.tau / 3 + np.repeat([0.0, math.pi / 3], 8)
    x, y, z = np.sin(lat) * np.cos(lon), np.sin(lat) * np.sin(lon), np.broadcast_to(np.cos(lat), lon.shape)
    return np.stack([x, y * 0.87 + z * 0.5, z * 0.87 - y * 0.5], -1)


def _outline_patches() -> np.ndarray:
    """Outline [12, 5, 3]: a football's pentagons, around the corners of an icosahedron."""
    gold = (1 + math.sqrt(5)) / 2
    corners = [p for a in (-1, 1) for b in (-gold, gold) for p in ((0, a, b), (a, b, 0), (b, 0, a))]
    centres = np.array(corners) / math.hypot(1, gold)
    patches = []
    for centre in centres:
        near = centres[np.abs(centres @ centre - 0.447) < 0.1][0]
        side = (near - 0.447 * centre) / np.linalg.norm(near - 0.447 * centre)
        angles = np.arange(5)[:, None] * math.tau / 5
        patches.append(0.92 * centre + 0.38 * (np.cos(angles) * side + np.sin(angles) * np.cross(centre, side)))
    return np.array(patches)


_SECTORS, _PATCHES = _outline_sectors(), _outline_patches()
_ACROSS = np.linspace(-1, 1, 8)
_SEAMS = (((-1, 0), (1, 0), (0, 0.08)), ((0, -1), (0, 1), (0.08, 0)),
          ((-0.7, -0.7), (-0.7, 0.7), (0.42, 0)), ((0.7, -0.7), (0.7, 0.7), (-0.42, 0)))  # fmt: skip
"""The lines of a basketball: from, to, how far the middle is pushed aside."""


def draw_ball(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a ball: coloured segments, the patches of a football, the lines of a basketball, or stripes."""
    r = pen.rng.random(4)
    size = 0.5 * min(1.0, pen.width / pen.height)
    wide = size * pen.height / pen.width
    second: Colour = WHITE if sum(colour) < 640 else choose_accent(colour, r[1])
    cos, sin = math.cos(math.tau * r[0]), math.sin(math.tau * r[0])

    def on(points: np.ndarray) -> Outline:
        """Project points of the unit ball, seen from the front, to the box; what is behind moves to the rim."""
        points_in_box = []
        for x, y, z in points.tolist():
            far = math.hypot(x, y) if z < 0 else 1.0
            points_in_box.append((0.5 + wide * (x * cos - y * sin) / far, 0.5 + size * (x * sin + y * cos) / far))
        return points_in_box

    pen.fill_disc(0.5, 0.5, size, darken_side(colour, 0.75))
    pen.fill_disc(0.5 - 0.03 * wide, 0.5 - 0.04 * size, size * 0.93, colour)
    if look == 0:
        with pen.begin_part("segment"):
            for i, sector in enumerate(_SECTORS):
                pen.fill_poly(on(sector), second if i or r[2] < 0.5 else choose_accent(colour, r[3]))
        pen.fill_disc(*on(np.array([[0, 0.5, 0.87]]))[0], size * 0.13, colour)
    elif look == 1:
        a, b = math.pi * r[2], math.pi * r[3]
        spin = np.array([(math.cos(a), 0, math.sin(a)), (0, 1, 0), (-math.sin(a), 0, math.cos(a))]) @ np.array(
            [(1, 0, 0), (0, math.cos(b), -math.sin(b)), (0, math.sin(b), math.cos(b))])  # fmt: skip
        with pen.begin_part("patch"):
            for patch in _PATCHES @ spin:
                if patch[:, 2].sum() > -0.7:
                    pen.fill_poly(on(patch), WHITE if sum(colour) < 640 and r[1] < 0.4 else INK)
    elif look == 2:
        with pen.begin_part("seam"):
            for seam in _SEAMS:
                start, end, (mx, my) = on(np.array([(x, y, 1) for x, y in seam]))
                draw_bow(
                    pen,
                    start,
                    end,
                    (mx - 0.5, my - 0.5),
                    0.12 * size,
                    darken_side(colour, 0.4) if sum(colour) < 640 else INK,
                )
    else:
        with pen.begin_part("stripe"):
            for y in (-0.5, 0.18):
                one, other = ((math.sqrt(1 - e * e) * _ACROSS, e + 0.16 * (1 - _ACROSS**2)) for e in (y, y + 0.36))
                xs, ys = np.concatenate([one[0], other[0][::-1]]), np.concatenate([one[1], other[1][::-1]])
                pen.fill_poly(on(np.stack([xs, ys, np.ones(16)], 1)), second)
    pen.fill_oval(0.5 - 0.62 * wide, 0.5 - 0.7 * size, 0.5 - 0.3 * wide, 0.5 - 0.42 * size, (255, 255, 252))
