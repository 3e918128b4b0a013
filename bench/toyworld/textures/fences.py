"""Section 4 (data sets): how fences look in the toy world."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bench.toyworld.classes import Colour
from bench.toyworld.pen import mix, tone
from bench.toyworld.textures.brushes import (
    ABOVE,
    WHITE,
    Field,
    Looks,
    Rng,
    X,
    Y,
    hash_cells,
    lay_over,
    make_fade,
    make_grain,
    make_mottle,
    make_rise,
    measure_gap,
    paint_ramp,
    wrap,
)


def _paint_behind(rng: Rng, top: int, bottom: int) -> Image.Image:
    """Paint what shows through a fence: a dim garden, out of focus."""
    blur = 0.35 + 0.3 * make_mottle(rng, 9, 9) + 0.3 * make_fade(top, bottom)
    hue = int(rng.integers(3))
    dark, light = (((30, 48, 44), (92, 128, 84)), ((36, 42, 58), (104, 120, 140)), ((48, 42, 36), (130, 116, 84)))[hue]
    return paint_ramp(blur, dark, light)


def _make_rails(top: int, bottom: int) -> Field:
    """Make pixels up from the middle of the nearest rail, a column: two rails on a low fence, more on a high one."""
    tall = bottom - top
    step = max(8.0, 0.5 * tall) if tall < 48 else 32.0
    return (0.5 - wrap((Y - top) / step + 0.24)) * step


def _paint_pickets(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint pointed slats on two rails."""
    place = X / 9.5 + float(rng.random())
    across = (wrap(place) - 0.5) * 9.5
    inside = np.minimum(3.3 - np.abs(across), (Y - top) * 0.75 - np.abs(across) + 1.2)
    up = _make_rails(top, bottom)
    slat, rail = make_rise(inside, -0.4, 0.5), make_rise(np.abs(up), 2.6, 1.8)
    cell_hash = hash_cells(np.floor(place), np.floor(place))
    shade = 0.72 - 0.055 * across + 0.12 * (cell_hash - 0.5) + make_grain(rng, 0.05) - 0.4 * make_rise(inside, 1.1, 0.2)
    shade = shade * slat + (0.42 + 0.06 * up) * (1 - slat) - 0.4 * make_rise(np.abs(up) + np.abs(across), 1.6, 0.8)
    front = paint_ramp(shade, mix(tone(colour, 0.5), (70, 80, 120), 0.3), tone(colour, 0.86), tone(colour, 1.05))
    return lay_over(_paint_behind(rng, top, bottom), np.maximum(slat, rail * (top + 3 < Y)), front)


def _paint_boards(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint broad boards with knots and nails, dark gaps between."""
    place = X / 13 + float(rng.random())
    board = np.floor(place)
    across = (place - board - 0.5) * 13
    cell_hash = hash_cells(board, board)
    figure = np.sin(across * 1.6 + 6 * make_mottle(rng, 34, 9) + 9 * cell_hash)
    knots = (wrap(Y / 57 + cell_hash) - 0.5) * 20
    knot = knots * knots + (across - 5 * cell_hash + 2.5) * (across - 5 * cell_hash + 2.5)
    nails = np.abs(_make_rails(top, bottom)) + np.abs(np.abs(across) - 3)
    edge = 5.7 - np.abs(across)
    shade = (
        0.5
        + 0.34 * (cell_hash - 0.5)
        + 0.09 * figure
        - 0.03 * across
        + make_grain(rng, 0.06)
        - 0.3 * make_rise(knot, 6, 1)
    )
    shade = shade - 0.5 * make_rise(nails, 1.5, 0.7) - 0.25 * make_rise(edge, 1.4, 0.4)
    front = paint_ramp(shade, mix(tone(colour, 0.36), (30, 20, 30), 0.3), colour, mix(colour, (248, 206, 150), 0.55))
    low = 2.5 + 3 * cell_hash
    gap = make_rise(np.minimum(edge, Y - top - low + 5 + make_rise(edge, 0, 3) * 2), 0.0, 0.8)
    return lay_over(_paint_behind(rng, top, bottom), gap, front)


def _paint_mesh(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint wire mesh between posts."""
    start = float(rng.uniform(0, 38))
    one, two = measure_gap((X + Y + start) / 8.5) * 6, measure_gap((X - Y + start) / 8.5) * 6
    post = np.abs(wrap((X + start) / 38) - 0.5) * 38
    bar = np.minimum(post - 0.8, np.abs(Y - top - 2))
    wire = np.minimum(one, two + 0.15)
    picture = lay_over(_paint_behind(rng, top, bottom), 0.5 * make_rise(wire[ABOVE], 1.1, 0.5), (20, 24, 28))
    lay_over(
        picture,
        make_rise(wire, 1.0, 0.45),
        paint_ramp(0.45 + 0.5 * (one < two) + make_grain(rng, 0.2), tone(colour, 0.7), colour, WHITE),
    )
    return lay_over(picture, make_rise(bar, 2.0, 1.2), paint_ramp(1 - 0.35 * bar, tone(colour, 0.5), colour, WHITE))


def _paint_bars(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint posts with level rails, as around a paddock."""
    start = float(rng.uniform(0, 30))
    slope = 0.04 * (X - 64) * float(rng.uniform(-1, 1))
    step = 15.0
    up = (0.5 - wrap((Y - top + slope) / step + 0.1)) * step
    post = (wrap((X + start) / 30) - 0.5) * 30
    figure = np.sin(Y * 1.9 + 4 * make_mottle(rng, 7, 34))
    rail = paint_ramp(
        0.5 + 0.13 * up + 0.1 * figure + make_grain(rng, 0.08),
        tone(colour, 0.45),
        colour,
        mix(colour, (250, 220, 170), 0.5),
    )
    picture = lay_over(_paint_behind(rng, top, bottom), 0.5 * make_rise(np.abs(up + 2.6), 2, 1), (16, 20, 24))
    lay_over(picture, make_rise(np.abs(up), 2.9, 2.1), rail)
    wood = (
        0.55
        - 0.12 * post
        + 0.08 * np.sin(X * 2.1 + 3 * make_mottle(rng, 34, 7))
        - 0.3 * make_rise(np.abs(up) + np.abs(post), 1.7, 0.9)
    )
    return lay_over(
        picture,
        make_rise(np.abs(post), 3.6, 2.8),
        paint_ramp(wood, tone(colour, 0.4), tone(colour, 0.95), mix(colour, (250, 220, 170), 0.55)),
    )


def _paint_trellis(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint slats crossing on the slant in a frame."""
    start = float(rng.uniform(0, 44))
    one, two = (wrap((X + Y + start) / 15) - 0.5) * 10.6, (wrap((X - Y + start) / 15) - 0.5) * 10.6
    upper, lower = make_rise(np.abs(one), 1.9, 1.2), make_rise(np.abs(two), 1.9, 1.2)
    shadow = make_rise(np.abs(one - 1.2), 2.6, 1.6)
    shade = upper * (0.72 + 0.12 * one) + (1 - upper) * (0.48 + 0.1 * two - 0.35 * shadow) + make_grain(rng, 0.05)
    stops = (mix(tone(colour, 0.4), (30, 30, 60), 0.3), colour, mix(colour, WHITE, 0.45))
    picture = lay_over(_paint_behind(rng, top, bottom), np.maximum(upper, lower), paint_ramp(shade, *stops))
    post = (wrap((X + start) / 44) - 0.5) * 44
    frame = np.minimum(np.abs(post), np.abs(Y - top - 2) + 0.4)
    return lay_over(
        picture,
        make_rise(frame, 3.0, 2.2),
        paint_ramp(0.6 - 0.1 * post * (np.abs(post) < 3.2) + make_grain(rng, 0.05), *stops),
    )


def _paint_iron(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint wrought iron: thin bars with points, rings between two rails."""
    place = X / 9 + float(rng.random())
    across = np.abs(wrap(place) - 0.5) * 9
    below = Y - top
    up = (0.5 - wrap(below / 38 + 0.22)) * 38
    point = make_rise(across - np.abs(below - 3.5) * -0.5, 2.2, 1.4) * (below < 6)
    ring = np.abs(np.sqrt((4.5 - across) * (4.5 - across) + up * up) - 2.7)
    rail = make_rise(np.abs(np.abs(up) - 4.6), 1.2, 0.5) * (below > 5)
    solid = np.maximum(
        np.maximum(make_rise(across, 1.35, 0.65) * (below > 1), point), np.maximum(rail, make_rise(ring, 1.0, 0.3))
    )
    shade = 0.3 + 0.5 * make_rise(np.abs(wrap(place) * 9 - 4.0), 0.8, 0.2) + 0.15 * rail
    blur = 0.5 + 0.35 * make_mottle(rng, 9, 9) + 0.2 * make_fade(top, bottom)
    garden = paint_ramp(blur, (96, 128, 84), (150, 176, 120), (206, 216, 176))
    return lay_over(garden, solid, paint_ramp(shade, tone(colour, 0.6), colour, (150, 156, 170)))


FENCES: Looks = {
    "fence": (
        ("white", (246, 244, 236), _paint_pickets),
        ("brown", (146, 100, 62), _paint_boards),
        ("grey", (176, 180, 186), _paint_mesh),
        ("brown", (158, 112, 70), _paint_bars),
        ("green", (76, 150, 104), _paint_trellis),
        ("black", (44, 44, 52), _paint_iron),
    ),
}
