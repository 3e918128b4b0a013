"""Plain forms by hand, where no other test holds them against a fast form of another file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bench.commands.settings import compose_settings
from bench.records import Prediction, Sample
from bench.speed.inputs import Inputs, open_image
from bench.speed.plain import captions, features, scoring
from bench.speed.stages.features import compare_at_patch_stride

TRUTH = np.array([[0, 0, 1, -1]], np.int16)
MASKS = np.array([[[1, 0, 0, 1]], [[0, 1, 1, 0]]], bool)
SIMILARITY = {"tt": np.array([[0.9, 0.1], [0.2, 0.6]], np.float32)}


def image_of(truth: np.ndarray, masks: np.ndarray = MASKS, rows: np.ndarray = SIMILARITY["tt"]) -> scoring.Image:
    sample = Sample("a", np.zeros((*truth.shape, 3), np.uint8), truth)
    return Prediction("a", masks, ("x",) * len(masks)), sample, {"tt": rows}


def compute(images: list[scoring.Image], metric: str, tau: float = 0.5, **changes: Any) -> float:
    members = {"things": {0}, "stuff": {1}, "class_0": {0}}
    return scoring.compute_number(images, scoring.Number(metric, "tt", tau, **changes), members)


def test_iou_of_two_classes_and_a_threshold_by_hand() -> None:
    image = image_of(TRUTH)
    # class 0: 1 of 2 pixels; class 1: 1 of 2
    assert compute([image], "iou") == 0.5
    # class 1 has lost its segment
    assert compute([image], "iou", 0.7) == 0.25
    other = image_of(np.array([[0, 0, 0, 0]], np.int16))
    # class 0: 2 of 4 pixels; class 1, which the image does not have: 0 of 2, or left out
    ways = {
        ("image", "zero"): (0.5 + 0.25) / 2, ("pair", "zero"): 1.5 / 4, ("dataset", "zero"): (3 / 6 + 1 / 4) / 2,
        ("image", "ignore"): 0.5, ("pair", "ignore"): 1.5 / 3, ("dataset", "ignore"): (3 / 6 + 1 / 4) / 2,
    }  # fmt: skip
    for (average, absent), expected in ways.items():
        assert compute([image, other], "iou", average=average, absent=absent) == expected
    # class 0, a thing, is half of either image and so large
    assert compute([image, other], "iou", group="things") == compute([image, other], "iou", group="class_0") == 0.5
    assert compute([image, other], "iou", group="stuff") == compute([image, other], "iou", absent="zero", group="stuff")
    assert compute([image], "iou", group="large") == 0.5 and np.isnan(compute([image], "iou", group="tiny"))


def test_recalls_of_a_class_in_two_segments_by_hand() -> None:
    # 4 pixels of class 0, one of class 1: a segment on two of the former, one on the others and the latter
    image = image_of(
        np.array([[0, 0, 0, 0, 1]], np.int16),
        np.array([[[1, 1, 0, 0, 0]], [[0, 0, 1, 1, 1]]], bool),
        np.array([[0.9, 0.1], [0.8, 0.1]], np.float32),
    )
    # united 4 of 5 pixels of class 0, the first alone 2 of 4, the second 2 of 5; class 1 has no segment
    assert compute([image], "recall", above=0.5) == compute([image], "recall", above=0.79) == 0.5
    assert compute([image], "recall", above=0.8) == 0.0, "more than"
    assert compute([image], "precision") == 1.0 and compute([image], "precision", above=0.8) == 0.0
    assert compute([image], "reference", above=0.8) == 0.5, "at least"
    assert compute([image], "reference", above=None) == (81 + 1) / 101 / 2, "0, 0.01, …, 0.8, and 0 for class 1"
    assert compute([image], "allseg", above=0.5) == 0.5 and compute([image], "allseg", above=0.51) == 0.0
    assert compute([image], "allseg", above=None) == 51 / 101 / 2, "class 1 has no segment, and passes not even 0"
    assert compute([image], "iou", representative="argmax") == 0.25, "the first is more similar to class 0"
    assert compute([image], "recall", above=0.49, representative="argmax") == 0.5
    assert compute([image], "iou", 0.85) == 0.25 and np.isnan(compute([image], "precision", 0.95))


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


def test_no_attention_of_captions_is_fused_and_all_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = compose_settings(["device=cpu"])
    context = Inputs("embedded", settings, open_image(None, "embedded"), settings).context
    clip: Any = context.load_model("clip")
    language: Any = context.load_model("language")
    texts = ["Image of a dog", "a", "Image of a red circle on a table"]
    fused, method = clip.model.encode_text(pad(clip, texts)), type(clip.model.transformer.resblocks[0]).attention
    before = language.model.config._attn_implementation

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("fused attention")

    options = {"iterations": 1, "candidates": 4, "clip_temperature": 0.01, "fluency_scale": 0.2, "step": 0.3}
    with monkeypatch.context() as patch:
        patch.setattr(torch.nn.functional, "scaled_dot_product_attention", refuse)
        patch.setattr(torch.nn.functional, "multi_head_attention_forward", refuse)
        written = captions.encode(clip, texts)
        captions.shift(language, clip, [1, 2, 3], written[0], options | {"grad_norm_factor": 0.9})
        with pytest.raises(AssertionError, match="fused"):
            clip.model.encode_text(pad(clip, texts))  # given back
    torch.testing.assert_close(written, fused, rtol=1e-5, atol=1e-5)
    assert clip.model.transformer.resblocks[0].attention.__func__ is method
    assert language.model.config._attn_implementation == before


def pad(clip: Any, texts: list[str]) -> torch.Tensor:
    rows = [clip.tokenize_raw(text) for text in texts]
    return torch.tensor([row + [0] * (clip.text.context - len(row)) for row in rows])


def test_the_segments_are_of_many_sizes() -> None:
    settings = compose_settings(["device=cpu"])
    for scale, count in (("embedded", 9), ("paper", 39)):
        masks = Inputs(scale, settings, np.zeros((48, 64, 3), np.uint8), settings).masks
        areas = masks.sum(axis=(1, 2))
        assert masks.shape == (count, 48, 64) and areas.min() > 0 and areas.max() == 48 * 64
        assert len({mask.tobytes() for mask in masks}) == pytest.approx(count, abs=1)
