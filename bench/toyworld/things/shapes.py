"""Section 4 (data sets): smooth outlines, limbs and turned parts for the living things of the toy world."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix, tone

Points = tuple[tuple[float, float], ...]

_STEPS = tuple(
    (0.5 * (-t + 2 * t * t - t**3), 0.5 * (2 - 5 * t * t + 3 * t**3), 0.5 * (t + 4 * t * t - 3 * t**3),
     0.5 * (t**3 - t * t))
    for t in (0.0, 0.25, 0.5, 0.75)
)  # fmt: skip


@lru_cache(maxsize=1024)
def smooth(points: Points) -> Points:
    """Smooth points to the closed outline that runs through them."""
    return tuple(round_corners(points))


def round_corners(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Round corners as `smooth` does, for outlines that differ each time."""
    n, outline = len(points), []
    for i in range(n):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = points[i - 1], points[i], points[(i + 1) % n], points[(i + 2) % n]
        outline += [(p * ax + q * bx + r * cx + s * dx, p * ay + q * by + r * cy + s * dy) for p, q, r, s in _STEPS]
    return outline


def choose_contrast(colour: Colour, factor: float = 0.68) -> Colour:
    """Choose a darker tone that still differs where the colour itself is nearly black: there it is a lighter one."""
    return mix(colour, (190, 190, 205), 0.6 * (1 - factor)) if sum(colour) < 170 else tone(colour, factor)


def draw_shaded(pen: Pen, points: Points, colour: Colour, depth: float = 0.14, fat: float = 1.0) -> None:
    """Draw a smooth shape with its shadow along the lower edge; ``fat`` stretches it downwards."""
    outline = smooth(points)
    top, left, right = min(y for _, y in outline), min(x for x, _ in outline), max(x for x, _ in outline)
    middle, lit = (left + right) / 2, fat * (1 - depth)
    pen.fill_poly([(x, top + fat * (y - top)) for x, y in outline], choose_contrast(colour, 0.78))
    pen.fill_poly([(middle + 0.97 * (x - middle), top + lit * (y - top)) for x, y in outline], colour)


def draw_limb(pen: Pen, points: Points, widths: Sequence[float], colour: Colour, soft: bool = False) -> None:
    """Draw a leg, neck or tail along the points in one piece, at each as thick as its width; ``soft`` rounds it."""
    wide, high = pen.width, pen.height
    last = len(points) - 1
    left, right = [], []
    for i, (x, y) in enumerate(points):
        (ax, ay), (bx, by) = points[max(i - 1, 0)], points[min(i + 1, last)]
        dx, dy = (bx - ax) * wide, (by - ay) * high
        half = widths[i] * high / 2 / (math.hypot(dx, dy) or 1.0)
        left.append((x - dy * half / wide, y + dx * half / high))
        right.append((x + dy * half / wide, y - dx * half / high))
        if i == last:
            left.append((x + 0.7 * dx * half / wide, y + 0.7 * dy * half / high))
    outline = left + right[::-1]
    pen.fill_poly(round_corners(outline) if soft else outline, colour)


class Place:
    """A part's own square coordinates around (x, y) of the thing: one unit is ``size`` of the box's height."""

    def __init__(self, pen: Pen, x: float, y: float, size: float, angle: float = 0.0) -> None:
        self.pen, self.x, self.y, self.size = pen, x, y, size
        squash = pen.height / pen.width
        self._cos, self._sin = size * math.cos(angle), size * math.sin(angle)
        self._xx, self._xy = self._cos * squash, -self._sin * squash

    def locate(self, x: float, y: float) -> tuple[float, float]:
        """Locate the point in the thing's coordinates."""
        return (self.x + x * self._xx + y * self._xy, self.y + x * self._sin + y * self._cos)

    def fill_poly(self, points: Points, colour: Colour) -> None:
        """Fill a polygon."""
        self.pen.fill_poly([self.locate(x, y) for x, y in points], colour)

    def draw_dot(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Draw a small round spot."""
        cut = 0.7 * radius
        self.fill_poly(
            ((x - radius, y), (x - cut, y - cut), (x, y - radius), (x + cut, y - cut),
             (x + radius, y), (x + cut, y + cut), (x, y + radius), (x - cut, y + cut)), colour)  # fmt: skip

    def stroke(self, x0: float, y0: float, x1: float, y1: float, width: float, colour: Colour) -> None:
        """Stroke a thick straight line."""
        self.pen.draw_line(*self.locate(x0, y0), *self.locate(x1, y1), width * self.size, colour)
