"""Section 4 (data sets): from a plan to pixels and exact labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from bench.data.toyworld import draw_animals, draw_indoor, draw_outdoor
from bench.data.toyworld.classes import INDEX, PALETTE, SIDE, Colour
from bench.data.toyworld.layouts import Plan, Stuff, Thing
from bench.data.toyworld.pen import UNLABELLED, Canvas, Pen, jitter
from bench.data.toyworld.textures import texture
from bench.records import BACKGROUND

_ROOMS = (draw_animals, draw_indoor, draw_outdoor)


@cache
def _drawer(name: str) -> Callable[[Pen, Colour, int], None]:
    """The function that draws a thing has the name of its class."""
    return next(getattr(room, name) for room in _ROOMS if hasattr(room, name))


def _lay(canvas: Canvas, stuff: Stuff) -> None:
    heights = [y for _, y in stuff.outline]
    top, bottom = max(0, int(min(heights))), min(SIDE, int(max(heights)))
    area = Image.new("L", (SIDE, SIDE), 0)
    ImageDraw.Draw(area).polygon(stuff.outline, fill=255)
    canvas.image.paste(texture(stuff.name, stuff.look, np.random.default_rng(stuff.seed), top, bottom), mask=area)
    canvas.labels.paste(INDEX[stuff.name], mask=area)


def _stand(canvas: Canvas, thing: Thing) -> None:
    rng = np.random.default_rng(thing.seed)
    pen = Pen(canvas, INDEX[thing.name], thing.box, rng, thing.flip, thing.angle)
    _drawer(thing.name)(pen, jitter(PALETTE[thing.colour], rng), thing.look)


def _lit(picture: Image.Image, light: float, rng: np.random.Generator) -> np.ndarray:
    """Brightness, a warm or cool tint, a soft fall-off to one side and sensor noise."""
    tint = light * (1 + rng.uniform(-0.05, 0.05, 3)).astype(np.float32)
    slope = np.linspace(1 - 0.1 * rng.random(), 1 + 0.1 * rng.random(), SIDE, dtype=np.float32)
    fall = slope[:, None, None] if rng.random() < 0.5 else slope[None, :, None]
    lit = np.asarray(picture, dtype=np.float32) * (tint * fall)
    lit += rng.integers(-5, 6, lit.shape, dtype=np.int8)
    return np.clip(lit, 0, 255).astype(np.uint8)


def render(plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Picture uint8 [SIDE, SIDE, 3] and labels int16 [SIDE, SIDE]: class index, or `BACKGROUND` for plain paper."""
    canvas = Canvas(plan.paper)
    for stuff in plan.stuff:
        _lay(canvas, stuff)
    for thing in plan.things:
        _stand(canvas, thing)
    labels = np.asarray(canvas.labels).astype(np.int16)
    labels[labels == UNLABELLED] = BACKGROUND
    return _lit(canvas.image, plan.light, np.random.default_rng(plan.seed)), labels
