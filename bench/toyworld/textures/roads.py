"""Section 4 (data sets): how roads look in the toy world."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bench.toyworld.classes import Colour
from bench.toyworld.pen import mix, tone
from bench.toyworld.textures.brushes import (
    WHITE,
    Field,
    Looks,
    Rng,
    X,
    Y,
    cut,
    hash_cells,
    lay_over,
    make_grain,
    make_mottle,
    make_rise,
    mark_odd,
    measure_gap,
    measure_nearness,
    paint_ramp,
    wrap,
)
from bench.toyworld.textures.tiles import make_blades, make_pebbles


def _make_asphalt(rng: Rng, colour: Colour, top: int) -> tuple[Image.Image, Field]:
    """Make asphalt, speckled and cracked, with the number of the lane at each row."""
    crack = np.abs(make_mottle(rng, 21, 17))
    shade = (
        0.5
        + make_grain(rng, 0.22)
        + 0.1 * make_mottle(rng, 3, 3)
        + 0.08 * make_mottle(rng, 14, 40)
        - 0.35 * make_rise(crack, 0.03, 0)
    )
    return paint_ramp(shade, tone(colour, 0.62), colour, mix(colour, WHITE, 0.3)), 4.6 * np.log(
        measure_nearness(top, 80) / 80
    )


def _paint_kerb(picture: Image.Image, top: int) -> Image.Image:
    """Paint kerb stones along the upper edge."""
    down = Y[top : top + 7] - top
    if len(down) < 7:
        return picture
    kerb = make_rise(np.abs(down - 1.5), 2.5, 1.5) * make_rise(measure_gap(X / 12) * 12, 0.2, 1.0)
    lay_over(picture, kerb, (206, 204, 198), top)
    return lay_over(picture, 0.5 * make_rise(np.abs(down - 4.5), 1.5, 0.5) + 0 * X, (30, 30, 36), top)


def _paint_dashes(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint asphalt with white dashes between the lanes."""
    picture, lane = _make_asphalt(rng, colour, top)
    lie = measure_nearness(top, 80)
    row = np.rint(lane - 0.5) + 0.5
    along = (X + float(rng.uniform(0, 40))) * (5.0 / 80) * np.exp(row / -4.6) + 0.5 * row
    dash = make_rise(np.abs(wrap(along) - 0.5), 0.33, 0.28)
    paint = make_rise(np.abs(lane - row) * lie / 4.6, 2.0, 1.0) * dash * make_rise(make_grain(rng, 1.0), -1.3, -0.5)
    return _paint_kerb(lay_over(picture, 0.92 * paint, (246, 244, 236)), top)


def _paint_lines(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint black asphalt with double yellow lines and a shine."""
    picture, lane = _make_asphalt(rng, colour, top)
    apart = np.abs(np.abs(lane - np.rint(lane - 0.5) - 0.5) * measure_nearness(top, 80) / 4.6 - 2.2)
    lay_over(picture, 0.25 * make_rise(make_mottle(rng, 12, 46), 0.1, 0.9), (190, 204, 224))
    paint = make_rise(apart, 1.5, 0.6) * make_rise(make_grain(rng, 1.0), -1.2, -0.6)
    return _paint_kerb(lay_over(picture, 0.9 * paint, (246, 200, 50)), top)


def _paint_track(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint a dirt track: ruts with prints of tyres, stones, grass between."""
    lie = measure_nearness(top, 80)
    across = wrap(4.6 * np.log(lie / 80) * 0.62 + 0.06 * make_mottle(rng, 30, 30) + 0.1)
    rut = make_rise(np.abs(np.abs(across - 0.5) - 0.23), 0.17, 0.13)
    tread = np.sin(X * (78 / lie) + np.abs(wrap(across * 2 + 0.04) - 0.5) * 16)
    shade = 0.66 + make_grain(rng, 0.14) + 0.14 * make_mottle(rng, 6, 9) - rut * (0.3 - 0.34 * tread)
    picture = paint_ramp(shade, mix(tone(colour, 0.5), (50, 30, 50), 0.3), colour, mix(colour, (240, 216, 170), 0.6))
    light, strength = cut(rng, *make_pebbles(2.6, 420))
    lay_over(picture, strength * (1 - rut), paint_ramp(light, (60, 50, 46), tone(colour, 1.1), (214, 206, 196)))
    blade, _ = cut(rng, *make_blades(9, 0.25))
    verge = make_rise(measure_gap(across) + 0.05 * make_mottle(rng, 5, 5), 0.11, 0.05)
    return lay_over(picture, verge, paint_ramp(blade, (40, 60, 36), (96, 132, 58), (170, 190, 90)))


def _paint_cobbles(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint rounded paving stones in rows."""
    lie = measure_nearness(top, 70)
    row = 9.5 * np.log(lie / 70)
    place = X * (7.0 / lie) + mark_odd(np.floor(row)) + 0.1 * make_mottle(rng, 9, 14) + float(rng.random())
    row = row + 0.09 * make_mottle(rng, 9, 9)
    down, across = wrap(row) * 2 - 1, wrap(place) * 2 - 1
    edge = np.maximum(np.abs(down), np.abs(across))
    square = down * down + across * across
    stone = make_rise(np.maximum(edge, 0.72 * np.sqrt(square)), 0.95, 0.7)
    cell_hash = hash_cells(np.floor(row), np.floor(place))
    shade = stone * (0.48 + 0.32 * cell_hash - 0.2 * down - 0.1 * across - 0.12 * square) + make_grain(rng, 0.06)
    return paint_ramp(
        shade, mix(tone(colour, 0.34), (30, 26, 40), 0.3), tone(colour, 0.85), tone(colour, 1.12), (236, 230, 222)
    )


def _paint_crossing(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint the worn white bars of a crossing."""
    picture, _ = _make_asphalt(rng, colour, top)
    lie = measure_nearness(top, 76)
    bar = (X - float(rng.uniform(40, 88))) / lie * 5
    worn = 0.4 * make_grain(rng, 1.0) + 0.8 * make_mottle(rng, 9, 5)
    paint = make_rise(np.abs(wrap(bar) - 0.5) * lie / 5, 4.4 / 76 * lie, 3.2 / 76 * lie) * make_rise(worn, -1.1, -0.45)
    return _paint_kerb(lay_over(picture, 0.94 * paint, (242, 240, 232)), top)


ROADS: Looks = {
    "road": (
        ("grey", (122, 123, 130), _paint_dashes),
        ("black", (58, 58, 66), _paint_lines),
        ("brown", (156, 118, 84), _paint_track),
        ("grey", (150, 146, 146), _paint_cobbles),
        ("grey", (96, 97, 106), _paint_crossing),
    ),
}
