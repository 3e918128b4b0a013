"""Section 4 (data sets): draws shapes on the picture and on its labels at once, so that labels are exact."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from bench.data.toyworld.classes import SIDE, Colour

_UNIT_CIRCLE = tuple((math.cos(i * math.pi / 12), math.sin(i * math.pi / 12)) for i in range(24))
UNLABELLED = 255
"""The label image's value where nothing has a class."""


def tone(colour: Colour, factor: float) -> Colour:
    """The same colour, brighter (factor > 1) or darker."""
    return (min(255, int(colour[0] * factor)), min(255, int(colour[1] * factor)), min(255, int(colour[2] * factor)))


def jitter(colour: Colour, rng: np.random.Generator, amount: int = 12) -> Colour:
    """The colour with each channel moved by at most ``amount``."""
    moved = np.clip(np.add(colour, rng.integers(-amount, amount + 1, 3)), 0, 255)
    return (int(moved[0]), int(moved[1]), int(moved[2]))


class Canvas:
    """A picture (RGB) and its labels (8 bit, `UNLABELLED` where no class is), both `SIDE` pixels square."""

    def __init__(self, paper: Colour) -> None:
        self.image = Image.new("RGB", (SIDE, SIDE), paper)
        self.labels = Image.new("L", (SIDE, SIDE), UNLABELLED)
        self.on_image = ImageDraw.Draw(self.image)
        self.on_labels = ImageDraw.Draw(self.labels)


class Pen:
    """Draws one thing in its own coordinates: x and y run from 0 to 1 over its box, y downwards."""

    def __init__(
        self,
        canvas: Canvas,
        label: int,
        box: tuple[float, float, float, float],
        rng: np.random.Generator,
        flip: bool = False,
        angle: float = 0.0,
    ) -> None:
        self.canvas, self.label, self.rng, self.flip = canvas, label, rng, flip
        self.left, self.top, self.width, self.height = box
        self.cos, self.sin = math.cos(angle), math.sin(angle)

    def poly(self, points: Sequence[tuple[float, float]], colour: Colour) -> None:
        """A filled polygon; the label covers exactly the pixels that the colour covers."""
        placed = [self._place(x, y) for x, y in points]
        self.canvas.on_image.polygon(placed, fill=colour)
        self.canvas.on_labels.polygon(placed, fill=self.label)

    def rect(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """A filled rectangle."""
        self.poly(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), colour)

    def oval(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """A filled ellipse inside a rectangle."""
        cx, cy, rx, ry = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2
        self.poly([(cx + rx * c, cy + ry * s) for c, s in _UNIT_CIRCLE], colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle; the radius is a share of the box's height."""
        rx = radius * self.height / self.width
        self.oval(x - rx, y - radius, x + rx, y + radius, colour)

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float, colour: Colour) -> None:
        """A thick line; the width is a share of the box's height."""
        dx, dy = (x1 - x0) * self.width, (y1 - y0) * self.height
        length = math.hypot(dx, dy) or 1.0
        ox, oy = -dy / length * width * self.height / 2 / self.width, dx / length * width / 2
        self.poly(((x0 + ox, y0 + oy), (x1 + ox, y1 + oy), (x1 - ox, y1 - oy), (x0 - ox, y0 - oy)), colour)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        dx, dy = ((1 - x if self.flip else x) - 0.5) * self.width, (y - 0.5) * self.height
        px = self.left + self.width / 2 + dx * self.cos - dy * self.sin
        py = self.top + self.height / 2 + dx * self.sin + dy * self.cos
        return (px, py)
