"""Section 4 (data sets): how curtains look in the toy world."""

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


def _make_folds(rng: Rng, top: int, bottom: int, period: float) -> tuple[Field, Field, Field]:
    """Make hanging cloth: brightness of its folds, and how far along the cloth (in pixels) and down each pixel lies."""
    hang = make_fade(top, bottom)
    sway = 1.1 * np.sin(hang * 2.2 + float(rng.uniform(0, 6)))
    phase = X * (6.2832 / period) + sway + 1.3 * make_mottle(rng, 90, 26) + float(rng.uniform(0, 6))
    wave, slope = np.sin(phase), np.sin(phase + 1.5)
    shade = 0.5 + 0.3 * wave + 0.12 * np.abs(slope) * slope + 0.16 * (1 - hang) * 0.4
    return shade, (phase + 0.5 * slope) * (period / 5.6), Y - top + 0.8 * wave


def _paint_hem(picture: Image.Image, shade: Field, bottom: int, trim: Colour) -> Image.Image:
    """Paint a trimmed lower edge."""
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
    """Paint heavy plain cloth in deep folds, with a golden hem."""
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
    """Paint dots that follow the folds."""
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
    """Paint woven lozenges and leaves, tone in tone."""
    shade, along, down = _make_folds(rng, top, bottom, float(rng.uniform(14, 17)))
    u, v = along / 14, down / 15
    far = np.abs(wrap(u) - 0.5) + np.abs(wrap(v) - 0.5)
    weave = make_rise(np.abs(far - 0.5), 0.09, 0.05) + make_rise(np.minimum(far, 1 - far), 0.24, 0.18)
    stops = (mix(tone(colour, 0.4), (90, 30, 20), 0.3), tone(colour, 0.85), mix(colour, (255, 240, 190), 0.5))
    picture = paint_ramp(shade, *stops)
    lay_over(picture, 0.75 * weave, paint_ramp(shade, (70, 26, 20), (166, 84, 40), (216, 136, 70)))
    return _paint_hem(picture, shade, bottom, (166, 60, 50))


def _paint_gingham(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint checked cotton."""
    shade, along, down = _make_folds(rng, top, bottom, float(rng.uniform(14, 18)))
    checks = make_rise(np.abs(wrap(along / 8) - 0.5), 0.22, 0.28) + make_rise(np.abs(wrap(down / 8) - 0.5), 0.22, 0.28)
    picture = paint_ramp(shade, (132, 140, 166), (240, 242, 246), (255, 255, 255))
    lay_over(picture, 0.48 * checks, paint_ramp(shade, tone(colour, 0.4), colour, mix(colour, WHITE, 0.15)))
    return _paint_hem(picture, shade, bottom, colour)


def _paint_lace(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint thin cloth with the light of a window behind it, woven dots, and a hem of lace."""
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


CURTAINS: Looks = {
    "curtain": (
        ("red", (190, 44, 54), _paint_velvet),
        ("green", (78, 146, 104), _paint_lengths),
        ("purple", (120, 76, 162), _paint_dotted),
        ("golden", (222, 172, 86), _paint_brocade),
        ("blue", (64, 104, 190), _paint_gingham),
        ("white", (240, 242, 244), _paint_lace),
    ),
}
