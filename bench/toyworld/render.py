"""Section 4 (data sets): from a plan to pixels and exact labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from bench.records import BACKGROUND, VOID
from bench.toyworld.classes import INDEX, PALETTE, SIDE, Colour
from bench.toyworld.pen import FINE, Canvas, Pen, jitter_colour
from bench.toyworld.plan import Box, Plan, Stuff, Thing
from bench.toyworld.textures.looks import paint_texture
from bench.toyworld.things import (
    aircraft,
    animals,
    ball,
    beds,
    bicycles,
    birds,
    boats,
    buildings,
    furniture,
    horses,
    indoor,
    outdoor,
    people,
    pets,
    plants,
    sky,
    trains,
    vehicles,
)
from bench.toyworld.weather import develop

_ROOMS = (
    aircraft, animals, ball, beds, bicycles, birds, boats, buildings, furniture, horses, indoor, outdoor, people, pets,
    plants, sky, trains, vehicles,
)  # fmt: skip
VISIBLE = 20
"""What shows fewer pixels than this is void and never told of, as annotators leave specks out."""


@dataclass(frozen=True, eq=False)
class Rendered:
    """Picture uint8 [SIDE, SIDE, 3] and its labels.

    ``codes`` uint8 [SIDE, SIDE] point into ``keys``: (class, number of the thing or -1, part or "").
    ``colours`` holds the main colour of each part that was drawn, by its key.
    """

    image: np.ndarray
    codes: np.ndarray
    keys: list[tuple[int, int, str]]
    colours: dict[tuple[int, int, str], Colour]

    def count_areas(self) -> np.ndarray:
        """Count visible pixels of each key, int64 [keys]."""
        return np.bincount(self.codes.ravel(), minlength=256)[: len(self.keys)]

    def make_truth(self) -> np.ndarray:
        """Make int16 [SIDE, SIDE]: class index, `BACKGROUND` for plain paper, `VOID` for what hardly shows."""
        owner = [(label, thing) for label, thing, _ in self.keys]
        shown: dict[tuple[int, int], int] = dict.fromkeys(owner, 0)
        for key, area in zip(owner, self.count_areas(), strict=True):
            shown[key] += int(area)
        table = np.full(256, BACKGROUND, np.int16)
        table[: len(owner)] = [key[0] if shown[key] >= VISIBLE else VOID for key in owner]
        return table[self.codes]

    def make_instances(self) -> np.ndarray:
        """Make int16 [SIDE, SIDE]: the number of the thing from back to front, -1 where there is none."""
        table = np.full(256, -1, np.int16)
        table[: len(self.keys)] = [thing for _, thing, _ in self.keys]
        return table[self.codes]


@cache
def find_drawer(name: str) -> Callable[[Pen, Colour, int], None]:
    """Find the function that draws a thing: ``draw_`` and the name of its class."""
    return next(getattr(room, f"draw_{name}") for room in _ROOMS if hasattr(room, f"draw_{name}"))


def _lay(canvas: Canvas, stuff: Stuff) -> None:
    """Lay texture at the scene's own size, outline at the fine size."""
    heights = [y for _, y in stuff.outline]
    top, bottom = int(min(heights)), int(max(heights))
    first, last = max(0, top), min(SIDE, bottom + 1)
    if first >= last:
        return
    outline = [(FINE * x, FINE * (y - first)) for x, y in stuff.outline]
    area = Image.new("L", (FINE * SIDE, FINE * (last - first)), 0)
    ImageDraw.Draw(area).polygon(outline, fill=255)
    drawn = paint_texture(stuff.name, stuff.look, np.random.default_rng(stuff.seed), first, min(SIDE, bottom))
    fine = drawn.crop((0, first, SIDE, last)).resize(area.size, Image.Resampling.NEAREST)
    canvas.image.paste(fine, (0, FINE * first), area)
    canvas.codes.paste(canvas.find_code(INDEX[stuff.name], -1), (0, FINE * first), area)


def _shade(canvas: Canvas, box: Box) -> None:
    """Shade a soft shadow on the ground under a thing."""
    left, top, width, height = (FINE * value for value in box)
    tall = max(2, int(0.16 * min(width, height)))
    size, corner = (max(2, int(1.06 * width)), tall), (int(left - 0.03 * width), int(top + height - 0.62 * tall))
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, size[0] - 1, size[1] - 1), fill=80)
    canvas.image.paste((18, 20, 30), corner, mask)


def _draw_stand(canvas: Canvas, thing: Thing, number: int) -> None:
    left, top, width, height = thing.box
    if left > SIDE or top > SIDE or left + width < 0 or top + height < 0:
        return
    if thing.shadow:
        _shade(canvas, thing.box)
    rng = np.random.default_rng(thing.seed)
    pen = Pen(canvas, INDEX[thing.name], number, thing.box, rng, thing.flip, thing.angle)
    find_drawer(thing.name)(pen, jitter_colour(PALETTE[thing.colour], rng), thing.look)


def render(plan: Plan) -> Rendered:
    """Draws the layers from back to front, reduces them, and puts light and weather over the picture."""
    canvas, number = Canvas(plan.paper), 0
    for layer in plan.layers:
        if isinstance(layer, Stuff):
            _lay(canvas, layer)
        else:
            _draw_stand(canvas, layer, number)
            number += 1
    codes = np.asarray(canvas.codes)[FINE // 2 :: FINE, FINE // 2 :: FINE]
    image = develop(canvas.image.reduce(FINE), codes, canvas.keys, plan)
    return Rendered(image, codes, canvas.keys, canvas.colours)
