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
    Look,
    Rng,
    X,
    Y,
    away,
    cut,
    fade,
    grain,
    mottle,
    over,
    ramped,
    relief,
    rise,
    saw,
    shades,
    strewn,
)
from bench.toyworld.textures.tiles import pebbles, shells


def _day(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paler towards the ground, with thin veils."""
    picture = ramped(0.9 * fade(top, bottom) + 0.05 * mottle(rng, 30, 60), tone(colour, 0.86), colour, (226, 240, 250))
    veil = rise(mottle(rng, 5, 34) + 0.6 * mottle(rng, 11, 50), 0.1, 1.3)
    return over(picture, 0.75 * veil, WHITE)


@cache
def _feathers() -> Field:
    """Thin slanting veils in a tile."""
    rng, tile = np.random.default_rng(21), np.zeros((2 * TILE, 2 * TILE), dtype=np.float32)
    for rows, columns, strength in ((26, 5, 0.9), (70, 9, 0.8), (150, 16, 0.6)):
        grid = Image.fromarray(rng.uniform(-strength, strength, (rows, columns)).astype(np.float32))
        tile += np.asarray(grid.resize((2 * TILE, 2 * TILE), Image.Resampling.BICUBIC))
    return np.asarray(Image.fromarray(tile).rotate(21, Image.Resampling.BILINEAR))[SIDE:-SIDE, SIDE:-SIDE]


def _deep(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Deep blue with feathers of ice and a vapour trail."""
    shade = 0.75 * fade(top, bottom) + 0.05 * mottle(rng, 30, 60)
    picture = ramped(shade, tone(colour, 0.76), colour, mix(colour, (176, 218, 255), 0.7))
    (feathers,) = cut(rng, _feathers())
    over(picture, 0.6 * rise(feathers, 0.1, 1.5), WHITE)
    way = Y - top - float(rng.uniform(8, 50)) - float(rng.uniform(-0.6, 0.6)) * (X - 64)
    return over(picture, 0.7 * rise(np.abs(way + 0.4 * feathers), 2.6, 0.4), WHITE)


def _sunset(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Purple to yellow, with long bars of cloud lit from below."""
    height = fade(top, bottom)
    picture = ramped(
        height + 0.04 * mottle(rng, 8, 50), mix(colour, (122, 66, 140), 0.7), colour, colour, (255, 222, 130)
    )
    bars = mottle(rng, 6, 50) + 0.5 * mottle(rng, 3, 24)
    over(picture, 0.7 * rise(bars, 0.1, 0.7), mix(colour, (150, 70, 120), 0.55))
    return over(picture, rise(relief(bars), -0.3, -1.0), (255, 224, 150))


def _night(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Stars and the milky way."""
    slope, middle = float(rng.uniform(-0.6, 0.6)), float(rng.uniform(20, 80))
    band = rise(np.abs(Y - middle - slope * (X - 64) + 12 * mottle(rng, 20, 20)), 30, 0)
    shade = 0.4 * fade(top, bottom) + 0.55 * band * (0.7 + 0.3 * mottle(rng, 6, 6))
    picture = ramped(shade, colour, mix(colour, (58, 64, 130), 0.6), (120, 118, 176))
    stars = (
        cut(rng, strewn(1, 0.0, 420))[0] * (0.6 + 0.6 * band)
        + cut(rng, strewn(2, 0.5, 110))[0]
        + cut(rng, strewn(4, 0.8, 40))[0]
    )
    return over(picture, stars, (255, 250, 226))


def _overcast(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Rolling grey clouds, darker below, that fill everything."""
    rolls = mottle(rng, 13, 36) + 0.5 * mottle(rng, 7, 18)
    shade = 0.45 + 0.42 * relief(rolls) + 0.12 * rolls + 0.25 * fade(top, bottom)
    return ramped(shade, tone(colour, 0.72), colour, mix(colour, WHITE, 0.75))


def _dappled(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Dawn with rows of small soft clouds."""
    picture = ramped(fade(top, bottom), mix(colour, (120, 130, 214), 0.65), colour, mix(colour, (255, 236, 190), 0.7))
    rows = np.sin((Y + float(rng.uniform(-0.4, 0.4)) * X) * 0.62 + 2.4 * mottle(rng, 16, 22))
    puffs = 0.5 * rows + mottle(rng, 6, 9) + 0.5 * mottle(rng, 30, 40)
    over(picture, 0.55 * rise(puffs, -0.1, 0.8), mix(colour, (255, 244, 236), 0.75))
    return over(picture, 0.5 * rise(relief(puffs), 0.2, 1.2), WHITE)


def _waves(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Rows of pointed waves, larger towards the viewer, each with a light crest."""
    lie = away(top, 64)
    row = 11.5 * np.log(lie)
    swing = np.abs(np.sin(X * (15 / lie) + 0.9 * row + 0.9 * mottle(rng, 16, 18)))
    up = saw(row + 0.35 * mottle(rng, 12, 26) + 0.5 * swing, 9 / lie)
    shade = 0.16 + 0.5 * up + 0.5 * rise(up, 0.7, 0.95) + 0.07 * mottle(rng, 3, 9)
    return ramped(shade, tone(colour, 0.62), colour, mix(colour, (120, 190, 235), 0.5), (236, 248, 252))


def _calm(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Still water: level ripples, and a bright column of glints where the light falls."""
    middle, lie = float(rng.uniform(24, 104)), away(top, 40)
    chop = mottle(rng, 2.4, 15) + 0.5 * mottle(rng, 4, 24)
    ripple = np.sin(26 * np.log(lie) + 2.4 * mottle(rng, 9, 22))
    path = rise(np.abs(X - middle) / lie, 0.5, 0.0)
    shade = 0.3 + 0.15 * fade(top, bottom) + 0.17 * chop + 0.13 * ripple
    picture = ramped(shade, tone(colour, 0.66), colour, mix(colour, (200, 232, 250), 0.65))
    return over(picture, rise(chop + 0.25 * ripple + 0.7 * path, 0.85, 1.15), (250, 252, 240))


def _shallow(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Clear shallow water with a net of light on the ground."""
    one, two = np.abs(mottle(rng, 8, 13)), np.abs(mottle(rng, 6, 10))
    net = rise(np.minimum(one, two + 0.04), 0.24, 0)
    net *= net
    shade = 0.25 + 0.3 * fade(top, bottom) + 0.16 * mottle(rng, 14, 30) + 0.42 * net
    return ramped(shade, tone(colour, 0.72), colour, mix(colour, (190, 250, 230), 0.55), (246, 255, 244))


def _moonlit(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Dark water with ripples and a broken silver path."""
    lie, middle = away(top, 50), float(rng.uniform(24, 104))
    chop = mottle(rng, 2.2, 10) + 0.4 * mottle(rng, 4, 18)
    ripple = np.sin(30 * np.log(lie) + 2.4 * mottle(rng, 7, 20))
    path = rise(np.abs(X - middle) / lie, 0.6, 0.0)
    picture = ramped(0.4 + 0.22 * chop + 0.3 * ripple, tone(colour, 0.45), colour, mix(colour, (130, 160, 210), 0.7))
    return over(picture, rise(chop + 0.3 * ripple + path, 0.95, 1.25), (232, 238, 246))


def _surf(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Breakers with lacy foam."""
    lie = away(top, 80)
    up = saw(8.5 * np.log(lie) + 0.45 * mottle(rng, 16, 30), 8 / lie)
    picture = ramped(
        0.1 + 0.75 * up + 0.12 * mottle(rng, 3, 10), tone(colour, 0.66), colour, mix(colour, (130, 220, 220), 0.6)
    )
    lace = rise(np.abs(mottle(rng, 4, 7)), 0.3, 0.05) * rise(up, 0.6, 0.1)
    return over(picture, np.maximum(0.8 * lace, rise(up + 0.12 * mottle(rng, 4, 6), 0.8, 0.92)), (248, 252, 252))


def _ripples(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Sand in winding ripples."""
    turn = float(rng.uniform(-0.3, 0.3))
    crest = np.sin((Y + turn * X) * 0.86 + 3.4 * mottle(rng, 18, 22))
    shade = 0.5 + 0.24 * crest + grain(rng, 0.2) + 0.1 * mottle(rng, 30, 30)
    return ramped(shade, *shades(colour, 0.68, 1.12))


def _wet(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """A wet beach: rims left by the waves, and pebbles."""
    rim = saw((Y - top) / 23 + 0.5 * mottle(rng, 22, 34) + float(rng.random()), 0.05)
    picture = ramped(0.28 + 0.4 * rim + grain(rng, 0.2), *shades(colour, 0.62, 1.16))
    over(picture, rise(rim + 0.12 * mottle(rng, 3, 3), 0.9, 1.0) * 0.7, (250, 244, 228))
    light, strength = cut(rng, *pebbles(2.6, 330))
    return over(picture, strength, ramped(light, (70, 58, 56), tone(colour, 0.9), (226, 216, 204)))


def _beach(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Light dry sand, hollows, shells and starfish."""
    shade = 0.55 + 0.34 * relief(mottle(rng, 9, 11)) + grain(rng, 0.3)
    picture = ramped(shade, *shades(colour, 0.7, 1.1))
    light, strength, hue = cut(rng, *shells(130))
    over(picture, 0.4 * strength[ABOVE], (110, 80, 60))
    over(picture, strength, ramped(light, (170, 66, 50), (255, 190, 150)))
    return over(picture, strength * rise(hue, 0.6, 0.5), ramped(light, (160, 128, 120), (255, 250, 240)))


def _dunes(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Dunes one behind the other: a sharp crest, a shaded side below it, then the lit back with wind ripples."""
    lie = away(top, 90)
    row = 4.8 * np.log(lie)
    bow = np.abs(np.sin(X * 0.05 + 0.9 * row + 0.8 * mottle(rng, 34, 44)))
    down = saw(row + 0.62 * bow + 0.2 * mottle(rng, 22, 30), 5 / lie)
    wind = np.sin(Y * 1.15 + X * 0.25 + 9 * down)
    shade = (
        0.92
        - 0.8 * rise(down, 0.45, 0.02)
        - 0.2 * rise(down, 0.6, 1.0)
        + (0.02 + 0.13 * down) * wind
        + grain(rng, 0.16)
    )
    return ramped(shade, mix(tone(colour, 0.5), (90, 40, 70), 0.3), colour, mix(colour, (255, 236, 180), 0.5))


LAND: dict[str, tuple[tuple[str, Colour, Look], ...]] = {
    "sky": (
        ("blue", (104, 172, 240), _day),
        ("blue", (44, 104, 204), _deep),
        ("orange", (244, 148, 74), _sunset),
        ("black", (18, 20, 46), _night),
        ("grey", (162, 170, 182), _overcast),
        ("pink", (244, 172, 186), _dappled),
    ),
    "water": (
        ("blue", (40, 108, 190), _waves),
        ("blue", (66, 134, 196), _calm),
        ("green", (46, 176, 164), _shallow),
        ("black", (26, 40, 76), _moonlit),
        ("blue", (36, 120, 170), _surf),
    ),
    "sand": (
        ("golden", (230, 196, 128), _ripples),
        ("brown", (176, 138, 98), _wet),
        ("yellow", (240, 220, 158), _beach),
        ("orange", (228, 150, 84), _dunes),
    ),
}
"""For each stuff its looks: the word for the colour, the colour, and how it is painted."""
