"""Section 4 (data sets): what stands where in a scene, decided without drawing a pixel.

Full scenes have a backdrop of two to four kinds of stuff and three to five things. Things usually stand where they
belong and sometimes anywhere, so that context helps and misleads. Close-ups (train only) show one or two classes, so
that captions can teach apart what often occurs together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.data.toyworld.classes import GROUNDS, KINDS, SIDE, STUFF
from bench.data.toyworld.textures import LOOKS

Point = tuple[float, float]
Rng = np.random.Generator


@dataclass(frozen=True)
class Stuff:
    """A region of stuff: its look, the word for its colour, its outline in pixels."""

    name: str
    look: int
    colour: str
    outline: tuple[Point, ...]
    seed: int


@dataclass(frozen=True)
class Thing:
    """A thing: its look, colour word, box (left, top, width, height in pixels), mirrored or not, tilt in radians."""

    name: str
    look: int
    colour: str
    box: tuple[float, float, float, float]
    flip: bool
    angle: float
    seed: int


@dataclass(frozen=True)
class Plan:
    """A scene before it is drawn: stuff from back to front, then things from back to front, then the light."""

    stuff: tuple[Stuff, ...]
    things: tuple[Thing, ...]
    paper: tuple[int, int, int]
    light: float
    seed: int


@dataclass(frozen=True)
class Setting:
    """A layout: kinds of ground, kinds of backdrop above it, what stands behind, and the usual things."""

    grounds: tuple[str, ...]
    backs: tuple[str, ...]
    middles: tuple[str, ...]
    things: tuple[str, ...]


SETTINGS: tuple[Setting, ...] = (
    Setting(("road", "road", "sand"), ("sky", "sky", "wall", "sky"), ("grass", "fence", "wall", "snow"),
            ("car", "bus", "house", "tree", "person", "lamp", "dog", "door", "cloud")),
    Setting(("water",), ("sky",), ("sand", "grass", "mountain", "road", "fence"),
            ("boat", "bird", "person", "sun", "cloud", "house", "moon")),
    Setting(("grass", "grass", "snow"), ("sky",), ("fence", "mountain", "road", "water"),
            ("cow", "horse", "tree", "flower", "house", "bird", "cloud")),
    Setting(("snow", "grass", "sand"), ("sky",), ("mountain",), ("tree", "person", "house", "moon", "cloud", "dog")),
    Setting(("sand", "grass", "road"), ("sky",), ("water", "curtain", "fence"),
            ("ball", "person", "chair", "table", "dog", "boat", "flower", "sun")),
    Setting(("floor", "floor", "floor", "grass", "sand"), ("wall",), ("curtain", "fence", ""),
            ("table", "chair", "lamp", "window", "door", "cat", "dog", "flower", "ball")),
    Setting(("floor", "floor", "water", "snow"), ("curtain", "sky", "fence", "wall"), ("wall", "mountain", ""),
            ("table", "chair", "lamp", "cat", "person", "ball", "window", "horse")),
)  # fmt: skip


def _seed(rng: Rng) -> int:
    return int(rng.integers(2**31))


def _pick(rng: Rng, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _region(rng: Rng, name: str, outline: tuple[Point, ...]) -> Stuff:
    look = int(rng.integers(len(LOOKS[name])))
    return Stuff(name, look, LOOKS[name][look][0], outline, _seed(rng))


def _below(rng: Rng, y: float, rough: float, left: float = 0, right: float = SIDE) -> tuple[Point, ...]:
    """Everything under a more or less rough line at height y."""
    steps = 9 if rough else 2
    edge = [(left + (right - left) * i / (steps - 1), y + rough * float(rng.uniform(-1, 1))) for i in range(steps)]
    return (*edge, (right, SIDE), (left, SIDE))


_ALL: tuple[Point, ...] = ((0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE))
_ROUGH = {"mountain": 12.0, "grass": 1.5, "sand": 2.0, "snow": 2.5, "water": 0.6}


def _thing(rng: Rng, name: str, foot: Point, scale: float, spread: float = 1.0) -> Thing:
    """A thing whose lowest middle point is ``foot``; aspect varies by a tenth or so."""
    kind = KINDS[name]
    width = kind.width * scale * float(rng.uniform(0.88, 1.14))
    height = kind.height * scale * float(rng.uniform(0.9, 1.12))
    angle = float(rng.uniform(-0.08, 0.08)) * spread if kind.place != "doorway" else 0.0
    box = (foot[0] - width / 2, foot[1] - height, width, height)
    return Thing(name, int(rng.integers(3)), _pick(rng, kind.colours), box, bool(rng.random() < 0.5), angle, _seed(rng))


def _backdrop(rng: Rng, setting: Setting) -> tuple[list[Stuff], float]:
    """The stuff of a full scene from back to front, and the height at which its ground begins."""
    horizon = float(rng.uniform(44, 78))
    back, middle, ground = (_pick(rng, part) for part in (setting.backs, setting.middles, setting.grounds))
    regions = [_region(rng, back, _ALL)]
    if middle and middle not in (back, ground) and rng.random() < 0.72:
        if middle in ("curtain", "wall") and rng.random() < 0.6:
            left = float(rng.choice((0, SIDE * 0.62)))
            outline: tuple[Point, ...] = ((left, 0), (left + SIDE * 0.38, 0), (left + SIDE * 0.38, SIDE), (left, SIDE))
        else:
            rise = float(rng.uniform(14, 26)) + (8 if middle == "mountain" else 0)
            outline = _below(rng, horizon - rise, _ROUGH.get(middle, 0.0))
        regions.append(_region(rng, middle, outline))
    regions.append(_region(rng, ground, _below(rng, horizon, _ROUGH.get(ground, 0.0))))
    if rng.random() < 0.3:
        front = _pick(rng, tuple(g for g in (*GROUNDS, "floor") if g != ground))
        regions.append(_region(rng, front, _below(rng, float(rng.uniform(98, 110)), _ROUGH.get(front, 0.0))))
    return regions, horizon


def _foot(rng: Rng, name: str, x: float, horizon: float) -> tuple[Point, float]:
    """Where a thing stands and how large it is there: larger towards the front."""
    place = KINDS[name].place
    if place == "air":
        return (x, float(rng.uniform(26, max(34.0, horizon - 8)))), float(rng.uniform(1.05, 1.5))
    if place == "wall":
        return (x, float(rng.uniform(40, max(46.0, horizon - 2)))), float(rng.uniform(1.0, 1.4))
    if place == "doorway":
        return (x, horizon + float(rng.uniform(0, 5))), float(rng.uniform(1.0, 1.3))
    depth = float(rng.random())
    return (x, horizon + 8 + depth * (SIDE - horizon - 12)), 1.0 + 0.6 * depth + float(rng.uniform(0, 0.25))


def full_scene(rng: Rng) -> Plan:
    """A whole scene: backdrop and three to five things in columns, so that none hides another entirely."""
    setting = SETTINGS[int(rng.integers(len(SETTINGS)))]
    regions, horizon = _backdrop(rng, setting)
    count = int(rng.integers(3, 6))
    columns = (rng.permutation(count) + rng.uniform(0.3, 0.7, count)) * (SIDE / count)
    things: list[Thing] = []
    for x in columns:
        if things and things[-1].name not in ("sun", "moon") and rng.random() < 0.15:
            name = things[-1].name
        else:
            name = _pick(rng, tuple(KINDS) if rng.random() < 0.25 else setting.things)
        things.append(_thing(rng, name, *_foot(rng, name, float(x), horizon)))
    things.sort(key=lambda thing: thing.box[1] + thing.box[3])
    return Plan(tuple(regions), tuple(things), (0, 0, 0), float(rng.uniform(0.78, 1.12)), _seed(rng))


def _split(rng: Rng) -> tuple[Point, ...]:
    """One side of a line through the picture: upright, level or slanting."""
    a, b = (float(v) for v in rng.uniform(35, 93, 2))
    if rng.random() < 0.5:
        return ((a, 0), (SIDE, 0), (SIDE, SIDE), (b, SIDE))
    return ((0, a), (SIDE, b), (SIDE, SIDE), (0, SIDE))


def close_up(rng: Rng) -> Plan:
    """One stuff, two kinds of stuff, or one or two large things before one stuff or plain paper."""
    kinds, draw = tuple(KINDS), float(rng.random())
    paper = tuple(int(v) for v in rng.integers(0, 256, 3))
    regions: list[Stuff] = []
    things: list[Thing] = []
    if draw < 0.85:
        regions.append(_region(rng, _pick(rng, STUFF), _ALL))
    if 0.2 <= draw < 0.4:
        regions.append(_region(rng, _pick(rng, STUFF), _split(rng)))
    if draw >= 0.4 or (0.3 <= draw < 0.4):
        two = bool(rng.random() < 0.4)
        for x in (38.0, 90.0) if two else (64.0,):
            name = _pick(rng, kinds)
            room = (62 if two else 104) / max(KINDS[name].width, KINDS[name].height)
            scale = room * float(rng.uniform(0.6, 1.1 if two else 1.2))
            foot = (x + float(rng.uniform(-8, 8)), 64 + scale * KINDS[name].height / 2 + float(rng.uniform(-12, 12)))
            things.append(_thing(rng, name, foot, scale, 1.5))
    light = float(rng.uniform(0.75, 1.15))
    return Plan(tuple(regions), tuple(things), (paper[0], paper[1], paper[2]), light, _seed(rng))
