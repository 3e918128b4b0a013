"""Section 4 (data sets): the words in which captions of the toy world name what is seen."""

from __future__ import annotations

import numpy as np

from bench.toyworld.classes import PALETTE, Colour

WORDS: dict[str, tuple[str, ...]] = {
    "grass": ("grass", "meadow", "lawn"), "road": ("road", "street"), "water": ("water", "sea", "lake"),
    "sand": ("sand", "beach"), "mountain": ("mountain", "hill"), "hedge": ("hedge", "bush"),
    "fence": ("fence", "railing"), "curtain": ("curtain", "drape"), "house": ("house", "building", "home"),
    "windmill": ("windmill", "mill"),
    "car": ("car", "automobile"), "bus": ("bus", "coach"), "bicycle": ("bicycle", "bike"), "boat": ("boat", "ship"),
    "airplane": ("airplane", "plane"), "umbrella": ("umbrella", "parasol"),
    "person": ("person", "man", "woman", "child"), "dog": ("dog", "puppy"),
    "cat": ("cat", "kitten"), "horse": ("horse", "pony"), "sheep": ("sheep", "lamb"),
    "table": ("table", "desk"), "chair": ("chair", "seat"), "sofa": ("sofa", "couch"), "lamp": ("lamp", "light"),
    "flower": ("flower", "blossom"),
}  # fmt: skip
"""Words for a class; the first is its name and the most usual."""
OWN_NAME = 0.8
"""How often a class is called by its own name."""

PLACES: dict[str, tuple[str, ...]] = {
    "street": ("street scene", "town"), "beach": ("beach", "shore"), "lake": ("lake", "harbour"),
    "farm": ("farm", "field"), "mountain": ("landscape", "valley"), "railway": ("railway", "station"),
    "park": ("park", "garden"),
    "camp": ("camp", "campsite"), "yard": ("yard", "backyard"), "desert": ("desert",), "sky": ("view",),
    "living room": ("living room", "room"), "bedroom": ("bedroom", "room"), "kitchen": ("kitchen", "dining room"),
    "stage": ("stage", "theatre"),
}  # fmt: skip
WEATHERS: dict[str, tuple[str, ...]] = {
    "rain": ("in the rain", "on a rainy day"),
    "snowfall": ("in falling snow", "on a winter day"),
    "fog": ("in the fog", "on a misty day"),
    "night": ("at night", "in the dark"),
    "sunset": ("at sunset", "in the evening"),
}

TOLD_PARTS: frozenset[str] = frozenset(
    ("wheel", "roof", "sail", "door", "window", "chimney", "wing", "pillow", "cushion", "shade", "hat", "basket",
     "blanket", "mane", "horn", "shutter", "funnel", "trunk", "cap", "saddle", "backpack", "drawer", "bell", "pendulum")
)  # fmt: skip
"""Parts that people mention; legs and heads go without saying."""
_IN_PLURAL = frozenset(
    ("wheel", "sail", "window", "wing", "pillow", "cushion", "horn", "shutter", "drawer", "bell", "propeller")
)

_PLURALS = {"person": "people", "man": "men", "woman": "women", "child": "children", "bus": "buses", "bench": "benches",
            "puppy": "puppies", "pony": "ponies", "coach": "coaches", "beach": "beaches", "sheep": "sheep",
            "couch": "couches", "bush": "bushes"}  # fmt: skip
_MASS = frozenset(("sky", "grass", "water", "sand", "snow"))
_COUNTABLE = frozenset(("sea", "lake", "beach", "meadow", "lawn"))
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}

Rng = np.random.Generator


def write_noun(name: str, colour: str, rng: Rng, count: int = 1) -> str:
    """Write a noun, mostly the class's own name, with its colour in half the cases, in the plural for more than one."""
    words = WORDS.get(name, (name,))
    word = words[0] if rng.random() < OWN_NAME else words[int(rng.integers(len(words)))]
    plain = word if count == 1 else _PLURALS.get(word, word + "s")
    if not colour or rng.random() < 0.5:
        return plain
    return f"{plain} in {colour}" if name == "person" else f"{colour} {plain}"


def add_article(words: str) -> str:
    """Add "a" or "an" before the words."""
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def write_phrase(name: str, colour: str, count: int, rng: Rng) -> str:
    """Write a noun with its article or number."""
    if count > 1:
        return f"{_COUNTS.get(count, 'many')} {write_noun(name, colour, rng, count)}"
    words = write_noun(name, colour, rng)
    if name in _MASS and words.split()[-1] not in _COUNTABLE:
        return f"the {words}" if name == "sky" or rng.random() < 0.2 else words
    return add_article(words)


def choose_colour_word(colour: Colour) -> str:
    """Choose the palette's word that is nearest to a colour."""
    return min(PALETTE, key=lambda word: sum((a - b) ** 2 for a, b in zip(PALETTE[word], colour, strict=True)))


def write_part_phrase(part: str, colour: str) -> str:
    """Write a part, e.g. "a red roof", "black wheels"."""
    return f"{colour} {part}s" if part in _IN_PLURAL else add_article(f"{colour} {part}")
