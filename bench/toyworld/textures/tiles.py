"""Section 4 (data sets): large tiles of leaves, blades, rocks and flowers, made once, of which textures are cut."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from bench.toyworld.textures.brushes import TILE, Field

_FINE = 3
"""Tiles are drawn this much larger and reduced, so that edges are smooth."""
_CHANNELS = 3
Points = list[tuple[float, float]]


class _Sheet:
    """Grey pictures of a tile, one for each of up to three quantities of the same shapes (brightness, hue, strength).

    They are the channels of one picture, so that a shape is drawn once: Pillow fills the same pixels of each.
    """

    def __init__(self, count: int, paper: int = 0) -> None:
        self.count, self.layers = count, Image.new("RGB", (TILE * _FINE, TILE * _FINE), (paper,) * _CHANNELS)
        self._draw = ImageDraw.Draw(self.layers)

    def fill_poly(self, points: Points, *values: float) -> None:
        """Fill a polygon with one value from 0 to 1 a layer."""
        if len(values) != self.count:
            raise ValueError(f"{len(values)} values for {self.count} layers")
        greys = [int(max(0.0, min(1.0, value)) * 255) for value in values]
        self._draw.polygon([(x * _FINE, y * _FINE) for x, y in points], (*greys, 0, 0)[:_CHANNELS])

    def read_fields(self) -> tuple[Field, ...]:
        """Read what was drawn, from 0 to 1."""
        reduced = np.asarray(self.layers.reduce(_FINE)).astype(np.float32) / 255
        return tuple(np.ascontiguousarray(reduced[..., layer]) for layer in range(self.count))


def _outline_ellipse(x: float, y: float, rx: float, ry: float, steps: int = 10) -> Points:
    """Outline an ellipse as a polygon."""
    angles = [2 * math.pi * i / steps for i in range(steps)]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


@cache
def make_leaves(size: float) -> tuple[Field, ...]:
    """Make overlapping leaves of that length: brightness, and a hue of their own for each."""
    rng, sheet = np.random.default_rng(11), _Sheet(2, 20)
    count = int(5.5 * (TILE / size) ** 2)
    for i in range(count):
        x, y, hue, light = rng.uniform(0, TILE), rng.uniform(0, TILE), rng.random(), 0.15 + 0.75 * i / count
        long, angle = size * rng.uniform(0.75, 1.15), rng.normal(1.2, 0.9)
        c, s, half = math.cos(angle) * long / 2, math.sin(angle) * long / 2, 0.5
        light += rng.uniform(-0.1, 0.1)
        tip, foot = (x + c, y + s), (x - c, y - s)
        left = [
            (x + 0.2 * c - half * s, y + 0.2 * s + half * c),
            (x - 0.5 * c - 0.8 * half * s, y - 0.5 * s + 0.8 * half * c),
        ]
        right = [
            (x + 0.2 * c + half * s, y + 0.2 * s - half * c),
            (x - 0.5 * c + 0.8 * half * s, y - 0.5 * s - 0.8 * half * c),
        ]
        sheet.fill_poly([tip, left[0], left[1], foot], light * 0.72, hue)
        sheet.fill_poly([tip, right[0], right[1], foot], light * 1.05, hue)
    return sheet.read_fields()


@cache
def make_blades(tall: float, lean: float) -> tuple[Field, ...]:
    """Make blades of grass from back to front: brightness (dark feet, light tips), and a hue of their own for each."""
    rng, sheet = np.random.default_rng(12), _Sheet(2, 40)
    for y in np.sort(rng.uniform(0, TILE + tall, int(13 * (TILE / tall) ** 2))).tolist():
        x, high, hue, light = rng.uniform(0, TILE), tall * rng.uniform(0.6, 1.2), rng.random(), rng.uniform(0.35, 0.95)
        bend, half = rng.normal(0, lean) * high, 0.09 * tall
        knee, tip = (x + 0.25 * bend, y - 0.55 * high), (x + bend, y - high)
        sheet.fill_poly(
            [(x - half, y), (x + half, y), (knee[0] + half, knee[1]), (knee[0] - half, knee[1])], light * 0.55, hue
        )
        sheet.fill_poly([(knee[0] - half, knee[1] + 0.4), (knee[0] + half, knee[1] + 0.4), tip], light, hue)
    return sheet.read_fields()


@cache
def make_ears() -> tuple[Field, ...]:
    """Make ripe corn: stalks with ears; brightness and hue."""
    rng, sheet = np.random.default_rng(13), _Sheet(2, 50)
    for y in np.sort(rng.uniform(0, TILE + 30, 1500)).tolist():
        x, hue, light = rng.uniform(0, TILE), rng.random(), rng.uniform(0.5, 0.85)
        lean = rng.normal(0, 2.0)
        sheet.fill_poly(
            [(x - 0.6, y), (x + 0.6, y), (x + lean + 0.6, y - 16), (x + lean - 0.6, y - 16)], light * 0.6, hue
        )
        for k in range(4):
            stem, up = x + lean * (1 + 0.08 * k), y - 14 - 2.3 * k
            sheet.fill_poly(
                [(stem, up), (stem - 2.3, up - 1.6), (stem - 1.6, up - 3.4), (stem, up - 1.4)], light * 0.85, hue
            )
            sheet.fill_poly(
                [(stem, up), (stem + 2.3, up - 1.6), (stem + 1.6, up - 3.4), (stem, up - 1.4)], light * 1.15, hue
            )
    return sheet.read_fields()


@cache
def make_facets(size: float) -> tuple[Field, ...]:
    """Make rock as lit triangles: brightness, and a number of its own for each."""
    rng, sheet = np.random.default_rng(14), _Sheet(2, 90)
    rows, columns, wide, tall = int(20 / size) + 3, int(25 / size) + 3, 11.0 * size, 14.0 * size
    xs = np.arange(columns) * wide + rng.uniform(-0.33, 0.33, (rows, columns)) * wide - wide
    xs += (np.arange(rows) % 2)[:, None] * 0.5 * wide
    ys = (np.arange(rows) - 1.0)[:, None] * tall + rng.uniform(-0.32, 0.32, (rows, columns)) * tall
    zs = rng.uniform(0, 13 * size, (rows, columns))
    for i in range(rows - 1):
        for j in range(columns - 1):
            corners = ((i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j))
            for three in ((0, 1, 2), (0, 2, 3)) if (i + j) % 2 else ((0, 1, 3), (1, 2, 3)):
                a, b, c = (np.array((xs[p], ys[p], zs[p])) for p in (corners[k] for k in three))
                normal = np.cross(b - a, c - a)
                normal *= np.sign(normal[2]) / np.linalg.norm(normal)
                light = 0.5 + 0.55 * float(normal @ (-0.75, -0.55, 0.35)) + rng.uniform(-0.05, 0.05)
                sheet.fill_poly([(p[0], p[1]) for p in (a, b, c)], light, rng.random())
    return sheet.read_fields()


@cache
def make_firs() -> tuple[Field, ...]:
    """Make small firs on a slope: brightness and strength."""
    rng, sheet = np.random.default_rng(15), _Sheet(2)
    for y in np.sort(rng.uniform(0, TILE + 8, 620)).tolist():
        x, high = rng.uniform(0, TILE), rng.uniform(8, 12)
        for k in range(3):
            low, half = y - 0.26 * high * k, 0.26 * high * (1 - 0.22 * k)
            tip = (x, low - 0.5 * high)
            sheet.fill_poly([(x - half, low), (x, low + 0.6), tip], 0.85, 1)
            sheet.fill_poly([(x + half, low), (x, low + 0.6), tip], 0.25, 1)
    return sheet.read_fields()


@cache
def make_blossoms(size: float, count: int) -> tuple[Field, ...]:
    """Make scattered flowers: strength of their petals, of their hearts, and a hue for each."""
    rng, sheet = np.random.default_rng(16), _Sheet(3)
    for _ in range(count):
        x, y, r, turn = rng.uniform(0, TILE), rng.uniform(0, TILE), size * rng.uniform(0.8, 1.15), rng.uniform(0, 6)
        hue = rng.random()
        for k in range(5):
            a = turn + 2 * math.pi * k / 5
            sheet.fill_poly(
                _outline_ellipse(x + 0.6 * r * math.cos(a), y + 0.55 * r * math.sin(a), 0.48 * r, 0.45 * r),
                0.82 + 0.18 * (k % 2),
                0,
                hue,
            )
        sheet.fill_poly(_outline_ellipse(x, y, 0.36 * r, 0.34 * r), 1, 1, hue)
    return sheet.read_fields()


@cache
def make_pebbles(size: float, count: int) -> tuple[Field, ...]:
    """Make scattered pebbles, lit from above: brightness and strength."""
    rng, sheet = np.random.default_rng(17), _Sheet(2)
    for _ in range(count):
        x, y, r, light = rng.uniform(0, TILE), rng.uniform(0, TILE), size * rng.uniform(0.5, 1.3), rng.uniform(0.5, 0.9)
        sheet.fill_poly(_outline_ellipse(x + 0.3, y + 0.5 * r, 1.05 * r, 0.6 * r), 0.0, 0.5)
        sheet.fill_poly(_outline_ellipse(x, y, r, 0.7 * r), light * 0.7, 1)
        sheet.fill_poly(_outline_ellipse(x - 0.15 * r, y - 0.18 * r, 0.7 * r, 0.42 * r), light * 1.1, 1)
    return sheet.read_fields()


@cache
def make_shells(count: int) -> tuple[Field, ...]:
    """Make scattered scallops and starfish: brightness, strength, hue."""
    rng, sheet = np.random.default_rng(18), _Sheet(3)
    for i in range(count):
        x, y, r, turn, hue = (
            rng.uniform(0, TILE),
            rng.uniform(0, TILE),
            rng.uniform(3.6, 5.2),
            rng.uniform(0, 6.3),
            rng.random(),
        )
        spread = [(turn - 1 + 2 * k / 5, turn - 1 + 2 * (k + 1) / 5) for k in range(5)]
        if i % 3:
            for k, (a, b) in enumerate(spread):
                wedge = [(x + r * math.cos(v), y + r * math.sin(v)) for v in (a, (a + b) / 2, b)]
                sheet.fill_poly(
                    [(x - 0.5 * r * math.cos(turn), y - 0.5 * r * math.sin(turn)), *wedge], 0.95 - 0.4 * (k % 2), 1, hue
                )
        else:
            star = [(turn + math.pi * k / 5, 1.15 * r if k % 2 else 0.45 * r) for k in range(10)]
            sheet.fill_poly([(x + d * math.cos(a), y + d * math.sin(a)) for a, d in star], 0.5, 1, 1.0)
            sheet.fill_poly(_outline_ellipse(x, y, 0.4 * r, 0.4 * r), 0.9, 1, 1.0)
    return sheet.read_fields()
