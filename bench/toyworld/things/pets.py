"""Section 4 (data sets): how the dogs and cats of the toy world look."""

from __future__ import annotations

from dataclasses import dataclass

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix
from bench.toyworld.things.shapes import Place, Points, choose_contrast, draw_limb, draw_shaded, smooth

_DARK: Colour = (32, 28, 30)
_WHITE: Colour = (250, 248, 242)
_PINK: Colour = (238, 130, 145)
_COLLARS: tuple[Colour, ...] = ((200, 40, 45), (40, 90, 200), (245, 200, 50), (60, 160, 90))


@dataclass(frozen=True)
class _Pose:
    """How an animal holds itself: outline of the body, near and far legs, neck, tail, the head's place, size, angle."""

    body: Points
    near: tuple[Points, ...]
    far: tuple[Points, ...]
    neck: Points
    tail: Points
    head: tuple[float, float, float, float]


_DOGS: tuple[_Pose, ...] = (
    _Pose(
        ((0.10, 0.5), (0.18, 0.39), (0.38, 0.40), (0.58, 0.37), (0.70, 0.44), (0.73, 0.56), (0.66, 0.72), (0.5, 0.70),
         (0.34, 0.64), (0.2, 0.68), (0.11, 0.6)),
        (((0.2, 0.56), (0.12, 0.79), (0.13, 0.96), (0.18, 0.97)), ((0.6, 0.6), (0.59, 0.8), (0.57, 0.96),
         (0.62, 0.97))),
        (((0.24, 0.58), (0.29, 0.8), (0.25, 0.94), (0.3, 0.95)), ((0.64, 0.6), (0.71, 0.8), (0.7, 0.94), (0.75, 0.95))),
        ((0.6, 0.5), (0.72, 0.24)), ((0.14, 0.46), (0.05, 0.34), (0.03, 0.18), (0.1, 0.04)), (0.72, 0.23, 0.44, 0.05),
    ),
    _Pose(
        ((0.10, 0.90), (0.12, 0.70), (0.28, 0.5), (0.42, 0.36), (0.58, 0.36), (0.66, 0.5), (0.62, 0.7), (0.5, 0.94),
         (0.3, 0.99)),
        (((0.57, 0.56), (0.59, 0.8), (0.58, 0.96), (0.65, 0.97)), ((0.28, 0.78), (0.4, 0.84), (0.32, 0.96),
         (0.48, 0.97))),
        (((0.6, 0.56), (0.67, 0.8), (0.68, 0.94), (0.74, 0.95)),),
        ((0.5, 0.5), (0.58, 0.26)), ((0.14, 0.92), (0.05, 0.86), (0.02, 0.68), (0.09, 0.54)), (0.57, 0.25, 0.56, 0.0),
    ),
    _Pose(
        ((0.12, 0.48), (0.22, 0.36), (0.42, 0.40), (0.62, 0.36), (0.76, 0.42), (0.76, 0.56), (0.64, 0.70), (0.46, 0.62),
         (0.26, 0.62), (0.15, 0.58)),
        (((0.24, 0.5), (0.24, 0.76), (0.12, 0.88), (0.1, 0.98)), ((0.64, 0.56), (0.72, 0.8), (0.84, 0.9), (0.9, 0.9))),
        (((0.2, 0.5), (0.12, 0.7), (0.03, 0.8), (0.01, 0.88)), ((0.7, 0.54), (0.84, 0.68), (0.94, 0.74), (0.98, 0.73))),
        ((0.66, 0.48), (0.75, 0.27)), ((0.16, 0.44), (0.08, 0.32), (0.05, 0.18), (0.0, 0.06)),
         (0.74, 0.24, 0.42, -0.12),
    ),
    _Pose(
        ((0.10, 0.36), (0.2, 0.22), (0.34, 0.28), (0.52, 0.54), (0.66, 0.70), (0.68, 0.84), (0.54, 0.90), (0.38, 0.76),
         (0.26, 0.6), (0.14, 0.55)),
        (((0.2, 0.42), (0.13, 0.72), (0.14, 0.96), (0.19, 0.97)), ((0.56, 0.8), (0.62, 0.94), (0.78, 0.96),
         (0.84, 0.96))),
        (((0.26, 0.46), (0.31, 0.72), (0.27, 0.94), (0.32, 0.95)), ((0.6, 0.8), (0.74, 0.9), (0.88, 0.91),
         (0.93, 0.91))),
        ((0.56, 0.72), (0.68, 0.52)), ((0.14, 0.3), (0.08, 0.2), (0.08, 0.08), (0.17, 0.02)), (0.68, 0.5, 0.48, -0.1),
    ),
)  # fmt: skip
_SKULL = smooth(
    ((-0.3, 0.0), (-0.2, -0.26), (0.05, -0.33), (0.26, -0.2), (0.38, -0.04), (0.7, -0.01), (0.78, 0.12), (0.7, 0.25),
     (0.35, 0.3), (0.05, 0.34), (-0.2, 0.25)))  # fmt: skip
_MUZZLE = smooth(((0.36, 0.08), (0.5, 0.0), (0.7, -0.01), (0.78, 0.12), (0.7, 0.25), (0.5, 0.28), (0.36, 0.26)))
_EAR = smooth(((-0.14, -0.28), (0.02, -0.2), (0.08, 0.12), (-0.02, 0.46), (-0.2, 0.48), (-0.32, 0.2), (-0.27, -0.12)))
_TONGUE: Points = ((0.46, 0.27), (0.62, 0.25), (0.62, 0.46), (0.54, 0.52), (0.47, 0.46))
_SADDLE: tuple[Points, ...] = (
    ((0.3, 0.4), (0.42, 0.41), (0.54, 0.39), (0.52, 0.52), (0.4, 0.58), (0.31, 0.52)),
    ((0.2, 0.6), (0.3, 0.49), (0.38, 0.42), (0.42, 0.56), (0.34, 0.68), (0.24, 0.7)),
    ((0.3, 0.39), (0.42, 0.41), (0.54, 0.39), (0.52, 0.5), (0.4, 0.55), (0.31, 0.5)),
    ((0.22, 0.25), (0.33, 0.29), (0.44, 0.44), (0.4, 0.56), (0.3, 0.5), (0.22, 0.4)),
)  # fmt: skip


def _draw_limbs(pen: Pen, pose: _Pose, colour: Colour, widths: tuple[float, ...], fat: float) -> None:
    """Draw far legs, body and near legs."""
    with pen.begin_part("leg"):
        for leg in pose.far:
            draw_limb(pen, leg, widths, choose_contrast(colour, 0.62))
    draw_shaded(pen, pose.body, colour, fat=fat)
    with pen.begin_part("leg"):
        for leg in pose.near:
            draw_limb(pen, leg, widths, colour)


def _draw_dog_head(pen: Pen, place: Place, colour: Colour, draws: list[float]) -> None:
    """Draw long muzzle with a black nose, hanging ear, often with the tongue out."""
    pale = mix(colour, _WHITE, 0.62) if draws[0] < 0.5 else mix(colour, _WHITE, 0.22)
    if draws[1] < 0.6 and pen.height > 14:
        place.fill_poly(_TONGUE, _PINK)
    place.fill_poly(_SKULL, colour)
    place.fill_poly(_MUZZLE, pale)
    place.stroke(0.44, 0.2, 0.7, 0.2, 0.04, choose_contrast(pale, 0.55))
    place.draw_dot(0.74, 0.03, 0.11, _DARK if sum(pale) > 260 else (8, 8, 10))
    if sum(colour) < 200:
        place.draw_dot(0.2, -0.1, 0.1, (150, 110, 70))
    place.draw_dot(0.21, -0.1, 0.07, _DARK)
    place.draw_dot(0.23, -0.12, 0.025, _WHITE)
    with pen.begin_part("ear"):
        place.fill_poly(_EAR, choose_contrast(colour, 0.58))


def draw_dog(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a dog from the side: trotting, sitting, running, or bowing to play."""
    pose, draws = _DOGS[look], pen.rng.random(8).tolist()
    dark, stout = choose_contrast(colour, 0.58), 0.9 + 0.25 * draws[2]
    x, y, size, angle = pose.head
    with pen.begin_part("tail"):
        bushy = 0.1 + 0.1 * draws[3]
        draw_limb(pen, pose.tail, (0.12, bushy, bushy, 0.05), colour, soft=True)
    _draw_limbs(pen, pose, colour, (0.24 * stout, 0.13 * stout, 0.1, 0.1), 0.96 + 0.1 * draws[2])
    if draws[4] < 0.45:
        pen.fill_poly(smooth(_SADDLE[look]), dark)
    draw_limb(pen, pose.neck, (0.34, 0.28), colour)
    if draws[5] < 0.6:
        (ax, ay), (bx, by) = pose.neck
        collar = ((ax + 0.45 * (bx - ax), ay + 0.45 * (by - ay)), (ax + 0.62 * (bx - ax), ay + 0.62 * (by - ay)))
        draw_limb(pen, collar, (0.33, 0.31), _COLLARS[int(4 * draws[6])])
    with pen.begin_part("head"):
        _draw_dog_head(pen, Place(pen, x, y, size * (0.96 + 0.1 * draws[7]), angle), colour, draws)


_CATS: tuple[_Pose, ...] = (
    _Pose(
        ((0.34, 0.46), (0.25, 0.7), (0.17, 0.9), (0.3, 0.99), (0.5, 1.0), (0.7, 0.99), (0.83, 0.9), (0.73, 0.7),
         (0.64, 0.46)),
        (((0.42, 0.62), (0.43, 0.84), (0.41, 0.96), (0.4, 0.97)), ((0.57, 0.62), (0.56, 0.84), (0.58, 0.96),
         (0.59, 0.97))),
        (), (), ((0.72, 0.93), (0.9, 0.93), (0.97, 0.76), (0.9, 0.58), (0.96, 0.46)), (0.49, 0.34, 0.56, 0.0),
    ),
    _Pose(
        ((0.1, 0.56), (0.2, 0.44), (0.45, 0.48), (0.68, 0.44), (0.75, 0.56), (0.68, 0.7), (0.45, 0.7), (0.22, 0.7),
         (0.12, 0.66)),
        (((0.2, 0.6), (0.13, 0.8), (0.13, 0.96), (0.17, 0.97)), ((0.64, 0.6), (0.62, 0.8), (0.58, 0.96), (0.62, 0.97))),
        (((0.24, 0.6), (0.3, 0.8), (0.28, 0.94), (0.32, 0.95)), ((0.66, 0.6), (0.74, 0.8), (0.75, 0.94), (0.79, 0.95))),
        (), ((0.14, 0.52), (0.07, 0.36), (0.13, 0.2), (0.07, 0.08), (0.15, 0.01)), (0.72, 0.36, 0.5, 0.0),
    ),
    _Pose(
        ((0.12, 0.62), (0.17, 0.38), (0.34, 0.19), (0.54, 0.24), (0.72, 0.46), (0.74, 0.62), (0.62, 0.66), (0.5, 0.52),
         (0.38, 0.52), (0.3, 0.64), (0.2, 0.72)),
        (((0.21, 0.58), (0.19, 0.8), (0.16, 0.96), (0.21, 0.97)), ((0.66, 0.56), (0.64, 0.8), (0.62, 0.96),
         (0.67, 0.97))),
        (((0.26, 0.58), (0.3, 0.8), (0.28, 0.94), (0.33, 0.95)), ((0.68, 0.56), (0.74, 0.8), (0.74, 0.94),
         (0.79, 0.95))),
        (), ((0.16, 0.52), (0.06, 0.4), (0.05, 0.24), (0.09, 0.1), (0.06, 0.01)), (0.74, 0.47, 0.48, 0.1),
    ),
    _Pose(
        ((0.06, 0.86), (0.09, 0.66), (0.3, 0.5), (0.55, 0.54), (0.75, 0.62), (0.82, 0.85), (0.7, 0.97),
         (0.4, 0.99), (0.15, 0.98)),
        (((0.6, 0.86), (0.7, 0.93), (0.86, 0.94), (0.95, 0.94)), ((0.22, 0.84), (0.34, 0.86), (0.3, 0.94),
         (0.46, 0.95))),
        (((0.6, 0.82), (0.74, 0.88), (0.9, 0.89), (0.98, 0.89)),),
        (), ((0.1, 0.88), (0.03, 0.7), (0.08, 0.5), (0.04, 0.3), (0.12, 0.2)), (0.66, 0.48, 0.58, -0.06),
    ),
)  # fmt: skip
_FACE = smooth(
    ((-0.5, 0.02), (-0.4, -0.24), (-0.18, -0.36), (0.18, -0.36), (0.4, -0.24), (0.5, 0.02), (0.4, 0.25), (0.16, 0.37),
     (-0.16, 0.37), (-0.4, 0.25)))  # fmt: skip
_STRIPES: tuple[tuple[Points, ...], ...] = (
    (((0.26, 0.67), (0.22, 0.75), (0.39, 0.74)), ((0.21, 0.79), (0.18, 0.86), (0.35, 0.83)),
     ((0.74, 0.67), (0.78, 0.75), (0.61, 0.74)), ((0.79, 0.79), (0.82, 0.86), (0.65, 0.83))),
    (((0.21, 0.44), (0.28, 0.45), (0.27, 0.61)), ((0.35, 0.465), (0.42, 0.475), (0.4, 0.63)),
     ((0.49, 0.475), (0.56, 0.465), (0.53, 0.62))),
    (((0.19, 0.34), (0.25, 0.27), (0.3, 0.42)), ((0.33, 0.2), (0.41, 0.185), (0.41, 0.38)),
     ((0.49, 0.215), (0.56, 0.26), (0.5, 0.41)), ((0.61, 0.33), (0.67, 0.4), (0.57, 0.47))),
    (((0.15, 0.58), (0.22, 0.54), (0.25, 0.73)), ((0.27, 0.51), (0.34, 0.505), (0.35, 0.72)),
     ((0.39, 0.515), (0.46, 0.525), (0.43, 0.7))),
)  # fmt: skip


def _draw_cat_head(pen: Pen, place: Place, colour: Colour, draws: list[float]) -> None:
    """Draw a round face towards us: pointed ears, large eyes, whiskers."""
    dark = choose_contrast(colour, 0.6)
    for s in (-1, 1):
        place.fill_poly(((s * 0.45, -0.1), (s * 0.45, -0.64), (s * 0.07, -0.34)), colour)
        place.fill_poly(((s * 0.38, -0.24), (s * 0.39, -0.52), (s * 0.19, -0.34)), (235, 150, 155))
    place.fill_poly(_FACE, colour)
    if draws[0] < 0.6 and pen.height > 14:
        place.fill_poly(
            ((-0.17, -0.35), (-0.09, -0.14), (-0.05, -0.34), (0, -0.12), (0.05, -0.34), (0.09, -0.14), (0.17, -0.35)),
            dark,
        )
    pale = mix(colour, _WHITE, 0.7 if draws[1] < 0.5 else 0.3)
    place.draw_dot(-0.1, 0.21, 0.14, pale)
    place.draw_dot(0.1, 0.21, 0.14, pale)
    eye: Colour = (170, 215, 70) if draws[2] < 0.6 else (245, 200, 60)
    for s in (-1, 1):
        place.draw_dot(s * 0.22, -0.02, 0.125, eye)
        place.fill_poly(
            ((s * 0.22 - 0.05, -0.02), (s * 0.22, -0.13), (s * 0.22 + 0.05, -0.02), (s * 0.22, 0.09)), _DARK
        )
    place.fill_poly(((-0.07, 0.1), (0.07, 0.1), (0, 0.18)), (225, 95, 115))
    if pen.height > 14:
        hair = (252, 252, 250) if sum(colour) < 480 else (80, 76, 80)
        for s in (-1, 1):
            place.stroke(s * 0.22, 0.19, s * 0.66, 0.1, 0.03, hair)
            place.stroke(s * 0.22, 0.24, s * 0.64, 0.28, 0.03, hair)


def draw_cat(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a cat: sitting towards us, walking with the tail high, with an arched back, or lying."""
    pose, draws = _CATS[look], pen.rng.random(8).tolist()
    dark, thick = choose_contrast(colour, 0.6), 0.85 + 0.3 * draws[3]
    x, y, size, angle = pose.head
    with pen.begin_part("tail"):
        w = thick * (0.13 if look == 2 else 0.1)
        draw_limb(pen, pose.tail, (0.1, w, w, w, 0.05), colour if look else choose_contrast(colour, 0.8), soft=True)
        if draws[0] < 0.6:
            draw_limb(pen, pose.tail[3:], (w * 0.95, 0.05), dark)
    _draw_limbs(pen, pose, colour, (0.17 * thick, 0.1 * thick, 0.085, 0.085), 1.0)
    if not look:
        pen.fill_rect(0.487, 0.78, 0.51, 0.98, choose_contrast(colour, 0.72))
    if draws[0] < 0.6:
        for stripe in _STRIPES[look]:
            pen.fill_poly(stripe, dark)
    elif draws[4] < 0.6 and not look:
        pen.fill_poly(
            smooth(((0.4, 0.5), (0.6, 0.5), (0.62, 0.68), (0.5, 0.8), (0.38, 0.68))), mix(colour, _WHITE, 0.6)
        )
    if not look and draws[5] < 0.4:
        pen.fill_rect(0.36, 0.52, 0.63, 0.57, _COLLARS[int(4 * draws[6])])
    with pen.begin_part("head"):
        _draw_cat_head(pen, Place(pen, x, y, size * (0.96 + 0.08 * draws[7]), angle), colour, draws)
