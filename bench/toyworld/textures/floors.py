"""Section 4 (data sets): how floors look in the toy world."""

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
    hash_cells,
    lay_over,
    make_grain,
    make_mottle,
    make_rise,
    make_shades,
    measure_gap,
    measure_nearness,
    paint_ramp,
    wrap,
)


def _measure_ground(rng: Rng, top: int) -> tuple[Field, Field, Field, Field]:
    """Measure a level floor: how far across and away each pixel lies; pixels to a step across and away in each row."""
    lie = measure_nearness(top, 76)
    return (X - float(rng.uniform(34, 94))) / (lie * 0.145), 900 / lie, lie * 0.145, lie * lie * (1 / 900)


def _paint_planks(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint boards that run away from the viewer."""
    across, depth, wide, tall = _measure_ground(rng, top)
    board = np.floor(across)
    end = depth * 0.3 + hash_cells(board, board) * 3
    cell_hash = hash_cells(board, np.floor(end))
    seam = np.minimum(measure_gap(across) * wide, measure_gap(end) * tall * 3.3)
    figure = np.sin(across * 17 + 2.5 * make_mottle(rng, 30, 8) + 40 * cell_hash)
    shade = (
        0.5
        + 0.42 * (cell_hash - 0.5)
        + 0.09 * figure
        + 0.05 * make_mottle(rng, 12, 5)
        - 0.5 * make_rise(seam, 1.2, 0.3)
    )
    picture = paint_ramp(shade, mix(tone(colour, 0.4), (50, 20, 20), 0.2), colour, mix(colour, (255, 214, 150), 0.55))
    return lay_over(picture, 0.25 * make_rise(make_mottle(rng, 40, 14), 0.1, 0.8), (255, 240, 214))


def _paint_chequered(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint light and dark marble squares with a polish."""
    across, depth, wide, tall = _measure_ground(rng, top)
    columns = np.clip(np.cos(across * 3.1416) * (0.6 * wide), -1, 1)
    dark = 0.5 + 0.5 * columns * np.clip(np.cos(depth * 3.1416) * (0.6 * tall), -1, 1)
    vein = make_rise(np.abs(make_mottle(rng, 9, 12)), 0.1, 0)
    shade = 0.72 * dark + 0.14 + 0.14 * make_mottle(rng, 20, 20) + vein * (0.14 - 0.28 * dark)
    ink = ((54, 54, 64), (150, 60, 56), (60, 96, 130))[int(rng.integers(3))]
    return paint_ramp(shade, tone(ink, 0.75), ink, mix(ink, colour, 0.5), colour, WHITE)


def _paint_carpet(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint a woven carpet: lozenges within lozenges, and thick pile."""
    across, depth, _, _ = _measure_ground(rng, top)
    far = np.abs(wrap(across * 0.6) - 0.5) + np.abs(wrap(depth * 0.66) - 0.5)
    weave = make_grain(rng, 0.3)
    picture = paint_ramp(0.5 + weave + 0.1 * make_mottle(rng, 6, 6), *make_shades(colour, 0.6, 1.15))
    pile = 0.88 + weave
    lay_over(picture, make_rise(np.abs(far - 0.5), 0.085, 0.05) * pile, (236, 196, 110))
    lay_over(picture, make_rise(np.abs(far - 0.26), 0.075, 0.045) * pile, (44, 52, 96))
    heart = np.abs(np.minimum(far, 1 - far) - 0.09)
    return lay_over(picture, make_rise(heart, 0.06, 0.03) * pile, (240, 224, 190))


def _paint_herringbone(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint parquet: short boards in zigzag."""
    across, depth, wide, _ = _measure_ground(rng, top)
    u, v = (across + depth) * 1.2, (across - depth) * 1.2
    i, j = np.floor(u), np.floor(v)
    turn = np.floor(6 * wrap((i - j) / 6 + 0.01))
    flat = turn < 3
    u, v = u - i, v - j
    side, along = np.where(flat, v, u), np.where(flat, turn + u, 5 - turn + v)
    cell_hash = hash_cells(i - turn * flat, j + turn * ~flat)
    joint = np.minimum(0.5 - np.abs(side - 0.5), 1.5 - np.abs(along - 1.5)) * wide
    shade = (
        0.45
        + 0.24 * flat
        + 0.36 * (cell_hash - 0.5)
        + 0.06 * np.sin(side * 14)
        + make_grain(rng, 0.05)
        - 0.45 * make_rise(joint, 1.0, 0.1)
    )
    return paint_ramp(
        shade, mix(tone(colour, 0.4), (70, 30, 20), 0.3), tone(colour, 0.95), mix(colour, (255, 232, 180), 0.55)
    )


def _paint_slabs(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint large polished stone slabs with small dark lozenges where they meet."""
    across, depth, wide, tall = _measure_ground(rng, top)
    u, v = across * 0.9, depth * 0.9
    far_u, far_v = measure_gap(u), measure_gap(v)
    joint = make_rise(np.minimum(far_u * wide, far_v * tall) * 1.4, 0.9, 0.3)
    shade = (
        0.5
        + 0.34 * (hash_cells(np.floor(u), np.floor(v)) - 0.5)
        + 0.14 * make_mottle(rng, 7, 14)
        - 0.22 * make_rise(np.abs(make_mottle(rng, 8, 10)), 0.1, 0)
        - 0.45 * joint
    )
    picture = paint_ramp(shade, tone(colour, 0.55), colour, mix(colour, (246, 240, 226), 0.65))
    lozenge = make_rise((far_u + far_v) * wide, 0.22 * wide + 0.3, 0.22 * wide - 0.5)
    lay_over(picture, lozenge, (46, 54, 74))
    return lay_over(picture, 0.28 * make_rise(make_mottle(rng, 44, 15), 0.1, 0.8), (255, 252, 244))


FLOORS: Looks = {
    "floor": (
        ("brown", (164, 108, 64), _paint_planks),
        ("white", (232, 226, 214), _paint_chequered),
        ("red", (170, 48, 54), _paint_carpet),
        ("golden", (210, 156, 84), _paint_herringbone),
        ("grey", (146, 146, 148), _paint_slabs),
    ),
}
