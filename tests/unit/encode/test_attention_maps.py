"""Where the global token looks: against a softmax written out, and zero outside of a segment."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.encode.attention_maps import average_heads, trace_attention
from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.masked import Masked
from bench.encode.segments import make_token_masks
from bench.records import Sample
from tests.unit.encode import tiny


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample("x", np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))


MASKS = np.zeros((2, 64, 64), bool)
MASKS[0, :32], MASKS[1, 16:48, 8:40] = True, True


def test_weights_are_a_softmax_with_the_mask_as_a_factor() -> None:
    logits, mask = torch.randn(2, 3, 1, 5, generator=torch.Generator().manual_seed(1)), torch.tensor([1, 0, 0.5, 1, 0])
    maps = average_heads((logits - logits.amax(-1, keepdim=True)).exp() * mask)
    expected = [
        np.mean([(w := np.exp(head[0].numpy()) * mask.numpy())[1:] / w.sum() for head in segment], axis=0)
        for segment in logits
    ]
    np.testing.assert_allclose(maps.numpy(), expected, rtol=1e-5)
    assert (maps[:, [0, 3]] == 0).all()


@pytest.mark.parametrize("encoder", [GlobalSubtraction, Masked])
def test_maps_have_a_row_a_layer_and_keep_to_the_segment(sample: Sample, encoder: type) -> None:
    clip = tiny.clip()
    made = encoder(clip, start_layer=-2)
    before = made(sample, MASKS).vectors
    maps = trace_attention(made, sample, MASKS)
    depth, (rows, columns) = clip.depth, clip.grid
    assert maps.layers == (depth - 1, depth)
    assert maps.plain.shape == (2, rows, columns) and maps.masked.shape == (2, 2, rows, columns)
    assert ((maps.plain.sum(axis=(1, 2)) > 0) & (maps.plain.sum(axis=(1, 2)) < 1)).all() and (maps.plain > 0).all()
    outside = make_token_masks(MASKS[:1], clip.grid)[0, 1:].reshape(rows, columns).numpy() == 0
    assert 0 < outside.sum() < outside.size
    assert (maps.masked[0][:, outside] == 0).all() and (maps.masked[0][:, ~outside] > 0).all()
    np.testing.assert_array_equal(made(sample, MASKS).vectors, before)  # tracing leaves the encoder as it was


def test_without_a_mask_both_are_the_same(sample: Sample) -> None:
    maps = trace_attention(GlobalSubtraction(tiny.clip(), start_layer=-2), sample, np.ones((1, 64, 64), bool))
    np.testing.assert_allclose(
        maps.masked[0, 0], maps.plain[0], rtol=1e-5
    )  # in the first masked layer tokens are equal
