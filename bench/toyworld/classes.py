"""Section 4 (data sets): the 45 classes of the toy world, their sizes, places, looks and colours."""

from __future__ import annotations

from dataclasses import dataclass

from bench.records import ClassList

VERSION = 2
"""Part of every seed: a change of any drawing or layout raises it."""
SIDE = 128
"""Height and width of a scene in pixels."""

Colour = tuple[int, int, int]

PALETTE: dict[str, Colour] = {
    "red": (205, 50, 44),
    "orange": (236, 130, 40),
    "yellow": (242, 206, 60),
    "green": (66, 150, 74),
    "blue": (54, 100, 200),
    "purple": (132, 74, 168),
    "pink": (240, 146, 180),
    "white": (240, 238, 232),
    "black": (42, 40, 46),
    "grey": (142, 144, 150),
    "brown": (130, 84, 48),
    "golden": (220, 166, 80),
}

_BRIGHT = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
_PAINT = ("red", "orange", "yellow", "green", "blue", "white", "black", "grey")
_CLOTH = ("red", "blue", "green", "brown", "grey", "pink", "purple", "white")


@dataclass(frozen=True)
class Kind:
    """A class of things: usual width and height in pixels, where it belongs, how many looks it has, its colours."""

    name: str
    width: int
    height: int
    place: str
    looks: int
    colours: tuple[str, ...]


STUFF: tuple[str, ...] = (
    "sky", "grass", "road", "water", "sand", "snow", "mountain", "hedge", "wall", "floor", "fence", "curtain",
)  # fmt: skip

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("tree", 40, 58, "ground", 5, ("green", "green", "green", "golden", "red", "pink")),
        Kind("flower", 18, 28, "ground", 4, _BRIGHT),
        Kind("house", 52, 48, "ground", 4, ("red", "white", "yellow", "brown", "grey", "pink", "blue")),
        Kind("windmill", 40, 58, "ground", 3, ("white", "brown", "grey", "red")),
        Kind("tent", 40, 28, "ground", 3, ("orange", "blue", "green", "red", "yellow")),
        Kind("car", 44, 22, "ground", 4, _PAINT),
        Kind("bus", 60, 32, "ground", 4, ("red", "yellow", "green", "blue", "white", "orange")),
        Kind("train", 84, 30, "ground", 3, ("red", "green", "blue", "black", "orange", "white")),
        Kind("bicycle", 34, 24, "ground", 3, _PAINT),
        Kind("boat", 44, 40, "water", 4, ("red", "white", "brown", "blue", "green", "orange")),
        Kind("airplane", 46, 22, "air", 3, ("white", "red", "blue", "grey", "yellow")),
        Kind("balloon", 30, 44, "air", 3, ("red", "orange", "yellow", "green", "blue", "purple", "pink")),
        Kind("sun", 26, 26, "sky", 3, ("yellow", "orange", "golden")),
        Kind("moon", 20, 20, "sky", 3, ("white", "grey", "golden")),
        Kind("cloud", 48, 22, "sky", 4, ("white", "white", "grey", "pink")),
        Kind("umbrella", 34, 36, "ground", 3, _BRIGHT),
        Kind("bench", 44, 22, "ground", 3, ("brown", "green", "grey", "white", "red")),
        Kind("person", 18, 46, "ground", 6, (*_BRIGHT, "black", "brown")),
        Kind("dog", 32, 26, "ground", 4, ("brown", "golden", "black", "white", "grey")),
        Kind("cat", 26, 28, "ground", 4, ("grey", "orange", "black", "white", "brown")),
        Kind("bird", 24, 18, "air", 4, ("red", "blue", "yellow", "white", "black", "green")),
        Kind("cow", 44, 32, "ground", 4, ("black", "brown")),
        Kind("horse", 46, 44, "ground", 4, ("brown", "black", "grey", "golden", "white")),
        Kind("sheep", 34, 26, "ground", 3, ("white", "black", "grey")),
        Kind("table", 48, 30, "ground", 4, ("brown", "white", "golden", "black", "red")),
        Kind("chair", 24, 40, "ground", 4, ("brown", "red", "blue", "green", "yellow", "white")),
        Kind("sofa", 58, 30, "ground", 3, _CLOTH),
        Kind("bed", 62, 32, "ground", 3, _CLOTH),
        Kind("lamp", 20, 48, "ground", 4, ("yellow", "red", "green", "white", "blue", "orange")),
        Kind("clock", 20, 22, "wall", 4, ("white", "brown", "black", "red", "golden")),
        Kind("window", 34, 36, "wall", 4, ("white", "brown", "blue", "green")),
        Kind("door", 26, 56, "doorway", 4, ("brown", "red", "green", "blue", "white", "yellow")),
        Kind("ball", 18, 18, "ground", 4, ("red", "blue", "yellow", "white", "pink", "orange", "green")),
    )
}

NAMES: tuple[str, ...] = STUFF + tuple(KINDS)
INDEX: dict[str, int] = {name: i for i, name in enumerate(NAMES)}


def make_class_list() -> ClassList:
    """Make the 45 classes; the first 12 are stuff."""
    return ClassList("toyscenes", NAMES, tuple(name in KINDS for name in NAMES))
