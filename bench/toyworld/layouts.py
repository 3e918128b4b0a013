"""Section 4 (data sets): what a scene is composed of: stuff from back to front, and things where they can stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.toyworld.classes import KINDS, SIDE, STUFF
from bench.toyworld.grammar import (
    HERDS,
    LOOKS_BY_PLACE,
    ONLY_ONE,
    OUTDOOR_LIGHTS,
    SEATS,
    SKIES,
    Place,
)
from bench.toyworld.plan import Point, Stuff, Thing
from bench.toyworld.textures.looks import LOOKS

Rng = np.random.Generator
WHOLE: tuple[Point, ...] = ((0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE))
_ROUGH = {"mountain": 13.0, "grass": 1.5, "sand": 2.0, "snow": 2.5, "water": 0.4, "hedge": 2.5}
_STRANGE = 0.14
"""How often a thing or stuff is one that has nothing to do with the place."""
KIND_NAMES = tuple(KINDS)


@dataclass(frozen=True)
class Ground:
    """A strip on which things can stand: from which row to which."""

    name: str
    top: float
    bottom: float


@dataclass(frozen=True)
class Spot:
    """Where a thing's foot is, how large and how near it is there, and on what: "air", "sky", "wall", "ground", ..."""

    foot: Point
    scale: float
    near: float
    where: str


def make_seed(rng: Rng) -> int:
    return int(rng.integers(2**31))


def draw_between(rng: Rng, low: float, high: float) -> float:
    return low + (high - low) * float(rng.random())


def pick(rng: Rng, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def make_region(rng: Rng, name: str, outline: tuple[Point, ...], colours: tuple[str, ...] = ()) -> Stuff:
    """Make a region with one of the stuff's looks, of one of the colours where it has them."""
    fitting = [i for i, (colour, _) in enumerate(LOOKS[name]) if colour in colours] or list(range(len(LOOKS[name])))
    look = fitting[int(rng.integers(len(fitting)))]
    return Stuff(name, look, LOOKS[name][look][0], outline, make_seed(rng))


def outline_below(rng: Rng, name: str, y: float) -> tuple[Point, ...]:
    """Outline everything under a line at height y, as rough as the stuff is."""
    rough, steps = _ROUGH.get(name, 0.0), 10
    if not rough:
        return ((0, y), (SIDE, y), (SIDE, SIDE), (0, SIDE))
    heights = y + rough * (2 * rng.random(steps) - 1)
    edge = [(SIDE * i / (steps - 1), float(height)) for i, height in enumerate(heights)]
    return (*edge, (SIDE, SIDE), (0, SIDE))


def make_thing(
    rng: Rng, name: str, foot: Point, scale: float, near: float = 1.0, tilt: float = 0.06, where: str = ""
) -> Thing:
    """Make a thing whose lowest middle point is ``foot``; its proportions vary by a tenth or so."""
    kind = KINDS[name]
    width, height = (
        kind.width * scale * draw_between(rng, 0.9, 1.12),
        kind.height * scale * draw_between(rng, 0.92, 1.1),
    )
    upright = kind.place in ("doorway", "wall") or kind.width > 50
    angle = 0.0 if upright else tilt * float(rng.standard_normal())
    box = (foot[0] - width / 2, foot[1] - height, width, height)
    looks = LOOKS_BY_PLACE.get(name, {}).get(where, range(kind.looks))
    look, flip = looks[int(rng.integers(len(looks)))], bool(rng.random() < 0.5)
    return Thing(name, look, pick(rng, kind.colours), box, flip, angle, make_seed(rng), near, kind.place == "ground")


def make_backdrop(rng: Rng, place: Place, weather: str) -> tuple[list[Stuff], list[Ground], float]:
    """Make stuff from back to front, the strips to stand on, and the horizon."""
    horizon = draw_between(rng, *place.horizon)
    back, middle, ground, front = (
        pick(rng, part) for part in (place.backs, place.middles, place.grounds, place.fronts)
    )
    if rng.random() < _STRANGE:
        ground = pick(rng, ("grass", "road", "water", "sand", "snow", "floor"))
    if rng.random() < _STRANGE / 2:
        back = pick(rng, ("wall", "curtain", "hedge", "fence", "sky"))
    skies = SKIES[weather] if rng.random() < 0.9 else ()
    regions, strips = [make_region(rng, back, WHOLE, skies if back == "sky" else ())], []
    if middle in STUFF and middle not in (back, ground):
        regions.append(make_region(rng, middle, outline_standing(rng, middle, horizon)))
        if middle in ("water", "grass"):
            strips.append(Ground(middle, horizon - 8, horizon))
    regions.append(make_region(rng, ground, outline_below(rng, ground, horizon)))
    end = SIDE + 6.0
    if front in STUFF and front != ground:
        edge = draw_between(rng, 92, 114)
        regions.append(make_region(rng, front, outline_below(rng, front, edge)))
        end = edge
        if front not in ("fence", "hedge"):
            strips.append(Ground(front, edge, SIDE + 6.0))
    strips.append(Ground(ground, horizon, end))
    return regions, strips, horizon


def outline_standing(rng: Rng, name: str, horizon: float) -> tuple[Point, ...]:
    """Outline what stands or lies behind the ground: a band, or for curtain and wall a side of the picture."""
    if name in ("curtain", "wall") and rng.random() < 0.7:
        width = draw_between(rng, 22, 58)
        left = 0.0 if rng.random() < 0.5 else SIDE - width
        return ((left, 0), (left + width, 0), (left + width, SIDE), (left, SIDE))
    rise = {"mountain": draw_between(rng, 16, 40), "water": draw_between(rng, 9, 24)}.get(
        name, draw_between(rng, 9, 26)
    )
    return outline_below(rng, name, horizon - rise)


def _choose_foot(rng: Rng, name: str, x: float, strips: list[Ground], horizon: float) -> Spot:
    """Choose where a thing stands: larger towards the front. Birds fly, or now and then stand or swim."""
    place = "ground" if name == "bird" and rng.random() < 0.3 else KINDS[name].place
    if place in ("air", "sky"):
        scale = draw_between(rng, 0.4, 1.35) if place == "air" else draw_between(rng, 0.8, 1.4)
        height = KINDS[name].height * scale
        return Spot((x, height + draw_between(rng, 1, max(4.0, horizon - height - 2))), scale, 0.35, place)
    if place == "wall":
        scale = draw_between(rng, 0.75, 1.3)
        height = KINDS[name].height * scale
        return Spot((x, height + draw_between(rng, 4, max(8.0, horizon - height - 4))), scale, 0.6, place)
    if place == "doorway":
        return Spot((x, horizon + draw_between(rng, 0, 4)), draw_between(rng, 0.85, 1.2), 0.4, place)
    swims = name == "bird" and rng.random() < 0.6
    wet = [strip for strip in strips if (strip.name == "water") == (place == "water" or swims)] or strips
    strip = wet[int(rng.integers(len(wet)))]
    depth = float(rng.random()) ** 0.85
    y = min(strip.top + 4 + depth * (strip.bottom - strip.top - 4), SIDE + 6.0)
    near = max(0.0, min(1.0, (y - horizon) / (SIDE - horizon)))
    return Spot(
        (x, y),
        (0.32 + 1.0 * near) * draw_between(rng, 0.9, 1.15),
        near,
        "water" if strip.name == "water" else "ground",
    )


def _make_sitting(rng: Rng, under: Thing) -> Thing:
    """Make something small on top of a thing."""
    down, share, sitters = SEATS[under.name]
    left, top, width, height = under.box
    name = pick(rng, sitters)
    scale = share * width / KINDS[under.name].width
    foot = (left + width * draw_between(rng, 0.25, 0.75), top + height * (down + 0.06))
    small = make_thing(rng, name, foot, scale * (0.7 if name in ("lamp", "person") else 1.0), under.near, 0.0, "ground")
    return Thing(**{**small.__dict__, "on": under.name, "shadow": False})


def _name(rng: Rng, place: Place, weather: str) -> str:
    if rng.random() < 1.5 * _STRANGE:
        return pick(rng, KIND_NAMES)
    if place.outdoors and weather in OUTDOOR_LIGHTS and rng.random() < 0.15:
        return OUTDOOR_LIGHTS[weather]
    return pick(rng, place.usual)


def place_things(rng: Rng, place: Place, weather: str, strips: list[Ground], horizon: float) -> list[Thing]:
    """Place things in columns, so that few hide another; some in herds, some carrying others; far ones first."""
    count = int(rng.integers(place.things[0], place.things[1] + 1))
    columns = (rng.permutation(count) + 0.2 + 0.6 * rng.random(count)) * (SIDE / count)
    things: list[tuple[float, Thing]] = []
    for x in columns:
        name = _name(rng, place, weather)
        if name in ONLY_ONE and any(other.name == name for _, other in things):
            continue
        spot = _choose_foot(rng, name, float(x), strips, horizon)
        (x0, y), scale = spot.foot, spot.scale
        thing = make_thing(rng, name, spot.foot, scale, spot.near, where=spot.where)
        things.append((y, thing))
        if name in HERDS and rng.random() < 0.3:
            for _ in range(int(rng.integers(1, 3))):
                foot = (
                    x0 + thing.box[2] * draw_between(rng, 0.7, 1.3) * (1 if rng.random() < 0.5 else -1),
                    y + draw_between(rng, -5, 5),
                )
                more = make_thing(rng, name, foot, scale * draw_between(rng, 0.8, 1.1), spot.near, where=spot.where)
                things.append((foot[1], more))
        elif name in SEATS and rng.random() < 0.4:
            things.append((y + 0.01, _make_sitting(rng, thing)))
    return [thing for _, thing in sorted(things, key=lambda pair: (_order_layer(pair[1]), pair[0]))]


def _order_layer(thing: Thing) -> int:
    """Order a thing: what hangs in the sky or on a wall lies behind everything that stands."""
    return {"sky": 0, "wall": 1, "doorway": 1, "air": 2}.get(KINDS[thing.name].place if not thing.on else "ground", 3)
