"""Section 4 (data sets): the brushes with which the stuff of the toy world is painted.

A texture is a field of brightness, mapped through a ramp of colours, with a few soft layers over it. All fields are
float32; random detail is mostly cut at random places out of larger tiles made once, as fresh noise is slow.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

from bench.toyworld.classes import SIDE, Colour
from bench.toyworld.pen import mix, tone

Field = np.ndarray
"""float32 [SIDE, SIDE] or what broadcasts to it; brightness and strength run from 0 to 1."""
Rng = np.random.Generator
Look = Callable[[Rng, Colour, int, int], Image.Image]
"""Paints a full picture from the look's colour and the rows between which the stuff lies."""
Looks = dict[str, tuple[tuple[str, Colour, Look], ...]]
"""For each stuff its looks: the word for the colour, the colour, and how it is painted."""

TILE = 2 * SIDE
Y = np.arange(SIDE, dtype=np.float32)[:, None]
X = np.arange(SIDE, dtype=np.float32)[None, :]
WHITE: Colour = (250, 250, 246)
ABOVE = np.maximum(np.arange(SIDE) - 2, 0)
_LATER = np.minimum(np.arange(SIDE) + 2, SIDE - 1)


def wrap(field: Field) -> Field:
    """Wrap numbers: what is left over the next lower whole number."""
    return field - np.floor(field)


def make_saw(field: Field, step: Field | float) -> Field:
    """Make a saw like `wrap` that falls from 1 to 0 within ``step`` (what lies in one pixel), for smooth edges."""
    part = field - np.floor(field)
    return np.minimum(part, (1 - part) * (1 / step))


def mark_odd(field: Field) -> Field:
    """Mark odd numbers: 0 where the whole number is even, 0.5 where it is odd."""
    half = field * 0.5
    half -= np.floor(half)
    return half


def make_rise(field: Field, low: Field | float, high: Field | float) -> Field:
    """Make a ramp: 0 up to ``low``, 1 from ``high`` on (which may be the lower one), straight between."""
    risen = field - low
    risen *= 1 / (high - low)
    return np.clip(risen, 0, 1, out=risen)


def measure_gap(field: Field) -> Field:
    """Measure how far the next whole number is, 0 to 0.5."""
    return np.abs(field - np.rint(field))


def hash_cells(row: Field, column: Field) -> Field:
    """Hash a number from 0 to 1 for each cell of a grid, without visible order."""
    return wrap(wrap(row * 0.7549 + column * 0.5698) * 37.7)


@cache
def _make_bumps(down: float, across: float) -> Field:
    """Smooth noise between -1 and 1 in a tile, with bumps of about that many pixels."""
    rng = np.random.default_rng(int(down * 1000 + across))
    grid = rng.uniform(-1, 1, (int(TILE / down) + 2, int(TILE / across) + 2)).astype(np.float32)
    return np.asarray(Image.fromarray(grid).resize((TILE, TILE), Image.Resampling.BICUBIC))


@cache
def _make_grains() -> Field:
    """Make a tile of noise in single pixels."""
    return np.random.default_rng(1).uniform(-1, 1, (TILE, TILE)).astype(np.float32)


def cut(rng: Rng, *tiles: Field) -> list[Field]:
    """Cut the same random part of each tile, mirrored or not."""
    y, x, flip = int(rng.integers(TILE - SIDE)), int(rng.integers(TILE - SIDE)), 1 if rng.random() < 0.5 else -1
    return [np.ascontiguousarray(tile[y : y + SIDE, x : x + SIDE][:, ::flip]) for tile in tiles]


def make_mottle(rng: Rng, down: float, across: float) -> Field:
    """Smooth noise between -1 and 1 with bumps of about that many pixels."""
    return cut(rng, _make_bumps(down, across))[0]


def make_grain(rng: Rng, amount: float) -> Field:
    """Make another value up to ``amount`` in each pixel."""
    return cut(rng, _make_grains())[0] * amount


def make_relief(field: Field) -> Field:
    """Measure how much higher a field is than two pixels further down: bumps lit from above."""
    return field - field[_LATER]


def make_fade(top: int, bottom: int) -> Field:
    """Make a fade: 0 at ``top`` to 1 at ``bottom``, a column."""
    return make_rise(Y, top, max(bottom, top + 1))


def measure_nearness(top: int, far: float = 60.0) -> Field:
    """Measure how near each row of a level ground is to the viewer: ``far`` at ``top``, growing downwards, a column."""
    return np.maximum(Y - top, 0) + far


@cache
def _share_stops(count: int) -> Field:
    """Compute the share of each of ``count`` evenly spaced stops in each of 256 levels."""
    place = np.linspace(0, count - 1, 256, dtype=np.float32)[:, None]
    return np.maximum(1 - np.abs(place - np.arange(count, dtype=np.float32)), 0)


def paint_ramp(shade: Field, *stops: Colour) -> Image.Image:
    """Paint the field in colours: the first stop where it is 0, the last where it is 1."""
    picture = Image.fromarray(_make_levels(shade))
    picture.putpalette((_share_stops(len(stops)) @ np.array(stops, dtype=np.float32)).astype(np.uint8).tobytes())
    return picture.convert("RGB")


def lay_over(picture: Image.Image, mask: Field, layer: Image.Image | Colour, row: int = 0) -> Image.Image:
    """Lays a layer or a plain colour over the picture from that row on, as strongly as the mask says."""
    levels = Image.fromarray(_make_levels(mask))
    coloured = Image.new("RGB", levels.size, layer) if isinstance(layer, tuple) else layer
    picture.paste(coloured, (0, row), levels)
    return picture


def _make_levels(field: Field) -> np.ndarray:
    """Make the field in whole numbers from 0 to 255; a lone row or column fills the picture."""
    levels = field * np.float32(255)
    np.clip(levels, 0, 255, out=levels)
    if 1 in levels.shape:
        levels = np.broadcast_to(levels, (SIDE, SIDE))
    return levels.astype(np.uint8)


def make_shades(colour: Colour, dark: float = 0.55, light: float = 1.25) -> tuple[Colour, Colour, Colour]:
    """Make a cool shadow, the colour, a warm light."""
    return mix(tone(colour, dark), (40, 40, 90), 0.18), colour, mix(tone(colour, light), (255, 246, 214), 0.22)


@cache
def make_glow(radius: int, cross: float = 0.0) -> Field:
    """Make a soft dot, with rays up, down and sideways where ``cross`` is their strength."""
    distance = np.abs(np.arange(-radius, radius + 1, dtype=np.float32)) / (radius + 0.5)
    dot = np.clip(1 - (distance[:, None] ** 2 + distance**2) * (3 if cross else 1), 0, 1)
    rays = np.maximum((1 - distance[:, None]) * (distance < 0.01), (1 - distance) * (distance[:, None] < 0.01))
    return np.maximum(dot, cross * rays)


@cache
def strew_dots(radius: int, cross: float, count: int) -> Field:
    """Strew a tile with that many dots of several strengths in random places, see `make_glow`."""
    rng = np.random.default_rng(radius * 1000 + count)
    tile, stamp = np.zeros((TILE, TILE), dtype=np.float32), make_glow(radius, cross)
    side = len(stamp)
    for y, x in rng.integers(0, TILE - side, (count, 2)).tolist():
        tile[y : y + side, x : x + side] += stamp * float(rng.uniform(0.4, 1.2))
    return tile
