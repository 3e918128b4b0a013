"""The family on one trunk: each variant against loops written from its paper, and the properties they share."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench.encode.clearclip import ClearClip
from bench.encode.gem import Gem
from bench.encode.mask_tokens import MaskTokens
from bench.encode.maskclip import MaskClip
from bench.encode.masked import Masked
from bench.encode.masking import MaskedEncoder
from bench.encode.naclip import NAClip
from bench.encode.projected_subtraction import ProjectedSubtraction
from bench.encode.proxyclip import ProxyClip
from bench.encode.sclip import SClip
from bench.encode.surgery import Surgery
from bench.errors import UserError
from tests.unit.encode import dense_oracle, loop_oracle, tiny
from tests.unit.encode.test_encode import SHAPES, pixel_means

FEATURES = np.random.default_rng(5).normal(size=(6 * 8, 5)).astype(np.float32)
"""What the stand-in for DINO sees of any image: 6 x 8 places of 5 numbers, four to each patch of CLIP."""


class Dino:
    def compute_features(self, image):
        return FEATURES, (6, 8), image


def weigh_by_dino(beta: float, gamma: float) -> np.ndarray:
    """ProxyCLIP's weights of 12 patches, in loops."""
    places = FEATURES.reshape(6, 8, 5).astype(float)
    patches = [places[2 * r : 2 * r + 2, 2 * c : 2 * c + 2].mean((0, 1)) for r in range(3) for c in range(4)]
    cosine = [[a @ b / np.linalg.norm(a) / np.linalg.norm(b) for b in patches] for a in patches]
    logits = (np.array(cosine) - beta * np.mean(cosine)) * gamma
    weights = np.where((logits >= 0) | np.eye(12, dtype=bool), np.exp(logits), 0)
    return weights / weights.sum(1, keepdims=True)


DENSE = {
    "maskclip": (MaskClip, {}, {}),
    "sclip": (SClip, {}, {}),
    "clearclip": (ClearClip, {}, {}),
    "naclip": (NAClip, {"std": 1.5}, {"std": 1.5}),
    "surgery": (Surgery, {}, {}),
    "gem": (Gem, {"iterations": 2}, {"iterations": 2}),
    "proxyclip": (ProxyClip, {"dino": Dino(), "beta": 0.7, "gamma": 2.0}, {"weights": weigh_by_dino(0.7, 2.0)}),
}
MASKS = np.stack(list(SHAPES.values()))


def make(name: str, start_layer: int, clip=None):
    kind, options, _ = DENSE[name]
    return kind(clip or tiny.clip(), start_layer, **options)


@pytest.mark.thinned(2)
@pytest.mark.parametrize("name", DENSE)
@pytest.mark.parametrize("start_layer", [2, 4])
def test_a_dense_variant_is_what_its_paper_says(name: str, start_layer: int) -> None:
    clip, sample = tiny.clip(), tiny.sample()
    found = make(name, start_layer)(sample, MASKS).vectors
    pixels = tiny.preprocess(sample.image)
    tokens = dense_oracle.compute_tokens(name, clip.visual, pixels, clip.grid, start_layer, **DENSE[name][2])
    expected = [dense_oracle.pool(clip.visual, tokens, pixel_means(mask)) for mask in MASKS]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["maskclip", "sclip", "clearclip", "naclip", "proxyclip"])
def test_where_only_the_last_layer_differs_the_trunk_s_end_is_no_matter(name: str) -> None:
    sample = tiny.sample()
    first, last = (make(name, layer)(sample, MASKS).vectors for layer in (1, -1))
    np.testing.assert_allclose(first, last, rtol=0, atol=1e-6)


def test_the_windows_and_paths_are_seen() -> None:
    """Without them the variants would be each other: the oracle would agree with too much."""
    sample, found = tiny.sample(), {}
    for name in DENSE:
        found[name] = make(name, 2)(sample, MASKS[2:3]).vectors[0]
    names = list(found)
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            assert np.abs(found[one] - found[other]).max() > 1e-3, (one, other)


@pytest.mark.parametrize("name", DENSE)
def test_the_embedding_of_a_union_is_the_weighted_mean(name: str) -> None:
    left, right = np.zeros((18, 24), bool), np.zeros((18, 24), bool)
    left[:6, :6], right[6:18, 6:12] = True, True  # 1 and 2 patches
    one, two, both = make(name, 2)(tiny.sample(), np.stack([left, right, left | right])).vectors
    np.testing.assert_allclose(both, (one + 2 * two) / 3, rtol=0, atol=1e-6)


@pytest.mark.thinned(2)
@pytest.mark.parametrize("name", [*DENSE, "mask tokens", "projected"])
def test_a_segment_does_not_depend_on_its_neighbours_nor_on_a_stored_trunk(name: str) -> None:
    own = {"mask tokens": MaskTokens, "projected": ProjectedSubtraction}
    encoder, sample = (own[name](tiny.clip(), 2) if name in own else make(name, 2)), tiny.sample()
    together = encoder(sample, MASKS, encoder.compute_trunk(sample)).vectors
    alone = np.concatenate([encoder(sample, mask[None]).vectors for mask in MASKS])
    assert together.tobytes() == alone.tobytes() == encoder(sample, MASKS[::-1]).vectors[::-1].tobytes()
    assert encoder(sample, MASKS[:0]).vectors.shape == (0, 8)


@pytest.mark.parametrize("start_layer", [1, 3])
def test_mask_tokens_see_their_segment(start_layer: int) -> None:
    clip, sample = tiny.clip(), tiny.sample()
    found = MaskTokens(clip, start_layer, micro_batch=2)(sample, MASKS).vectors
    pixels = tiny.preprocess(sample.image)
    expected = [dense_oracle.mask_token(clip.visual, pixels, pixel_means(mask), start_layer) for mask in MASKS]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    plain = clip.visual(pixels).numpy()
    np.testing.assert_allclose(found[list(SHAPES).index("full")], plain[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("start_layer", [2, 4])
def test_projected_subtraction_takes_the_whole_image_away_once(start_layer: int) -> None:
    """Against the loops of equation 1, and of the plain tower for the whole image."""
    clip, sample = tiny.clip(), tiny.sample()
    pixels = tiny.preprocess(sample.image)
    plain = dense_oracle.mask_token(clip.visual, pixels, np.ones(12), 1)
    for weight in (0.0, 0.7):
        found = ProjectedSubtraction(clip, start_layer, weight=weight)(sample, MASKS).vectors
        for mask, vector in zip(MASKS, found, strict=True):
            segment, *_ = loop_oracle.embed(clip.visual, pixels, pixel_means(mask), start_layer, "masked", 1.0)
            expected = dense_oracle.unit(segment) - weight * dense_oracle.unit(plain)
            np.testing.assert_allclose(vector, expected, rtol=0, atol=1e-5)


def test_a_start_layer_from_the_end_is_that_layer() -> None:
    assert [Masked(tiny.clip(), layer).start_layer for layer in (-1, -4, 4)] == [4, 1, 4]
    for wrong in (-5, 0, 5):
        with pytest.raises(UserError, match=f"start_layer={wrong}: the image tower has layers 1 to 4, or -1 to -4"):
            Masked(tiny.clip(), wrong)


def test_a_mix_of_the_wrong_shape_is_told_what_was_expected() -> None:
    class Flat(MaskedEncoder):
        def mix(self, attention):
            return attention.masked.flatten(2)

    told = r"Flat.mix returned shape \(1, 2, 104\) in layer 3; expected a tensor of shape \(1, 2, 13, 8\)"
    with pytest.raises(UserError, match=told):
        Flat(tiny.clip(), 3)(tiny.sample(), MASKS[:1])


def test_a_variant_sees_queries_keys_pixels_and_the_plain_image() -> None:
    """What the interface promises a variant, held by one that uses all of it."""
    seen = {}

    class Curious(MaskedEncoder):
        pools_patches = True

        def mix(self, attention):
            layer = attention.layer
            again = layer.compute_exponential(layer.query, layer.key)
            assert torch.equal(again, attention.exponential) and layer.depth == 4
            seen[layer.number] = attention.segments.pixels
            plain = attention.plain[layer.number]
            return plain.attend(plain.query, plain.key)

        def pool(self, tokens, segments, plain):
            torch.testing.assert_close(tokens, plain.output, rtol=0, atol=1e-5)
            return tokens[:, 1:].mean(1) @ self.clip.visual.proj

    found = Curious(tiny.clip(), 2)(tiny.sample(), MASKS[2:3])
    assert list(seen) == [2, 3, 4] and (seen[4] == MASKS[2:3]).all() and found.vectors.shape == (1, 8)


def test_shares_of_patches_add_up_to_one() -> None:
    from bench.encode.segments import make_segments

    segments = make_segments(SimpleNamespace(), MASKS, (3, 4), "cpu")
    shares = segments.compute_shares().numpy()
    np.testing.assert_allclose(shares.sum(1), 1, rtol=0, atol=1e-6)
    np.testing.assert_allclose(shares[0], 1 / 12, rtol=0, atol=1e-7)  # empty: the whole image


def test_a_trunk_that_goes_on_from_an_earlier_layer_is_the_same_to_the_last_bit() -> None:
    sample = tiny.sample()
    kept = {layer: Masked(tiny.clip(), layer).compute_trunk(sample) for layer in (1, 2, 3, 4)}
    for earlier, later in ((1, 2), (1, 4), (3, 4), (2, 2)):
        again = Masked(tiny.clip(), later).compute_trunk(sample, (earlier, kept[earlier]))
        assert again.tobytes() == kept[later].tobytes() and kept[1].tobytes() != kept[later].tobytes()
