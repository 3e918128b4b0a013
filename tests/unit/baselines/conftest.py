"""A tiny GroupViT and what it is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.models.groupvit import GroupVit

NAMES = ("cat", "sky", "dining table", "road", "grass")
PROMPT = "a photo of a {}."


@pytest.fixture(scope="package")
def folder(tiny: Path) -> Path:
    return tiny / "groupvit"


@pytest.fixture(scope="package")
def model(folder: Path) -> GroupVit:
    return GroupVit(str(folder))


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A picture of blocks and noise, uint8 [height, width, 3]."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 256, (-(-height // 32), -(-width // 32), 3)).repeat(32, axis=0).repeat(32, axis=1)
    return (blocks[:height, :width] * 0.9 + rng.integers(0, 25, (height, width, 3))).astype(np.uint8)
