"""Section 4 (data sets): how the birds of the toy world look."""

from __future__ import annotations

from bench.toyworld.classes import Colour
from bench.toyworld.pen import Pen, mix, tone
from bench.toyworld.things.shapes import Place, Points, choose_contrast, draw_limb, draw_shaded, smooth

_DARK: Colour = (32, 28, 30)
_WHITE: Colour = (250, 248, 242)
_BEAK: Colour = (245, 150, 30)

_BODIES: tuple[Points, ...] = (
    ((0.12, 0.66), (0.34, 0.56), (0.6, 0.48), (0.76, 0.46), (0.84, 0.6), (0.74, 0.8), (0.52, 0.88), (0.3, 0.8)),
    ((0.1, 0.5), (0.34, 0.4), (0.6, 0.36), (0.78, 0.34), (0.88, 0.44), (0.8, 0.58), (0.54, 0.66), (0.3, 0.6)),
    ((0.16, 0.66), (0.3, 0.44), (0.5, 0.26), (0.68, 0.2), (0.84, 0.36), (0.8, 0.64), (0.6, 0.84), (0.34, 0.82)),
    ((0.0, 0.44), (0.12, 0.56), (0.36, 0.52), (0.6, 0.58), (0.8, 0.54), (0.9, 0.74), (0.78, 0.95), (0.5, 1.0),
     (0.22, 0.96), (0.06, 0.72)),
)  # fmt: skip
_TAILS: tuple[Points, ...] = (
    ((0.28, 0.62), (0.02, 0.48), (0.06, 0.6), (0.0, 0.66), (0.06, 0.72), (0.02, 0.82), (0.3, 0.76)),
    ((0.26, 0.46), (0.0, 0.36), (0.05, 0.45), (0.0, 0.5), (0.05, 0.56), (0.0, 0.64), (0.28, 0.58)),
    ((0.3, 0.5), (0.02, 0.72), (0.0, 0.84), (0.08, 0.9), (0.36, 0.76)),
    ((0.14, 0.58), (0.0, 0.36), (0.0, 0.5), (0.04, 0.66), (0.16, 0.72)),
)  # fmt: skip
_WINGS: tuple[Points, ...] = (
    ((0.3, 0.64), (0.2, 0.42), (0.12, 0.12), (0.2, 0.17), (0.23, 0.02), (0.32, 0.12), (0.38, 0.03), (0.46, 0.18),
     (0.56, 0.4),
     (0.6, 0.62), (0.46, 0.7)),
    ((0.34, 0.5), (0.24, 0.7), (0.08, 0.96), (0.18, 0.93), (0.22, 1.0), (0.3, 0.92), (0.37, 0.96), (0.46, 0.84),
     (0.58, 0.68),
     (0.66, 0.5), (0.5, 0.44)),
    ((0.62, 0.36), (0.7, 0.48), (0.62, 0.64), (0.44, 0.74), (0.18, 0.8), (0.28, 0.62), (0.42, 0.42)),
    ((0.64, 0.66), (0.68, 0.78), (0.54, 0.9), (0.34, 0.9), (0.12, 0.7), (0.1, 0.58), (0.3, 0.64), (0.48, 0.6)),
)  # fmt: skip
_BACK_WINGS: tuple[Points, ...] = (
    ((0.5, 0.56), (0.52, 0.26), (0.6, 0.0), (0.65, 0.08), (0.71, 0.02), (0.73, 0.14), (0.8, 0.14), (0.74, 0.36),
     (0.68, 0.54)),
    ((0.42, 0.44), (0.34, 0.26), (0.2, 0.02), (0.3, 0.06), (0.35, 0.0), (0.42, 0.08), (0.49, 0.05), (0.56, 0.2),
     (0.66, 0.4)),
)  # fmt: skip
_BIRD_HEADS = ((0.78, 0.47, 0.19), (0.82, 0.4, 0.165), (0.73, 0.24, 0.22), (0.78, 0.2, 0.185))


def _draw_bird_body(pen: Pen, colour: Colour, look: int, belly: Colour) -> None:
    """Draw tail, back wing or legs, body with a light belly, and the wing that is nearer."""
    dark = choose_contrast(colour, 0.66)
    with pen.begin_part("tail"):
        pen.fill_poly(_TAILS[look], dark)
    if look < 2:
        with pen.begin_part("wing"):
            pen.fill_poly(_BACK_WINGS[look], choose_contrast(colour, 0.52))
    elif look == 2:
        with pen.begin_part("leg"):
            for x in (0.5, 0.62):
                pen.draw_line(x, 0.78, x + 0.01, 0.98, 0.05, _BEAK)
                pen.fill_poly(((x - 0.04, 1), (x + 0.02, 0.93), (x + 0.09, 1)), _BEAK)
    draw_shaded(pen, _BODIES[look], colour)
    if look == 3:
        draw_limb(pen, ((0.74, 0.78), (0.78, 0.5), (0.78, 0.2)), (0.34, 0.24, 0.22), colour)
    else:
        (ax, ay), (bx, by) = _BODIES[look][4], _BODIES[look][-2]
        pen.fill_poly(
            smooth(
                (
                    (ax - 0.03, ay),
                    (ax - 0.1, ay + 0.02),
                    (bx + 0.1, by - 0.12),
                    (bx + 0.06, by - 0.03),
                    _BODIES[look][5],
                )
            ),
            belly,
        )
    with pen.begin_part("wing"):
        pen.fill_poly(_WINGS[look] if look < 2 else smooth(_WINGS[look]), choose_contrast(colour, 0.76))
        if pen.height > 14:
            (ax, ay), tips = _WINGS[look][-1], ((2, 4, 6) if look < 2 else (2, 3))
            for tip in tips:
                x, y = _WINGS[look][tip]
                pen.draw_line(ax, ay, 0.8 * x + 0.2 * ax, 0.8 * y + 0.2 * ay, 0.03, choose_contrast(dark, 0.85))


def draw_bird(pen: Pen, colour: Colour, look: int) -> None:
    """Draw a bird flapping with the wings up, gliding, standing on two thin legs, or swimming like a duck."""
    draws = pen.rng.random(4).tolist()
    belly = mix(colour, (255, 245, 215), 0.35 + 0.4 * draws[0])
    _draw_bird_body(pen, colour, look, belly)
    x, y, radius = _BIRD_HEADS[look]
    place = Place(pen, x, y, radius * (0.95 + 0.1 * draws[1]))
    with pen.begin_part("beak"):
        long = 1.75 + 0.2 * draws[2]
        bill: Colour = (
            _BEAK if look == 3 or sum(colour) > 620 or colour[2] > colour[0] or colour[0] < 90 else (95, 80, 70)
        )
        if look == 3:
            place.fill_poly(((0.6, -0.2), (1.5, 0.25), (1.45, 0.5), (0.6, 0.5)), bill)
        else:
            place.fill_poly(((0.7, -0.45), (long, 0.15), (0.7, 0.55)), bill)
            place.stroke(0.7, 0.1, long - 0.1, 0.14, 0.12, tone(bill, 0.65))
    if draws[3] < 0.35:
        place.fill_poly(
            ((0.3, -0.8), (-0.5, -1.6), (-0.3, -1.1), (-0.95, -1.1), (-0.7, -0.5)), choose_contrast(colour, 0.66)
        )
    pen.fill_disc(x, y, place.size, colour)
    place.draw_dot(0.35, -0.18, 0.3, _WHITE)
    place.draw_dot(0.4, -0.18, 0.2, _DARK)
