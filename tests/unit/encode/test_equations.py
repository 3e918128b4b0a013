"""Equations 1 to 4 by a second road: the loop oracle in half precision and on random masks, and properties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.masked import Masked
from bench.encode.saliency import HEADS
from tests.unit.encode import loop_oracle, tiny
from tests.unit.encode.test_encode import SHAPES, pixel_means

TOLERANCE = {"float32": (1e-4, 1e-5), "float16": (0.01, 0.005), "bfloat16": (0.08, 0.03)}
"""Embedding (share of its largest entry) and S and w (absolute). Both roads have the rounded weights, so that what is
left is the rounding of activations in 4 layers: 2^-11 each in float16, 2^-8 in bfloat16."""


def halved(dtype: str, seed: int = 0) -> Any:
    clip = tiny.clip(seed, own=True)
    clip.dtype = getattr(torch, dtype)
    clip.visual = clip.visual.to(clip.dtype)
    clip.preprocess = lambda image: tiny.preprocess(image).to(clip.dtype)
    return clip


@pytest.mark.thinned(7)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("start_layer", [1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_precision_is_the_oracle_within_its_rounding(dtype: str, start_layer: int, shape: str) -> None:
    clip, sample, mask = halved(dtype), tiny.sample(), SHAPES[shape]
    found = GlobalSubtraction(clip, start_layer, sigma2=1.5)(sample, mask[None])
    exact = tiny.clip(own=True)
    exact.visual.load_state_dict({name: value.float() for name, value in clip.visual.state_dict().items()})
    pixels = tiny.preprocess(sample.image).to(clip.dtype).float()
    vector, s, w = loop_oracle.embed(exact.visual, pixels, pixel_means(mask), start_layer, "gsub", 1.5)
    near, salient = TOLERANCE[dtype]
    np.testing.assert_allclose(found.vectors[0], vector, rtol=0, atol=near * np.abs(vector).max())
    np.testing.assert_allclose(found.saliency[0], np.concatenate(s), rtol=0, atol=salient)
    np.testing.assert_allclose(found.weight[0], np.concatenate(w), rtol=0, atol=salient)
    assert found.vectors.dtype == found.saliency.dtype == found.weight.dtype == np.float32


MASKS = st.lists(st.integers(0, 2**20), min_size=1, max_size=5).map(
    lambda seeds: np.stack([np.random.default_rng(s).random((18, 24)) < (s % 11) / 10 for s in seeds])
)
"""One to five random masks of every density, none and all of the pixels included."""
LAYERS = st.integers(1, tiny.DEPTH)


@given(MASKS, LAYERS, st.sampled_from(HEADS), st.floats(0.05, 10))
def test_random_masks_equal_the_oracle(masks: np.ndarray, start_layer: int, heads: str, sigma2: float) -> None:
    clip, sample, mask = tiny.clip(2), tiny.sample(2), masks[:1]
    found = GlobalSubtraction(clip, start_layer, sigma2=sigma2, heads=heads)(sample, mask)
    pixels = tiny.preprocess(sample.image)
    vector, s, w = loop_oracle.embed(
        clip.visual, pixels, pixel_means(mask[0]), start_layer, "gsub", sigma2, heads=heads
    )
    np.testing.assert_allclose(found.saliency[0], np.concatenate(s), atol=1e-5)
    np.testing.assert_allclose(found.weight[0], np.concatenate(w), atol=1e-5)
    np.testing.assert_allclose(found.vectors[0], vector, atol=1e-4)


@given(st.integers(0, 50), LAYERS)
def test_a_full_mask_is_the_plain_forward(seed: int, start_layer: int) -> None:
    clip, sample = tiny.clip(seed % 3), tiny.sample(seed)
    plain = clip.visual(tiny.preprocess(sample.image)).numpy()
    full = np.ones((1, 18, 24), bool)
    np.testing.assert_allclose(Masked(clip, start_layer)(sample, full).vectors, plain, atol=1e-5)
    whole = GlobalSubtraction(clip, start_layer, sigma2=2.5)(sample, full)
    np.testing.assert_allclose(whole.saliency, 1, atol=1e-6)
    np.testing.assert_allclose(whole.weight, np.exp(-0.8), atol=1e-6)


@given(MASKS, LAYERS, st.sampled_from(HEADS))
def test_a_vanishing_variance_is_masking(masks: np.ndarray, start_layer: int, heads: str) -> None:
    clip, sample = tiny.clip(), tiny.sample()
    found = GlobalSubtraction(clip, start_layer, sigma2=1e-9, heads=heads)(sample, masks)
    np.testing.assert_allclose(found.vectors, Masked(clip, start_layer)(sample, masks).vectors, atol=1e-5)


@given(MASKS, MASKS, LAYERS, st.sampled_from([1, 2, 16]))
def test_an_embedding_does_not_depend_on_the_others(
    masks: np.ndarray, others: np.ndarray, start_layer: int, micro_batch: int
) -> None:
    """The same bits in one micro-batch, whatever stands beside it and however many; within 1e-5 in another size."""
    clip, sample = tiny.clip(), tiny.sample()
    encoder = GlobalSubtraction(clip, start_layer, micro_batch=micro_batch)
    alone, beside = encoder(sample, masks), encoder(sample, np.concatenate([masks, others]))
    one_by_one = GlobalSubtraction(clip, start_layer)(sample, masks)
    for name in ("vectors", "saliency", "weight"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(beside, name)[: len(masks)])
        np.testing.assert_allclose(getattr(alone, name), getattr(one_by_one, name), atol=1e-5)
