"""Section 4 (data sets): how snow and mountains look in the toy world."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image

from bench.toyworld.classes import SIDE, Colour
from bench.toyworld.pen import mix, tone
from bench.toyworld.textures.brushes import (
    ABOVE,
    WHITE,
    Field,
    Looks,
    Rng,
    X,
    Y,
    cut,
    lay_over,
    make_glow,
    make_mottle,
    make_rise,
    make_saw,
    measure_nearness,
    paint_ramp,
    strew_dots,
)
from bench.toyworld.textures.tiles import make_facets, make_firs


def _paint_drifted(rng: Rng, low: Colour, middle: Colour, high: Colour, top: int) -> Image.Image:
    """Paint heaps of snow, one before the other: bright above, in shadow below."""
    lie = measure_nearness(top, 90)
    row = 6.6 * np.log(lie)
    arcs = np.abs(np.sin(X * 0.072 + 0.9 * row + 1.1 * make_mottle(rng, 26, 30)))
    down = make_saw(row + 0.6 * arcs + 0.2 * make_mottle(rng, 18, 24), 7 / lie)
    shade = 1.05 - 0.8 * down - 0.25 * down * down + 0.06 * make_mottle(rng, 5, 8)
    return paint_ramp(shade, low, middle, high)


def _paint_sparkle(rng: Rng, picture: Image.Image, colour: Colour = (255, 255, 255)) -> Image.Image:
    """Paint glints on snow."""
    return lay_over(picture, cut(rng, strew_dots(3, 0.9, 150))[0] + cut(rng, strew_dots(1, 0.0, 300))[0], colour)


def _paint_drifts(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint rounded heaps with blue shadows, glittering."""
    picture = _paint_drifted(rng, mix(colour, (120, 150, 215), 0.75), mix(colour, (180, 204, 244), 0.4), colour, top)
    return _paint_sparkle(rng, picture)


@cache
def _make_paw() -> Field:
    """Make the print of a paw."""
    paw = np.zeros((8, 7), dtype=np.float32)
    paw[3:, 1:6] += 1.8 * make_glow(2)
    paw[:3, :3] += 1.5 * make_glow(1)
    paw[:3, 4:] += 1.5 * make_glow(1)
    return paw


def _paint_tracks(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint snow in the shade with trails of paws."""
    picture = _paint_drifted(rng, tone(colour, 0.7), tone(colour, 0.95), mix(colour, WHITE, 0.6), top)
    dents = np.zeros((SIDE, SIDE), dtype=np.float32)
    paw, lean, start = _make_paw(), float(rng.uniform(-0.5, 0.5)), float(rng.uniform(10, 24))
    for path in range(4):
        for step in range(12):
            y, x = 3 + 10 * step, int(start + 31 * path + lean * 10 * step + (4 if step % 2 else -4)) % (SIDE - 8)
            dents[y - 3 : y + 5, x : x + 7] += paw
    lay_over(picture, 0.85 * dents, mix(tone(colour, 0.55), (50, 70, 150), 0.4))
    return _paint_sparkle(rng, lay_over(picture, 0.8 * (dents[ABOVE] - dents), WHITE))


def _paint_alpenglow(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint snow in evening light: pink backs, violet shadows."""
    picture = _paint_drifted(rng, mix(colour, (112, 100, 190), 0.75), colour, mix(colour, (255, 240, 226), 0.7), top)
    return _paint_sparkle(rng, picture, (255, 250, 235))


def _paint_snowfall(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint grey heaps behind falling flakes."""
    picture = _paint_drifted(rng, tone(colour, 0.66), colour, mix(colour, WHITE, 0.55), top)
    flakes = (
        cut(rng, strew_dots(1, 0.0, 250))[0]
        + 1.7 * cut(rng, strew_dots(2, 0.0, 190))[0]
        + 1.9 * cut(rng, strew_dots(3, 0.0, 90))[0]
    )
    return lay_over(picture, flakes, (255, 255, 255))


def _make_ranges(rng: Rng, top: int, light: Field, rough: Field) -> tuple[Field, Field]:
    """Make jagged ridges, one behind the other: brightness, paler further away, and how much snow lies on a pixel."""
    shade = np.full((SIDE, SIDE), 0.9, dtype=np.float32)
    cap = np.zeros((SIDE, SIDE), dtype=np.float32)
    for k in range(6):
        corners = np.arange(14) * 12.5 - rng.uniform(4, 30) + rng.uniform(-4, 4, 14)
        low = top + 2 + 23 * k
        heights = low + rng.uniform(-5, 9, 14) - rng.uniform(4, 19, 14) * (np.arange(14) % 2)
        rows = slice(max(0, low - 24), SIDE)
        below = Y[rows] - np.interp(np.arange(SIDE), corners, heights).astype(np.float32)
        edge = np.clip(below, 0, 1)
        ridge = light[rows] + (0.66 - 0.06 * k)
        ridge += 0.014 * np.clip(below, 0, 14)
        shade[rows] += (ridge - shade[rows]) * edge
        cap[rows] += (make_rise(rough[rows] - Y[rows], -low - 1, 1 - low) - cap[rows]) * edge
    return shade, cap


def _paint_peaks(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint ranges of bare rock, each under a jagged cap of snow."""
    light, cell_hash = cut(rng, *make_facets(1.0))
    shade, cap = _make_ranges(rng, top, 1.0 * (light - 0.62), 5 * cell_hash + 4 * make_mottle(rng, 12, 5))
    picture = paint_ramp(
        shade + 0.06, mix(tone(colour, 0.3), (30, 30, 80), 0.3), colour, mix(colour, (240, 236, 240), 0.6)
    )
    return lay_over(picture, cap, paint_ramp(light, (112, 140, 204), (226, 234, 248), (255, 255, 255)))


def _paint_canyon(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint cliffs in bands of rust, cream and mauve, broken into lit and shaded faces."""
    light, cell_hash = cut(rng, *make_facets(1.6))
    layer = (Y - top) * 0.33 + 3.0 * cell_hash + 1.2 * make_mottle(rng, 20, 16)
    band = np.sin(layer) + 0.7 * np.sin(layer * 2.3 + 1)
    lit = 1.15 * light - 0.1 + 0.1 * make_mottle(rng, 12, 4) - 0.1 * make_rise(np.abs(band - 0.5), 0.25, 0)
    picture = paint_ramp(lit, mix(tone(colour, 0.32), (60, 20, 70), 0.4), colour, mix(colour, (255, 210, 150), 0.65))
    lay_over(
        picture, 0.85 * make_rise(band, 0.75, 1.0), paint_ramp(lit, (96, 64, 84), (222, 170, 120), (255, 234, 196))
    )
    return lay_over(
        picture, 0.85 * make_rise(band, -0.75, -1.0), paint_ramp(lit, (50, 20, 48), (132, 62, 72), (200, 116, 108))
    )


def _paint_ridges(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint ranges in haze."""
    shade, _ = _make_ranges(rng, top, 0.42 * (cut(rng, make_facets(1.0)[0])[0] - 0.45), Y)
    return paint_ramp(shade, mix(tone(colour, 0.4), (30, 20, 70), 0.4), colour, mix(colour, (228, 216, 240), 0.8))


def _paint_wooded(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint green slopes of rock and turf with firs."""
    light, cell_hash = cut(rng, *make_facets(1.3))
    shade = 0.9 * light + 0.2 * make_mottle(rng, 24, 12) + 0.08
    picture = paint_ramp(shade, mix(tone(colour, 0.4), (40, 50, 90), 0.35), colour, mix(colour, (232, 232, 150), 0.6))
    lay_over(
        picture, make_rise(cell_hash, 0.6, 0.66), paint_ramp(shade, (64, 64, 88), (160, 156, 158), (232, 228, 220))
    )
    bright, strength = cut(rng, *make_firs())
    stand = make_rise(make_mottle(rng, 24, 28), -0.2, -0.1)
    return lay_over(picture, strength * stand, paint_ramp(bright, (18, 48, 46), (44, 96, 62), (84, 140, 78)))


HIGH: Looks = {
    "snow": (
        ("white", (246, 249, 254), _paint_drifts),
        ("blue", (190, 210, 244), _paint_tracks),
        ("pink", (248, 206, 214), _paint_alpenglow),
        ("grey", (196, 204, 216), _paint_snowfall),
    ),
    "mountain": (
        ("grey", (124, 126, 140), _paint_peaks),
        ("brown", (168, 104, 70), _paint_canyon),
        ("purple", (126, 102, 160), _paint_ridges),
        ("green", (104, 150, 82), _paint_wooded),
    ),
}
