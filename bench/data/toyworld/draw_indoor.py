"""Section 4 (data sets): how furniture, openings and toys of the toy world look."""

from __future__ import annotations

from bench.data.toyworld.classes import Colour
from bench.data.toyworld.pen import Pen, tone

_METAL: Colour = (95, 95, 102)


def table(pen: Pen, colour: Colour, look: int) -> None:
    """A thick top on four legs, on one foot, or with a cloth that hangs down."""
    dark = tone(colour, 0.65)
    if look == 1:
        pen.rect(0.44, 0.2, 0.56, 0.95, dark)
        pen.oval(0.24, 0.84, 0.76, 1, dark)
        pen.oval(0, 0.02, 1, 0.34, colour)
        return
    for x in (0.06, 0.86, 0.24, 0.7):
        pen.rect(x, 0.24, x + 0.08, 1 if x in (0.06, 0.86) else 0.86, dark)
    pen.poly(((0.1, 0.02), (0.9, 0.02), (1, 0.24), (0, 0.24)), colour)
    pen.rect(0, 0.24, 1, 0.34, tone(colour, 0.8))
    if look == 2:
        for i in range(6):
            pen.poly(((i / 6, 0.3), ((i + 1) / 6, 0.3), ((i + 0.5) / 6, 0.52)), tone(colour, 1.2))


def chair(pen: Pen, colour: Colour, look: int) -> None:
    """From the side or the front: tall back (slats or a cushion), seat, thin legs."""
    dark = tone(colour, 0.6)
    if look == 1:
        pen.rect(0.06, 0, 0.2, 1, dark)
        pen.rect(0.06, 0, 0.24, 0.5, colour)
        pen.rect(0.06, 0.5, 0.95, 0.62, colour)
        pen.rect(0.8, 0.6, 0.92, 1, dark)
        return
    for x in (0.08, 0.8):
        pen.rect(x, 0, x + 0.12, 1, dark)
    if look == 0:
        for y in (0.04, 0.18, 0.32):
            pen.rect(0.1, y, 0.9, y + 0.08, colour)
    else:
        pen.rect(0.1, 0.02, 0.9, 0.46, colour)
    pen.poly(((0.06, 0.5), (0.94, 0.5), (1, 0.66), (0, 0.66)), tone(colour, 1.1))


def lamp(pen: Pen, colour: Colour, look: int) -> None:
    """A floor lamp with a shade, a street lamp with an arm, or a table lamp; the bulb shines."""
    glow: Colour = (255, 244, 190)
    if look == 1:
        pen.rect(0.42, 0.08, 0.58, 1, _METAL)
        pen.rect(0.28, 0.92, 0.72, 1, _METAL)
        pen.poly(((0.18, 0.02), (0.82, 0.02), (0.72, 0.26), (0.28, 0.26)), tone(colour, 0.8))
        pen.rect(0.3, 0.08, 0.7, 0.24, glow)
        return
    low = 0.3 if look == 0 else 0.44
    pen.rect(0.44, low, 0.56, 0.95, _METAL)
    pen.oval(0.16, 0.88, 0.84, 1, _METAL)
    if look == 2:
        pen.oval(0.3, 0.54, 0.7, 0.96, tone(colour, 0.6))
    pen.poly(((0.28, 0), (0.72, 0), (1, low), (0, low)), colour)
    pen.poly(((0.1, low - 0.06), (0.9, low - 0.06), (1, low), (0, low)), glow)


def window(pen: Pen, colour: Colour, look: int) -> None:
    """A frame with four panes, two panes or a round top; the glass is light blue with a gleam, or dark at night."""
    glass: Colour = ((175, 215, 240), (150, 195, 235), (60, 75, 110))[int(pen.rng.integers(3))]
    if look == 2:
        pen.oval(0, 0, 1, 0.7, colour)
        pen.oval(0.1, 0.08, 0.9, 0.7, glass)
    pen.rect(0, 0.36 if look == 2 else 0, 1, 1, colour)
    pen.rect(0.1, 0.36 if look == 2 else 0.1, 0.9, 0.9, glass)
    pen.poly(((0.16, 0.46), (0.4, 0.14), (0.5, 0.14), (0.16, 0.62)), tone(glass, 1.2))
    pen.rect(0.46, 0.04, 0.54, 0.94, colour)
    if look != 1:
        pen.rect(0.06, 0.48, 0.94, 0.56, colour)
    pen.rect(-0.04, 0.94, 1.04, 1, tone(colour, 0.7))


def door(pen: Pen, colour: Colour, look: int) -> None:
    """A tall leaf in a frame with panels or planks and a knob."""
    dark = tone(colour, 0.7)
    pen.rect(0, 0, 1, 1, tone(colour, 0.5))
    pen.rect(0.09, 0.05, 0.91, 1, colour)
    if look == 1:
        for x in (0.25, 0.42, 0.59, 0.76):
            pen.rect(x, 0.05, x + 0.035, 1, dark)
    else:
        for y in (0.12, 0.54) if look == 0 else (0.1, 0.4, 0.7):
            tall = 0.34 if look == 0 else 0.22
            pen.rect(0.2, y, 0.46, y + tall, dark)
            pen.rect(0.54, y, 0.8, y + tall, dark)
    pen.disc(0.82, 0.52, 0.035, (245, 215, 90))


def ball(pen: Pen, colour: Colour, look: int) -> None:
    """A disc: with a white band, with sectors, or with spots."""
    second: Colour = (245, 245, 240) if sum(colour) < 640 else (40, 40, 46)
    pen.disc(0.5, 0.5, 0.5, colour)
    if look == 0:
        pen.poly(((0.02, 0.4), (0.98, 0.4), (0.98, 0.6), (0.02, 0.6)), second)
    elif look == 1:
        pen.poly(((0.5, 0.5), (0.5, 0.02), (0.84, 0.16)), second)
        pen.poly(((0.5, 0.5), (0.92, 0.7), (0.6, 0.97)), second)
        pen.poly(((0.5, 0.5), (0.14, 0.8), (0.06, 0.36)), second)
    else:
        for x, y in ((0.5, 0.5), (0.5, 0.16), (0.2, 0.4), (0.8, 0.4), (0.32, 0.78), (0.68, 0.78)):
            pen.disc(x, y, 0.11, second)
    pen.oval(0.22, 0.12, 0.4, 0.28, (255, 255, 250))
