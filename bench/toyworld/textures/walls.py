"""Section 4 (data sets): how walls look in the toy world."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bench.toyworld.classes import Colour
from bench.toyworld.pen import mix, tone
from bench.toyworld.textures.brushes import (
    WHITE,
    Field,
    Looks,
    Rng,
    X,
    Y,
    hash_cells,
    lay_over,
    make_fade,
    make_grain,
    make_mottle,
    make_relief,
    make_rise,
    make_shades,
    mark_odd,
    measure_gap,
    paint_ramp,
    wrap,
)


def _make_courses(rng: Rng, tall: float, wide: float, top: int) -> tuple[Field, Field, Field]:
    """Make bricks: pixels to the next joint, how high up in its brick a pixel lies (-1 to 1), a number a brick."""
    row = (Y - top + float(rng.uniform(0, tall))) / tall
    place = X / wide + mark_odd(np.floor(row)) + float(rng.random())
    joint = np.minimum(measure_gap(row) * tall, measure_gap(place) * wide)
    return joint, 1 - 2 * wrap(row), hash_cells(np.floor(row), np.floor(place))


def _paint_brick(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint bricks of many shades in light mortar."""
    joint, up, cell_hash = _make_courses(rng, 7.2, 15.5, top)
    shade = 0.45 + 0.42 * (cell_hash - 0.5) + 0.1 * up + make_grain(rng, 0.1) + 0.08 * make_mottle(rng, 3, 6)
    picture = paint_ramp(shade, mix(tone(colour, 0.5), (60, 30, 60), 0.2), colour, mix(colour, (250, 180, 130), 0.6))
    return lay_over(
        picture,
        make_rise(joint, 1.3, 0.4),
        paint_ramp(0.5 + 0.35 * up + make_grain(rng, 0.2), (150, 136, 126), (222, 212, 198)),
    )


def _paint_striped(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint wallpaper in stripes with fine lines and a row of lozenges."""
    place = X / 16 + float(rng.random())
    middle = np.abs(wrap(place) - 0.5) * 16
    band, line = make_rise(middle, 4.4, 3.6), make_rise(np.abs(middle - 5.8), 0.9, 0.3)
    down = np.abs(wrap((Y - top) / 11 + mark_odd(np.floor(place))) - 0.5) * 11
    lozenge = make_rise(middle + 0.8 * down, 3.4, 2.5)
    shade = (
        0.72 - 0.34 * band + 0.02 * make_mottle(rng, 40, 40) + 0.5 * lozenge - 0.3 * line - 0.1 * make_fade(top, bottom)
    )
    return paint_ramp(
        shade, tone(colour, 0.6), mix(tone(colour, 0.86), (200, 120, 60), 0.15), mix(colour, WHITE, 0.35), WHITE
    )


def _paint_tiles(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint glazed tiles with a shine in the corner, some of them with a blue ornament."""
    row, place = (Y - top) / 12 + 0.02, X / 12 + float(rng.random())
    down, across = wrap(row), wrap(place)
    joint = np.minimum(measure_gap(row), measure_gap(place)) * 12
    cell_hash = hash_cells(np.floor(row), np.floor(place))
    shine = make_rise(np.abs(down + across - 0.62), 0.1, 0.04) * make_rise(np.abs(across - down), 0.5, 0.3)
    shade = 0.62 + 0.12 * (cell_hash - 0.5) + 0.4 * shine + 0.3 * (0.5 - down) + 0.02 * make_mottle(rng, 30, 30)
    picture = paint_ramp(shade, mix(tone(colour, 0.7), (120, 140, 190), 0.3), colour, (255, 255, 255))
    cross, far = np.abs(np.abs(down - 0.5) - np.abs(across - 0.5)), np.abs(down - 0.5) + np.abs(across - 0.5)
    bloom = make_rise(np.minimum(cross, np.abs(far - 0.34)), 0.1, 0.04) * make_rise(far, 0.62, 0.55) * (cell_hash > 0.8)
    lay_over(picture, 0.85 * bloom, (66, 104, 180))
    return lay_over(picture, make_rise(joint, 0.9, 0.3), (136, 140, 148))


def _paint_stones(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint rough blocks of several sizes in sandy mortar, lit from above."""
    row = (Y - top) / 13 + 0.06 * make_mottle(rng, 12, 20)
    step = np.floor(row)
    place = X / 18 + hash_cells(step, step) + 0.05 * make_mottle(rng, 9, 9)
    place = place + 0.1 * np.sin(place * 6.28)
    up, left = 0.5 - wrap(row), 0.5 - wrap(place)
    joint = np.minimum(6.5 - np.abs(up) * 13, 8.5 - np.abs(left) * 17)
    rim = make_rise(joint, 4.2, 1.6) * (
        np.sign(up) * (np.abs(up) > np.abs(left)) + 0.7 * np.sign(left) * (np.abs(up) <= np.abs(left))
    )
    shade = (
        0.22
        + 0.46 * hash_cells(step, np.floor(place))
        + 0.26 * rim
        + 0.22 * make_relief(make_mottle(rng, 4, 5))
        + make_grain(rng, 0.08)
    )
    picture = paint_ramp(shade, tone(colour, 0.6), colour, mix(colour, (250, 240, 220), 0.6))
    return lay_over(
        picture,
        make_rise(joint, 1.5, 0.7),
        paint_ramp(0.5 + 0.5 * up + make_grain(rng, 0.25), (96, 88, 84), (206, 194, 172)),
    )


def _paint_plaster(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint rough plaster that has come off some bricks; white panelling below."""
    coat = make_mottle(rng, 3, 3)
    picture = paint_ramp(
        0.55 + 0.24 * make_relief(coat) + 0.1 * make_mottle(rng, 12, 14) + make_grain(rng, 0.08),
        *make_shades(colour, 0.75, 1.1),
    )
    bare = make_mottle(rng, 15, 19) + 0.25 * coat
    joint, up, cell_hash = _make_courses(rng, 6, 12, top)
    bricks = paint_ramp(
        (0.35 + 0.4 * cell_hash + 0.1 * up) * make_rise(joint, 0.3, 1.1) + 0.0,
        (222, 206, 186),
        (168, 84, 62),
        (206, 116, 84),
    )
    lay_over(picture, make_rise(bare, 0.48, 0.42) * make_rise(bare, 0.3, 0.4), tone(colour, 0.6))
    lay_over(picture, make_rise(bare, 0.46, 0.52), bricks)
    return _paint_wainscot(picture, top, bottom)


def _paint_wainscot(picture: Image.Image, top: int, bottom: int) -> Image.Image:
    """Paint white boarding on the lower third, with a ledge."""
    rail = int(top + 0.64 * (bottom - top))
    down = Y[rail:] - rail
    if len(down) < 8:
        return picture
    board = np.abs(wrap(X / 18) - 0.5) * 18
    groove = make_rise(np.abs(board - 6), 1.2, 0.4) - make_rise(np.abs(board - 4.8), 1.2, 0.4) * 0.5
    ledge = make_rise(np.abs(down - 1.5), 2.5, 1.5) - 1.6 * make_rise(np.abs(down - 5), 1.6, 0.6)
    wood = paint_ramp(0.62 - 0.4 * groove + 0.35 * ledge, (130, 132, 140), (232, 230, 222), (255, 254, 248))
    picture.paste(wood, (0, rail))
    return picture


def _paint_flowered(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint wallpaper with rows of flowers and leaves."""
    place = X / 15 + float(rng.random())
    row = (Y - top) / 15 + mark_odd(np.floor(place))
    across, down = (wrap(place) - 0.5) * 15, (wrap(row) - 0.45) * 15
    square = across * across + down * down
    wave = across * across * down * down / (square * square + 1)
    petals = make_rise(np.sqrt(square) + 7 * wave, 4.9, 3.9)
    leaf = make_rise(np.abs(np.abs(across) - 2.4 - 0.2 * down) + 0.6 * np.abs(down - 5.6), 1.9, 1.0)
    picture = paint_ramp(
        0.5 + 0.03 * make_mottle(rng, 40, 40) + 0.3 * make_rise(measure_gap(place) * 15, 0.9, 0.3),
        *make_shades(colour, 0.7, 1.15),
    )
    lay_over(picture, 0.9 * leaf, (104, 150, 96))
    bloom = ((206, 62, 84), (250, 250, 244), (120, 80, 170))[int(rng.integers(3))]
    lay_over(picture, petals, paint_ramp(1 - 0.045 * square, tone(bloom, 0.8), bloom))
    return lay_over(picture, make_rise(square, 3.4, 1.6), (248, 208, 84))


def _paint_logs(rng: Rng, colour: Colour, top: int, bottom: int) -> Image.Image:
    """Paint a log cabin: round logs with knots, moss in the joints."""
    row = (Y - top) / 12.5 + 0.05 * make_mottle(rng, 40, 50)
    up = 0.5 - wrap(row)
    cell_hash = hash_cells(np.floor(row), np.floor(row))
    bark = np.sin(up * 26 + 4 * make_mottle(rng, 5, 26) + 30 * cell_hash)
    knot = make_rise(make_mottle(rng, 5, 7) + 0.2 * bark, 0.75, 0.95)
    shade = (
        0.56 + 0.7 * up + 0.24 * (cell_hash - 0.5) + 0.08 * bark - 0.7 * up * up + make_grain(rng, 0.06) - 0.4 * knot
    )
    picture = paint_ramp(shade, mix(tone(colour, 0.35), (40, 16, 30), 0.3), colour, mix(colour, (255, 216, 150), 0.65))
    return lay_over(
        picture,
        make_rise(np.abs(up) + 0.03 * make_mottle(rng, 3, 5), 0.45, 0.5),
        paint_ramp(0.5 + make_grain(rng, 0.5), (52, 50, 40), (120, 116, 84)),
    )


WALLS: Looks = {
    "wall": (
        ("red", (178, 84, 64), _paint_brick),
        ("yellow", (240, 214, 140), _paint_striped),
        ("white", (230, 234, 236), _paint_tiles),
        ("grey", (156, 154, 150), _paint_stones),
        ("blue", (142, 178, 206), _paint_plaster),
        ("pink", (242, 196, 196), _paint_flowered),
        ("brown", (172, 112, 66), _paint_logs),
    ),
}
