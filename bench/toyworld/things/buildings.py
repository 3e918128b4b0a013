"""Section 4 (data sets): how houses and windmills of the toy world look."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix, tone

_GLASS: Colour = (150, 196, 222)
_LIT: Colour = (255, 224, 130)
_WHITE: Colour = (246, 242, 230)
_WOOD: Colour = (112, 76, 48)
_IRON: Colour = (58, 58, 66)
_LEAF: Colour = (70, 146, 66)
_BRICK: Colour = (150, 84, 66)
_ROOFS: tuple[Colour, ...] = ((178, 82, 58), (82, 90, 108), (118, 78, 54), (66, 104, 94))
_DOORS: tuple[Colour, ...] = ((58, 92, 120), (120, 72, 44), (150, 52, 48), (64, 110, 78))
_SAILS: tuple[Colour, ...] = ((242, 232, 204), (150, 96, 58), (110, 118, 132))


def _choose_unlike(colour: Colour, kinds: tuple[Colour, ...], pick: float) -> Colour:
    """Choose one of the kinds by chance (``pick`` from 0 to 1), but one that stands out from the colour."""
    first = int(pick * len(kinds))
    order = kinds[first:] + kinds[:first]
    return next((k for k in order if sum(abs(a - b) for a, b in zip(k, colour, strict=True)) > 130), order[0])


def _draw_pane(pen: Pen, x0: float, y0: float, x1: float, y1: float, frame: Colour, glass: Colour = _GLASS) -> None:
    """Draw a framed window with a gleam; the larger ones have glazing bars."""
    wide = (x1 - x0) * pen.width
    dx, dy = 0.16 * (x1 - x0), 0.13 * (y1 - y0)
    with pen.begin_part("window"):
        pen.fill_rect(x0, y0, x1, y1, frame)
        pen.fill_rect(x0 + dx, y0 + dy, x1 - dx, y1 - dy, glass)
        if wide > 6.6:
            pen.fill_poly(((x0 + dx, y0 + dy), (x0 + 3 * dx, y0 + dy), (x0 + dx, y0 + 4 * dy)), mix(glass, _WHITE, 0.5))
        if wide > 7.5:
            pen.fill_rect((x0 + x1) / 2 - 0.3 * dx, y0 + dy, (x0 + x1) / 2 + 0.3 * dx, y1 - dy, frame)
            pen.fill_rect(x0 + dx, (y0 + y1) / 2 - 0.3 * dy, x1 - dx, (y0 + y1) / 2 + 0.3 * dy, frame)


def _draw_door(pen: Pen, x0: float, y0: float, x1: float, colour: Colour, frame: Colour) -> None:
    """Draw a door down to the ground with a frame, a pane and a knob."""
    wide, tall = x1 - x0, 1 - y0
    with pen.begin_part("door"):
        pen.fill_rect(x0, y0, x1, 1, frame)
        pen.fill_rect(x0 + 0.13 * wide, y0 + 0.08 * tall, x1 - 0.13 * wide, 1, colour)
        if wide * pen.width > 6:
            pen.fill_rect(x0 + 0.3 * wide, y0 + 0.2 * tall, x1 - 0.3 * wide, y0 + 0.45 * tall, tone(colour, 1.35))
            pen.fill_disc(x1 - 0.26 * wide, y0 + 0.6 * tall, 0.012, _LIT)


def _draw_chimney(pen: Pen, x: float, y0: float, y1: float) -> None:
    """Draw a brick chimney with a cap, its left side at x."""
    with pen.begin_part("chimney"):
        pen.fill_rect(x, y0, x + 0.11, y1, _BRICK)
        pen.fill_rect(x + 0.07, y0, x + 0.11, y1, tone(_BRICK, 0.75))
        pen.fill_rect(x - 0.015, y0, x + 0.125, y0 + 0.05, tone(_BRICK, 0.6))


def draw_house(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a gabled cottage, a hip roof with a porch, a block of flats, or a farmhouse with a broken gable."""
    share = pen.rng.random(6).tolist()
    roof, leaf = _choose_unlike(colour, _ROOFS, share[0]), _choose_unlike(colour, _DOORS, share[1])
    frame = _WHITE if sum(colour) < 560 else tone(leaf, 0.9)
    glass = _LIT if share[2] < 0.2 else _GLASS
    (_draw_cottage, _draw_porch_house, _draw_flats, _draw_farmhouse)[look](
        pen, colour, roof, leaf, frame, glass, share[3:]
    )


def _draw_cottage(
    pen: Pen, colour: Colour, roof: Colour, leaf: Colour, frame: Colour, glass: Colour, share: Sequence[float]
) -> None:
    """Draw a cottage whose gable faces us: attic window, shutters or flower boxes."""
    _draw_chimney(pen, 0.7 - 0.02 * share[0], 0.06, 0.4)
    pen.fill_poly(((0.07, 1), (0.07, 0.48), (0.5, 0.08), (0.93, 0.48), (0.93, 1)), colour)
    pen.fill_poly(((0.07, 0.48), (0.5, 0.08), (0.93, 0.48), (0.93, 0.57), (0.5, 0.2), (0.07, 0.57)), tone(colour, 0.78))
    pen.fill_rect(0.07, 0.93, 0.93, 1, tone(colour, 0.72))
    with pen.begin_part("roof"):
        pen.fill_poly(((0, 0.48), (0.5, 0), (0.5, 0.13), (0.05, 0.55)), tone(roof, 1.1))
        pen.fill_poly(((1, 0.48), (0.5, 0), (0.5, 0.13), (0.95, 0.55)), tone(roof, 0.85))
    _draw_pane(pen, 0.43, 0.3, 0.57, 0.45, frame, glass)
    for x in (0.15, 0.65):
        _draw_pane(pen, x, 0.57, x + 0.2, 0.79, frame, glass)
        if share[1] < 0.6:
            for side in (x - 0.055, x + 0.205):
                pen.fill_rect(side, 0.57, side + 0.05, 0.79, leaf)
        else:
            pen.fill_rect(x - 0.02, 0.78, x + 0.22, 0.84, _LEAF)
    _draw_door(pen, 0.4, 0.6 + 0.04 * share[2], 0.6, leaf, frame)


def _draw_porch_house(
    pen: Pen, colour: Colour, roof: Colour, leaf: Colour, frame: Colour, glass: Colour, share: Sequence[float]
) -> None:
    """Draw a weatherboarded house under a hip roof; a porch on two posts."""
    _draw_chimney(pen, 0.66 + 0.06 * share[0], 0, 0.3)
    pen.fill_rect(0.06, 0.38, 0.94, 1, colour)
    pen.fill_rect(0.06, 0.38, 0.94, 0.45, tone(colour, 0.76))
    for y in (0.58, 0.7, 0.82, 0.93) if pen.height > 30 else ():
        pen.fill_rect(0.06, y, 0.94, y + 0.014, tone(colour, 0.87))
    with pen.begin_part("roof"):
        pen.fill_poly(((0, 0.4), (0.22, 0.07), (0.78, 0.07), (1, 0.4)), roof)
        pen.fill_poly(((0.78, 0.07), (1, 0.4), (0.72, 0.4)), tone(roof, 0.8))
        for y, inset in ((0.17, 0.15), (0.28, 0.08)) if pen.height > 24 else ():
            pen.fill_rect(inset, y, 1 - inset, y + 0.016, tone(roof, 0.75))
    for x in (0.12, 0.67):
        _draw_pane(pen, x, 0.52, x + 0.2, 0.78, frame, glass)
    _draw_door(pen, 0.41, 0.64, 0.59, leaf, frame)
    for x in (0.33, 0.63):
        pen.fill_rect(x, 0.58, x + 0.04, 1, frame)
    with pen.begin_part("roof"):
        pen.fill_poly(((0.27, 0.6), (0.5, 0.42), (0.73, 0.6)), tone(roof, 1.15))
    pen.fill_poly(((0.37, 0.6), (0.5, 0.5), (0.63, 0.6)), tone(colour, 1.08))


def _draw_flats(
    pen: Pen, colour: Colour, roof: Colour, leaf: Colour, frame: Colour, glass: Colour, share: Sequence[float]
) -> None:
    """Draw a block of flats: a flat roof, three or four floors of three or four windows, some lit."""
    across, floors = 3 + int(2 * share[0]), 3 + int(2 * share[1])
    _draw_chimney(pen, 0.2 + 0.5 * share[2], 0, 0.1)
    pen.fill_rect(0.06, 0.1, 0.94, 1, colour)
    pen.fill_rect(0.84, 0.1, 0.94, 1, tone(colour, 0.84))
    pen.fill_rect(0.06, 0.94, 0.94, 1, tone(colour, 0.66))
    with pen.begin_part("roof"):
        pen.fill_rect(0.02, 0.07, 0.98, 0.14, roof)
        pen.fill_rect(0.05, 0.14, 0.95, 0.16, tone(roof, 0.7))
    step, storey = 0.82 / across, 0.8 / floors
    for row in range(floors):
        for column in range(across):
            x, y = 0.09 + step * (column + 0.2), 0.19 + storey * row
            if row < floors - 1 or abs(x + 0.3 * step - 0.5) > 0.2:
                lit = (3 * row + 5 * column + int(9 * share[2])) % 7 == 0
                _draw_pane(pen, x, y, x + 0.6 * step, y + 0.62 * storey, frame, _LIT if lit else glass)
    _draw_door(pen, 0.4, 0.78, 0.6, leaf, frame)
    pen.fill_rect(0.36, 0.73, 0.64, 0.79, roof)


def _draw_farmhouse(
    pen: Pen, colour: Colour, roof: Colour, leaf: Colour, frame: Colour, glass: Colour, share: Sequence[float]
) -> None:
    """Draw a farmhouse: front with a broken gable and a braced barn door, long side in shade."""
    pen.fill_rect(0.62, 0.46, 0.97, 1, tone(colour, 0.76))
    pen.fill_poly(((0.04, 1), (0.04, 0.47), (0.12, 0.22), (0.34, 0.05), (0.56, 0.22), (0.64, 0.47), (0.64, 1)), colour)
    with pen.begin_part("roof"):
        pen.fill_poly(((0.34, 0.03), (0.72, 0.03), (0.92, 0.21), (0.56, 0.21)), tone(roof, 1.15))
        pen.fill_poly(((0.56, 0.21), (0.92, 0.21), (1, 0.5), (0.65, 0.5)), roof)
        pen.draw_curve(
            ((0.02, 0.5), (0.12, 0.23), (0.34, 0.045), (0.56, 0.23), (0.65, 0.5)), (0.05,) * 5, tone(roof, 0.7)
        )
    _draw_chimney(pen, 0.6 + 0.06 * share[0], 0, 0.14)
    _draw_pane(pen, 0.25, 0.24, 0.43, 0.42, frame, glass)
    for x in (0.69, 0.84):
        _draw_pane(pen, x, 0.6, x + 0.1, 0.8, frame, glass)
    top = 0.54 + 0.05 * share[1]
    with pen.begin_part("door"):
        pen.fill_rect(0.16, top, 0.52, 1, frame)
        pen.fill_rect(0.185, top + 0.03, 0.495, 1, leaf)
        for x0, x1 in ((0.19, 0.49), (0.49, 0.19)):
            pen.draw_line(x0, top + 0.04, x1, 0.99, 0.03, frame)
        pen.fill_rect(0.33, top, 0.35, 1, frame)


def _draw_sails(pen: Pen, x: float, y: float, colour: Colour) -> None:
    """Draw four lattice sails around the hub, as long as the box allows."""
    cloth = _choose_unlike(colour, _SAILS, pen.rng.random())
    turn = pen.rng.uniform(0.3, 1.25)
    squash = pen.height / pen.width
    length = min(0.5 / squash, y) / max(math.cos(turn), math.sin(turn)) * 0.97
    for i in range(4):
        c, s = length * math.cos(turn + i * math.pi / 2), length * math.sin(turn + i * math.pi / 2)

        def quad(a0: float, b0: float, a1: float, b1: float, paint: Colour, c: float = c, s: float = s) -> None:
            corners = ((a0, b0), (a1, b0), (a1, b1), (a0, b1))
            pen.fill_poly([(x + (a * c - b * s) * squash, y + a * s + b * c) for a, b in corners], paint)

        quad(0.2, 0, 0.98, 0.24, cloth)
        for a in (0.36, 0.52, 0.68, 0.84) if pen.height > 30 else (0.58,):
            quad(a - 0.015, 0, a + 0.015, 0.24, tone(cloth, 0.66))
        quad(0.2, 0.2, 0.98, 0.24, tone(cloth, 0.66))
        quad(0, -0.035, 1, 0.035, tone(cloth, 0.5))
    pen.fill_disc(x, y, 0.04, _IRON)


def draw_windmill(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a tower mill with a domed cap, a slim wind turbine, or a wooden mill on a trestle."""
    share = pen.rng.random(4).tolist()
    roof, leaf = _choose_unlike(colour, _ROOFS, share[0]), _choose_unlike(colour, _DOORS, share[1])
    if look == 1:
        _draw_turbine(pen, colour, share[2])
        return
    if look == 2:
        with pen.begin_part("leg"):
            for x in (0.14, 0.86, 0.5):
                pen.draw_line(0.5, 0.66, x, 1, 0.045, tone(_WOOD, 0.8))
            pen.fill_rect(0.2, 0.9, 0.8, 0.94, _WOOD)
        pen.fill_rect(0.22, 0.2, 0.78, 0.76, colour)
        pen.fill_rect(0.62, 0.2, 0.78, 0.76, tone(colour, 0.82))
        for x in (0.33, 0.44, 0.55, 0.66):
            pen.fill_rect(x, 0.22, x + 0.018, 0.76, tone(colour, 0.72))
        pen.fill_rect(0.2, 0.73, 0.8, 0.78, tone(colour, 0.6))
        _draw_pane(pen, 0.4, 0.56, 0.6, 0.68, _WHITE if sum(colour) < 560 else leaf)
        with pen.begin_part("roof"):
            pen.fill_poly(((0.14, 0.26), (0.3, 0.1), (0.5, 0.04), (0.7, 0.1), (0.86, 0.26)), roof)
    else:
        pen.fill_poly(((0.3, 0.28), (0.7, 0.28), (0.88, 1), (0.12, 1)), colour)
        pen.fill_poly(((0.56, 0.28), (0.7, 0.28), (0.88, 1), (0.6, 1)), tone(colour, 0.8))
        pen.fill_poly(((0.32, 0.28), (0.38, 0.28), (0.28, 1), (0.18, 1)), tone(colour, 1.12))
        pen.fill_poly(((0.13, 0.95), (0.87, 0.95), (0.9, 1), (0.1, 1)), tone(colour, 0.6))
        _draw_pane(pen, 0.43, 0.56, 0.57, 0.66, _WHITE if sum(colour) < 560 else leaf)
        _draw_door(pen, 0.4, 0.8, 0.6, leaf, tone(colour, 0.6))
        if share[2] < 0.5:
            pen.fill_rect(0.16, 0.7, 0.84, 0.73, _WOOD)
        with pen.begin_part("roof"):
            outline = ((0.25, 0.3), (0.28, 0.19), (0.38, 0.11), (0.5, 0.08), (0.62, 0.11), (0.72, 0.19), (0.75, 0.3))
            pen.fill_poly(outline, roof)
    _draw_sails(pen, 0.5, 0.35, colour)


def _draw_turbine(pen: Pen, colour: Colour, share: float) -> None:
    """Draw a tapering mast with three blades."""
    pen.fill_poly(((0.45, 0.36), (0.55, 0.36), (0.62, 1), (0.38, 1)), colour)
    pen.fill_poly(((0.51, 0.36), (0.55, 0.36), (0.62, 1), (0.52, 1)), tone(colour, 0.78))
    pen.fill_rect(0.3, 0.96, 0.7, 1, (150, 150, 148))
    squash, tip = pen.height / pen.width, _WHITE if sum(colour) < 560 else (206, 66, 56)
    shape = ((0.0, -0.05), (0.24, -0.1), (1.0, -0.02), (1.0, 0.02), (0.0, 0.06))
    for i in range(3):
        turn = -math.pi / 2 + 0.5 * (share - 0.5) + i * 2 * math.pi / 3
        c, s = 0.35 * math.cos(turn), 0.35 * math.sin(turn)
        with pen.begin_part("sail"):
            for start, paint in ((0.0, tone(colour, 1.1)), (0.78, tip)):
                blade = [(max(a, start), b if a > start else 0.7 * b) for a, b in shape]
                pen.fill_poly([(0.5 + (a * c - b * s) * squash, 0.36 + a * s + b * c) for a, b in blade], paint)
    pen.fill_disc(0.5, 0.36, 0.042, tone(colour, 0.7))
