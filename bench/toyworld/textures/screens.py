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
    fade,
    frac,
    grain,
    hashed,
    mottle,
    near,
    odd,
    over,
    ramped,
    rise,
    shades,
)


def _behind(rng: Rng, top: int, bottom: int) -> Image.Image:
    """What shows through a fence: a dim garden, out of focus."""
    blur = 0.35 + 0.3 * mottle(rng, 9, 9) + 0.3 * fade(top, bottom)
    hue = int(rng.integers(3))
    dark, light = (((30, 48, 44), (92, 128, 84)), ((36, 42, 58), (104, 120, 140)), ((48, 42, 36), (130, 116, 84)))[hue]
    return ramped(blur, dark, light)


def _rails(top: int, bottom: int) -> Field:
    """Pixels up from the middle of the nearest rail, a column: two rails on a low fence, more on a high one."""
    tall = bottom - top
    step = max(8.0, 0.5 * tall) if tall < 48 else 32.0
    return (0.5 - frac((Y - top) / step + 0.24)) * step


def _pickets(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Pointed slats on two rails."""
    place = X / 9.5 + float(rng.random())
    across = (frac(place) - 0.5) * 9.5
    inside = np.minimum(3.3 - np.abs(across), (Y - top) * 0.75 - np.abs(across) + 1.2)
    up = _rails(top, bottom)
    slat, rail = rise(inside, -0.4, 0.5), rise(np.abs(up), 2.6, 1.8)
    cell_hash = hashed(np.floor(place), np.floor(place))
    shade = 0.72 - 0.055 * across + 0.12 * (cell_hash - 0.5) + grain(rng, 0.05) - 0.4 * rise(inside, 1.1, 0.2)
    shade = shade * slat + (0.42 + 0.06 * up) * (1 - slat) - 0.4 * rise(np.abs(up) + np.abs(across), 1.6, 0.8)
    front = ramped(shade, mix(tone(colour, 0.5), (70, 80, 120), 0.3), tone(colour, 0.86), tone(colour, 1.05))
    return over(_behind(rng, top, bottom), np.maximum(slat, rail * (top + 3 < Y)), front)


def _boards(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Broad boards with knots and nails, dark gaps between."""
    place = X / 13 + float(rng.random())
    board = np.floor(place)
    across = (place - board - 0.5) * 13
    cell_hash = hashed(board, board)
    figure = np.sin(across * 1.6 + 6 * mottle(rng, 34, 9) + 9 * cell_hash)
    knots = (frac(Y / 57 + cell_hash) - 0.5) * 20
    knot = knots * knots + (across - 5 * cell_hash + 2.5) * (across - 5 * cell_hash + 2.5)
    nails = np.abs(_rails(top, bottom)) + np.abs(np.abs(across) - 3)
    edge = 5.7 - np.abs(across)
    shade = 0.5 + 0.34 * (cell_hash - 0.5) + 0.09 * figure - 0.03 * across + grain(rng, 0.06) - 0.3 * rise(knot, 6, 1)
    shade = shade - 0.5 * rise(nails, 1.5, 0.7) - 0.25 * rise(edge, 1.4, 0.4)
    front = ramped(shade, mix(tone(colour, 0.36), (30, 20, 30), 0.3), colour, mix(colour, (248, 206, 150), 0.55))
    low = 2.5 + 3 * cell_hash
    gap = rise(np.minimum(edge, Y - top - low + 5 + rise(edge, 0, 3) * 2), 0.0, 0.8)
    return over(_behind(rng, top, bottom), gap, front)


def _mesh(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Wire mesh between posts."""
    start = float(rng.uniform(0, 38))
    one, two = near((X + Y + start) / 8.5) * 6, near((X - Y + start) / 8.5) * 6
    post = np.abs(frac((X + start) / 38) - 0.5) * 38
    bar = np.minimum(post - 0.8, np.abs(Y - top - 2))
    wire = np.minimum(one, two + 0.15)
    picture = over(_behind(rng, top, bottom), 0.5 * rise(wire[ABOVE], 1.1, 0.5), (20, 24, 28))
    over(
        picture,
        rise(wire, 1.0, 0.45),
        ramped(0.45 + 0.5 * (one < two) + grain(rng, 0.2), tone(colour, 0.7), colour, WHITE),
    )
    return over(picture, rise(bar, 2.0, 1.2), ramped(1 - 0.35 * bar, tone(colour, 0.5), colour, WHITE))


def _bars(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Posts with level rails, as around a paddock."""
    start = float(rng.uniform(0, 30))
    slope = 0.04 * (X - 64) * float(rng.uniform(-1, 1))
    step = 15.0
    up = (0.5 - frac((Y - top + slope) / step + 0.1)) * step
    post = (frac((X + start) / 30) - 0.5) * 30
    figure = np.sin(Y * 1.9 + 4 * mottle(rng, 7, 34))
    rail = ramped(
        0.5 + 0.13 * up + 0.1 * figure + grain(rng, 0.08), tone(colour, 0.45), colour, mix(colour, (250, 220, 170), 0.5)
    )
    picture = over(_behind(rng, top, bottom), 0.5 * rise(np.abs(up + 2.6), 2, 1), (16, 20, 24))
    over(picture, rise(np.abs(up), 2.9, 2.1), rail)
    wood = (
        0.55
        - 0.12 * post
        + 0.08 * np.sin(X * 2.1 + 3 * mottle(rng, 34, 7))
        - 0.3 * rise(np.abs(up) + np.abs(post), 1.7, 0.9)
    )
    return over(
        picture,
        rise(np.abs(post), 3.6, 2.8),
        ramped(wood, tone(colour, 0.4), tone(colour, 0.95), mix(colour, (250, 220, 170), 0.55)),
    )


def _trellis(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Slats crossing on the slant in a frame."""
    start = float(rng.uniform(0, 44))
    one, two = (frac((X + Y + start) / 15) - 0.5) * 10.6, (frac((X - Y + start) / 15) - 0.5) * 10.6
    upper, lower = rise(np.abs(one), 1.9, 1.2), rise(np.abs(two), 1.9, 1.2)
    shadow = rise(np.abs(one - 1.2), 2.6, 1.6)
    shade = upper * (0.72 + 0.12 * one) + (1 - upper) * (0.48 + 0.1 * two - 0.35 * shadow) + grain(rng, 0.05)
    stops = (mix(tone(colour, 0.4), (30, 30, 60), 0.3), colour, mix(colour, WHITE, 0.45))
    picture = over(_behind(rng, top, bottom), np.maximum(upper, lower), ramped(shade, *stops))
    post = (frac((X + start) / 44) - 0.5) * 44
    frame = np.minimum(np.abs(post), np.abs(Y - top - 2) + 0.4)
    return over(
        picture, rise(frame, 3.0, 2.2), ramped(0.6 - 0.1 * post * (np.abs(post) < 3.2) + grain(rng, 0.05), *stops)
    )


def _iron(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Wrought iron: thin bars with points, rings between two rails."""
    place = X / 9 + float(rng.random())
    across = np.abs(frac(place) - 0.5) * 9
    below = Y - top
    up = (0.5 - frac(below / 38 + 0.22)) * 38
    point = rise(across - np.abs(below - 3.5) * -0.5, 2.2, 1.4) * (below < 6)
    ring = np.abs(np.sqrt((4.5 - across) * (4.5 - across) + up * up) - 2.7)
    rail = rise(np.abs(np.abs(up) - 4.6), 1.2, 0.5) * (below > 5)
    solid = np.maximum(
        np.maximum(rise(across, 1.35, 0.65) * (below > 1), point), np.maximum(rail, rise(ring, 1.0, 0.3))
    )
    shade = 0.3 + 0.5 * rise(np.abs(frac(place) * 9 - 4.0), 0.8, 0.2) + 0.15 * rail
    blur = 0.5 + 0.35 * mottle(rng, 9, 9) + 0.2 * fade(top, bottom)
    garden = ramped(blur, (96, 128, 84), (150, 176, 120), (206, 216, 176))
    return over(garden, solid, ramped(shade, tone(colour, 0.6), colour, (150, 156, 170)))


def _folds(rng: Rng, top: int, bottom: int, period: float) -> tuple[Field, Field, Field]:
    """Hanging cloth: brightness of its folds, and how far along the cloth (in pixels) and down each pixel lies."""
    hang = fade(top, bottom)
    sway = 1.1 * np.sin(hang * 2.2 + float(rng.uniform(0, 6)))
    phase = X * (6.2832 / period) + sway + 1.3 * mottle(rng, 90, 26) + float(rng.uniform(0, 6))
    wave, slope = np.sin(phase), np.sin(phase + 1.5)
    shade = 0.5 + 0.3 * wave + 0.12 * np.abs(slope) * slope + 0.16 * (1 - hang) * 0.4
    return shade, (phase + 0.5 * slope) * (period / 5.6), Y - top + 0.8 * wave


def _hem(picture: Image.Image, shade: Field, bottom: int, trim: Colour) -> Image.Image:
    """A trimmed lower edge."""
    rows = slice(max(0, bottom - 9), bottom)
    down = Y[rows] - bottom + 5 - 1.5 * (shade[rows] - 0.5)
    if len(down) < 9:
        return picture
    layer = ramped(shade[rows], tone(trim, 0.5), trim, mix(trim, WHITE, 0.4))
    return over(
        picture, np.maximum(rise(np.abs(down - 1), 2.6, 1.8), rise(np.abs(down - 5.4), 1.2, 0.6)), layer, rows.start
    )


def _velvet(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Heavy plain cloth in deep folds, with a golden hem."""
    shade, _, _ = _folds(rng, top, bottom, float(rng.uniform(12, 15)))
    stops = (mix(tone(colour, 0.25), (30, 10, 50), 0.3), tone(colour, 0.7), colour, mix(colour, (255, 200, 190), 0.45))
    return _hem(ramped(shade + grain(rng, 0.04), *stops), shade, bottom, (226, 180, 80))


def _lengths(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Stripes that run down the folds."""
    shade, along, _ = _folds(rng, top, bottom, float(rng.uniform(15, 18)))
    place = frac(along / 8)
    picture = ramped(shade, *shades(colour, 0.45, 1.2))
    over(
        picture, rise(np.abs(place - 0.5), 0.24, 0.18), ramped(shade, (120, 116, 110), (240, 232, 212), (255, 252, 240))
    )
    return _hem(picture, shade, bottom, tone(colour, 0.8))


def _dotted(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Dots that follow the folds."""
    shade, along, down = _folds(rng, top, bottom, float(rng.uniform(15, 18)))
    row = down / 7
    x, y = frac(along / 9 + odd(np.floor(row))) - 0.5, frac(row) - 0.5
    picture = ramped(shade, mix(tone(colour, 0.35), (20, 16, 60), 0.3), colour, mix(colour, (236, 210, 255), 0.45))
    over(
        picture, rise(81 * x * x + 49 * y * y, 6.4, 3.2), ramped(shade, (120, 96, 60), (246, 216, 120), (255, 244, 190))
    )
    return _hem(picture, shade, bottom, (246, 216, 120))


def _brocade(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Woven lozenges and leaves, tone in tone."""
    shade, along, down = _folds(rng, top, bottom, float(rng.uniform(14, 17)))
    u, v = along / 14, down / 15
    far = np.abs(frac(u) - 0.5) + np.abs(frac(v) - 0.5)
    weave = rise(np.abs(far - 0.5), 0.09, 0.05) + rise(np.minimum(far, 1 - far), 0.24, 0.18)
    stops = (mix(tone(colour, 0.4), (90, 30, 20), 0.3), tone(colour, 0.85), mix(colour, (255, 240, 190), 0.5))
    picture = ramped(shade, *stops)
    over(picture, 0.75 * weave, ramped(shade, (70, 26, 20), (166, 84, 40), (216, 136, 70)))
    return _hem(picture, shade, bottom, (166, 60, 50))


def _gingham(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Checked cotton."""
    shade, along, down = _folds(rng, top, bottom, float(rng.uniform(14, 18)))
    checks = rise(np.abs(frac(along / 8) - 0.5), 0.22, 0.28) + rise(np.abs(frac(down / 8) - 0.5), 0.22, 0.28)
    picture = ramped(shade, (132, 140, 166), (240, 242, 246), (255, 255, 255))
    over(picture, 0.48 * checks, ramped(shade, tone(colour, 0.4), colour, mix(colour, WHITE, 0.15)))
    return _hem(picture, shade, bottom, colour)


def _lace(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Thin cloth with the light of a window behind it, woven dots, and a hem of lace."""
    shade, along, down = _folds(rng, top, bottom, float(rng.uniform(10, 13)))
    light = 1.05 * shade - 0.05 + 0.12 * mottle(rng, 40, 40) + grain(rng, 0.04)
    picture = ramped(light, mix(colour, (84, 98, 146), 0.8), mix(colour, (166, 180, 214), 0.6), colour, (255, 254, 244))
    row = down / 6.5
    x, y = frac(along / 7 + odd(np.floor(row))) - 0.5, frac(row) - 0.5
    dot = rise(49 * x * x + 42 * y * y, 4.2, 2.0)
    net = rise(np.minimum(near(row), near(along / 3.5) * 0.6), 0.14, 0.06) * (bottom - 14 < Y)
    return over(picture, np.maximum(0.4 * dot, 0.6 * net), (112, 126, 172))


SCREENS: dict[str, tuple[tuple[str, Colour, Look], ...]] = {
    "fence": (
        ("white", (246, 244, 236), _pickets),
        ("brown", (146, 100, 62), _boards),
        ("grey", (176, 180, 186), _mesh),
        ("brown", (158, 112, 70), _bars),
        ("green", (76, 150, 104), _trellis),
        ("black", (44, 44, 52), _iron),
    ),
    "curtain": (
        ("red", (190, 44, 54), _velvet),
        ("green", (78, 146, 104), _lengths),
        ("purple", (120, 76, 162), _dotted),
        ("golden", (222, 172, 86), _brocade),
        ("blue", (64, 104, 190), _gingham),
        ("white", (240, 242, 244), _lace),
    ),
}
"""For each stuff its looks: the word for the colour, the colour, and how it is painted."""
