"""A wrong shape from a variant's own method is one line: class, method, what it was, what was expected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bench.encode.clearclip import ClearClip
from bench.encode.crop import CropAndMask
from bench.encode.mask_tokens import MaskTokens
from bench.encode.masked import Masked
from bench.encode.surgery import Surgery
from bench.errors import UserError
from tests.unit.encode import tiny

MASKS = np.zeros((2, 18, 24), bool)
MASKS[0, :6, :6], MASKS[1, 6:, 6:12] = True, True
CASES = [
    (Masked, "mix", lambda a: None, "None in layer 3; expected a tensor, or three: heads, saliency, weight"),
    (Masked, "mix", lambda a: (a.masked, a.mask), "a tuple of 2 in layer 3; expected a tensor, or three"),
    (Masked, "mix", lambda a: a.masked[:1], r"shape \(1, 2, 4, 8\) in layer 3; .*\(2, 2, 4, 8\): segments, heads"),
    (Masked, "mix", lambda a: a.masked.numpy(), "an array of float32 and shape .* in layer 3; expected a tensor"),
    (
        Masked, "mix", lambda a: (a.masked, a.mask[:1, :1], a.mask[:, :1]),
        r"shape \(1, 1\) for its saliency in layer 3; expected a tensor of shape \(2, k\)",
    ),
    (Masked, "mix", lambda a: (a.masked, a.mask[:, :1], a.mask[:, 0]), r"shape \(2,\) for its weight in layer 3"),
    (Masked, "finish", lambda layer, heads: heads, r"shape .*; expected a tensor of shape \(2, 4, 16\): segments"),
    (Masked, "pool", lambda t, s, p: torch.ones(3, 8), r"shape \(3, 8\); expected a tensor of shape \(2, 8\)"),
    (Masked, "pool", lambda t, s, p: torch.ones(1, 8), r"shape \(1, 8\); expected a tensor of shape \(2, 8\)"),
    (Masked, "pool", lambda t, s, p: t[:, 0], r"shape \(2, 16\); expected a tensor of shape \(2, 8\)"),
    (MaskTokens, "mix", lambda a: a.values[:1], r"shape \(1, 2, 1, 8\) in layer 3; expected .*\(2, 2, 1, 8\)"),
    (MaskTokens, "mix", lambda a: None, "None in layer 3; expected a tensor, or three"),
    (MaskTokens, "finish", lambda layer, heads: heads, r"shape .*; expected a tensor of shape \(2, 1, 16\): segments"),
    (MaskTokens, "pool", lambda t, s, p: torch.ones(3, 8), r"shape \(3, 8\); expected a tensor of shape \(2, 8\)"),
    (Masked, "encode", lambda plain, s: torch.ones(2, 8), r"shape \(2, 8\); expected embeddings, saliency, weight"),
    (
        Masked, "encode", lambda plain, s: (torch.ones(3, 8), s.mask[:, :0], s.mask[:, :0]),
        r"shape \(3, 8\); expected a tensor of shape \(2, 8\)",
    ),
    (
        Masked, "encode", lambda plain, s: (torch.ones(2, 8), s.mask[:1, :1], s.mask[:, :0]),
        r"shape \(1, 1\) for its saliency; expected a tensor of shape \(2, k\)",
    ),
    (ClearClip, "attend", lambda layer, sample: layer.tokens, r"shape .*; expected a tensor of shape \(1, 2, 13, 8\)"),
    (ClearClip, "attend", lambda layer, sample: None, r"None; expected a tensor of shape .*: segments, heads"),
    (ClearClip, "finish", lambda layer, heads: heads, r"shape .*; expected a tensor of shape \(1, 13, 16\)"),
    (ClearClip, "compute_tokens", lambda plain, sample: plain.last.tokens[0], r"\(13, 16\); expected .*\(1, 13, 16\)"),
    (ClearClip, "compute_tokens", lambda plain, sample: plain.last.tokens[:, 1:], r"\(1, 12, 16\); .*\(1, 13, 16\)"),
    (Surgery, "attend", lambda layer: layer.tokens, r"shape .*; expected a tensor of shape \(1, 2, 13, 8\)"),
    (CropAndMask, "paint", lambda image, mask: image[:0], r"uint8 and shape \(0, 24, 3\); expected an array of uint8"),
    (CropAndMask, "paint", lambda image, mask: image[..., 0], r"uint8 and shape \(18, 24\); .*\(height, width, 3\)"),
    (CropAndMask, "paint", lambda image, mask: image / 255, r"an array of float64 and shape \(18, 24, 3\)"),
    (CropAndMask, "paint", lambda image, mask: None, "None; expected an array of uint8"),
]  # fmt: skip


@pytest.mark.parametrize(("base", "method", "wrong", "told"), CASES)
def test_a_wrong_shape_names_what_was_returned_and_what_was_expected(
    base: Any, method: str, wrong: Any, told: str
) -> None:
    def run(self: Any, *arguments: Any) -> Any:
        return wrong(*arguments)

    own = type("Mine", (base,), {method: run})
    encoder = own(tiny.clip(), micro_batch=2) if base is CropAndMask else own(tiny.clip(), 3)
    if hasattr(encoder, "micro_batch"):
        encoder.micro_batch = 2
    with pytest.raises(UserError, match=rf"^Mine\.{method} returned .*{told}") as caught:
        encoder(tiny.sample(), MASKS)
    assert "\n" not in str(caught.value)


def test_every_method_that_a_variant_may_write_is_here() -> None:
    """The table of CONTRIBUTING.md names them."""
    assert {method for _, method, *_ in CASES} == {
        "mix", "finish", "pool", "encode", "attend", "compute_tokens", "paint"
    }  # fmt: skip


def test_rows_too_many_of_one_micro_batch_are_not_cut_off() -> None:
    """With segments one by one, a second row of the first would have stood for the second segment."""

    class Twice(Masked):
        def pool(self, tokens: Any, segments: Any, plain: Any) -> Any:
            return super().pool(tokens, segments, plain).repeat(2, 1)

    with pytest.raises(UserError, match=r"Twice.pool returned shape \(2, 8\); expected a tensor of shape \(1, 8\)"):
        Twice(tiny.clip(), 3)(tiny.sample(), MASKS)
