"""Every look of every class under a snapshot: stored results rest on them, so a change here means a new VERSION."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bench.toyworld.classes import INDEX, KINDS, SIDE, STUFF
from bench.toyworld.pen import Canvas, Pen
from bench.toyworld.render import find_drawer
from bench.toyworld.textures import tiles
from bench.toyworld.textures.looks import LOOKS, paint_texture

SHAPES = """
515e8d c0ab3d 539b7d cec76c ab07b8 ae21f8 31a674 03a102 f4c013 356996 6cdcd0 5f26c9 5e7f66 a9806d 5b3bbb 18b540
e0aa26 530a70 de261f 337e98 21f734 a6928a 4cac13 1c28a5 ff7c6b 30ba5f 7e986c baf724 9f76c0 70ca0b 619d4b 1c5b40
229b32
"""
"""Of each thing the first digits of a digest of the label codes and parts of all its looks."""
COLOURS = """
90bdea 4172c4 e6915b 27254b adb6bf e7bdc3 659b3a 568943 be9c4b 5f973d 367540 838185 59544c 896c4b 7f7476 a1a2a3
4780c1 5389ba 56beaf 3f445f 498db0 dbba7c a58465 e8cf96 e09d64 dce4f6 bac7e0 ebc7d3 cac9d1 b6b5c0 b37b5e a890bc
879c72 3b6f31 4c643a b8652a 3a673d ad6e5d dfc995 d6d6da 968c86 b2c0c9 e4b2a5 986a42 9f6d44 ba908a ac5b4d c28d51
898c8d b7b2a8 775843 7e8980 74593f 537c6e 7a8968 a63336 89aa8f 936e8e b07842 91a5cc c9d0db
"""
"""The mean colour of each look of stuff, in the order of `LOOKS`."""


def shape(name: str) -> str:
    total = hashlib.sha256()
    for look in range(KINDS[name].looks):
        canvas = Canvas((255, 255, 255))
        pen = Pen(canvas, INDEX[name], 0, (24.0, 30.0, 80.0, 70.0), np.random.default_rng(look), look % 2 == 1)
        find_drawer(name)(pen, (200, 40, 40), look)
        total.update(canvas.codes.tobytes() + repr(canvas.keys).encode())
    return total.hexdigest()[:6]


def colours() -> np.ndarray:
    """Mean colours [looks, 3] of all looks of stuff."""
    drawn = [
        paint_texture(n, look, np.random.default_rng(look), 0, SIDE) for n in STUFF for look in range(len(LOOKS[n]))
    ]
    return np.array([np.asarray(picture, float).mean(axis=(0, 1)) for picture in drawn])


def test_shapes_and_parts_of_all_things() -> None:
    known = dict(zip(KINDS, SHAPES.split(), strict=True))
    assert {name: shape(name) for name in KINDS} == known


def test_colours_of_all_stuff() -> None:
    known = np.array([[int(text[at : at + 2], 16) for at in (0, 2, 4)] for text in COLOURS.split()])
    # Colours pass through sines and so may differ by a level between processors.
    np.testing.assert_allclose(colours(), known, atol=1.5)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_layers_of_a_sheet_are_what_each_alone_would_be(count: int) -> None:
    """Drawn beside one another in the channels of one picture, and one by one as grey pictures, by Pillow, too."""
    rng, sheet = np.random.default_rng(count), tiles._Sheet(count, 90)
    side = tiles.TILE * tiles._FINE
    alone = [Image.new("L", (side, side), 90) for _ in range(count)]
    for _ in range(60):
        points = [tuple(point) for point in rng.uniform(-9, tiles.TILE + 9, (int(rng.integers(3, 8)), 2)).tolist()]
        values = rng.uniform(-0.2, 1.2, count).tolist()
        sheet.fill_poly(points, *values)
        for layer, value in zip(alone, values, strict=True):
            placed = [(x * tiles._FINE, y * tiles._FINE) for x, y in points]
            ImageDraw.Draw(layer).polygon(placed, fill=int(np.clip(value, 0, 1) * 255))
    expected = [np.asarray(layer.reduce(tiles._FINE)).astype(np.float32) / 255 for layer in alone]
    assert np.array_equal(sheet.read_fields(), expected)
    with pytest.raises(ValueError, match="layers"):
        sheet.fill_poly([(0, 0), (1, 0), (1, 1)], *[0.5] * (count + 1))
