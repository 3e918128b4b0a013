"""Section 4 (data sets): how grass, hedges and roads look in the toy world."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bench.toyworld.classes import Colour
from bench.toyworld.pen import mix, tone
from bench.toyworld.textures.brushes import (
    WHITE,
    Field,
    Look,
    Rng,
    X,
    Y,
    away,
    cut,
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
)
from bench.toyworld.textures.tiles import blades, blossoms, ears, leaves, pebbles

_BLOOMS: tuple[Colour, ...] = ((255, 255, 250), (252, 216, 70), (240, 110, 130), (190, 130, 226), (236, 70, 60))


def _sward(rng: Rng, colour: Colour, light: Field, hue: Field, drier: Colour) -> Image.Image:
    """Blades in the colour, some of them drier."""
    shade = light + 0.14 * mottle(rng, 30, 40)
    picture = ramped(
        shade,
        mix(tone(colour, 0.35), (10, 40, 60), 0.35),
        tone(colour, 0.8),
        tone(colour, 1.12),
        mix(colour, (236, 240, 140), 0.5),
    )
    return over(picture, 0.5 * hue, ramped(shade, tone(drier, 0.4), tone(drier, 0.8), drier, mix(drier, WHITE, 0.3)))


def _lawn(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Short grass."""
    light, hue = cut(rng, *blades(9, 0.25))
    return _sward(rng, colour, light, hue, mix(colour, (170, 190, 60), 0.5))


def _meadow(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """High grass with flowers of two colours."""
    light, hue = cut(rng, *blades(15, 0.3))
    picture = _sward(rng, colour, light, hue, mix(colour, (60, 170, 90), 0.5))
    petals, hearts, hue = cut(rng, *blossoms(2.6, 330))
    first = int(rng.integers(len(_BLOOMS)))
    one, two = _BLOOMS[first], _BLOOMS[(first + int(rng.integers(1, 4))) % len(_BLOOMS)]
    over(picture, petals, one)
    over(picture, petals * (hue > 0.5), two)
    return over(picture, hearts, (226, 150, 40) if one[2] > 90 or one[1] < 100 else (130, 80, 40))


def _corn(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Ripe high grass with ears."""
    light, hue = cut(rng, *ears())
    shade = light + 0.12 * mottle(rng, 20, 40)
    picture = ramped(shade, mix(tone(colour, 0.42), (60, 60, 20), 0.3), tone(colour, 0.82), colour, (255, 236, 168))
    return over(picture, 0.4 * hue, ramped(shade, (70, 80, 30), (150, 140, 60), (206, 188, 96), (246, 236, 170)))


def _mown(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """A lawn in light and dark mown stripes that run away from the viewer."""
    light, hue = cut(rng, *blades(9, 0.25))
    stripe = (X - float(rng.uniform(30, 98))) / away(top, 70) * 6
    swath = rise(np.abs(frac(0.5 * stripe) - 0.5), 0.22, 0.28)
    shade = 0.62 * light + 0.3 * swath + 0.05 * mottle(rng, 20, 20)
    return ramped(shade, tone(colour, 0.42), tone(colour, 0.8), tone(colour, 1.1), mix(colour, (226, 244, 130), 0.55))


def _tussocks(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Long blades leaning all ways, in light and dark tufts."""
    light, hue = cut(rng, *blades(21, 0.5))
    return _sward(rng, colour, light + 0.2 * mottle(rng, 12, 12), hue, mix(colour, (40, 140, 120), 0.5))


def _foliage(rng: Rng, light: Field, *stops: Colour) -> tuple[Image.Image, Field]:
    """Leaves, lit by soft bumps; with the brightness."""
    shade = light + 0.16 * mottle(rng, 14, 16) + 0.06 * mottle(rng, 40, 40)
    return ramped(shade, *stops), shade


def _clipped(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Leaves clipped flat: a light rim on top."""
    light, hue = cut(rng, *leaves(8))
    light = light + rise(Y - top, 9, 3) * 0.22 - 0.12 * fade(top, bottom) + 0.1 * hue
    return _foliage(rng, light, (14, 36, 34), tone(colour, 0.62), colour, mix(colour, (206, 232, 110), 0.6))[0]


def _blooming(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Large leaves and many roses of one colour."""
    picture, _ = _foliage(
        rng, cut(rng, *leaves(10))[0], (14, 40, 36), tone(colour, 0.62), colour, mix(colour, (190, 226, 120), 0.55)
    )
    petals, hearts, hue = cut(rng, *blossoms(4.4, 190))
    bloom = ((244, 120, 160), (250, 246, 240), (226, 60, 66), (250, 200, 70))[int(rng.integers(4))]
    over(picture, petals, ramped(1.6 * petals - 0.8 + 0.25 * hue, tone(bloom, 0.6), bloom, mix(bloom, WHITE, 0.35)))
    return over(picture, hearts, (250, 220, 110) if bloom[2] > 100 else (150, 40, 40))


def _autumn(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Leaves from yellow to dark red."""
    light, hue = cut(rng, *leaves(9))
    picture, shade = _foliage(rng, light, (60, 22, 24), tone(colour, 0.7), colour, (255, 206, 110))
    over(picture, rise(hue, 0.55, 0.75), ramped(shade, (50, 16, 26), (150, 34, 36), (206, 60, 44), (240, 130, 80)))
    return over(
        picture, rise(hue, 0.3, 0.15), ramped(shade, (80, 50, 20), (190, 140, 40), (240, 190, 60), (255, 236, 140))
    )


def _box(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Small leaves, clipped in rows of balls."""
    light, _ = cut(rng, *leaves(6))
    row = (Y - top) / 21
    place = X / 23 + odd(np.floor(row)) + float(rng.random())
    across, down = frac(place) - 0.5, frac(row) - 0.5
    ball = np.maximum(1 - 3.9 * (across * across + down * down), 0)
    shade = (light + 0.2) * (0.25 + 0.7 * ball) + rise(ball, 0, 0.4) * (0.22 - 0.45 * down - 0.35 * across)
    return ramped(shade, (12, 34, 34), tone(colour, 0.7), tone(colour, 1.1), mix(colour, (196, 226, 130), 0.55))


def _asphalt(rng: Rng, colour: Colour, top: int) -> tuple[Image.Image, Field]:
    """Speckled and cracked; with the number of the lane at each row."""
    crack = np.abs(mottle(rng, 21, 17))
    shade = 0.5 + grain(rng, 0.22) + 0.1 * mottle(rng, 3, 3) + 0.08 * mottle(rng, 14, 40) - 0.35 * rise(crack, 0.03, 0)
    return ramped(shade, tone(colour, 0.62), colour, mix(colour, WHITE, 0.3)), 4.6 * np.log(away(top, 80) / 80)


def _kerb(picture: Image.Image, top: int) -> Image.Image:
    """Kerb stones along the upper edge."""
    down = Y[top : top + 7] - top
    if len(down) < 7:
        return picture
    kerb = rise(np.abs(down - 1.5), 2.5, 1.5) * rise(near(X / 12) * 12, 0.2, 1.0)
    over(picture, kerb, (206, 204, 198), top)
    return over(picture, 0.5 * rise(np.abs(down - 4.5), 1.5, 0.5) + 0 * X, (30, 30, 36), top)


def _dashes(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Asphalt with white dashes between the lanes."""
    picture, lane = _asphalt(rng, colour, top)
    lie = away(top, 80)
    row = np.rint(lane - 0.5) + 0.5
    along = (X + float(rng.uniform(0, 40))) * (5.0 / 80) * np.exp(row / -4.6) + 0.5 * row
    dash = rise(np.abs(frac(along) - 0.5), 0.33, 0.28)
    paint = rise(np.abs(lane - row) * lie / 4.6, 2.0, 1.0) * dash * rise(grain(rng, 1.0), -1.3, -0.5)
    return _kerb(over(picture, 0.92 * paint, (246, 244, 236)), top)


def _lines(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Black asphalt with double yellow lines and a shine."""
    picture, lane = _asphalt(rng, colour, top)
    apart = np.abs(np.abs(lane - np.rint(lane - 0.5) - 0.5) * away(top, 80) / 4.6 - 2.2)
    over(picture, 0.25 * rise(mottle(rng, 12, 46), 0.1, 0.9), (190, 204, 224))
    paint = rise(apart, 1.5, 0.6) * rise(grain(rng, 1.0), -1.2, -0.6)
    return _kerb(over(picture, 0.9 * paint, (246, 200, 50)), top)


def _track(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """A dirt track: ruts with prints of tyres, stones, grass between."""
    lie = away(top, 80)
    across = frac(4.6 * np.log(lie / 80) * 0.62 + 0.06 * mottle(rng, 30, 30) + 0.1)
    rut = rise(np.abs(np.abs(across - 0.5) - 0.23), 0.17, 0.13)
    tread = np.sin(X * (78 / lie) + np.abs(frac(across * 2 + 0.04) - 0.5) * 16)
    shade = 0.66 + grain(rng, 0.14) + 0.14 * mottle(rng, 6, 9) - rut * (0.3 - 0.34 * tread)
    picture = ramped(shade, mix(tone(colour, 0.5), (50, 30, 50), 0.3), colour, mix(colour, (240, 216, 170), 0.6))
    light, strength = cut(rng, *pebbles(2.6, 420))
    over(picture, strength * (1 - rut), ramped(light, (60, 50, 46), tone(colour, 1.1), (214, 206, 196)))
    blade, _ = cut(rng, *blades(9, 0.25))
    verge = rise(near(across) + 0.05 * mottle(rng, 5, 5), 0.11, 0.05)
    return over(picture, verge, ramped(blade, (40, 60, 36), (96, 132, 58), (170, 190, 90)))


def _cobbles(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Rounded paving stones in rows."""
    lie = away(top, 70)
    row = 9.5 * np.log(lie / 70)
    place = X * (7.0 / lie) + odd(np.floor(row)) + 0.1 * mottle(rng, 9, 14) + float(rng.random())
    row = row + 0.09 * mottle(rng, 9, 9)
    down, across = frac(row) * 2 - 1, frac(place) * 2 - 1
    edge = np.maximum(np.abs(down), np.abs(across))
    square = down * down + across * across
    stone = rise(np.maximum(edge, 0.72 * np.sqrt(square)), 0.95, 0.7)
    cell_hash = hashed(np.floor(row), np.floor(place))
    shade = stone * (0.48 + 0.32 * cell_hash - 0.2 * down - 0.1 * across - 0.12 * square) + grain(rng, 0.06)
    return ramped(
        shade, mix(tone(colour, 0.34), (30, 26, 40), 0.3), tone(colour, 0.85), tone(colour, 1.12), (236, 230, 222)
    )


def _crossing(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """The worn white bars of a crossing."""
    picture, _ = _asphalt(rng, colour, top)
    lie = away(top, 76)
    bar = (X - float(rng.uniform(40, 88))) / lie * 5
    worn = 0.4 * grain(rng, 1.0) + 0.8 * mottle(rng, 9, 5)
    paint = rise(np.abs(frac(bar) - 0.5) * lie / 5, 4.4 / 76 * lie, 3.2 / 76 * lie) * rise(worn, -1.1, -0.45)
    return _kerb(over(picture, 0.94 * paint, (242, 240, 232)), top)


GREEN: dict[str, tuple[tuple[str, Colour, Look], ...]] = {
    "grass": (
        ("green", (98, 168, 62), _lawn),
        ("green", (82, 156, 70), _meadow),
        ("golden", (218, 178, 84), _corn),
        ("green", (104, 178, 74), _mown),
        ("green", (60, 132, 62), _tussocks),
    ),
    "hedge": (
        ("green", (62, 138, 58), _clipped),
        ("green", (70, 132, 64), _blooming),
        ("orange", (226, 122, 44), _autumn),
        ("green", (54, 120, 70), _box),
    ),
    "road": (
        ("grey", (122, 123, 130), _dashes),
        ("black", (58, 58, 66), _lines),
        ("brown", (156, 118, 84), _track),
        ("grey", (150, 146, 146), _cobbles),
        ("grey", (96, 97, 106), _crossing),
    ),
}
"""For each stuff its looks: the word for the colour, the colour, and how it is painted."""
