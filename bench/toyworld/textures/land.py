"""Section 4 (data sets): how sky, water and sand look in the toy world."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image

from bench.toyworld.classes import SIDE, Colour
from bench.toyworld.pen import mix, tone
from bench.toyworld.textures.brushes import (
    ABOVE,
    TILE,
    WHITE,
    Field,
    Looks,
    Rng,
    X,
    Y,
    cut,
    lay_over,
    make_fade,
    make_grain,
    make_mottle,
    make_relief,
    make_rise,
    make_saw,
    make_shades,
    measure_nearness,
    paint_ramp,
    strew_dots,
)
from bench.toyworld.textures.tiles import make_pebbles, make_shells


def _paint_day(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint paler towards the ground, with thin veils."""
    picture = paint_ramp(
        0.9 * make_fade(top, bottom) + 0.05 * make_mottle(rng, 30, 60), tone(colour, 0.86), colour, (226, 240, 250)
    )
    veil = make_rise(make_mottle(rng, 5, 34) + 0.6 * make_mottle(rng, 11, 50), 0.1, 1.3)
    return lay_over(picture, 0.75 * veil, WHITE)


@cache
def _make_feathers() -> Field:
    """Make thin slanting veils in a tile."""
    rng, tile = np.random.default_rng(21), np.zeros((2 * TILE, 2 * TILE), dtype=np.float32)
    for rows, columns, strength in ((26, 5, 0.9), (70, 9, 0.8), (150, 16, 0.6)):
        grid = Image.fromarray(rng.uniform(-strength, strength, (rows, columns)).astype(np.float32))
        tile += np.asarray(grid.resize((2 * TILE, 2 * TILE), Image.Resampling.BICUBIC))
    return np.asarray(Image.fromarray(tile).rotate(21, Image.Resampling.BILINEAR))[SIDE:-SIDE, SIDE:-SIDE]


def _paint_deep(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint deep blue with feathers of ice and a vapour trail."""
    shade = 0.75 * make_fade(top, bottom) + 0.05 * make_mottle(rng, 30, 60)
    picture = paint_ramp(shade, tone(colour, 0.76), colour, mix(colour, (176, 218, 255), 0.7))
    (feathers,) = cut(rng, _make_feathers())
    lay_over(picture, 0.6 * make_rise(feathers, 0.1, 1.5), WHITE)
    way = Y - top - float(rng.uniform(8, 50)) - float(rng.uniform(-0.6, 0.6)) * (X - 64)
    return lay_over(picture, 0.7 * make_rise(np.abs(way + 0.4 * feathers), 2.6, 0.4), WHITE)


def _paint_sunset(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint purple to yellow, with long bars of cloud lit from below."""
    height = make_fade(top, bottom)
    picture = paint_ramp(
        height + 0.04 * make_mottle(rng, 8, 50), mix(colour, (122, 66, 140), 0.7), colour, colour, (255, 222, 130)
    )
    bars = make_mottle(rng, 6, 50) + 0.5 * make_mottle(rng, 3, 24)
    lay_over(picture, 0.7 * make_rise(bars, 0.1, 0.7), mix(colour, (150, 70, 120), 0.55))
    return lay_over(picture, make_rise(make_relief(bars), -0.3, -1.0), (255, 224, 150))


def _paint_night(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint stars and the milky way."""
    slope, middle = float(rng.uniform(-0.6, 0.6)), float(rng.uniform(20, 80))
    band = make_rise(np.abs(Y - middle - slope * (X - 64) + 12 * make_mottle(rng, 20, 20)), 30, 0)
    shade = 0.4 * make_fade(top, bottom) + 0.55 * band * (0.7 + 0.3 * make_mottle(rng, 6, 6))
    picture = paint_ramp(shade, colour, mix(colour, (58, 64, 130), 0.6), (120, 118, 176))
    stars = (
        cut(rng, strew_dots(1, 0.0, 420))[0] * (0.6 + 0.6 * band)
        + cut(rng, strew_dots(2, 0.5, 110))[0]
        + cut(rng, strew_dots(4, 0.8, 40))[0]
    )
    return lay_over(picture, stars, (255, 250, 226))


def _paint_overcast(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint rolling grey clouds, darker below, that fill everything."""
    rolls = make_mottle(rng, 13, 36) + 0.5 * make_mottle(rng, 7, 18)
    shade = 0.45 + 0.42 * make_relief(rolls) + 0.12 * rolls + 0.25 * make_fade(top, bottom)
    return paint_ramp(shade, tone(colour, 0.72), colour, mix(colour, WHITE, 0.75))


def _paint_dappled(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint dawn with rows of small soft clouds."""
    picture = paint_ramp(
        make_fade(top, bottom), mix(colour, (120, 130, 214), 0.65), colour, mix(colour, (255, 236, 190), 0.7)
    )
    rows = np.sin((Y + float(rng.uniform(-0.4, 0.4)) * X) * 0.62 + 2.4 * make_mottle(rng, 16, 22))
    puffs = 0.5 * rows + make_mottle(rng, 6, 9) + 0.5 * make_mottle(rng, 30, 40)
    lay_over(picture, 0.55 * make_rise(puffs, -0.1, 0.8), mix(colour, (255, 244, 236), 0.75))
    return lay_over(picture, 0.5 * make_rise(make_relief(puffs), 0.2, 1.2), WHITE)


def _paint_waves(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint rows of pointed waves, larger towards the viewer, each with a light crest."""
    lie = measure_nearness(top, 64)
    row = 11.5 * np.log(lie)
    swing = np.abs(np.sin(X * (15 / lie) + 0.9 * row + 0.9 * make_mottle(rng, 16, 18)))
    up = make_saw(row + 0.35 * make_mottle(rng, 12, 26) + 0.5 * swing, 9 / lie)
    shade = 0.16 + 0.5 * up + 0.5 * make_rise(up, 0.7, 0.95) + 0.07 * make_mottle(rng, 3, 9)
    return paint_ramp(shade, tone(colour, 0.62), colour, mix(colour, (120, 190, 235), 0.5), (236, 248, 252))


def _paint_calm(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint still water: level ripples, and a bright column of glints where the light falls."""
    middle, lie = float(rng.uniform(24, 104)), measure_nearness(top, 40)
    chop = make_mottle(rng, 2.4, 15) + 0.5 * make_mottle(rng, 4, 24)
    ripple = np.sin(26 * np.log(lie) + 2.4 * make_mottle(rng, 9, 22))
    path = make_rise(np.abs(X - middle) / lie, 0.5, 0.0)
    shade = 0.3 + 0.15 * make_fade(top, bottom) + 0.17 * chop + 0.13 * ripple
    picture = paint_ramp(shade, tone(colour, 0.66), colour, mix(colour, (200, 232, 250), 0.65))
    return lay_over(picture, make_rise(chop + 0.25 * ripple + 0.7 * path, 0.85, 1.15), (250, 252, 240))


def _paint_shallow(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Clear shallow water with a net of light on the ground."""
    one, two = np.abs(make_mottle(rng, 8, 13)), np.abs(make_mottle(rng, 6, 10))
    net = make_rise(np.minimum(one, two + 0.04), 0.24, 0)
    net *= net
    shade = 0.25 + 0.3 * make_fade(top, bottom) + 0.16 * make_mottle(rng, 14, 30) + 0.42 * net
    return paint_ramp(shade, tone(colour, 0.72), colour, mix(colour, (190, 250, 230), 0.55), (246, 255, 244))


def _paint_moonlit(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint dark water with ripples and a broken silver path."""
    lie, middle = measure_nearness(top, 50), float(rng.uniform(24, 104))
    chop = make_mottle(rng, 2.2, 10) + 0.4 * make_mottle(rng, 4, 18)
    ripple = np.sin(30 * np.log(lie) + 2.4 * make_mottle(rng, 7, 20))
    path = make_rise(np.abs(X - middle) / lie, 0.6, 0.0)
    picture = paint_ramp(
        0.4 + 0.22 * chop + 0.3 * ripple, tone(colour, 0.45), colour, mix(colour, (130, 160, 210), 0.7)
    )
    return lay_over(picture, make_rise(chop + 0.3 * ripple + path, 0.95, 1.25), (232, 238, 246))


def _paint_surf(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint breakers with lacy foam."""
    lie = measure_nearness(top, 80)
    up = make_saw(8.5 * np.log(lie) + 0.45 * make_mottle(rng, 16, 30), 8 / lie)
    picture = paint_ramp(
        0.1 + 0.75 * up + 0.12 * make_mottle(rng, 3, 10), tone(colour, 0.66), colour, mix(colour, (130, 220, 220), 0.6)
    )
    lace = make_rise(np.abs(make_mottle(rng, 4, 7)), 0.3, 0.05) * make_rise(up, 0.6, 0.1)
    return lay_over(
        picture, np.maximum(0.8 * lace, make_rise(up + 0.12 * make_mottle(rng, 4, 6), 0.8, 0.92)), (248, 252, 252)
    )


def _paint_ripples(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint sand in winding ripples."""
    turn = float(rng.uniform(-0.3, 0.3))
    crest = np.sin((Y + turn * X) * 0.86 + 3.4 * make_mottle(rng, 18, 22))
    shade = 0.5 + 0.24 * crest + make_grain(rng, 0.2) + 0.1 * make_mottle(rng, 30, 30)
    return paint_ramp(shade, *make_shades(colour, 0.68, 1.12))


def _paint_wet(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint a wet beach: rims left by the waves, and pebbles."""
    rim = make_saw((Y - top) / 23 + 0.5 * make_mottle(rng, 22, 34) + float(rng.random()), 0.05)
    picture = paint_ramp(0.28 + 0.4 * rim + make_grain(rng, 0.2), *make_shades(colour, 0.62, 1.16))
    lay_over(picture, make_rise(rim + 0.12 * make_mottle(rng, 3, 3), 0.9, 1.0) * 0.7, (250, 244, 228))
    light, strength = cut(rng, *make_pebbles(2.6, 330))
    return lay_over(picture, strength, paint_ramp(light, (70, 58, 56), tone(colour, 0.9), (226, 216, 204)))


def _paint_beach(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint light dry sand, hollows, shells and starfish."""
    shade = 0.55 + 0.34 * make_relief(make_mottle(rng, 9, 11)) + make_grain(rng, 0.3)
    picture = paint_ramp(shade, *make_shades(colour, 0.7, 1.1))
    light, strength, hue = cut(rng, *make_shells(130))
    lay_over(picture, 0.4 * strength[ABOVE], (110, 80, 60))
    lay_over(picture, strength, paint_ramp(light, (170, 66, 50), (255, 190, 150)))
    return lay_over(picture, strength * make_rise(hue, 0.6, 0.5), paint_ramp(light, (160, 128, 120), (255, 250, 240)))


def _paint_dunes(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint dunes one behind the other: a sharp crest, a shaded side below it, then the lit back with wind ripples."""
    lie = measure_nearness(top, 90)
    row = 4.8 * np.log(lie)
    bow = np.abs(np.sin(X * 0.05 + 0.9 * row + 0.8 * make_mottle(rng, 34, 44)))
    down = make_saw(row + 0.62 * bow + 0.2 * make_mottle(rng, 22, 30), 5 / lie)
    wind = np.sin(Y * 1.15 + X * 0.25 + 9 * down)
    shade = (
        0.92
        - 0.8 * make_rise(down, 0.45, 0.02)
        - 0.2 * make_rise(down, 0.6, 1.0)
        + (0.02 + 0.13 * down) * wind
        + make_grain(rng, 0.16)
    )
    return paint_ramp(shade, mix(tone(colour, 0.5), (90, 40, 70), 0.3), colour, mix(colour, (255, 236, 180), 0.5))


LAND: Looks = {
    "sky": (
        ("blue", (104, 172, 240), _paint_day),
        ("blue", (44, 104, 204), _paint_deep),
        ("orange", (244, 148, 74), _paint_sunset),
        ("black", (18, 20, 46), _paint_night),
        ("grey", (162, 170, 182), _paint_overcast),
        ("pink", (244, 172, 186), _paint_dappled),
    ),
    "water": (
        ("blue", (40, 108, 190), _paint_waves),
        ("blue", (66, 134, 196), _paint_calm),
        ("green", (46, 176, 164), _paint_shallow),
        ("black", (26, 40, 76), _paint_moonlit),
        ("blue", (36, 120, 170), _paint_surf),
    ),
    "sand": (
        ("golden", (230, 196, 128), _paint_ripples),
        ("brown", (176, 138, 98), _paint_wet),
        ("yellow", (240, 220, 158), _paint_beach),
        ("orange", (228, 150, 84), _paint_dunes),
    ),
}
