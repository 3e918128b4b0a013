"""Plain forms by hand, where no other test holds them against a fast form of another file."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.commands.settings import compose_settings
from bench.records import Prediction, Sample
from bench.speed.inputs import Inputs, open_image
from bench.speed.plain import features, scoring
from bench.speed.stages.features import compare_at_patch_stride


def test_iou_of_two_classes_and_a_threshold_by_hand() -> None:
    truth = np.array([[0, 0, 1, -1]], np.int16)
    masks = np.array([[[1, 0, 0, 1]], [[0, 1, 1, 0]]], bool)
    sample = Sample("a", np.zeros((1, 4, 3), np.uint8), truth)
    similarity = np.array([[0.9, 0.1], [0.2, 0.6]], np.float32)
    prediction = Prediction("a", masks, ("x", "y"))
    image = (prediction, sample, similarity)
    # class 0: 1 of 2 pixels; class 1: 1 of 2
    assert scoring.compute_iou([image], 0.5, "image", "zero") == 0.5
    # class 1 has lost its segment
    assert scoring.compute_iou([image], 0.7, "image", "zero") == 0.25
    other = (prediction, Sample("b", sample.image, np.array([[0, 0, 0, 0]], np.int16)), similarity)
    # class 0: 2 of 4 pixels; class 1, which the image does not have: 0 of 2, or left out
    ways = {
        ("image", "zero"): (0.5 + 0.25) / 2, ("pair", "zero"): 1.5 / 4, ("dataset", "zero"): (3 / 6 + 1 / 4) / 2,
        ("image", "ignore"): 0.5, ("pair", "ignore"): 1.5 / 3, ("dataset", "ignore"): (3 / 6 + 1 / 4) / 2,
    }  # fmt: skip
    for way, expected in ways.items():
        assert scoring.compute_iou([image, other], 0.5, *way) == expected


def test_one_block_head_by_head_is_transformers_own() -> None:
    settings = compose_settings(["device=cpu"])
    dino = Inputs("embedded", settings, open_image(None, "embedded"), settings).context.load_model("dino")
    image = open_image(None, "embedded")[:32, :48]
    tokens = features.embed(dino, image)
    one, other = features.run_blocks(dino, tokens, 1), features.run_block_by_heads(dino, tokens)
    assert not torch.equal(one, tokens)
    torch.testing.assert_close(other, one, rtol=1e-5, atol=1e-5)
    stride = dino.stride
    assert compare_at_patch_stride(dino, image) < 1e-5 and dino.stride == stride


def test_the_segments_are_of_many_sizes() -> None:
    settings = compose_settings(["device=cpu"])
    for scale, count in (("embedded", 9), ("paper", 39)):
        masks = Inputs(scale, settings, np.zeros((48, 64, 3), np.uint8), settings).masks
        areas = masks.sum(axis=(1, 2))
        assert masks.shape == (count, 48, 64) and areas.min() > 0 and areas.max() == 48 * 64
        assert len({mask.tobytes() for mask in masks}) == pytest.approx(count, abs=1)
