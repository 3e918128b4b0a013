"""Section 4 (data sets): how the cows and sheep of the toy world look."""

from __future__ import annotations

import math
from functools import lru_cache

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix, tone
from bench.toyworld.things.shapes import Place, Points, choose_contrast, draw_limb, draw_shaded, smooth

DARK: Colour = (32, 28, 30)
WHITE: Colour = (244, 241, 232)
_PINK: Colour = (240, 170, 170)
_HORN: Colour = (250, 240, 214)
_HORN_TIP: Colour = (110, 92, 74)
HOOF: Colour = (52, 44, 42)
_COWS: tuple[Points, ...] = (
    ((0.07, 0.3), (0.12, 0.2), (0.4, 0.22), (0.68, 0.17), (0.79, 0.26), (0.8, 0.5), (0.72, 0.7), (0.5, 0.72),
     (0.26, 0.7), (0.12, 0.68), (0.06, 0.5)),
    ((0.07, 0.16), (0.12, 0.05), (0.4, 0.09), (0.64, 0.03), (0.76, 0.14), (0.77, 0.42), (0.68, 0.6), (0.46, 0.64),
     (0.26, 0.6), (0.12, 0.58), (0.06, 0.4)),
    ((0.04, 0.78), (0.07, 0.5), (0.2, 0.36), (0.48, 0.38), (0.74, 0.36), (0.84, 0.58), (0.8, 0.88), (0.6, 0.99),
     (0.3, 1.0), (0.1, 0.97)),
    ((0.2, 0.3), (0.32, 0.16), (0.5, 0.12), (0.68, 0.16), (0.8, 0.3), (0.83, 0.52), (0.76, 0.74), (0.5, 0.82),
     (0.24, 0.74), (0.17, 0.52)),
)  # fmt: skip
_COW_LEGS: tuple[tuple[tuple[Points, ...], tuple[Points, ...]], ...] = (
    ((((0.16, 0.56), (0.11, 0.8), (0.12, 0.98)), ((0.66, 0.6), (0.65, 0.8), (0.64, 0.98))),
     (((0.26, 0.6), (0.27, 0.8), (0.26, 0.95)), ((0.74, 0.56), (0.76, 0.8), (0.77, 0.95)))),
    ((((0.16, 0.46), (0.12, 0.74), (0.14, 0.98)), ((0.62, 0.5), (0.58, 0.76), (0.55, 0.98))),
     (((0.24, 0.5), (0.28, 0.74), (0.25, 0.95)), ((0.66, 0.48), (0.69, 0.76), (0.69, 0.95)))),
    ((((0.62, 0.9), (0.8, 0.93), (0.7, 0.97)), ((0.2, 0.9), (0.34, 0.95), (0.46, 0.97))), (((0.7, 0.9),
     (0.84, 0.9), (0.92, 0.95)),)),
    ((((0.3, 0.6), (0.3, 0.8), (0.3, 0.98)), ((0.7, 0.6), (0.7, 0.8), (0.7, 0.98))),
     (((0.41, 0.7), (0.41, 0.8), (0.41, 0.93)), ((0.59, 0.7), (0.59, 0.8), (0.59, 0.93)))),
)  # fmt: skip
_PATCHES: tuple[tuple[Points, ...], ...] = (
    (((0.5, 0.21), (0.7, 0.17), (0.76, 0.3), (0.7, 0.54), (0.56, 0.5)), ((0.08, 0.28), (0.3, 0.21), (0.32, 0.42),
     (0.2, 0.6), (0.08, 0.5)),
     ((0.37, 0.4), (0.47, 0.46), (0.5, 0.66), (0.4, 0.71), (0.31, 0.6))),
    (((0.48, 0.08), (0.66, 0.05), (0.72, 0.18), (0.66, 0.44), (0.52, 0.36)), ((0.08, 0.16), (0.28, 0.08),
     (0.3, 0.3), (0.2, 0.48), (0.08, 0.4)),
     ((0.36, 0.26), (0.44, 0.36), (0.48, 0.56), (0.38, 0.6), (0.29, 0.46))),
    (((0.44, 0.38), (0.66, 0.37), (0.68, 0.58), (0.6, 0.78), (0.46, 0.62)), ((0.06, 0.66), (0.12, 0.45),
     (0.26, 0.37), (0.32, 0.56), (0.2, 0.74)),
     ((0.34, 0.66), (0.46, 0.74), (0.5, 0.94), (0.34, 0.97), (0.24, 0.84))),
    (((0.19, 0.4), (0.24, 0.25), (0.38, 0.14), (0.44, 0.4), (0.3, 0.64)), ((0.81, 0.36), (0.74, 0.22), (0.6, 0.15),
     (0.58, 0.4), (0.66, 0.62)),),
)  # fmt: skip
_COW_TAILS: tuple[Points, ...] = (
    ((0.09, 0.26), (0.03, 0.36), (0.03, 0.54), (0.04, 0.66)), ((0.09, 0.1), (0.02, 0.2), (0.03, 0.4), (0.02, 0.54)),
    ((0.08, 0.7), (0.03, 0.8), (0.04, 0.9), (0.12, 0.96)), ((0.78, 0.3), (0.88, 0.4), (0.88, 0.55), (0.92, 0.66)),
)  # fmt: skip
_COW_HEADS = ((0.8, 0.34, 0.5, 0.08), (0.83, 0.68, 0.5, 0.2), (0.78, 0.4, 0.56, -0.06), (0.5, 0.42, 0.58, 0.0))
_COW_FACE: Points = (
    (-0.28, -0.38), (0, -0.42), (0.28, -0.38), (0.34, -0.1), (0.26, 0.36), (-0.26, 0.36), (-0.34, -0.1),
)  # fmt: skip
_MUZZLE = smooth(((-0.33, 0.38), (-0.24, 0.2), (0.24, 0.2), (0.33, 0.38), (0.22, 0.58), (-0.22, 0.58)))


def _draw_cow_head(place: Place, colour: Colour, draws: list[float]) -> None:
    """Draw a cow's head towards us: horns, ears to the sides, a broad pink muzzle."""
    for s in (-1, 1):
        with place.pen.begin_part("horn"):
            place.fill_poly(
                ((s * 0.1, -0.36), (s * 0.36, -0.5), (s * 0.5, -0.48), (s * 0.44, -0.32), (s * 0.2, -0.24)), _HORN
            )
            place.fill_poly(((s * 0.34, -0.49), (s * 0.4, -0.76), (s * 0.51, -0.5)), _HORN_TIP)
        place.fill_poly(
            ((s * 0.26, -0.3), (s * 0.52, -0.32), (s * 0.68, -0.2), (s * 0.56, -0.08), (s * 0.3, -0.12)),
            choose_contrast(colour, 0.75),
        )
    place.fill_poly(_COW_FACE, colour)
    wide = 0.08 + 0.1 * draws[0]
    place.fill_poly(((-wide * 0.5, -0.41), (wide * 0.5, -0.41), (wide, 0.24), (-wide, 0.24)), WHITE)
    place.fill_poly(_MUZZLE, _PINK)
    for s in (-1, 1):
        place.draw_dot(s * 0.13, 0.36, 0.06, (165, 85, 95))
        place.draw_dot(s * 0.21, -0.1, 0.095, WHITE)
        place.draw_dot(s * 0.2, -0.09, 0.07, DARK)


def draw_cow(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a white cow with large patches: standing, grazing, lying, or seen from the front; looks at us."""
    draws = pen.rng.random(8).tolist()
    near, far = _COW_LEGS[look]
    tail = _COW_TAILS[look]
    draw_limb(pen, tail, (0.05, 0.05, 0.05, 0.04), choose_contrast(WHITE, 0.85))
    draw_limb(pen, tail[2:], (0.06, 0.12), colour)
    widths = (0.24, 0.15, 0.14) if look != 2 else (0.16, 0.14, 0.12)
    with pen.begin_part("leg"):
        for leg in far:
            draw_limb(pen, leg, widths, choose_contrast(WHITE, 0.72))
            draw_limb(pen, leg[1:], (0, 0.14), HOOF)
    if look != 2:
        with pen.begin_part("udder"):
            x, y = ((0.38, 0.73), (0.36, 0.63), (0, 0), (0.5, 0.83))[look]
            pen.fill_poly(
                smooth(((x - 0.1, y - 0.07), (x + 0.1, y - 0.07), (x + 0.06, y + 0.07), (x - 0.06, y + 0.07))), _PINK
            )
    draw_shaded(pen, _COWS[look], WHITE, 0.1)
    with pen.begin_part("leg"):
        for leg in near:
            draw_limb(pen, leg, widths, WHITE)
            (ax, ay), (bx, by) = leg[1], leg[2]
            draw_limb(pen, ((0.35 * ax + 0.65 * bx, 0.35 * ay + 0.65 * by), leg[2]), (0.145, 0.145), HOOF)
    shrink = 0.86 + 0.14 * draws[1]
    for patch in _PATCHES[look]:
        cx, cy = patch[2] if draws[2] < 0.5 else patch[0]
        pen.fill_poly([(cx + shrink * (x - cx), cy + shrink * (y - cy)) for x, y in smooth(patch)], colour)
    x, y, size, angle = _COW_HEADS[look]
    if look in (0, 1):
        draw_limb(pen, ((0.62, y - 0.05 if look == 0 else 0.3), (x - 0.02, y)), (0.44, 0.3), colour)
    with pen.begin_part("head"):
        _draw_cow_head(Place(pen, x, y, size * (0.96 + 0.1 * draws[3]), angle + 0.16 * (draws[4] - 0.5)), colour, draws)


_FLEECES = ((0.02, 0.08, 0.84, 0.8), (0.02, 0.02, 0.82, 0.76), (0.16, 0.03, 0.84, 0.86))
_SHEEP_LEGS: tuple[tuple[tuple[float, float], ...], ...] = (
    ((0.22, 0), (0.66, 0), (0.32, 1), (0.74, 1)), ((0.2, 0), (0.6, 0), (0.3, 1), (0.68, 1)), ((0.34, 0), (0.66, 0),
     (0.44, 1), (0.56, 1)),
)  # fmt: skip
_SHEEP_HEADS = ((0.83, 0.36, 0.5, -0.35), (0.86, 0.7, 0.48, -0.2), (0.5, 0.4, 0.56, 0.0))
_SHEEP_FACE = smooth(
    ((-0.26, -0.2), (-0.2, -0.36), (0.2, -0.36), (0.26, -0.2), (0.2, 0.3), (0.1, 0.46), (-0.1, 0.46), (-0.2, 0.3))
)


@lru_cache(maxsize=64)
def _outline_fleece(bumps: int, phase: int) -> Points:
    """Outline a cloud within the unit square."""
    turn = phase * math.pi / 8
    around = [(i * math.pi / 36, 0.43 + 0.07 * abs(math.sin(bumps * (i * math.pi / 72) + turn))) for i in range(72)]
    return tuple((0.5 + r * math.cos(a), 0.5 + r * math.sin(a)) for a, r in around)


def _draw_woolly(pen: Pen, box: tuple[float, float, float, float], colour: Colour, bumps: int, phase: int) -> None:
    """Draw the fleece: a cloud with a shadow below and a few curls."""
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    cloud = _outline_fleece(bumps, phase)
    pen.fill_poly([(left + wide * x, top + high * y) for x, y in cloud], choose_contrast(colour, 0.78))
    pen.fill_poly([(left + wide * (0.02 + 0.96 * x), top + high * 0.88 * y) for x, y in cloud], colour)
    if pen.height > 12:
        for x, y in ((0.24, 0.34), (0.5, 0.22), (0.44, 0.56), (0.68, 0.46), (0.22, 0.62), (0.72, 0.7)):
            cx, cy = left + wide * (x + 0.01 * (phase - 4)), top + high * y
            pen.fill_poly(((cx - 0.05, cy), (cx - 0.03, cy + 0.06), (cx + 0.03, cy + 0.06), (cx + 0.05, cy),
             (cx + 0.02, cy + 0.03), (cx - 0.02, cy + 0.03)),
                     choose_contrast(colour, 0.82))  # fmt: skip


def draw_sheep(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a woolly cloud on thin dark legs with a dark face: standing, grazing, or towards us."""
    draws = pen.rng.random(6).tolist()
    skin: Colour = tone((70, 60, 58), 0.8 + 0.4 * draws[0]) if sum(colour) > 200 else (188, 160, 138)
    with pen.begin_part("leg"):
        for x, far in sorted(_SHEEP_LEGS[look], key=lambda leg: -leg[1]):
            pen.fill_rect(x - 0.035, 0.6, x + 0.035, 1 - 0.03 * far, tone(skin, 0.72 if far else 1.0))
    _draw_woolly(pen, _FLEECES[look], colour, 11 + int(5 * draws[1]), int(8 * draws[2]))
    x, y, size, angle = _SHEEP_HEADS[look]
    place = Place(pen, x, y, size * (0.95 + 0.12 * draws[3]), angle + 0.2 * (draws[4] - 0.5))
    with pen.begin_part("head"):
        for s in (-1, 1):
            place.fill_poly(
                ((s * 0.18, -0.22), (s * 0.4, -0.26), (s * 0.56, -0.1), (s * 0.46, -0.02), (s * 0.2, -0.08)),
                tone(skin, 0.8),
            )
        place.fill_poly(_SHEEP_FACE, skin)
        for s in (-1, 1):
            place.draw_dot(s * 0.13, -0.06, 0.085, (250, 248, 240))
            place.draw_dot(s * 0.12, -0.05, 0.05, DARK)
        place.stroke(-0.07, 0.28, 0.07, 0.28, 0.05, mix(skin, (240, 160, 160), 0.6))
    for dx, dy, r in ((-0.16, -0.32, 0.16), (0.16, -0.32, 0.16), (0, -0.4, 0.18)):
        place.draw_dot(dx, dy, r, choose_contrast(colour, 0.95))
