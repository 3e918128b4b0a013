"""Section 4 (data sets): how the people of the toy world look."""

from __future__ import annotations

from dataclasses import dataclass

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix, tone
from bench.toyworld.things.shapes import Place, Points, choose_contrast, draw_limb, draw_shaded, smooth

_DARK: Colour = (35, 28, 28)
_WHITE: Colour = (248, 246, 240)
_SKINS: tuple[Colour, ...] = ((246, 208, 176), (222, 170, 130), (164, 112, 78), (112, 74, 52))
_HAIRS: tuple[Colour, ...] = ((48, 34, 28), (28, 24, 26), (222, 178, 88), (150, 82, 40), (176, 172, 170))
_TROUSERS: tuple[Colour, ...] = ((48, 58, 98), (66, 66, 72), (112, 92, 70), (40, 40, 46))
_SHOES: tuple[Colour, ...] = ((60, 42, 34), (36, 34, 38), (230, 226, 216), (150, 50, 45))
_BAGS: tuple[Colour, ...] = ((190, 60, 45), (60, 110, 70), (225, 170, 60), (110, 74, 46))


@dataclass(frozen=True)
class _Pose:
    """How a person moves: the clothes' outline, legs, arms behind and before the body, the head's place and size."""

    clothes: Points
    legs: tuple[Points, ...]
    back: tuple[Points, ...]
    front: tuple[Points, ...]
    head: tuple[float, float, float]
    side: bool


_POSES: tuple[_Pose, ...] = (
    _Pose(
        ((0.3, 0.25), (0.5, 0.23), (0.7, 0.25), (0.76, 0.32), (0.72, 0.45), (0.74, 0.64), (0.5, 0.66),
         (0.26, 0.64), (0.28, 0.45), (0.24, 0.32)),
        (((0.39, 0.6), (0.37, 0.8), (0.36, 0.97)), ((0.61, 0.6), (0.63, 0.8), (0.64, 0.97))),
        (), (((0.27, 0.29), (0.14, 0.44), (0.12, 0.6)), ((0.73, 0.29), (0.86, 0.44), (0.88, 0.6))),
         (0.5, 0.125, 0.115), False,
    ),
    _Pose(
        ((0.36, 0.25), (0.5, 0.23), (0.64, 0.26), (0.72, 0.4), (0.7, 0.64), (0.5, 0.66), (0.3, 0.64), (0.3, 0.4)),
        (((0.46, 0.6), (0.34, 0.78), (0.14, 0.95)), ((0.52, 0.6), (0.68, 0.78), (0.78, 0.97))),
        (((0.56, 0.3), (0.78, 0.42), (0.92, 0.52)),), (((0.48, 0.3), (0.34, 0.44), (0.16, 0.56)),),
         (0.54, 0.125, 0.115), True,
    ),
    _Pose(
        ((0.42, 0.25), (0.58, 0.23), (0.72, 0.27), (0.74, 0.4), (0.6, 0.6), (0.46, 0.64), (0.28, 0.6), (0.34, 0.42)),
        (((0.36, 0.58), (0.34, 0.76), (0.02, 0.82), (-0.02, 0.78)), ((0.5, 0.56), (0.84, 0.68), (0.7, 0.95))),
        (((0.64, 0.3), (0.9, 0.42), (1.0, 0.33)),), (((0.56, 0.3), (0.2, 0.37), (0.12, 0.49)),),
         (0.66, 0.125, 0.115), True,
    ),
    _Pose(
        ((0.34, 0.26), (0.5, 0.24), (0.66, 0.26), (0.66, 0.4), (0.82, 0.62), (0.96, 0.76), (0.5, 0.8),
         (0.04, 0.76), (0.18, 0.62), (0.34, 0.4)),
        (((0.4, 0.74), (0.4, 0.86), (0.39, 0.97)), ((0.6, 0.74), (0.6, 0.86), (0.61, 0.97))),
        (), (((0.34, 0.29), (0.16, 0.4), (0.1, 0.53)), ((0.66, 0.29), (0.84, 0.4), (0.9, 0.53))),
         (0.5, 0.13, 0.115), False,
    ),
    _Pose(
        ((0.3, 0.38), (0.5, 0.36), (0.7, 0.38), (0.74, 0.5), (0.78, 0.7), (0.5, 0.73), (0.22, 0.7), (0.26, 0.5)),
        (((0.38, 0.68), (0.32, 0.82), (0.22, 0.96)), ((0.62, 0.68), (0.68, 0.82), (0.78, 0.96))),
        (), (((0.3, 0.42), (0.1, 0.3), (0.06, 0.1)), ((0.7, 0.42), (0.9, 0.3), (0.94, 0.1))), (0.5, 0.21, 0.15), False,
    ),
    _Pose(
        ((0.44, 0.27), (0.56, 0.25), (0.7, 0.28), (0.76, 0.44), (0.8, 0.78), (0.56, 0.8), (0.34, 0.78), (0.36, 0.44)),
        (((0.5, 0.7), (0.44, 0.84), (0.36, 0.97)), ((0.6, 0.7), (0.68, 0.84), (0.74, 0.97))),
        (), (((0.56, 0.32), (0.6, 0.46), (0.86, 0.54)),), (0.58, 0.155, 0.11), True,
    ),
)  # fmt: skip


def _draw_leg(pen: Pen, leg: Points, trousers: Colour, skin: Colour, shoe: Colour, bare: bool) -> None:
    """Draw a leg in trousers or bare, with a shoe."""
    draw_limb(pen, leg, (0.1, 0.075, 0.06, 0.05) if bare else (0.115, 0.09, 0.075, 0.06), skin if bare else trousers)
    x, y = leg[-1]
    pen.fill_poly(
        ((x - 0.1, y + 0.03), (x - 0.08, y - 0.03), (x + 0.08, y - 0.03), (x + 0.17, y), (x + 0.17, y + 0.03)), shoe
    )


def _draw_arm(pen: Pen, arm: Points, colour: Colour, skin: Colour, short: bool) -> None:
    """Draw a sleeve and a hand."""
    if short:
        draw_limb(pen, arm, (0.06, 0.055, 0.045), skin)
        draw_limb(pen, arm[:2], (0.095, 0.08), colour)
    else:
        draw_limb(pen, arm, (0.085, 0.08, 0.07), colour)
        Place(pen, *arm[-1], 0.04).draw_dot(0, 0, 1, skin)


_HAIR_FRONT: tuple[Points, ...] = (
    ((-1.05, 0.1), (-1.0, -0.6), (-0.4, -1.12), (0.4, -1.12), (1.0, -0.6), (1.05, 0.1), (0.8, -0.35), (0.0, -0.5),
     (-0.8, -0.35)),
    ((-1.08, 0.3), (-1.05, -0.5), (-0.5, -1.15), (0.4, -1.12), (1.0, -0.5), (1.05, 0.05), (0.5, -0.5),
     (-0.3, -0.25), (-0.85, 0.0)),
    ((-1.02, -0.1), (-0.95, -0.75), (-0.5, -1.2), (0.1, -1.08), (0.5, -1.22), (0.95, -0.7), (1.02, -0.1),
     (0.6, -0.55), (-0.5, -0.55)),
)  # fmt: skip
_HAIR_SIDE: Points = (
    (0.75, -0.7),
    (0.3, -1.15),
    (-0.5, -1.1),
    (-1.1, -0.5),
    (-1.1, 0.4),
    (-0.7, 0.75),
    (-0.35, 0.2),
    (-0.2, -0.35),
    (0.5, -0.4),
)
_LONG: Points = ((-1.0, -0.6), (0.0, -1.1), (1.0, -0.6), (1.25, 0.6), (1.2, 1.4), (0.0, 1.5), (-1.2, 1.4), (-1.25, 0.6))


def _draw_head(pen: Pen, place: Place, skin: Colour, hair: Colour, side: bool, style: int) -> None:
    """Draw face with eyes and a smile, and hair; from the side with a nose."""
    place.pen.fill_disc(place.x, place.y, place.size, skin)
    if side:
        place.fill_poly(((0.88, -0.2), (1.15, 0.12), (0.85, 0.32)), skin)
        place.fill_poly(smooth(_HAIR_SIDE), hair)
        place.draw_dot(0.5, -0.05, 0.14, _DARK)
        if pen.height > 24:
            place.stroke(0.4, 0.5, 0.8, 0.42, 0.14, tone(skin, 0.6))
        return
    place.fill_poly(smooth(_HAIR_FRONT[style % 3]), hair)
    for s in (-1, 1):
        place.draw_dot(s * 0.38, -0.02, 0.14, _DARK)
    if pen.height > 24:
        place.fill_poly(((-0.42, 0.38), (0.42, 0.38), (0.2, 0.62), (-0.2, 0.62)), (190, 70, 70))


def _draw_hat(pen: Pen, place: Place, colour: Colour, band: Colour) -> None:
    """Draw a hat with a brim."""
    with pen.begin_part("hat"):
        place.fill_poly(((-0.85, -0.5), (-0.7, -1.35), (0.0, -1.45), (0.7, -1.35), (0.85, -0.5)), colour)
        place.fill_poly(((-0.86, -0.5), (-0.82, -0.78), (0.82, -0.78), (0.86, -0.5)), band)
        place.fill_poly(((-1.5, -0.42), (-1.3, -0.62), (1.3, -0.62), (1.5, -0.42), (0.0, -0.3)), tone(colour, 0.85))


def _draw_extras(pen: Pen, colour: Colour, look: int, draws: list[float]) -> None:
    """Draw what is on the clothes: stripes, a belt, buttons, a scarf."""
    light = mix(colour, _WHITE, 0.6) if sum(colour) < 560 else (150, 160, 190)
    if look == 3:
        pen.fill_poly(((0.34, 0.4), (0.66, 0.4), (0.69, 0.435), (0.31, 0.435)), choose_contrast(colour, 0.6))
        if draws[5] < 0.5:
            pen.fill_poly(((0.1, 0.71), (0.5, 0.745), (0.9, 0.71), (0.94, 0.74), (0.5, 0.78), (0.06, 0.74)), light)
    elif look == 5:
        for y in (0.4, 0.5, 0.6):
            Place(pen, 0.66, y, 0.013).draw_dot(0, 0, 1, light)
    elif draws[5] < 0.45 and look != 2:
        y = 0.36 if look != 4 else 0.52
        for dy in (0.0, 0.11):
            pen.fill_rect(0.34 if look else 0.28, y + dy, 0.68 if look else 0.72, y + dy + 0.04, light)
    elif look in (0, 4):
        y = 0.25 if look == 0 else 0.38
        pen.fill_poly(((0.4, y), (0.6, y), (0.5, y + 0.06)), light)


def draw_person(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a person standing, walking, running, in a dress, a child with raised arms, or one with hat and backpack."""
    pose, draws = _POSES[look], pen.rng.random(9).tolist()
    skin, hair = _SKINS[int(4 * draws[0])], _HAIRS[int((4 if look in (3, 4) else 5) * draws[1])]
    trousers, shoe, bag = _TROUSERS[int(4 * draws[2])], _SHOES[int(4 * draws[3])], _BAGS[int(4 * draws[4])]
    if draws[6] < 0.35 and sum(colour) > 200:
        trousers = tone(colour, 0.6)
    x, y, size = pose.head
    place = Place(pen, x, y, size * (0.95 + 0.1 * draws[7]))
    bare = look == 3 or (look in (2, 4) and draws[6] > 0.6)
    short = look in (2, 3, 4) and draws[8] < 0.5
    for arm in pose.back:
        _draw_arm(pen, arm, choose_contrast(colour, 0.7), tone(skin, 0.8), short)
    with pen.begin_part("leg"):
        for leg, dim in zip(pose.legs, (0.78, 1.0) if pose.side else (1.0, 1.0), strict=True):
            _draw_leg(pen, leg, tone(trousers, dim), tone(skin, dim), shoe, bare)
    if look == 3 and draws[8] < 0.7:
        with pen.begin_part("head"):
            place.fill_poly(smooth(_LONG), hair)
    pen.draw_line(x, y, 0.5 * x + 0.27, y + 1.4 * size, 0.06, tone(skin, 0.85))
    draw_shaded(pen, pose.clothes, colour, 0.07)
    _draw_extras(pen, colour, look, draws)
    if look == 5:
        with pen.begin_part("backpack"):
            pen.fill_poly(
                smooth(((0.1, 0.3), (0.34, 0.27), (0.42, 0.32), (0.42, 0.52), (0.34, 0.56), (0.1, 0.54), (0.04, 0.42))),
                bag,
            )
            pen.fill_poly(((0.08, 0.42), (0.3, 0.42), (0.3, 0.52), (0.08, 0.52)), tone(bag, 0.72))
    for arm in pose.front:
        _draw_arm(pen, arm, choose_contrast(colour, 0.86), skin, short)
    with pen.begin_part("head"):
        _draw_head(pen, place, skin, hair, pose.side, int(30 * draws[1]))
    if look == 5:
        _draw_hat(pen, place, choose_contrast(colour, 0.7), bag)
