"""Section 4 (data sets): how grass and hedges look in the toy world."""

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
    lay_over,
    make_fade,
    make_mottle,
    make_rise,
    mark_odd,
    measure_nearness,
    paint_ramp,
    wrap,
)
from bench.toyworld.textures.tiles import make_blades, make_blossoms, make_ears, make_leaves

_BLOOMS: tuple[Colour, ...] = ((255, 255, 250), (252, 216, 70), (240, 110, 130), (190, 130, 226), (236, 70, 60))


def _paint_sward(rng: Rng, colour: Colour, light: Field, hue: Field, drier: Colour) -> Image.Image:
    """Paint blades in the colour, some of them drier."""
    shade = light + 0.14 * make_mottle(rng, 30, 40)
    picture = paint_ramp(
        shade,
        mix(tone(colour, 0.35), (10, 40, 60), 0.35),
        tone(colour, 0.8),
        tone(colour, 1.12),
        mix(colour, (236, 240, 140), 0.5),
    )
    return lay_over(
        picture, 0.5 * hue, paint_ramp(shade, tone(drier, 0.4), tone(drier, 0.8), drier, mix(drier, WHITE, 0.3))
    )


def _paint_lawn(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint short grass."""
    light, hue = cut(rng, *make_blades(9, 0.25))
    return _paint_sward(rng, colour, light, hue, mix(colour, (170, 190, 60), 0.5))


def _paint_meadow(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint high grass with flowers of two colours."""
    light, hue = cut(rng, *make_blades(15, 0.3))
    picture = _paint_sward(rng, colour, light, hue, mix(colour, (60, 170, 90), 0.5))
    petals, hearts, hue = cut(rng, *make_blossoms(2.6, 330))
    first = int(rng.integers(len(_BLOOMS)))
    one, two = _BLOOMS[first], _BLOOMS[(first + int(rng.integers(1, 4))) % len(_BLOOMS)]
    lay_over(picture, petals, one)
    lay_over(picture, petals * (hue > 0.5), two)
    return lay_over(picture, hearts, (226, 150, 40) if one[2] > 90 or one[1] < 100 else (130, 80, 40))


def _paint_corn(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint ripe high grass with ears."""
    light, hue = cut(rng, *make_ears())
    shade = light + 0.12 * make_mottle(rng, 20, 40)
    picture = paint_ramp(shade, mix(tone(colour, 0.42), (60, 60, 20), 0.3), tone(colour, 0.82), colour, (255, 236, 168))
    return lay_over(
        picture, 0.4 * hue, paint_ramp(shade, (70, 80, 30), (150, 140, 60), (206, 188, 96), (246, 236, 170))
    )


def _paint_mown(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint a lawn in light and dark mown stripes that run away from the viewer."""
    light, hue = cut(rng, *make_blades(9, 0.25))
    stripe = (X - float(rng.uniform(30, 98))) / measure_nearness(top, 70) * 6
    swath = make_rise(np.abs(wrap(0.5 * stripe) - 0.5), 0.22, 0.28)
    shade = 0.62 * light + 0.3 * swath + 0.05 * make_mottle(rng, 20, 20)
    return paint_ramp(
        shade, tone(colour, 0.42), tone(colour, 0.8), tone(colour, 1.1), mix(colour, (226, 244, 130), 0.55)
    )


def _paint_tussocks(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint long blades leaning all ways, in light and dark tufts."""
    light, hue = cut(rng, *make_blades(21, 0.5))
    return _paint_sward(rng, colour, light + 0.2 * make_mottle(rng, 12, 12), hue, mix(colour, (40, 140, 120), 0.5))


def _make_foliage(rng: Rng, light: Field, *stops: Colour) -> tuple[Image.Image, Field]:
    """Leaves, lit by soft bumps; with the brightness."""
    shade = light + 0.16 * make_mottle(rng, 14, 16) + 0.06 * make_mottle(rng, 40, 40)
    return paint_ramp(shade, *stops), shade


def _paint_clipped(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Leaves clipped flat: a light rim on top."""
    light, hue = cut(rng, *make_leaves(8))
    light = light + make_rise(Y - top, 9, 3) * 0.22 - 0.12 * make_fade(top, bottom) + 0.1 * hue
    return _make_foliage(rng, light, (14, 36, 34), tone(colour, 0.62), colour, mix(colour, (206, 232, 110), 0.6))[0]


def _paint_blooming(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint large leaves and many roses of one colour."""
    picture, _ = _make_foliage(
        rng, cut(rng, *make_leaves(10))[0], (14, 40, 36), tone(colour, 0.62), colour, mix(colour, (190, 226, 120), 0.55)
    )
    petals, hearts, hue = cut(rng, *make_blossoms(4.4, 190))
    bloom = ((244, 120, 160), (250, 246, 240), (226, 60, 66), (250, 200, 70))[int(rng.integers(4))]
    lay_over(
        picture, petals, paint_ramp(1.6 * petals - 0.8 + 0.25 * hue, tone(bloom, 0.6), bloom, mix(bloom, WHITE, 0.35))
    )
    return lay_over(picture, hearts, (250, 220, 110) if bloom[2] > 100 else (150, 40, 40))


def _paint_autumn(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Leaves from yellow to dark red."""
    light, hue = cut(rng, *make_leaves(9))
    picture, shade = _make_foliage(rng, light, (60, 22, 24), tone(colour, 0.7), colour, (255, 206, 110))
    lay_over(
        picture,
        make_rise(hue, 0.55, 0.75),
        paint_ramp(shade, (50, 16, 26), (150, 34, 36), (206, 60, 44), (240, 130, 80)),
    )
    return lay_over(
        picture,
        make_rise(hue, 0.3, 0.15),
        paint_ramp(shade, (80, 50, 20), (190, 140, 40), (240, 190, 60), (255, 236, 140)),
    )


def _paint_box(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint small leaves, clipped in rows of balls."""
    light, _ = cut(rng, *make_leaves(6))
    row = (Y - top) / 21
    place = X / 23 + mark_odd(np.floor(row)) + float(rng.random())
    across, down = wrap(place) - 0.5, wrap(row) - 0.5
    ball = np.maximum(1 - 3.9 * (across * across + down * down), 0)
    shade = (light + 0.2) * (0.25 + 0.7 * ball) + make_rise(ball, 0, 0.4) * (0.22 - 0.45 * down - 0.35 * across)
    return paint_ramp(shade, (12, 34, 34), tone(colour, 0.7), tone(colour, 1.1), mix(colour, (196, 226, 130), 0.55))


GREEN: Looks = {
    "grass": (
        ("green", (98, 168, 62), _paint_lawn),
        ("green", (82, 156, 70), _paint_meadow),
        ("golden", (218, 178, 84), _paint_corn),
        ("green", (104, 178, 74), _paint_mown),
        ("green", (60, 132, 62), _paint_tussocks),
    ),
    "hedge": (
        ("green", (62, 138, 58), _paint_clipped),
        ("green", (70, 132, 64), _paint_blooming),
        ("orange", (226, 122, 44), _paint_autumn),
        ("green", (54, 120, 70), _paint_box),
    ),
}
