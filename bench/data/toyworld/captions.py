"""Section 4 (data sets): what people would write under a scene.

Large things come first and small ones are sometimes left out; colours, counts and other words for a class vary.
About half the captions begin with "Image of a", as the prompts of sections 3.2 and 3.3 do. All end with a full stop.
"""

from __future__ import annotations

import numpy as np

from bench.data.toyworld.classes import INDEX, KINDS, SIDE
from bench.data.toyworld.layouts import Plan, Stuff, Thing, close_up, full_scene

Rng = np.random.Generator

CAPTIONS_PER_SCENE = 5

WORDS: dict[str, tuple[str, ...]] = {
    "car": ("car", "vehicle"), "boat": ("boat", "ship"), "person": ("person", "man", "woman"), "dog": ("dog", "puppy"),
    "cat": ("cat", "kitten"), "house": ("house", "building", "home"), "road": ("road", "street"),
    "water": ("water", "sea", "lake"), "sand": ("sand", "beach"), "grass": ("grass", "meadow", "lawn"),
    "mountain": ("mountain", "hill"), "table": ("table", "desk"), "flower": ("flower", "plant"),
    "chair": ("chair", "seat"), "bird": ("bird", "bird"), "ball": ("ball", "toy"), "curtain": ("curtain", "drape"),
    "lamp": ("lamp", "light"), "horse": ("horse", "pony"), "bus": ("bus", "coach"), "wall": ("wall", "brick wall"),
    "floor": ("floor", "wooden floor"),
}  # fmt: skip
"""Words for a class; the first is its name and the most usual."""

_PLURALS = {"person": "people", "man": "men", "woman": "women", "bus": "buses", "bench": "benches", "puppy": "puppies",
            "pony": "ponies", "coach": "coaches", "beach": "beaches"}  # fmt: skip
_MASS = frozenset(("sky", "grass", "water", "sand", "snow"))
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}
_LINKS = ("near", "and", "with", "next to", "beside", "by")
_ON = {"sky": "under", **dict.fromkeys(("wall", "mountain", "fence", "curtain"), "in front of")}


def noun(name: str, colour: str, rng: Rng, count: int = 1) -> str:
    """A noun, mostly the class's own name, with its colour in half the cases, in the plural for more than one."""
    words = WORDS.get(name, (name,))
    word = words[0] if rng.random() < 0.82 else words[int(rng.integers(len(words)))]
    if name in ("wall", "floor") and word != name and colour not in ("red", "brown"):
        word = name
    plain = word if count == 1 else _PLURALS.get(word, word + "s")
    if not colour or rng.random() < 0.5:
        return plain
    return f"{plain} in {colour}" if name == "person" else f"{colour} {plain}"


def phrase(name: str, colour: str, count: int, rng: Rng) -> str:
    """A noun with its article or number."""
    if count > 1:
        return f"{_COUNTS.get(count, 'many')} {noun(name, colour, rng, count)}"
    words = noun(name, colour, rng)
    if name in _MASS and words.split()[-1] not in ("sea", "lake", "beach", "meadow", "lawn"):
        return f"the {words}" if name == "sky" or rng.random() < 0.2 else words
    return f"a {words}"


def _head(name: str, colour: str, count: int, rng: Rng) -> str:
    """What follows "Image of a"."""
    if count > 1:
        return f"group of {noun(name, colour, rng, count)}"
    return noun(name, colour, rng)


def _sentence(order: list[tuple[str, str, int]], backdrop: list[tuple[str, str, int]], rng: Rng) -> str:
    """One caption: one to four things in this order, then perhaps one or two kinds of stuff."""
    things = order[: int(rng.integers(1, 5))]
    grounds = backdrop[: int(rng.integers(0, 3))] if things else backdrop[: int(rng.integers(1, 4))]
    named, rest = (things[0], things[1:]) if things else (grounds[0], grounds[1:])
    as_image = rng.random() < 0.55
    text = "Image of a " + _head(*named, rng) if as_image else phrase(*named, rng)
    for i, item in enumerate(rest):
        text += (" and " if i else f" {_LINKS[int(rng.integers(len(_LINKS)))]} ") + phrase(*item, rng)
    for i, (name, colour, count) in enumerate(grounds if things else ()):
        place = _ON.get(name, "on") if i == 0 or name in _ON else "and"
        text += f" {place} {phrase(name, colour, count, rng)}"
    return text + "."


def _merged(plan: Plan, areas: dict[str, int]) -> tuple[list[tuple[str, str, int]], list[tuple[str, str, int]]]:
    """Visible things and stuff as (class, colour, count); a colour is kept only where all of a kind share it."""
    seen: dict[str, tuple[str, int]] = {}
    items: tuple[Thing | Stuff, ...] = (*plan.things, *plan.stuff)
    for item in items:
        if areas.get(item.name, 0) > 0:
            colour, count = seen.get(item.name, (item.colour, 0))
            seen[item.name] = (colour if colour == item.colour else "", count + 1)
    things = [(name, colour, count) for name, (colour, count) in seen.items() if name in KINDS]
    stuff = [(name, colour, 1) for name, (colour, _) in seen.items() if name not in KINDS]
    return things, stuff


def tell(plan: Plan, areas: dict[str, int], rng: Rng) -> tuple[str, ...]:
    """Five captions of a scene; ``areas`` gives the visible pixels of each class that may be named."""
    things, stuff = _merged(plan, areas)
    captions = []
    for _ in range(CAPTIONS_PER_SCENE):
        # An item's salience is its size, blurred: people do not all start with the same thing.
        salience = {name: areas[name] * float(rng.lognormal(0, 0.6)) for name, _, _ in (*things, *stuff)}
        rank = sorted(things, key=lambda item: -salience[item[0]])
        ground = sorted(stuff, key=lambda item: -salience[item[0]])
        starts_with_stuff = bool(ground) and bool(rank) and rng.random() < 0.15
        captions.append(_sentence([] if starts_with_stuff else rank, ground, rng))
    return tuple(captions)


def _rough_areas(plan: Plan) -> dict[str, int]:
    """Areas from boxes alone, in pixels: stuff shares the picture, things fill half their box."""
    areas: dict[str, int] = dict.fromkeys(INDEX, 0)
    for stuff in plan.stuff:
        areas[stuff.name] += SIDE * SIDE // len(plan.stuff)
    for thing in plan.things:
        areas[thing.name] += int(thing.box[2] * thing.box[3] / 2)
    return areas


def sample_captions(seed: int, n: int) -> list[str]:
    """n captions of train-like scenes that are composed but not drawn; the same seed gives the same texts."""
    rng = np.random.default_rng(np.random.SeedSequence((seed, n)))
    texts: list[str] = []
    while len(texts) < n:
        plan = close_up(rng) if rng.random() < 0.5 else full_scene(rng)
        texts.extend(tell(plan, _rough_areas(plan), rng))
    return texts[:n]
