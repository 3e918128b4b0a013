"""Section 4 (data sets): composes scenes: wide views of a place, views of a part of it, and close-ups."""

from __future__ import annotations

from bench.toyworld.classes import KINDS, SIDE, STUFF
from bench.toyworld.grammar import (
    PLACES,
    WEATHER,
)
from bench.toyworld.layouts import (
    KIND_NAMES,
    WHOLE,
    Rng,
    draw_between,
    make_backdrop,
    make_region,
    make_seed,
    make_thing,
    outline_below,
    outline_standing,
    pick,
    place_things,
)
from bench.toyworld.plan import Plan, Point, Stuff, Thing


def compose_wide_view(rng: Rng) -> Plan:
    """Compose a whole place with its things, sometimes behind a fence or hedge close to the camera."""
    place = PLACES[int(rng.integers(len(PLACES)))]
    weather = pick(rng, WEATHER) if place.outdoors else ""
    regions, strips, horizon = make_backdrop(rng, place, weather)
    layers: list[Stuff | Thing] = [*regions, *place_things(rng, place, weather, strips, horizon)]
    if rng.random() < 0.12:
        name = pick(rng, ("fence", "hedge", "fence", "curtain"))
        outline = (
            outline_standing(rng, name, 0.0)
            if name == "curtain"
            else outline_below(rng, name, draw_between(rng, 98, 114))
        )
        layers.append(make_region(rng, name, outline))
    return Plan(tuple(layers), (0, 0, 0), draw_between(rng, 0.85, 1.1), make_seed(rng), horizon, weather, place.name)


def compose_part_view(rng: Rng) -> Plan:
    """Compose a wide view through a longer lens: one thing, or any spot, large in the picture."""
    plan = compose_wide_view(rng)
    things = plan.things
    if things and rng.random() < 0.85:
        left, top, width, height = things[int(rng.integers(len(things)))].box
        side = min(100.0, max(44.0, max(width, height) * draw_between(rng, 1.05, 2.2)))
        x, y = left + width * draw_between(rng, 0.3, 0.7), top + height * draw_between(rng, 0.35, 0.65)
    else:
        side, x, y = draw_between(rng, 50, 100), draw_between(rng, 0, SIDE), draw_between(rng, 0, SIDE)
    corner = (min(max(x - side / 2, 0.0), SIDE - side), min(max(y - side / 2, 0.0), SIDE - side))
    return plan.look_at(*corner, side)


def compose_full_scene(rng: Rng) -> Plan:
    """Compose what every split consists of: two wide views to each view of a part."""
    return compose_wide_view(rng) if rng.random() < 0.67 else compose_part_view(rng)


def _choose_paper(rng: Rng) -> tuple[int, int, int]:
    """Choose a plain background: mostly pale, as in catalogues."""
    low = 175 if rng.random() < 0.6 else 20
    red, green, blue = (int(v) for v in rng.integers(low, 256, 3))
    return (red, green, blue)


def close_up(rng: Rng) -> Plan:
    """Compose a close-up: one or two things, or a few of a kind, before stuff or plain paper (train only)."""
    draw, size = float(rng.random()), float(rng.random())
    names = [pick(rng, KIND_NAMES)]
    if draw > 0.62:
        names = names * int(rng.integers(2, 4)) if draw > 0.86 else [*names, pick(rng, KIND_NAMES)]
    layers: list[Stuff | Thing] = []
    if rng.random() < 0.7:
        layers.append(make_region(rng, pick(rng, STUFF), WHOLE))
    room = SIDE / len(names)
    for slot, name in enumerate(names):
        scale = min(room * 1.15, SIDE) / max(KINDS[name].width, KINDS[name].height) * (0.28 + 0.8 * size)
        height = KINDS[name].height * scale
        slack = max(4.0, SIDE - height) / 2
        x = room * (slot + 0.5) + draw_between(rng, -0.25, 0.25) * (room - KINDS[name].width * scale)
        layers.append(
            make_thing(rng, name, (x, (SIDE + height) / 2 + draw_between(rng, -0.8, 0.8) * slack), scale, 1.0, 0.1)
        )
    return Plan(tuple(layers), _choose_paper(rng), draw_between(rng, 0.8, 1.15), make_seed(rng))


def compose_stuff_view(rng: Rng) -> Plan:
    """Compose one, two or three kinds of stuff and no thing (train only)."""
    draw = float(rng.random())
    layers = [make_region(rng, pick(rng, STUFF), WHOLE)]
    for _ in range(0 if draw < 0.45 else 1 if draw < 0.85 else 2):
        a, b = draw_between(rng, 20, 108), draw_between(rng, 20, 108)
        outlines: tuple[tuple[Point, ...], ...] = (
            ((a, 0), (SIDE, 0), (SIDE, SIDE), (b, SIDE)),
            ((0, a), (SIDE, b), (SIDE, SIDE), (0, SIDE)),
            ((0, 0), (a, 0), (b, SIDE), (0, SIDE)),
        )
        layers.append(make_region(rng, pick(rng, STUFF), outlines[int(rng.integers(3))]))
    return Plan(tuple(layers), _choose_paper(rng), draw_between(rng, 0.8, 1.15), make_seed(rng))
