"""Section 4 (data sets): light and weather over a drawn scene; the labels stay as they are."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from bench.toyworld.classes import INDEX, SIDE
from bench.toyworld.pen import UNLABELLED
from bench.toyworld.plan import Plan

Pixels = np.ndarray
"""float32 [SIDE, SIDE, 3], 0 to 255, not clipped."""

_ROWS, _COLUMNS = (np.linspace(-1, 1, SIDE, dtype=np.float32).reshape(shape) for shape in ((-1, 1), (1, -1)))
_Y, _X = np.arange(SIDE, dtype=np.float32)[:, None], np.arange(SIDE, dtype=np.float32)[None]
_VIGNETTE = (1 - 0.07 * (_ROWS**2 + _COLUMNS**2))[:, :, None]
_TINTS: dict[str, tuple[float, float, float]] = {
    "": (1.0, 1.0, 1.0),
    "rain": (0.8, 0.84, 0.9),
    "snowfall": (0.92, 0.95, 1.0),
    "fog": (0.95, 0.96, 0.98),
    "night": (0.56, 0.6, 0.8),
    "sunset": (1.08, 0.88, 0.74),
}


def _make_noise(rng: np.random.Generator, cells: int) -> Pixels:
    grid = Image.fromarray(rng.uniform(-1, 1, (cells, cells)).astype(np.float32))
    return np.asarray(grid.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def _shade_things(plan: Plan, codes: np.ndarray, thing_of: np.ndarray, side: float) -> Pixels:
    """Shade a factor for each pixel: things are lighter above and towards the light, which gives them body."""
    table = np.zeros((4, 256), np.float32)
    for number, thing in enumerate(plan.things):
        left, top, width, height = thing.box
        values = (left + width / 2, 2 / max(width, 1.0), top + height / 2, 2 / max(height, 1.0))
        table[:, np.flatnonzero(thing_of == number)] = np.array(values, np.float32)[:, None]
    x0, by_width, y0, by_height = (row[codes] for row in table)
    across, down = (_X - x0) * by_width, (_Y - y0) * by_height
    return 1 + np.clip(0.09 * side * across - 0.1 * down, -0.2, 0.2)


def _mix_haze(pixels: Pixels, plan: Plan, codes: np.ndarray, thing_of: np.ndarray, amount: float) -> Pixels:
    """Mixes in pale air, more of it the farther a pixel is."""
    depth = np.clip((SIDE - _Y) / max(SIDE - plan.horizon, 24.0), 0, 1)
    table = np.full(256, np.nan, np.float32)
    for number, thing in enumerate(plan.things):
        table[np.flatnonzero(thing_of == number)] = 1 - thing.near
    far = table[codes]
    share = (amount * np.where(np.isnan(far), depth, far))[:, :, None]
    return pixels + share * (np.array((206, 212, 220), np.float32) - pixels)


def _draw_falling(rng: np.random.Generator, snow: bool) -> Pixels:
    """Draw what the rain's streaks or the snow's flakes add, [SIDE, SIDE, 1]."""
    sheet = Image.new("L", (SIDE, SIDE), 0)
    draw = ImageDraw.Draw(sheet)
    slant = int(rng.integers(-4, 5))
    for x, y, size in rng.integers(0, (SIDE, SIDE, 8), (90 if snow else 70, 3)).tolist():
        if snow:
            draw.rectangle((x, y, x + (size > 3), y + (size > 3)), fill=150 + 10 * size)
        else:
            draw.line((x, y, x + slant, y + 6 + size), fill=36 + 5 * size)
    return np.asarray(sheet, np.float32)[:, :, None]


def _light_lamps(pixels: Pixels, plan: Plan) -> Pixels:
    """Let lamps shine at night."""
    for thing in plan.things:
        if thing.name == "lamp":
            left, top, width, height = thing.box
            distance = ((_X - left - width / 2) ** 2 + (_Y - top - 0.2 * height) ** 2) / max(0.3 * height, 3.0) ** 2
            pixels = pixels + (95 * np.exp(-distance))[:, :, None] * np.array((1, 0.85, 0.5), np.float32)
    return pixels


def develop(picture: Image.Image, codes: np.ndarray, keys: list[tuple[int, int, str]], plan: Plan) -> np.ndarray:
    """Develop the finished picture, uint8 [SIDE, SIDE, 3]: body, air, time of day, what falls, the camera's noise."""
    rng = np.random.default_rng(plan.seed)
    side = 1.0 if rng.random() < 0.5 else -1.0
    thing_of = np.full(256, -1)
    thing_of[: len(keys)] = [thing for _, thing, _ in keys]
    pixels: Pixels = np.asarray(picture, np.float32)
    pixels = pixels * (_shade_things(plan, codes, thing_of, side) * (1 + 0.03 * _make_noise(rng, 40)))[:, :, None]
    amount = {"fog": 0.72, "snowfall": 0.3, "rain": 0.3, "sunset": 0.12, "": 0.1 if plan.horizon else 0.0}
    if amount.get(plan.weather, 0.0):
        pixels = _mix_haze(pixels, plan, codes, thing_of, amount[plan.weather] * float(rng.uniform(0.7, 1.1)))
    tint = (
        np.array(_TINTS[plan.weather], np.float32) * plan.light * (1 + rng.uniform(-0.04, 0.04, 3)).astype(np.float32)
    )
    if plan.weather == "night":
        # The night sky is drawn dark already.
        sky = (np.array([label for label, _, _ in keys] + [-1] * (256 - len(keys))) == INDEX["sky"])[codes]
        pixels = np.where(sky[:, :, None], pixels, pixels * tint)
        pixels = _light_lamps(pixels, plan)
    else:
        pixels = pixels * tint
    if plan.weather in ("rain", "snowfall"):
        pixels = pixels + _draw_falling(rng, plan.weather == "snowfall")
    fall = 1 + float(rng.uniform(0, 0.1)) * side * _COLUMNS
    pixels = pixels * (_VIGNETTE * fall[:, :, None])
    pixels += rng.integers(-4, 5, pixels.shape, dtype=np.int8)
    return np.clip(pixels, 0, 255).astype(np.uint8)


assert UNLABELLED == 255  # `develop` looks codes up in tables of 256 entries
