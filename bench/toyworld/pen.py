"""Section 4 (data sets): draws shapes on the picture and on its label codes at once, so that labels are exact.

Everything is drawn at `FINE` times the size and reduced afterwards: the picture by averaging, so that edges are smooth,
the codes by taking one of the fine pixels, so that each pixel belongs to exactly one class, thing and part.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageDraw

from bench.toyworld.classes import SIDE, Colour

FINE = 2
"""How many fine pixels lie along one pixel of the scene."""
UNLABELLED = 255
"""The code where nothing has a class."""

_CIRCLE = tuple((math.cos(i * math.pi / 14), math.sin(i * math.pi / 14)) for i in range(28))


def tone(colour: Colour, factor: float) -> Colour:
    """Tone a colour: the same, brighter (factor > 1) or darker."""
    return (min(255, int(colour[0] * factor)), min(255, int(colour[1] * factor)), min(255, int(colour[2] * factor)))


def mix(first: Colour, other: Colour, share: float) -> Colour:
    """Mix ``share`` of the other colour in the one."""
    r, g, b = (int(a + share * (c - a)) for a, c in zip(first, other, strict=True))
    return (r, g, b)


def jitter_colour(colour: Colour, rng: np.random.Generator, amount: int = 12) -> Colour:
    """Jitter a colour: each channel is moved by at most ``amount``."""
    r, g, b = (min(255, max(0, c + int(d))) for c, d in zip(colour, rng.integers(-amount, amount + 1, 3), strict=True))
    return (r, g, b)


class Canvas:
    """A picture (RGB) and its codes (8 bit), both `FINE` times `SIDE` pixels square.

    A code stands for (class index, number of the thing or -1 for stuff, name of the part or ""), see `keys`.
    """

    def __init__(self, paper: Colour) -> None:
        side = FINE * SIDE
        self.image = Image.new("RGB", (side, side), paper)
        self.codes = Image.new("L", (side, side), UNLABELLED)
        self.on_image = ImageDraw.Draw(self.image)
        self.on_codes = ImageDraw.Draw(self.codes)
        self.keys: list[tuple[int, int, str]] = []
        self.colours: dict[tuple[int, int, str], Colour] = {}
        """The first colour of each part, which names it in captions."""

    def find_code(self, label: int, thing: int, part: str = "") -> int:
        """Find the code of a part of a thing of that class; new where there is none yet."""
        key = (label, thing, part)
        if key not in self.keys:
            self.keys.append(key)
        return self.keys.index(key)


class Pen:
    """Draws one thing in its own coordinates: x and y run from 0 to 1 over its box, y downwards.

    ``box`` is left, top, width, height in pixels of the scene; ``angle`` (radians) turns around the box's centre,
    ``flip`` mirrors left and right.
    """

    def __init__(
        self,
        canvas: Canvas,
        label: int,
        thing: int,
        box: tuple[float, float, float, float],
        rng: np.random.Generator,
        flip: bool = False,
        angle: float = 0.0,
    ) -> None:
        self.canvas, self.label, self.thing, self.rng = canvas, label, thing, rng
        self.width, self.height = box[2], box[3]
        """In pixels; with them a drawing keeps circles round and leaves out what would be too fine."""
        cos, sin, sign = FINE * math.cos(angle), FINE * math.sin(angle), -1.0 if flip else 1.0
        self._xx, self._xy = sign * box[2] * cos, -box[3] * sin
        self._yx, self._yy = sign * box[2] * sin, box[3] * cos
        self._x0 = FINE * (box[0] + box[2] / 2) - (self._xx + self._xy) / 2
        self._y0 = FINE * (box[1] + box[3] / 2) - (self._yx + self._yy) / 2
        self._code = canvas.find_code(label, thing)
        self._fresh: tuple[int, int, str] | None = None

    @contextmanager
    def begin_part(self, name: str) -> Iterator[None]:
        """Begin a part: what is drawn inside belongs to that part of the thing, e.g. "wheel"."""
        before, key = self._code, (self.label, self.thing, name)
        self._code = self.canvas.find_code(*key)
        self._fresh = key if key not in self.canvas.colours else None
        yield
        self._code, self._fresh = before, None

    def fill_poly(self, points: Sequence[tuple[float, float]], colour: Colour) -> None:
        """Fill a polygon; the label covers exactly what the colour covers."""
        xx, xy, yx, yy, x0, y0 = self._xx, self._xy, self._yx, self._yy, self._x0, self._y0
        placed = [(x0 + x * xx + y * xy, y0 + x * yx + y * yy) for x, y in points]
        if self._fresh is not None:
            self.canvas.colours[self._fresh], self._fresh = colour, None
        self.canvas.on_image.polygon(placed, fill=colour)
        self.canvas.on_codes.polygon(placed, fill=self._code)

    def fill_rect(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """Fill a rectangle."""
        self.fill_poly(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), colour)

    def fill_oval(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """Fill an ellipse inside a rectangle."""
        cx, cy, rx, ry = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2
        self.fill_poly([(cx + rx * c, cy + ry * s) for c, s in _CIRCLE], colour)

    def fill_disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle, round on the picture; the radius is a share of the box's height."""
        rx = radius * self.height / self.width
        self.fill_oval(x - rx, y - radius, x + rx, y + radius, colour)

    def draw_line(self, x0: float, y0: float, x1: float, y1: float, width: float, colour: Colour) -> None:
        """Draw a thick straight line; the width is a share of the box's height."""
        dx, dy = (x1 - x0) * self.width, (y1 - y0) * self.height
        length = math.hypot(dx, dy) or 1.0
        ox, oy = -dy / length * width * self.height / 2 / self.width, dx / length * width / 2
        self.fill_poly(((x0 + ox, y0 + oy), (x1 + ox, y1 + oy), (x1 - ox, y1 - oy), (x0 - ox, y0 - oy)), colour)

    def draw_curve(self, points: Sequence[tuple[float, float]], widths: Sequence[float], colour: Colour) -> None:
        """Draw a bent limb or tail through the points, at each as thick as its width (a share of the box's height)."""
        for (x0, y0), (x1, y1), a, b in zip(points, points[1:], widths, widths[1:], strict=False):
            dx, dy = (x1 - x0) * self.width, (y1 - y0) * self.height
            length = math.hypot(dx, dy) or 1.0
            ox, oy = -dy / length * self.height / 2 / self.width, dx / length / 2
            edges = ((x0 + a * ox, y0 + a * oy), (x1 + b * ox, y1 + b * oy))
            back = ((x1 - b * ox, y1 - b * oy), (x0 - a * ox, y0 - a * oy))
            self.fill_poly((*edges, *back), colour)
        for (x, y), width in zip(points[1:], widths[1:], strict=False):
            self.fill_disc(x, y, width / 2, colour)
