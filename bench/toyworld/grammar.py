"""Section 4 (data sets): the places of the toy world: what lies and stands where, usually.

A scene takes a place's usual contents most of the time and anything at all now and then, so that context helps and
misleads, as it does in photographs. Stuff varies within a place and recurs across places: no two classes always come
together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A layout: what fills the back, the band before it, the ground and its front edge, and the usual things.

    "" among the options means nothing there. ``horizon`` and ``things`` are ranges: pixels from the top, and a number.
    """

    name: str
    outdoors: bool
    backs: tuple[str, ...]
    middles: tuple[str, ...]
    grounds: tuple[str, ...]
    fronts: tuple[str, ...]
    usual: tuple[str, ...]
    horizon: tuple[int, int] = (46, 74)
    things: tuple[int, int] = (3, 6)


PLACES: tuple[Place, ...] = (
    Place(
        "street",
        True,
        ("sky", "sky", "wall"),
        ("hedge", "fence", "wall", "grass", ""),
        ("road", "road", "snow"),
        ("grass", "floor", "", ""),
        ("car", "bus", "bicycle", "person", "house", "tree", "lamp", "bench", "dog", "door", "car", "bus", "windmill"),
    ),
    Place(
        "beach",
        True,
        ("sky",),
        ("water", "water", "mountain"),
        ("sand",),
        ("grass", "", ""),
        ("umbrella", "person", "ball", "boat", "bird", "dog", "tent", "chair", "sun", "cloud"),
    ),
    Place(
        "lake",
        True,
        ("sky",),
        ("mountain", "hedge", "grass", ""),
        ("water",),
        ("grass", "sand", "snow", "road"),
        ("boat", "bird", "boat", "tree", "bench", "house", "person", "cloud", "balloon"),
        (40, 62),
    ),
    Place(
        "farm",
        True,
        ("sky",),
        ("hedge", "mountain", "fence", "fence"),
        ("grass", "grass", "sand"),
        ("fence", "road", "", ""),
        ("cow", "horse", "sheep", "house", "windmill", "tree", "flower", "dog", "cow", "sheep", "horse"),
    ),
    Place(
        "mountain",
        True,
        ("sky",),
        ("mountain",),
        ("snow", "grass", "sand"),
        ("road", "", ""),
        ("tree", "house", "person", "tent", "dog", "moon", "balloon", "sheep", "cloud", "tree"),
        (52, 80),
        (2, 6),
    ),
    Place(
        "railway",
        True,
        ("sky",),
        ("hedge", "mountain", "fence", ""),
        ("grass", "sand", "road", "snow"),
        ("grass", "hedge", "", ""),
        ("train", "train", "house", "tree", "cow", "person", "lamp", "cloud", "bench"),
        (44, 70),
        (2, 5),
    ),
    Place(
        "park",
        True,
        ("sky", "sky", "hedge", "wall"),
        ("hedge", "fence", "water", ""),
        ("grass", "grass", "snow", "sand"),
        ("road", "", ""),
        ("bench", "tree", "flower", "person", "dog", "ball", "bicycle", "balloon", "cat", "umbrella"),
    ),
    Place(
        "camp",
        True,
        ("sky", "sky", "hedge"),
        ("mountain", "hedge", "water"),
        ("grass", "sand", "snow"),
        ("",),
        ("tent", "tent", "person", "chair", "bicycle", "lamp", "tree", "moon", "dog", "table"),
    ),
    Place(
        "yard",
        True,
        ("wall", "fence", "hedge", "sky"),
        ("fence", "hedge", "wall", ""),
        ("sand", "grass", "road", "floor"),
        ("grass", "", ""),
        ("bicycle", "chair", "cat", "door", "window", "flower", "ball", "umbrella", "dog", "bench"),
    ),
    Place(
        "desert",
        True,
        ("sky",),
        ("mountain", "wall", ""),
        ("sand",),
        ("road", "", ""),
        ("horse", "tent", "sun", "tree", "airplane", "car", "person", "balloon"),
        (50, 84),
        (2, 5),
    ),
    Place(
        "sky",
        True,
        ("sky",),
        ("",),
        ("mountain", "water", "hedge", "grass", "snow"),
        ("",),
        ("airplane", "balloon", "bird", "cloud", "sun", "moon", "airplane", "umbrella", "airplane"),
        (92, 122),
        (2, 5),
    ),
    Place(
        "living room",
        False,
        ("wall",),
        ("curtain", "curtain", ""),
        ("floor",),
        ("",),
        ("sofa", "table", "lamp", "clock", "window", "cat", "door", "chair", "flower", "sofa", "dog", "sofa"),
        (60, 84),
    ),
    Place(
        "bedroom",
        False,
        ("wall", "wall", "curtain"),
        ("curtain", "wall", ""),
        ("floor",),
        ("",),
        ("bed", "bed", "lamp", "clock", "window", "chair", "cat", "ball", "door"),
        (60, 84),
    ),
    Place(
        "kitchen",
        False,
        ("wall",),
        ("", "curtain"),
        ("floor",),
        ("",),
        ("table", "chair", "window", "door", "clock", "lamp", "cat", "dog", "table", "chair", "person"),
        (60, 84),
    ),
    Place(
        "stage",
        False,
        ("curtain",),
        ("wall", "", ""),
        ("floor", "floor", "sand", "grass"),
        ("",),
        ("person", "chair", "horse", "dog", "ball", "lamp", "table", "sheep", "bicycle"),
        (64, 90),
        (2, 5),
    ),
)

WEATHER: tuple[str, ...] = ("", "", "", "", "", "rain", "snowfall", "fog", "night", "sunset")
"""Outdoors; indoors the light changes a little and nothing else."""
SKIES: dict[str, tuple[str, ...]] = {
    "": ("blue", "white"),
    "rain": ("grey", "white"),
    "snowfall": ("grey", "white"),
    "fog": ("grey", "white"),
    "night": ("black", "purple"),
    "sunset": ("pink", "orange", "red", "golden", "yellow"),
}
"""Which colours of sky go with a weather, most of the time."""
OUTDOOR_LIGHTS: dict[str, str] = {"night": "moon", "sunset": "sun"}

SEATS: dict[str, tuple[float, float, tuple[str, ...]]] = {
    "table": (0.12, 0.62, ("cat", "lamp", "clock", "flower", "ball", "bird")),
    "sofa": (0.62, 0.72, ("cat", "dog", "ball", "cat")),
    "bed": (0.5, 0.66, ("cat", "dog", "ball")),
    "bench": (0.55, 0.8, ("cat", "bird", "person", "ball")),
    "chair": (0.58, 0.7, ("cat", "ball", "flower", "bird")),
    "house": (0.06, 0.5, ("bird", "cat", "bird")),
    "car": (0.06, 0.6, ("cat", "bird")),
}
"""What may carry something: how far down its box that stands, how large it is there, and what it is."""
HERDS: tuple[str, ...] = (
    "cow",
    "sheep",
    "sheep",
    "horse",
    "bird",
    "person",
    "tree",
    "flower",
    "balloon",
    "boat",
    "car",
    "ball",
    "tent",
    "chair",
    "cloud",
)
"""What often comes in twos and threes."""
ONLY_ONE: tuple[str, ...] = ("sun", "moon")
"""A scene has no two of these."""
LOOKS_BY_PLACE: dict[str, dict[str, tuple[int, ...]]] = {"bird": {"air": (0, 1), "ground": (2,), "water": (3,)}}
"""Looks that fit only where a thing is; others go anywhere."""
