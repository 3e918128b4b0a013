"""Features in bfloat16 of a model with heads of 64, from a folder as in a run: by tiles of attention, near float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import ViTConfig, ViTModel

from bench.models.dino import Dino
from bench.system import attention_tiles, products

LAYERS = 3


@pytest.fixture
def folder(tmp_path: Path) -> str:
    torch.manual_seed(0)
    config = ViTConfig(hidden_size=128, num_hidden_layers=LAYERS, num_attention_heads=2, intermediate_size=64,
                       image_size=16, patch_size=4, initializer_range=0.2)  # fmt: skip
    model: Any = ViTModel(config, add_pooling_layer=False)
    model.save_pretrained(tmp_path)
    return str(tmp_path)


def test_features_of_heads_of_64_are_made_by_tiles_and_near_float32(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """50 places; as near as by torch's own attention in bfloat16."""
    monkeypatch.setattr(products, "LEAST", 1)
    image = np.random.default_rng(0).integers(0, 256, (16, 32, 3), dtype=np.uint8)

    def compute(dtype: str) -> np.ndarray:
        return Dino(folder, size=16, stride=3, dtype=dtype).compute_features(image)[0]

    exact, called, attend = compute("float32"), list[bool](), attention_tiles.attend_heads
    with monkeypatch.context() as patch:
        patch.setattr(attention_tiles, "pays", lambda: True)
        patch.setattr(attention_tiles, "attend_heads", lambda *given: called.append(True) or attend(*given))
        by_tiles = compute("bfloat16")
    monkeypatch.setattr("bench.models.dino_block.attend", torch.nn.functional.scaled_dot_product_attention)
    by_torch = compute("bfloat16")
    assert len(called) == LAYERS - 1 and exact.shape == (50, 128) and not np.array_equal(by_tiles, by_torch)
    ours, own = (np.square(made - exact).mean() ** 0.5 for made in (by_tiles, by_torch))
    assert 0 < ours <= 1.1 * own < 0.01
