"""The masking variants against equations 1 to 4 in plain loops, and the properties that make them trustworthy."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench.encode.crop import CropAndMask
from bench.encode.global_subtraction import GlobalSubtraction, compute_subtraction_weight
from bench.encode.masked import Masked
from bench.encode.segments import make_token_masks
from bench.encode.unmasked import Unmasked
from bench.errors import UserError
from tests.unit.encode import loop_oracle, tiny

SHAPES = {
    "empty": np.zeros((18, 24), bool),
    "one patch": np.pad(np.ones((6, 6), bool), ((6, 6), (12, 6))),
    "fractional": np.pad(np.ones((7, 9), bool), ((4, 7), (5, 10))),
    "full": np.ones((18, 24), bool),
    "all but one": ~np.pad(np.ones((6, 6), bool), ((0, 12), (0, 18))),
}
VARIANTS = [("outputs", h) for h in ("concat", "per_head_mean", "per_head_separate")] + [
    ("weights", h) for h in ("concat", "per_head_separate")
]


def pixel_means(mask: np.ndarray) -> np.ndarray:
    """Share of each 6 x 6 cell that the mask covers (18 x 24 pixels on a 3 x 4 grid)."""
    return np.array([mask[r : r + 6, c : c + 6].mean() for r in range(0, 18, 6) for c in range(0, 24, 6)])


@pytest.mark.thinned(6)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("start_layer", [1, 3, 4])
@pytest.mark.parametrize(("saliency", "heads"), VARIANTS)
def test_global_subtraction_is_equations_1_to_4(shape: str, start_layer: int, saliency: str, heads: str) -> None:
    clip, sample, mask = tiny.clip(), tiny.sample(), SHAPES[shape]
    found = GlobalSubtraction(clip, start_layer, sigma2=1.5, saliency=saliency, heads=heads)(sample, mask[None])
    pixels = tiny.preprocess(sample.image)
    vector, s, w = loop_oracle.embed(clip.visual, pixels, pixel_means(mask), start_layer, "gsub", 1.5, saliency, heads)
    np.testing.assert_allclose(found.saliency[0], np.concatenate(s), atol=1e-5)
    np.testing.assert_allclose(found.weight[0], np.concatenate(w), atol=1e-5)
    np.testing.assert_allclose(found.vectors[0], vector, atol=1e-4)


@pytest.mark.thinned(2)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("start_layer", [1, 2, 4])
def test_masked_is_equation_1(shape: str, start_layer: int) -> None:
    clip, sample, mask = tiny.clip(1), tiny.sample(1), SHAPES[shape]
    found = Masked(clip, start_layer)(sample, mask[None])
    pixels = tiny.preprocess(sample.image)
    expected, _, _ = loop_oracle.embed(clip.visual, pixels, pixel_means(mask), start_layer, "masked")
    np.testing.assert_allclose(found.vectors[0], expected, atol=1e-4)


@pytest.mark.parametrize(
    ("size", "grid"),
    [
        ((18, 24), (3, 4)),
        ((427, 640), (16, 24)),
        ((5, 7), (16, 16)),
        ((1, 1), (2, 3)),
        ((600, 9), (2, 1)),
        ((31, 64), (7, 9)),
    ],
)
def test_cells_are_torch_s_area_to_the_bit(size: tuple[int, int], grid: tuple[int, int]) -> None:
    """Also cells that share pixels, of more than 255 rows, and of masks that lie in memory the other way round."""
    masks = np.random.default_rng(0).random((4, *size)) < np.array([0.1, 0.5, 0.9, 1])[:, None, None]
    area = torch.nn.functional.interpolate(torch.from_numpy(masks).float()[None], size=grid, mode="area")[0]
    for given in (masks, np.asfortranarray(masks), masks[:, ::-1][:, ::-1], masks.astype(np.float32)):
        found = make_token_masks(given, grid)
        assert found.dtype == torch.float32 and (found[:, 0] == 1).all()
        assert found[:, 1:].numpy().tobytes() == area.flatten(1).numpy().tobytes()
    assert make_token_masks(masks[:0], grid).shape == (0, 1 + grid[0] * grid[1])


@pytest.mark.parametrize("micro_batch", [1, 3])
def test_unmasked_gives_every_segment_what_it_would_get_alone(micro_batch: int) -> None:
    encoder, sample = Unmasked(tiny.clip(), 2, micro_batch), tiny.sample()
    masks = np.stack(list(SHAPES.values()))
    whole = encoder(sample, masks)
    alone = [encoder(sample, mask[None]).vectors[0] for mask in masks]
    assert whole.vectors.tobytes() == np.stack(alone).tobytes() and whole.saliency.shape == (len(masks), 0)
    assert encoder(sample, masks[:0]).vectors.shape == (0, whole.vectors.shape[1])


def test_a_full_mask_and_no_mask_are_the_plain_forward() -> None:
    clip, sample = tiny.clip(), tiny.sample()
    plain = clip.visual(tiny.preprocess(sample.image)).numpy()
    full = np.ones((1, 18, 24), bool)
    np.testing.assert_allclose(Masked(clip, 2)(sample, full).vectors, plain, atol=1e-5)
    np.testing.assert_allclose(Unmasked(clip, 2)(sample, ~full).vectors, plain, atol=1e-5)


def test_vanishing_variance_is_masking() -> None:
    clip, sample, masks = tiny.clip(), tiny.sample(), np.stack(list(SHAPES.values()))
    found = GlobalSubtraction(clip, 2, sigma2=1e-6)(sample, masks)
    np.testing.assert_allclose(found.vectors, Masked(clip, 2)(sample, masks).vectors, rtol=1e-6, atol=3e-6)


@pytest.mark.parametrize("make", [lambda c: GlobalSubtraction(c, 2), lambda c: Masked(c, 3), lambda c: CropAndMask(c)])
def test_an_embedding_does_not_depend_on_its_neighbours(make) -> None:
    clip, sample, masks = tiny.clip(), tiny.sample(), np.stack(list(SHAPES.values()) * 2)
    encoder = make(clip)
    together = encoder(sample, masks).vectors
    alone = np.concatenate([encoder(sample, m[None]).vectors for m in masks])
    backwards = encoder(sample, masks[::-1]).vectors[::-1]
    assert (together == alone).all() and (together == backwards).all()


def test_stored_trunk_gives_the_same_bits() -> None:
    clip, sample, masks = tiny.clip(), tiny.sample(), np.stack(list(SHAPES.values()))
    encoder = GlobalSubtraction(clip, 3)
    assert (encoder(sample, masks, encoder.compute_trunk(sample)).vectors == encoder(sample, masks).vectors).all()


def test_weight_at_three_saliencies() -> None:
    weights = compute_subtraction_weight(torch.tensor([-1.0, 0.0, 1.0]), sigma2=2.5)
    np.testing.assert_allclose(weights, [1, np.exp(-0.2), np.exp(-0.8)], rtol=1e-6)


def test_no_segments() -> None:
    clip, sample, none = tiny.clip(), tiny.sample(), np.zeros((0, 18, 24), bool)
    for encoder in (GlobalSubtraction(clip, 2), Masked(clip, 2), CropAndMask(clip)):
        assert encoder(sample, none).vectors.shape == (0, 8)


def test_token_masks_average_whole_pixels_and_add_up() -> None:
    left, right = np.zeros((5, 4), bool), np.zeros((5, 4), bool)
    left[:3, :2], right[3:, :2] = True, True
    cells = make_token_masks(np.stack([left, right, left | right]), (2, 2)).numpy()
    # 5 rows into 2 cells: rows 0..2 and 2..4, the middle one counts whole in both.
    np.testing.assert_allclose(cells[0], [1, 1, 0, 1 / 3, 0], atol=1e-6)
    np.testing.assert_allclose(cells[1], [1, 0, 0, 2 / 3, 0], atol=1e-6)
    np.testing.assert_allclose(cells[0, 1:] + cells[1, 1:], cells[2, 1:], atol=1e-6)


def test_crop_is_the_bounding_box_with_the_outside_filled() -> None:
    image, mask = tiny.sample().image, np.zeros((18, 24), bool)
    mask[4:9, 10:15] = True
    mask[4, 10] = False
    for fill, colour in (("black", (0, 0, 0)), ("white", (255, 255, 255)), ("mean", (120, 110, 100))):
        crop = CropAndMask(tiny.clip(), fill=fill).paint(image, mask)
        assert crop.shape == (5, 5, 3)
        assert (crop[0, 0] == colour).all() and (crop[1:, 1:] == image[5:9, 11:15]).all()


def test_crop_with_a_mask_of_another_size() -> None:
    image, mask = tiny.sample().image, np.zeros((9, 12), bool)
    mask[2:4, 5:7] = True
    clip = tiny.clip()
    large = np.zeros((18, 24), bool)
    large[4:8, 10:14] = True
    found = CropAndMask(clip)(tiny.sample(), mask[None]).vectors
    assert (CropAndMask(clip).paint(image, large) == image[4:8, 10:14]).all()
    np.testing.assert_array_equal(found, CropAndMask(clip)(tiny.sample(), large[None]).vectors)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda c: Masked(c, 0), "start_layer"),
        (lambda c: Masked(c, 5), "layers 1 to 4"),
        (lambda c: GlobalSubtraction(c, 2, sigma2=0), "sigma2"),
        (lambda c: GlobalSubtraction(c, 2, saliency="output"), "outputs"),
        (lambda c: GlobalSubtraction(c, 2, heads="mean"), "per_head_mean"),
        (lambda c: CropAndMask(c, fill="grey"), "black, mean, white, blur"),
    ],
)
def test_wrong_options_name_what_is_right(make, told: str) -> None:
    with pytest.raises(UserError, match=told):
        make(tiny.clip())


def test_a_variant_of_ones_own_is_one_method() -> None:
    """Half masking: a masking variant needs nothing but `mix`."""
    from bench.encode.masking import MaskedEncoder

    class Half(MaskedEncoder):
        def mix(self, attention):
            none = attention.mask[:, :0]
            return (attention.masked + attention.unmasked) / 2, none, none

    clip, sample, mask = tiny.clip(), tiny.sample(), SHAPES["one patch"][None]
    assert np.isfinite(Half(clip, 4)(sample, mask).vectors).all()
    full = np.ones((1, 18, 24), bool)
    np.testing.assert_allclose(Half(clip, 4)(sample, full).vectors, Unmasked(clip, 4)(sample, full).vectors, atol=1e-5)


def test_underflow_gives_no_nan() -> None:
    """Logits so far apart that the only unmasked token has weight 0 in float32."""
    from bench.encode.attention import Attention

    exponential = torch.zeros(1, 1, 2, 2)
    exponential[..., 1] = 1
    layer = SimpleNamespace(exponential=exponential, values=torch.ones(1, 1, 2, 3), splits_heads=False)
    attention = Attention(layer, SimpleNamespace(mask=torch.tensor([[1.0, 0.0]])), None)
    assert torch.isfinite(attention.masked).all() and torch.isfinite(attention.compute_weight_cosine()).all()
