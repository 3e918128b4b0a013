"""Sections 3.1 to 3.3 (models): whether numbers, names and token ids of ours agree with a publisher's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 0.1, torch.float16: 0.02}
"""Largest difference relative to the largest entry; 1e-5 is the promise, half precision rounds."""
Check = Callable[[Any], str]


def make_picture(height: int = 120, width: int = 200) -> np.ndarray:
    """Make seeded noise, uint8 [height, width, 3]: every pixel counts."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def check_near(what: str, ours: Tensor, theirs: Tensor, dtype: torch.dtype) -> str:
    """Check the largest difference relative to the largest entry, which must keep within the precision's tolerance."""
    return f"differs from {what} by {measure_difference(what, ours, theirs, dtype):.1g}"


def measure_difference(what: str, ours: Tensor, theirs: Tensor, dtype: torch.dtype) -> float:
    """Measure the difference as a number; see `check_near`."""
    assert ours.shape == theirs.shape, f"shape {tuple(ours.shape)}, {what} has {tuple(theirs.shape)}"
    assert torch.isfinite(ours).all() and torch.isfinite(theirs).all(), "numbers that are not finite"
    largest = float((ours.float() - theirs.float()).abs().max() / theirs.float().abs().max().clamp_min(1e-12))
    limit = TOLERANCE[dtype]
    assert largest <= limit, f"differs from {what} by {largest:.2g} (limit {limit:g})"
    return largest


def check_parameters(model: Any, expected: Mapping[str, Tensor]) -> str:
    """Compare names and shapes with those of the architecture."""
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    expected_shapes = {name: tuple(value.shape) for name, value in expected.items()}
    names = shapes.keys() | expected_shapes.keys()
    wrong = sorted(name for name in names if shapes.get(name) != expected_shapes.get(name))
    assert not wrong, f"{len(wrong)} names or shapes are not the architecture's, first {wrong[0]}"
    bad = [name for name, value in model.named_parameters() if not torch.isfinite(value).all()]
    assert not bad, f"{len(bad)} parameters hold numbers that are not finite, first {bad[0]}"
    return f"{len(shapes)} names and shapes, {sum(p.numel() for p in model.parameters()):,} finite numbers"


def check_strings(encode: Callable[[str], list[int]], ids: Mapping[str, list[int]], published: bool) -> str:
    """Check token ids of known strings; a vocabulary of another size is only said to be one."""
    wrong = [text for text, token_ids in ids.items() if encode(text) != token_ids]
    assert not (published and wrong), f"{wrong[0]!r} became {encode(wrong[0])}, not {ids[wrong[0]]}"
    return f"{len(ids)} known strings" if published else "a vocabulary of its own"
