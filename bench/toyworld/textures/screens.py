"""Section 4 (data sets): how fences and curtains look in the toy world."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bench.toyworld.classes import Colour
from bench.toyworld.pen import mix, tone
from bench.toyworld.textures.brushes import (
    ABOVE,
    WHITE,
    Field,
    Look,
    Rng,
    X,
    Y,
    hash_cells,
    lay_over,
    make_fade,
    make_grain,
    make_mottle,
    make_rise,
    make_shades,
    mark_odd,
    measure_gap,
    paint_ramp,
    wrap,
)


def _paint_behind(rng: Rng, top: int, bottom: int) -> Image.Image:
    """What shows through a fence: a dim garden, out of focus."""
    blur = 0.35 + 0.3 * make_mottle(rng, 9, 9) + 0.3 * make_fade(top, bottom)
    hue = int(rng.integers(3))
    dark, light = (((30, 48, 44), (92, 128, 84)), ((36, 42, 58), (104, 120, 140)), ((48, 42, 36), (130, 116, 84)))[hue]
    return paint_ramp(blur, dark, light)


def _make_rails(top: int, bottom: int) -> Field:
    """Pixels up from the middle of the nearest rail, a column: two rails on a low fence, more on a high one."""
    tall = bottom - top
    step = max(8.0, 0.5 * tall) if tall < 48 else 32.0
    return (0.5 - wrap((Y - top) / step + 0.24)) * step


def _paint_pickets(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Pointed slats on two rails."""
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
    """Broad boards with knots and nails, dark gaps between."""
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
    """Wire mesh between posts."""
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
    """Posts with level rails, as around a paddock."""
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
    """Slats crossing on the slant in a frame."""
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
    """Wrought iron: thin bars with points, rings between two rails."""
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


def _make_folds(rng: Rng, top: int, bottom: int, period: float) -> tuple[Field, Field, Field]:
    """Hanging cloth: brightness of its folds, and how far along the cloth (in pixels) and down each pixel lies."""
    hang = make_fade(top, bottom)
    sway = 1.1 * np.sin(hang * 2.2 + float(rng.uniform(0, 6)))
    phase = X * (6.2832 / period) + sway + 1.3 * make_mottle(rng, 90, 26) + float(rng.uniform(0, 6))
    wave, slope = np.sin(phase), np.sin(phase + 1.5)
    shade = 0.5 + 0.3 * wave + 0.12 * np.abs(slope) * slope + 0.16 * (1 - hang) * 0.4
    return shade, (phase + 0.5 * slope) * (period / 5.6), Y - top + 0.8 * wave


def _paint_hem(picture: Image.Image, shade: Field, bottom: int, trim: Colour) -> Image.Image:
    """A trimmed lower edge."""
    rows = slice(max(0, bottom - 9), bottom)
    down = Y[rows] - bottom + 5 - 1.5 * (shade[rows] - 0.5)
    if len(down) < 9:
        return picture
    layer = paint_ramp(shade[rows], tone(trim, 0.5), trim, mix(trim, WHITE, 0.4))
    return lay_over(
        picture,
        np.maximum(make_rise(np.abs(down - 1), 2.6, 1.8), make_rise(np.abs(down - 5.4), 1.2, 0.6)),
        layer,
        rows.start,
    )


def _paint_velvet(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Heavy plain cloth in deep folds, with a golden hem."""
    shade, _, _ = _make_folds(rng, top, bottom, float(rng.uniform(12, 15)))
    stops = (mix(tone(colour, 0.25), (30, 10, 50), 0.3), tone(colour, 0.7), colour, mix(colour, (255, 200, 190), 0.45))
    return _paint_hem(paint_ramp(shade + make_grain(rng, 0.04), *stops), shade, bottom, (226, 180, 80))


def _paint_lengths(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Stripes that run down the folds."""
    shade, along, _ = _make_folds(rng, top, bottom, float(rng.uniform(15, 18)))
    place = wrap(along / 8)
    picture = paint_ramp(shade, *make_shades(colour, 0.45, 1.2))
    lay_over(
        picture,
        make_rise(np.abs(place - 0.5), 0.24, 0.18),
        paint_ramp(shade, (120, 116, 110), (240, 232, 212), (255, 252, 240)),
    )
    return _paint_hem(picture, shade, bottom, tone(colour, 0.8))


def _paint_dotted(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Dots that follow the folds."""
    shade, along, down = _make_folds(rng, top, bottom, float(rng.uniform(15, 18)))
    row = down / 7
    x, y = wrap(along / 9 + mark_odd(np.floor(row))) - 0.5, wrap(row) - 0.5
    picture = paint_ramp(shade, mix(tone(colour, 0.35), (20, 16, 60), 0.3), colour, mix(colour, (236, 210, 255), 0.45))
    lay_over(
        picture,
        make_rise(81 * x * x + 49 * y * y, 6.4, 3.2),
        paint_ramp(shade, (120, 96, 60), (246, 216, 120), (255, 244, 190)),
    )
    return _paint_hem(picture, shade, bottom, (246, 216, 120))


def _paint_brocade(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Woven lozenges and leaves, tone in tone."""
    shade, along, down = _make_folds(rng, top, bottom, float(rng.uniform(14, 17)))
    u, v = along / 14, down / 15
    far = np.abs(wrap(u) - 0.5) + np.abs(wrap(v) - 0.5)
    weave = make_rise(np.abs(far - 0.5), 0.09, 0.05) + make_rise(np.minimum(far, 1 - far), 0.24, 0.18)
    stops = (mix(tone(colour, 0.4), (90, 30, 20), 0.3), tone(colour, 0.85), mix(colour, (255, 240, 190), 0.5))
    picture = paint_ramp(shade, *stops)
    lay_over(picture, 0.75 * weave, paint_ramp(shade, (70, 26, 20), (166, 84, 40), (216, 136, 70)))
    return _paint_hem(picture, shade, bottom, (166, 60, 50))


def _paint_gingham(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Checked cotton."""
    shade, along, down = _make_folds(rng, top, bottom, float(rng.uniform(14, 18)))
    checks = make_rise(np.abs(wrap(along / 8) - 0.5), 0.22, 0.28) + make_rise(np.abs(wrap(down / 8) - 0.5), 0.22, 0.28)
    picture = paint_ramp(shade, (132, 140, 166), (240, 242, 246), (255, 255, 255))
    lay_over(picture, 0.48 * checks, paint_ramp(shade, tone(colour, 0.4), colour, mix(colour, WHITE, 0.15)))
    return _paint_hem(picture, shade, bottom, colour)


def _paint_lace(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Thin cloth with the light of a window behind it, woven dots, and a hem of lace."""
    shade, along, down = _make_folds(rng, top, bottom, float(rng.uniform(10, 13)))
    light = 1.05 * shade - 0.05 + 0.12 * make_mottle(rng, 40, 40) + make_grain(rng, 0.04)
    picture = paint_ramp(
        light, mix(colour, (84, 98, 146), 0.8), mix(colour, (166, 180, 214), 0.6), colour, (255, 254, 244)
    )
    row = down / 6.5
    x, y = wrap(along / 7 + mark_odd(np.floor(row))) - 0.5, wrap(row) - 0.5
    dot = make_rise(49 * x * x + 42 * y * y, 4.2, 2.0)
    net = make_rise(np.minimum(measure_gap(row), measure_gap(along / 3.5) * 0.6), 0.14, 0.06) * (bottom - 14 < Y)
    return lay_over(picture, np.maximum(0.4 * dot, 0.6 * net), (112, 126, 172))


SCREENS: dict[str, tuple[tuple[str, Colour, Look], ...]] = {
    "fence": (
        ("white", (246, 244, 236), _paint_pickets),
        ("brown", (146, 100, 62), _paint_boards),
        ("grey", (176, 180, 186), _paint_mesh),
        ("brown", (158, 112, 70), _paint_bars),
        ("green", (76, 150, 104), _paint_trellis),
        ("black", (44, 44, 52), _paint_iron),
    ),
    "curtain": (
        ("red", (190, 44, 54), _paint_velvet),
        ("green", (78, 146, 104), _paint_lengths),
        ("purple", (120, 76, 162), _paint_dotted),
        ("golden", (222, 172, 86), _paint_brocade),
        ("blue", (64, 104, 190), _paint_gingham),
        ("white", (240, 242, 244), _paint_lace),
    ),
}
"""For each stuff its looks: the word for the colour, the colour, and how it is painted."""
