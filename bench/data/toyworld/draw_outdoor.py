"""Section 4 (data sets): how vehicles, houses, plants and things in the sky of the toy world look."""

from __future__ import annotations

import math

from bench.data.toyworld.classes import Colour
from bench.data.toyworld.pen import Pen, tone

_GLASS: Colour = (165, 205, 225)
_TYRE: Colour = (30, 30, 34)
_STEEL: Colour = (190, 192, 196)
_WOOD: Colour = (105, 70, 42)


def _wheels(pen: Pen, xs: tuple[float, ...], y: float, radius: float) -> None:
    for x in xs:
        pen.disc(x, y, radius, _TYRE)
        pen.disc(x, y, radius * 0.45, _STEEL)


def car(pen: Pen, colour: Colour, look: int) -> None:
    """From the side: a low body with a cabin (saloon, hatchback or van-like) and two wheels."""
    roof = (((0.2, 0.45), (0.32, 0.06), (0.68, 0.06), (0.84, 0.45)),
            ((0.06, 0.45), (0.1, 0.04), (0.62, 0.04), (0.8, 0.45)),
            ((0.3, 0.45), (0.42, 0.1), (0.6, 0.1), (0.74, 0.45)))[look]  # fmt: skip
    pen.poly(roof, tone(colour, 0.85))
    (x0, _), (x1, _), (x2, _), (x3, _) = roof
    middle = (x1 + x2) / 2
    pen.poly(((x0 + 0.07, 0.42), (x1 + 0.03, 0.14), (middle - 0.02, 0.14), (middle - 0.02, 0.42)), _GLASS)
    pen.poly(((middle + 0.02, 0.42), (middle + 0.02, 0.14), (x2 - 0.02, 0.14), (x3 - 0.06, 0.42)), _GLASS)
    pen.poly(((0, 0.5), (0.06, 0.4), (0.94, 0.42), (1, 0.55), (1, 0.82), (0, 0.82)), colour)
    pen.rect(0, 0.66, 1, 0.72, tone(colour, 0.7))
    pen.rect(0.94, 0.5, 1, 0.6, (250, 240, 170))
    _wheels(pen, (0.22, 0.78), 0.8, 0.2)


def bus(pen: Pen, colour: Colour, look: int) -> None:
    """A long tall box with a row of windows, a white band and three wheels; one look has two decks."""
    pen.rect(0, 0, 1, 0.86, colour)
    rows = (0.1, 0.46) if look == 1 else (0.16,)
    tall = 0.22 if look == 1 else 0.32
    for y in rows:
        for x in (0.04, 0.2, 0.36, 0.52, 0.68):
            pen.rect(x, y, x + 0.12, y + tall, _GLASS)
    pen.rect(0.85, rows[-1], 0.97, 0.84, tone(_GLASS, 0.8))
    pen.rect(0, 0.74, 0.84, 0.8, (245, 245, 240))
    _wheels(pen, (0.18, 0.7) if look == 2 else (0.16, 0.3, 0.74), 0.86, 0.14)


def boat(pen: Pen, colour: Colour, look: int) -> None:
    """A hull with a sail, with two sails, or with a cabin and a funnel."""
    if look == 2:
        pen.rect(0.28, 0.4, 0.68, 0.7, (245, 245, 240))
        for x in (0.33, 0.45, 0.57):
            pen.disc(x + 0.03, 0.55, 0.06, (70, 110, 150))
        pen.rect(0.5, 0.12, 0.6, 0.42, tone(colour, 0.8))
        pen.rect(0.5, 0.12, 0.6, 0.2, _TYRE)
    else:
        pen.rect(0.48, 0, 0.52, 0.75, _WOOD)
        pen.poly(((0.54, 0.04), (0.54, 0.62), (0.92, 0.62)), (248, 246, 240))
        pen.poly(((0.46, 0.1), (0.46, 0.62), (0.16, 0.62)), (248, 246, 240) if look == 0 else tone(colour, 1.1))
    pen.poly(((0, 0.7), (1, 0.7), (0.84, 1), (0.14, 1)), colour)
    pen.rect(0.02, 0.7, 0.98, 0.76, tone(colour, 0.65))


def house(pen: Pen, colour: Colour, look: int) -> None:
    """A front with a gabled, a hipped or a flat roof, dark windows, a door and a chimney."""
    roof: Colour = ((150, 55, 45), (85, 80, 88), (110, 75, 50))[int(pen.rng.integers(3))]
    top = 0.42 if look != 2 else 0.2
    pen.rect(0.74, 0.04, 0.86, 0.4, tone(roof, 0.7))
    pen.rect(0.06, top, 0.94, 1, colour)
    for y in (top + 0.16, top + 0.32, top + 0.48):
        pen.rect(0.06, y, 0.94, y + 0.012, tone(colour, 0.82))
    if look == 0:
        pen.poly(((0, 0.44), (0.5, 0), (1, 0.44)), roof)
    elif look == 1:
        pen.poly(((0, 0.44), (0.2, 0.1), (0.8, 0.1), (1, 0.44)), roof)
    else:
        pen.rect(0.02, 0.14, 0.98, 0.24, roof)
    for x in (0.14, 0.66):
        pen.rect(x, 0.54, x + 0.2, 0.74, (245, 240, 225))
        pen.rect(x + 0.03, 0.57, x + 0.17, 0.71, (70, 85, 105))
    pen.rect(0.42, 0.64, 0.58, 1, tone(roof, 0.65))


def tree(pen: Pen, colour: Colour, look: int) -> None:
    """A trunk with a round crown, a fir in three tiers, or a poplar; leaves in three tones."""
    pen.rect(0.43, 0.6, 0.57, 1, _WOOD)
    if look == 1:
        for y, half in ((0.5, 0.48), (0.26, 0.38), (0.0, 0.28)):
            pen.poly(((0.5 - half, y + 0.38), (0.5, y), (0.5 + half, y + 0.38)), tone(colour, 0.7 + 0.2 * (y < 0.3)))
        return
    if look == 2:
        pen.oval(0.22, 0, 0.78, 0.8, tone(colour, 0.8))
    else:
        for x, y in ((0.0, 0.2), (0.36, 0.22), (0.18, 0.0)):
            pen.oval(x, y, x + 0.64, y + 0.46, tone(colour, 0.85))
    for _ in range(14):
        x, y = 0.26 + 0.42 * pen.rng.random(), 0.1 + 0.46 * pen.rng.random()
        pen.disc(x, y, 0.045, tone(colour, 0.65 + 0.6 * pen.rng.random()))


def flower(pen: Pen, colour: Colour, look: int) -> None:
    """A stem with two leaves and a blossom of five to eight petals, or a tulip."""
    green: Colour = (55, 140, 60)
    pen.rect(0.46, 0.4, 0.54, 1, green)
    pen.poly(((0.5, 0.85), (0.05, 0.62), (0.2, 0.86)), green)
    pen.poly(((0.5, 0.92), (0.95, 0.66), (0.8, 0.9)), green)
    if look == 2:
        rim = ((0.15, 0.02), (0.34, 0.16), (0.5, 0), (0.66, 0.16), (0.85, 0.02))
        pen.poly((*rim, (0.8, 0.4), (0.5, 0.54), (0.2, 0.4)), colour)
        return
    petals = 5 if look == 0 else 8
    for i in range(petals):
        turn = 2 * math.pi * i / petals
        pen.disc(0.5 + 0.3 * math.cos(turn), 0.28 + 0.18 * math.sin(turn), 0.115, tone(colour, 1.1 if i % 2 else 0.9))
    pen.disc(0.5, 0.28, 0.09, (245, 190, 40) if colour[2] > 60 or colour[1] < 150 else (110, 70, 30))


def sun(pen: Pen, colour: Colour, look: int) -> None:
    """A bright disc with rays, or with a paler halo."""
    if look != 1:
        for i in range(12):
            turn = 2 * math.pi * i / 12
            pen.line(0.5, 0.5, 0.5 + 0.5 * math.cos(turn), 0.5 + 0.5 * math.sin(turn), 0.07, tone(colour, 0.95))
    else:
        pen.disc(0.5, 0.5, 0.48, tone(colour, 0.9))
    pen.disc(0.5, 0.5, 0.34, tone(colour, 1.1))


def moon(pen: Pen, colour: Colour, look: int) -> None:
    """A pale crescent, or a full disc with craters."""
    pale = tone(colour, 0.95)
    if look == 0:
        outer = [(0.5 + 0.5 * math.sin(t), 0.5 - 0.5 * math.cos(t)) for t in (i * math.pi / 12 for i in range(13))]
        inner = [(0.5 + 0.22 * math.sin(t), 0.5 + 0.5 * math.cos(t)) for t in (i * math.pi / 12 for i in range(13))]
        pen.poly(outer + inner, pale)
        return
    pen.disc(0.5, 0.5, 0.48, pale)
    for x, y, r in ((0.34, 0.36, 0.1), (0.62, 0.6, 0.13), (0.62, 0.26, 0.07), (0.32, 0.68, 0.06)):
        pen.disc(x, y, r, tone(pale, 0.8))


def cloud(pen: Pen, colour: Colour, look: int) -> None:
    """Three to five puffs on a flat base."""
    pale = (min(255, 120 + colour[0] // 2), min(255, 120 + colour[1] // 2), min(255, 120 + colour[2] // 2))
    pen.oval(0.05, 0.5, 0.95, 1, tone(pale, 0.86))
    three, two = ((0.02, 0.35, 0.4), (0.24, 0.05, 0.46), (0.56, 0.25, 0.4)), ((0.1, 0.2, 0.5), (0.4, 0.1, 0.5))
    for x, y, width in two if look == 1 else three:
        pen.oval(x, y, x + width, y + 0.62, pale)
