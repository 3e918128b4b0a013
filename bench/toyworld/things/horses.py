"""Section 4 (data sets): how the horses of the toy world look."""

from __future__ import annotations

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen
from bench.toyworld.things.animals import DARK, HOOF, WHITE
from bench.toyworld.things.shapes import Place, Points, choose_contrast, draw_limb, draw_shaded, smooth

_HORSES: tuple[Points, ...] = (
    ((0.11, 0.5), (0.17, 0.41), (0.36, 0.44), (0.56, 0.4), (0.68, 0.46), (0.7, 0.58), (0.6, 0.66), (0.4, 0.66),
     (0.22, 0.64), (0.12, 0.6)),
    ((0.11, 0.46), (0.18, 0.36), (0.36, 0.41), (0.58, 0.36), (0.7, 0.42), (0.72, 0.54), (0.62, 0.63), (0.42, 0.6),
     (0.24, 0.6), (0.13, 0.56)),
    ((0.08, 0.26), (0.15, 0.15), (0.34, 0.21), (0.54, 0.15), (0.67, 0.22), (0.69, 0.36), (0.58, 0.46),
     (0.38, 0.48), (0.2, 0.44), (0.1, 0.38)),
    ((0.14, 0.66), (0.17, 0.52), (0.32, 0.42), (0.46, 0.28), (0.6, 0.24), (0.69, 0.36), (0.6, 0.52), (0.48, 0.65),
     (0.34, 0.76), (0.2, 0.76)),
)  # fmt: skip
_HORSE_LEGS: tuple[tuple[tuple[Points, ...], tuple[Points, ...]], ...] = (
    ((((0.2, 0.54), (0.14, 0.76), (0.16, 0.98)), ((0.62, 0.56), (0.61, 0.78), (0.6, 0.98))),
     (((0.24, 0.54), (0.26, 0.76), (0.25, 0.96)), ((0.64, 0.56), (0.7, 0.76), (0.69, 0.96)))),
    ((((0.24, 0.5), (0.22, 0.74), (0.06, 0.86)), ((0.64, 0.52), (0.8, 0.62), (0.78, 0.82))),
     (((0.2, 0.5), (0.1, 0.72), (0.02, 0.97)), ((0.66, 0.5), (0.86, 0.56), (0.98, 0.68)))),
    ((((0.17, 0.34), (0.11, 0.66), (0.13, 0.98)), ((0.61, 0.36), (0.54, 0.68), (0.5, 0.98))),
     (((0.22, 0.34), (0.24, 0.66), (0.22, 0.96)), ((0.62, 0.36), (0.66, 0.66), (0.66, 0.96)))),
    ((((0.26, 0.64), (0.4, 0.8), (0.32, 0.98)), ((0.6, 0.36), (0.8, 0.4), (0.8, 0.58))),
     (((0.22, 0.66), (0.25, 0.84), (0.14, 0.97)), ((0.62, 0.34), (0.82, 0.27), (0.92, 0.4)))),
)  # fmt: skip
_HORSE_NECKS: tuple[Points, ...] = (
    ((0.56, 0.54), (0.66, 0.34), (0.74, 0.15)), ((0.6, 0.5), (0.72, 0.34), (0.82, 0.2)), ((0.58, 0.28),
     (0.74, 0.46), (0.82, 0.66)),
    ((0.56, 0.38), (0.63, 0.24), (0.68, 0.11)),
)  # fmt: skip
_MANES: tuple[Points, ...] = (
    ((0.72, 0.06), (0.6, 0.18), (0.54, 0.3), (0.49, 0.44), (0.58, 0.44), (0.66, 0.3), (0.73, 0.18), (0.78, 0.1)),
    ((0.8, 0.1), (0.62, 0.14), (0.6, 0.24), (0.5, 0.28), (0.52, 0.4), (0.62, 0.4), (0.72, 0.3), (0.84, 0.18)),
    ((0.88, 0.6), (0.83, 0.44), (0.73, 0.29), (0.56, 0.13), (0.52, 0.24), (0.64, 0.34), (0.74, 0.46), (0.8, 0.64)),
    ((0.66, 0.02), (0.54, 0.08), (0.5, 0.2), (0.42, 0.3), (0.52, 0.34), (0.6, 0.24), (0.66, 0.14), (0.72, 0.06)),
)  # fmt: skip
_HORSE_TAILS: tuple[Points, ...] = (
    ((0.14, 0.47), (0.06, 0.52), (0.04, 0.68), (0.06, 0.88)), ((0.14, 0.43), (0.06, 0.36), (-0.01, 0.4), (0.0, 0.58)),
    ((0.11, 0.22), (0.03, 0.28), (0.01, 0.46), (0.04, 0.72)), ((0.16, 0.62), (0.08, 0.6), (0.02, 0.7), (0.04, 0.92)),
)  # fmt: skip
_HORSE_HEADS = ((0.745, 0.13, 0.29, 0.72), (0.82, 0.19, 0.27, 0.45), (0.82, 0.7, 0.29, 1.0), (0.69, 0.1, 0.28, 0.42))
_HORSE_FACE = smooth(
    ((-0.24, 0.08), (-0.16, -0.17), (0.16, -0.22), (0.6, -0.13), (0.9, -0.12), (0.98, 0.03), (0.86, 0.17),
     (0.56, 0.13), (0.26, 0.26),
     (-0.05, 0.28)))  # fmt: skip


def _draw_horse_head(place: Place, colour: Colour, mane: Colour, draws: list[float]) -> None:
    """Draw a long face with a blaze or a bridle, and pricked ears."""
    place.fill_poly(((-0.16, -0.1), (-0.3, -0.44), (0.0, -0.18)), choose_contrast(colour, 0.75))
    place.fill_poly(((-0.08, -0.14), (-0.08, -0.5), (0.12, -0.16)), colour)
    place.fill_poly(_HORSE_FACE, colour)
    place.fill_poly(((0.7, -0.12), (0.9, -0.12), (0.98, 0.03), (0.86, 0.17), (0.7, 0.15)), choose_contrast(colour, 0.7))
    if draws[0] < 0.5:
        place.fill_poly(
            ((0.16, -0.22), (0.62, -0.13), (0.62, -0.03), (0.2, -0.14)),
            WHITE if sum(colour) < 560 else (150, 120, 100),
        )
    if draws[1] < 0.4:
        place.fill_poly(((0.5, -0.15), (0.57, -0.14), (0.59, 0.14), (0.51, 0.15)), (170, 45, 45))
        place.fill_poly(((-0.02, -0.2), (0.05, -0.21), (0.1, 0.28), (0.02, 0.29)), (170, 45, 45))
    place.draw_dot(0.22, -0.05, 0.075, DARK if sum(colour) > 200 else (225, 200, 160))
    place.draw_dot(0.87, 0.0, 0.04, DARK)
    place.fill_poly(((-0.2, -0.2), (0.06, -0.26), (0.3, -0.12), (0.08, -0.08), (-0.1, 0.1)), mane)


def draw_horse(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a horse with an arched neck and a mane: standing (often saddled), galloping, grazing, or rearing."""
    draws = pen.rng.random(8).tolist()
    manes: tuple[Colour, ...] = ((58, 38, 28), choose_contrast(colour, 0.5), (238, 226, 200))
    mane = manes[int(3 * draws[2])] if sum(colour) < 560 else manes[int(2 * draws[2])]
    hair = 0.8 + 0.5 * draws[3]
    near, far = _HORSE_LEGS[look]
    with pen.begin_part("tail"):
        draw_limb(pen, _HORSE_TAILS[look], (0.05, 0.11 * hair, 0.12 * hair, 0.02), mane, soft=True)
    socks = draws[4] < 0.4
    with pen.begin_part("leg"):
        for leg in far:
            _draw_horse_leg(pen, leg, choose_contrast(colour, 0.66), socks)
    draw_shaded(pen, _HORSES[look], colour, 0.12)
    with pen.begin_part("leg"):
        for leg in near:
            _draw_horse_leg(pen, leg, colour, socks)
    draw_limb(pen, _HORSE_NECKS[look], (0.34, 0.22, 0.16), colour)
    if look == 0 and draws[5] < 0.55:
        with pen.begin_part("saddle"):
            cloth: Colour = ((190, 50, 50), (50, 80, 170), (235, 225, 200))[int(3 * draws[6])]
            pen.fill_poly(((0.32, 0.42), (0.52, 0.4), (0.53, 0.56), (0.33, 0.57)), cloth)
            pen.fill_poly(
                ((0.31, 0.38), (0.36, 0.42), (0.46, 0.41), (0.52, 0.36), (0.54, 0.42), (0.46, 0.5), (0.36, 0.48)),
                (110, 66, 38),
            )
    with pen.begin_part("mane"):
        pen.fill_poly(smooth(_MANES[look]), mane)
    x, y, size, angle = _HORSE_HEADS[look]
    with pen.begin_part("head"):
        _draw_horse_head(Place(pen, x, y, size * (0.97 + 0.08 * draws[7]), angle), colour, mane, draws)


def _draw_horse_leg(pen: Pen, leg: Points, colour: Colour, socks: bool) -> None:
    """Draw a slim leg with a hoof, perhaps a white sock."""
    draw_limb(pen, leg, (0.19, 0.085, 0.07), colour)
    (ax, ay), (bx, by) = leg[1], leg[2]
    if socks:
        draw_limb(
            pen,
            ((0.5 * ax + 0.5 * bx, 0.5 * ay + 0.5 * by), leg[2]),
            (0.078, 0.075),
            WHITE if sum(colour) < 560 else (120, 100, 90),
        )
    draw_limb(pen, ((0.2 * ax + 0.8 * bx, 0.2 * ay + 0.8 * by), leg[2]), (0.08, 0.1), HOOF)
