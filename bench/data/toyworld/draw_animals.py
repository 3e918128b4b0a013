"""Section 4 (data sets): how persons and animals of the toy world look."""

from __future__ import annotations

from bench.data.toyworld.classes import Colour
from bench.data.toyworld.pen import Pen, tone

_DARK: Colour = (35, 30, 30)
_SKINS: tuple[Colour, ...] = ((240, 200, 165), (205, 150, 110), (140, 95, 65), (95, 62, 45))
_TROUSERS: tuple[Colour, ...] = ((45, 55, 95), (60, 60, 62), (120, 95, 65), (35, 35, 40))
_HAIR: tuple[Colour, ...] = ((45, 32, 25), (25, 22, 22), (190, 150, 70), (120, 70, 35))


def person(pen: Pen, colour: Colour, look: int) -> None:
    """Upright: head, shirt or dress, two legs, arms down or up."""
    skin, trousers, hair = (kinds[int(pen.rng.integers(4))] for kinds in (_SKINS, _TROUSERS, _HAIR))
    if look == 1:
        pen.poly(((0.35, 0.25), (0.65, 0.25), (0.95, 0.78), (0.05, 0.78)), colour)
        for x in (0.32, 0.56):
            pen.rect(x, 0.76, x + 0.13, 1, skin)
    else:
        spread = 0.12 if look == 2 else 0.02
        pen.poly(((0.25, 0.55), (0.5, 0.55), (0.44 - spread, 1), (0.2 - spread, 1)), trousers)
        pen.poly(((0.5, 0.55), (0.75, 0.55), (0.8 + spread, 1), (0.56 + spread, 1)), trousers)
        pen.rect(0.22, 0.24, 0.78, 0.6, colour)
    reach = 0.06 if look == 2 else 0.6
    pen.line(0.25, 0.28, 0.02, reach, 0.08, tone(colour, 0.8))
    pen.line(0.75, 0.28, 0.98, reach if look != 3 else 0.06, 0.08, tone(colour, 0.8))
    pen.disc(0.5, 0.12, 0.12, skin)
    pen.poly(((0.22, 0.1), (0.3, 0.01), (0.7, 0.01), (0.78, 0.1), (0.5, 0.07)), hair)


def dog(pen: Pen, colour: Colour, look: int) -> None:
    """Sideways on four legs: long muzzle, hanging ear, tail up."""
    dark = tone(colour, 0.6)
    pen.line(0.12, 0.45, 0.0, 0.05 if look != 1 else 0.3, 0.12, colour)
    for x in (0.16, 0.3, 0.58, 0.7):
        pen.rect(x, 0.6, x + 0.09, 1, dark if x in (0.3, 0.58) else colour)
    pen.oval(0.08, 0.36, 0.82, 0.76, colour)
    if look == 2:
        pen.oval(0.3, 0.36, 0.6, 0.6, dark)
    pen.oval(0.6, 0.08, 0.92, 0.52, colour)
    pen.rect(0.78, 0.26, 1, 0.46, tone(colour, 1.15))
    pen.oval(0.6, 0.1, 0.72, 0.52, dark)
    pen.disc(0.98, 0.29, 0.06, _DARK)
    pen.disc(0.82, 0.22, 0.045, _DARK)


def cat(pen: Pen, colour: Colour, look: int) -> None:
    """Sitting and facing us: pointed ears, round head, striped, tail around."""
    dark = tone(colour, 0.6) if sum(colour) > 200 else (80, 76, 84)
    pen.line(0.75, 0.92, 1, 0.5 if look != 1 else 0.2, 0.09, dark)
    pen.poly(((0.3, 0.4), (0.7, 0.4), (0.9, 1), (0.1, 1)), colour)
    for y in (0.62, 0.74, 0.86) if look != 2 else ():
        pen.line(0.3, y, 0.7, y, 0.045, dark)
    pen.poly(((0.14, 0.3), (0.16, 0), (0.44, 0.16)), dark)
    pen.poly(((0.86, 0.3), (0.84, 0), (0.56, 0.16)), dark)
    pen.oval(0.1, 0.1, 0.9, 0.56, colour)
    for x in (0.33, 0.67):
        pen.disc(x, 0.3, 0.065, (150, 220, 90))
        pen.disc(x, 0.3, 0.03, _DARK)
    pen.poly(((0.42, 0.39), (0.58, 0.39), (0.5, 0.46)), (235, 130, 140))


def bird(pen: Pen, colour: Colour, look: int) -> None:
    """Flying with wings up, gliding, or seen from the side; a yellow beak."""
    dark = tone(colour, 0.65) if sum(colour) > 200 else (90, 90, 100)
    pen.poly(((0.02, 0.35), (0.3, 0.5), (0.3, 0.7), (0, 0.75)), dark)
    pen.oval(0.2, 0.36, 0.8, 0.82, colour)
    if look == 0:
        pen.poly(((0.3, 0.5), (0.6, 0.5), (0.3, 0)), dark)
    elif look == 1:
        pen.poly(((0.3, 0.5), (0.62, 0.55), (0.25, 1)), dark)
    else:
        pen.oval(0.25, 0.45, 0.58, 0.75, dark)
    pen.oval(0.64, 0.16, 0.9, 0.56, colour)
    pen.poly(((0.87, 0.28), (1, 0.4), (0.86, 0.46)), (245, 165, 30))
    pen.disc(0.8, 0.3, 0.055, _DARK)


def cow(pen: Pen, colour: Colour, look: int) -> None:
    """Sideways: blocky white body with large patches, horns, pink muzzle and udder."""
    white: Colour = (238, 234, 226)
    body, patch = (white, colour) if look != 2 else (colour, white)
    for x in (0.12, 0.24, 0.6, 0.7):
        pen.rect(x, 0.6, x + 0.08, 1, tone(body, 0.85))
    pen.oval(0.3, 0.66, 0.46, 0.84, (240, 165, 165))
    pen.rect(0.08, 0.24, 0.76, 0.72, body)
    pen.line(0.08, 0.28, 0.02, 0.7, 0.06, patch)
    for x, y in ((0.1, 0.28), (0.34, 0.4), (0.56, 0.26)):
        pen.oval(x, y, x + 0.2, y + 0.3, patch)
    pen.poly(((0.7, 0.2), (0.92, 0.1), (1, 0.48), (0.88, 0.56), (0.72, 0.5)), body)
    pen.oval(0.84, 0.36, 1, 0.58, (240, 165, 165))
    pen.poly(((0.74, 0.18), (0.7, 0), (0.8, 0.12)), (225, 210, 170))
    pen.poly(((0.88, 0.12), (0.94, 0), (0.94, 0.16)), (225, 210, 170))
    pen.disc(0.86, 0.26, 0.04, _DARK)


def horse(pen: Pen, colour: Colour, look: int) -> None:
    """Sideways: long neck, mane, long tail, slim legs."""
    mane = (40, 30, 26) if sum(colour) > 200 else (105, 85, 70)
    pen.poly(((0.14, 0.4), (0.02, 0.5), (0, 0.85), (0.1, 0.7)), mane)
    lift = 0.12 if look == 1 else 0.0
    for x, dx in ((0.16, -0.04), (0.26, 0.03), (0.58, -0.02), (0.66, lift)):
        pen.poly(((x, 0.55), (x + 0.09, 0.55), (x + 0.07 + dx, 1 - lift / 2), (x + 0.01 + dx, 1 - lift / 2)), colour)
    pen.oval(0.1, 0.36, 0.76, 0.68, colour)
    pen.poly(((0.56, 0.44), (0.72, 0.08), (0.86, 0.12), (0.76, 0.58)), colour)
    pen.poly(((0.74, 0.06), (0.86, 0.04), (1, 0.26), (0.94, 0.34), (0.76, 0.24)), colour)
    pen.poly(((0.54, 0.42), (0.68, 0.04), (0.78, 0.02), (0.66, 0.3), (0.62, 0.48)), mane)
    if look == 2:
        pen.rect(0.3, 0.34, 0.5, 0.5, (170, 50, 50))
    pen.disc(0.84, 0.14, 0.025, _DARK)
