"""Pictures painted for a segment: what CLIP is shown, pixel by pixel where it can be told by hand."""

import numpy as np
import pytest
import torch

from bench.encode.blur_outside import BlurOutside
from bench.encode.crop import CropAndMask
from bench.encode.painted import PaintedEncoder, blur, find_box, make_grey
from bench.encode.red_circle import RedCircle
from bench.records import Sample
from bench.system import products
from bench.system.products import leave_to_torch
from tests.unit.encode import tiny

IMAGE = np.random.default_rng(3).integers(0, 200, (40, 60, 3), dtype=np.uint8)
MASK = np.zeros((40, 60), bool)
MASK[10:31, 20:41] = True
RED = np.array([255, 0, 0])


def find_inside() -> np.ndarray:
    """Pixels well within the ellipse inscribed in the box, and well outside of it, by its equation."""
    rows, columns = np.mgrid[:40, :60]
    return ((rows - 20) / 10.0) ** 2 + ((columns - 30) / 10.0) ** 2


def test_a_red_circle_touches_the_box_and_leaves_the_rest() -> None:
    painted = RedCircle(tiny.clip(), width=0.05).paint(IMAGE, MASK)  # a line of 2 pixels
    red, radius = (painted == RED).all(-1), np.sqrt(find_inside())
    assert red[10, 30] and red[30, 30] and red[20, 20] and red[20, 40]
    assert not red[(radius < 0.7) | (radius > 1.15)].any() and red[(radius > 0.9) & (radius < 0.95)].all()
    assert (painted[~red] == IMAGE[~red]).all()


def test_outside_of_the_circle_is_grey_and_blurred_and_inside_is_not() -> None:
    painted = RedCircle(tiny.clip(), width=0.05, grey=True, blur=0.2).paint(IMAGE, MASK)
    inside, outside = find_inside() < 0.5, find_inside() > 1.4
    assert (painted[inside] == IMAGE[inside]).all()
    assert (painted[outside] == blur(make_grey(IMAGE), 0.2)[outside]).all()
    assert (np.ptp(painted[outside], axis=-1) == 0).all() and painted[outside].std() < IMAGE[outside].std() / 2


def test_grey_is_the_luma_of_itu_r_601() -> None:
    expected = IMAGE.astype(float) @ [0.299, 0.587, 0.114]
    assert np.abs(make_grey(IMAGE)[..., 0] - expected).max() <= 1


def test_blur_outside_keeps_the_segment_and_the_size() -> None:
    painted = BlurOutside(tiny.clip(), blur=0.2).paint(IMAGE, MASK)
    assert painted.shape == IMAGE.shape and (painted[MASK] == IMAGE[MASK]).all()
    assert painted[~MASK].std() < IMAGE[~MASK].std() / 2


def test_crop_with_the_outside_blurred() -> None:
    holed = MASK.copy()
    holed[15:20, 25:30] = False
    painted = CropAndMask(tiny.clip(), fill="blur", blur=0.2).paint(IMAGE, holed)
    assert painted.shape == (21, 21, 3)
    np.testing.assert_array_equal(painted[5:10, 5:10], blur(IMAGE, 0.2)[15:20, 25:30])
    np.testing.assert_array_equal(painted[:5], IMAGE[10:15, 20:41])


@pytest.mark.parametrize("make", [RedCircle, BlurOutside, CropAndMask])
def test_a_painted_segment_is_what_clip_says_of_its_picture(make) -> None:
    clip, sample, masks = tiny.clip(), tiny.sample(), np.zeros((3, 18, 24), bool)
    masks[0, 3:9, 2:20], masks[1, 8:, 10:] = True, True  # the last one is empty
    encoder: PaintedEncoder = make(clip, micro_batch=2)
    expected = [clip.visual(clip.preprocess(encoder.paint(sample.image, mask))).numpy()[0] for mask in masks]
    np.testing.assert_allclose(encoder(sample, masks).vectors, expected, rtol=0, atol=1e-5)
    assert encoder(sample, masks[:0]).vectors.shape == (0, 8)


def test_the_box_of_a_mask() -> None:
    assert find_box(MASK) == (10, 30, 20, 40) and find_box(~MASK) == (0, 39, 0, 59)
    assert find_box(np.zeros((4, 5), bool)) is None


@pytest.mark.parametrize("micro_batch", [1, 2])
def test_a_picture_is_embedded_as_the_tower_embeds_it(micro_batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the blocks of every other encoder, with products of oneDNN, against the tower's own forward."""
    monkeypatch.setattr(products, "LEAST", 1)
    clip, masks = tiny.clip(), np.stack([MASK, ~MASK, MASK])
    encoder = CropAndMask(clip, micro_batch=micro_batch)
    found = encoder(Sample("noise", IMAGE), masks).vectors
    with leave_to_torch(), torch.no_grad():
        expected = torch.cat([clip.visual(tiny.preprocess(encoder.paint(IMAGE, mask))) for mask in masks])
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1e-5 * float(expected.abs().max()))
    assert found[0].tobytes() == found[2].tobytes() != found[1].tobytes()
