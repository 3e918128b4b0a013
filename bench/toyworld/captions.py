"""Section 4 (data sets): what people would write under a scene.

Salient things come first and small ones are often left out; colours, counts, parts, weather and other words for a
class come and go. About half the captions begin with "Image of a", as the prompts of sections 3.2 and 3.3 do. All end
with a full stop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.toyworld.classes import KINDS, NAMES
from bench.toyworld.plan import Plan, Stuff, Thing
from bench.toyworld.render import VISIBLE, Rendered
from bench.toyworld.words import (
    PLACES,
    TOLD_PARTS,
    WEATHERS,
    add_article,
    choose_colour_word,
    write_noun,
    write_part_phrase,
    write_phrase,
)

Rng = np.random.Generator

CAPTIONS_PER_SCENE = 5
_LINKS = ("near", "and", "with", "next to", "beside", "by", "and", "with")
_ON = {"sky": "under", **dict.fromkeys(("wall", "mountain", "fence", "curtain", "hedge"), "in front of")}


@dataclass(frozen=True)
class Item:
    """All of a class that shows: its colour where all share one, count, visible pixels, seat, told parts."""

    name: str
    colour: str
    count: int
    area: int
    on: str = ""
    parts: tuple[tuple[str, str], ...] = ()


def list_items(plan: Plan, drawn: Rendered) -> list[Item]:
    """List what shows at least `VISIBLE` pixels, one item a class, things and stuff alike."""
    areas: dict[tuple[str, int], int] = {}
    parts: dict[str, tuple[tuple[str, str], ...]] = {}
    for key, area in zip(drawn.keys, drawn.count_areas(), strict=True):
        name = NAMES[key[0]]
        areas[name, key[1]] = areas.get((name, key[1]), 0) + int(area)
        if key[2] in TOLD_PARTS and area >= VISIBLE / 2 and key in drawn.colours:
            parts[name] = (*parts.get(name, ()), (key[2], choose_colour_word(drawn.colours[key])))
    items_by_name: dict[str, Item] = {}
    for (name, number), area in areas.items():
        if area < VISIBLE:
            continue
        shown: list[Stuff | Thing] = (
            [plan.things[number]] if number >= 0 else [stuff for stuff in plan.stuff if stuff.name == name]
        )
        colour = shown[0].colour if len({layer.colour for layer in shown}) == 1 else ""
        seat = shown[0].on if isinstance(shown[0], Thing) else ""
        old = items_by_name.get(name)
        if old is None:
            items_by_name[name] = Item(name, colour, 1, area, seat, parts.get(name, ()))
        else:
            same = colour if colour == old.colour else ""
            items_by_name[name] = Item(name, same, old.count + 1, old.area + area, "", old.parts)
    return list(items_by_name.values())


def _write_beginning(item: Item, as_image: bool, rng: Rng) -> str:
    """Write what the caption begins with, sometimes with a part of it."""
    if as_image and item.count > 2 and rng.random() < 0.3:
        text = f"Image of a group of {write_noun(item.name, item.colour, rng, item.count)}"
    elif as_image and item.count == 1:
        text = "Image of " + add_article(write_noun(item.name, item.colour, rng))
    else:
        text = ("Image of " if as_image else "") + write_phrase(item.name, item.colour, item.count, rng)
    if item.parts and item.count == 1 and rng.random() < 0.25:
        text += " with " + write_part_phrase(*item.parts[int(rng.integers(len(item.parts)))])
    return text


def _write_grounds(grounds: list[Item], rng: Rng) -> str:
    text = ""
    for i, item in enumerate(grounds):
        place = "and" if i else _ON.get(item.name, "on")
        text += f" {place} {write_phrase(item.name, item.colour, 1, rng)}"
    return text


def _write_sentence(things: list[Item], stuff: list[Item], plan: Plan, rng: Rng) -> str:
    """Write one caption: one to four things in this order, then perhaps stuff, perhaps the weather."""
    names = {item.name for item in things}
    things = things[: (1, 1, 2, 2, 3, 4)[int(rng.integers(6))]]
    stuff = stuff[: int(rng.integers(0, 3))] if things else stuff[: int(rng.integers(1, 4))]
    if plan.place and things and rng.random() < 0.08:
        places = PLACES[plan.place]
        place = places[int(rng.integers(len(places)))]
        start = ("Image of " if rng.random() < 0.5 else "") + add_article(place)
        text = f"{start} with " + " and ".join(write_phrase(i.name, i.colour, i.count, rng) for i in things)
    else:
        named, rest = (things[0], things[1:]) if things else (stuff[0], stuff[1:])
        text = _write_beginning(named, rng.random() < 0.52, rng)
        if named.on in names and rng.random() < 0.7:
            text += f" on {write_phrase(named.on, '', 1, rng)}"
            rest = [item for item in rest if item.name != named.on]
        for i, item in enumerate(rest):
            link = "and" if i or not things else _LINKS[int(rng.integers(len(_LINKS)))]
            text += f" {link} {write_phrase(item.name, item.colour, item.count, rng)}"
        if things:
            text += _write_grounds(stuff, rng)
    weathers = WEATHERS.get(plan.weather, ())
    if weathers and rng.random() < 0.3:
        text += " " + weathers[int(rng.integers(len(weathers)))]
    return text + "."


def tell(plan: Plan, drawn: Rendered, rng: Rng, n: int = CAPTIONS_PER_SCENE) -> tuple[str, ...]:
    """Tell ``n`` captions of a drawn scene."""
    seen = list_items(plan, drawn)
    captions = []
    for _ in range(n):
        # An item's salience is its size, blurred: people do not all start with the same thing.
        salience = {item.name: item.area**0.8 * float(rng.lognormal(0, 0.6)) for item in seen}
        ranked = sorted(seen, key=lambda item: -salience[item.name])
        things = [item for item in ranked if item.name in KINDS]
        stuff = [item for item in ranked if item.name not in KINDS]
        largest = max((item.area for item in things), default=0)
        if stuff and (largest < 150 or rng.random() < 0.15) and rng.random() < 0.7:
            things = []
        captions.append(
            _write_sentence(things, stuff, plan, rng) if things or stuff else "Image of a plain background."
        )
    return tuple(captions)
