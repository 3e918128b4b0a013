"""Section 4 (data sets): how the stuff of the toy world looks: several materials or lights a class."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bench.toyworld.classes import STUFF, Colour
from bench.toyworld.pen import jitter_colour
from bench.toyworld.textures.brushes import Looks
from bench.toyworld.textures.curtains import CURTAINS
from bench.toyworld.textures.fences import FENCES
from bench.toyworld.textures.floors import FLOORS
from bench.toyworld.textures.green import GREEN
from bench.toyworld.textures.high import HIGH
from bench.toyworld.textures.land import LAND
from bench.toyworld.textures.roads import ROADS
from bench.toyworld.textures.walls import WALLS

_LOOKS: Looks = {**LAND, **HIGH, **GREEN, **ROADS, **WALLS, **FLOORS, **FENCES, **CURTAINS}

LOOKS: dict[str, tuple[tuple[str, Colour], ...]] = {
    name: tuple((word, colour) for word, colour, _ in _LOOKS[name]) for name in STUFF
}
"""For each class of stuff its looks: the word for the colour and the colour."""


def paint_texture(name: str, look: int, rng: np.random.Generator, top: int, bottom: int) -> Image.Image:
    """Paint one stuff, `SIDE` pixels square; ``top`` and ``bottom`` (rows) anchor fades and perspective."""
    _, colour, paint = _LOOKS[name][look]
    return paint(rng, jitter_colour(colour, rng, 6), top, bottom)
