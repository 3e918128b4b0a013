"""Section 4 (data sets): what a scene of the toy world consists of, before a pixel is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.toyworld.classes import SIDE

Point = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Stuff:
    """A region of stuff: its look, the word for its colour, its outline in pixels."""

    name: str
    look: int
    colour: str
    outline: tuple[Point, ...]
    seed: int

    def look_at(self, left: float, top: float, zoom: float) -> Stuff:
        """Look at the region through a camera whose picture begins at (left, top) and is ``zoom`` times as large."""
        return replace(self, outline=tuple(((x - left) * zoom, (y - top) * zoom) for x, y in self.outline))


@dataclass(frozen=True)
class Thing:
    """A thing: its look, colour word, box (left, top, width, height in pixels), mirrored or not, tilt in radians.

    ``near`` runs from 0 at the horizon to 1 in front; ``on`` is the class that it sits on, if any.
    """

    name: str
    look: int
    colour: str
    box: Box
    flip: bool
    angle: float
    seed: int
    near: float = 1.0
    shadow: bool = False
    on: str = ""

    def look_at(self, left: float, top: float, zoom: float) -> Thing:
        """Look at the thing through a camera, see `Stuff.seen`."""
        x, y, width, height = self.box
        return replace(self, box=((x - left) * zoom, (y - top) * zoom, width * zoom, height * zoom))


@dataclass(frozen=True)
class Plan:
    """A scene: its layers from back to front, where the horizon is, the weather, and what the place is called.

    ``weather`` is "", "rain", "snowfall", "fog", "night" or "sunset"; ``place`` is "" where no one would name it.
    """

    layers: tuple[Stuff | Thing, ...]
    paper: tuple[int, int, int]
    light: float
    seed: int
    horizon: float = 0.0
    weather: str = ""
    place: str = ""

    @property
    def stuff(self) -> tuple[Stuff, ...]:
        """The regions of stuff from back to front."""
        return tuple(layer for layer in self.layers if isinstance(layer, Stuff))

    @property
    def things(self) -> tuple[Thing, ...]:
        """The things from back to front; a thing's position here is its number in the scene's labels."""
        return tuple(layer for layer in self.layers if isinstance(layer, Thing))

    def look_at(self, left: float, top: float, side: float) -> Plan:
        """Look at the square of that side (pixels) only, as a camera does: everything larger, much of it cut."""
        zoom = SIDE / side
        layers = tuple(layer.look_at(left, top, zoom) for layer in self.layers)
        return replace(self, layers=layers, horizon=(self.horizon - top) * zoom)
