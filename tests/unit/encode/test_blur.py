"""How much is blurred, against a Gaussian summed by loops in float64: its deviation is a share of the shorter side."""

from __future__ import annotations

import math
import operator
from functools import cache

import numpy as np
import pytest

from bench.encode.blur_outside import BlurOutside
from bench.encode.crop import CropAndMask
from bench.encode.painted import blur
from bench.encode.red_circle import RedCircle
from tests.unit.encode import tiny

HEIGHT, WIDTH = 36, 60
IMAGE = np.random.default_rng(5).integers(0, 60, (HEIGHT, WIDTH, 3), dtype=np.uint8)
IMAGE[:, 22:] += 150  # an edge, so that a deviation shows; one more across
IMAGE[20:, :, 1] += 40
MASK = np.zeros((HEIGHT, WIDTH), bool)
MASK[8:29, 14:41] = True
NEAR = 7.0
"""Levels of 255 between Pillow's three boxes and the Gaussian, at any pixel; 1.7 times the deviation is 26 away."""


def blur_line(line: list[float], deviation: float) -> list[float]:
    """Sum a Gaussian over a line whose ends go on, term by term."""
    reach = math.ceil(5 * deviation)
    weights = [math.exp(-(step**2) / (2 * deviation**2)) for step in range(-reach, reach + 1)]
    longer, total = [*line[:1] * reach, *line, *line[-1:] * reach], math.fsum(weights)
    return [math.fsum(map(operator.mul, weights, longer[at:])) / total for at in range(len(line))]


@cache
def blur_slowly(share: float, grey: bool = False) -> np.ndarray:
    """Blur `IMAGE` along its rows and then its columns, in float64; its luma by ITU-R 601 where ``grey``."""
    pixels = IMAGE.astype(float)
    if grey:
        pixels = np.repeat((pixels @ [0.299, 0.587, 0.114])[..., None], 3, axis=2)
    for axis in (1, 0):
        blurred = [
            [blur_line(line, share * HEIGHT) for line in channel]
            for channel in np.moveaxis(pixels, (2, axis), (0, 2)).tolist()
        ]
        pixels = np.moveaxis(np.array(blurred), (0, 2), (2, axis))
    return pixels


@pytest.mark.parametrize("share", [0.02, 0.1, pytest.param(0.3, marks=pytest.mark.slow)])
def test_an_image_is_blurred_by_its_share_of_the_shorter_side(share: float) -> None:
    assert np.abs(blur(IMAGE, share) - blur_slowly(share)).max() < NEAR
    turned = blur(np.ascontiguousarray(IMAGE.swapaxes(0, 1)), share).swapaxes(0, 1)
    assert np.abs(turned - blur_slowly(share)).max() < NEAR, "whichever side is the shorter"


@pytest.mark.parametrize("wrong", [3 * WIDTH / HEIGHT, 3.0, 2.0, WIDTH / HEIGHT, 0.5])
def test_another_deviation_is_far_from_it(wrong: float) -> None:
    """The oracle tells: of the longer side, of it thrice, of twice or half of what it should be."""
    assert np.abs(blur(IMAGE, 0.1 * wrong) - blur_slowly(0.1)).max() > 2 * NEAR


def test_every_variant_that_blurs_shows_the_gaussian_outside_of_its_segment() -> None:
    clip, outside = tiny.clip(), ~MASK
    painted = BlurOutside(clip, blur=0.1).paint(IMAGE, MASK)
    assert np.abs(painted - blur_slowly(0.1))[outside].max() < NEAR and (painted[MASK] == IMAGE[MASK]).all()
    holed = MASK.copy()
    holed[12:24, 18:30] = False
    cut = CropAndMask(clip, fill="blur", blur=0.1).paint(IMAGE, holed)
    assert np.abs(cut - blur_slowly(0.1)[8:29, 14:41])[4:16, 4:16].max() < NEAR
    circled = RedCircle(clip, grey=True, blur=0.1).paint(IMAGE, MASK)
    assert np.abs(circled - blur_slowly(0.1, grey=True))[outside].max() < NEAR + 1  # a level is rounded off by grey


def test_the_share_of_an_image_is_the_authors() -> None:
    """100 of 336 pixels; `blur` is held to the slow one above."""
    painted = BlurOutside(tiny.clip()).paint(IMAGE, MASK)
    assert np.array_equal(painted, np.where(MASK[..., None], IMAGE, blur(IMAGE, 0.3)))


def test_the_share_of_a_crop_is_a_tenth() -> None:
    holed = MASK.copy()
    holed[12:24, 18:30] = False
    painted = CropAndMask(tiny.clip(), fill="blur").paint(IMAGE, holed)
    assert np.abs(painted - blur_slowly(0.1)[8:29, 14:41])[~holed[8:29, 14:41]].max() < NEAR
