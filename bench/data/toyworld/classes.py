"""Section 4 (data sets): the 32 classes of the toy world, their sizes, places and colours."""

from __future__ import annotations

from dataclasses import dataclass

from bench.records import ClassList

VERSION = 1
"""Part of every seed: a change of any drawing or layout raises it."""
SIDE = 128
"""Height and width of a scene in pixels."""

Colour = tuple[int, int, int]

PALETTE: dict[str, Colour] = {
    "red": (205, 45, 40),
    "yellow": (240, 205, 50),
    "green": (60, 150, 70),
    "blue": (50, 95, 200),
    "purple": (130, 70, 165),
    "pink": (240, 140, 175),
    "white": (240, 240, 238),
    "black": (38, 36, 40),
    "grey": (140, 142, 148),
    "brown": (130, 82, 45),
    "golden": (222, 165, 75),
}

_BRIGHT = ("red", "yellow", "green", "blue", "purple", "pink", "white")
_FUR = ("brown", "black", "white", "golden", "grey")


@dataclass(frozen=True)
class Kind:
    """A class of things: usual width and height in pixels, where it belongs, its colours."""

    name: str
    width: int
    height: int
    place: str
    colours: tuple[str, ...]


STUFF: tuple[str, ...] = (
    "sky", "grass", "road", "water", "sand", "snow", "mountain", "wall", "floor", "fence", "curtain",
)  # fmt: skip

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("tree", 38, 54, "ground", ("green", "green", "golden", "red", "pink")),
        Kind("house", 50, 46, "ground", ("red", "white", "yellow", "brown", "grey", "pink")),
        Kind("car", 44, 22, "ground", ("red", "yellow", "green", "blue", "white", "black")),
        Kind("bus", 58, 32, "ground", ("red", "yellow", "green", "blue", "purple")),
        Kind("boat", 44, 40, "water", ("red", "white", "brown", "blue", "green")),
        Kind("person", 18, 44, "ground", _BRIGHT),
        Kind("dog", 32, 26, "ground", ("brown", "golden", "black", "white")),
        Kind("cat", 24, 30, "ground", ("grey", "golden", "black", "white")),
        Kind("bird", 26, 18, "air", ("red", "blue", "yellow", "white", "black", "green")),
        Kind("cow", 42, 30, "ground", ("black", "brown")),
        Kind("horse", 44, 42, "ground", ("brown", "black", "grey", "golden")),
        Kind("flower", 20, 32, "ground", ("red", "yellow", "purple", "pink", "white", "blue")),
        Kind("sun", 26, 26, "air", ("yellow", "golden", "red")),
        Kind("moon", 22, 22, "air", ("white", "grey")),
        Kind("cloud", 46, 22, "air", ("white", "white", "grey", "pink")),
        Kind("table", 46, 30, "ground", ("brown", "white", "golden", "red")),
        Kind("chair", 24, 40, "ground", ("brown", "red", "blue", "green", "yellow")),
        Kind("lamp", 20, 48, "ground", ("yellow", "red", "green", "white", "blue")),
        Kind("window", 34, 36, "wall", ("white", "brown", "blue", "green")),
        Kind("door", 26, 56, "doorway", ("brown", "red", "green", "blue", "white")),
        Kind("ball", 20, 20, "ground", ("red", "blue", "yellow", "white", "pink")),
    )
}

NAMES: tuple[str, ...] = STUFF + tuple(KINDS)
INDEX: dict[str, int] = {name: i for i, name in enumerate(NAMES)}

GROUNDS: tuple[str, ...] = ("grass", "road", "water", "sand", "snow")


def class_list() -> ClassList:
    """The 32 classes; the first 11 are stuff."""
    return ClassList("toyscenes", NAMES, tuple(name in KINDS for name in NAMES))
