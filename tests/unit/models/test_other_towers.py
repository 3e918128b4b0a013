"""Why SigLIP, CLIPA and CoCa are refused (MODELS.md): of all of open_clip's architectures, by their configs."""

from __future__ import annotations

from typing import Any

import open_clip
import pytest

from bench.errors import UserError
from bench.models.clip import _check_visual
from bench.models.guards import NO_CLASS_TOKEN, OTHER_TOWER

NAMES = ("siglip", "clipa", "coca_vit")


def pools_patches(vision: dict[str, Any]) -> bool:
    """Whether a tower embeds an image by something else than a class token, as far as its config tells."""
    return bool(vision.get("attentional_pool")) or vision.get("pool_type", "tok") != "tok"


def is_guide(text: dict[str, Any]) -> bool:
    """Whether a text's beginning can be kept: causal, pooled at its end, nothing added behind."""
    plain = "hf_model_name" not in text and not text.get("no_causal_mask") and not text.get("embed_cls")
    return plain and text.get("pool_type", "argmax") in ("argmax", "eos")


def test_what_pools_patches_has_no_text_tower_that_could_guide_captions() -> None:
    every: dict[str, Any] = {name: open_clip.get_model_config(name) for name in open_clip.list_models()}
    named = [name for name in every if any(part in name.lower() for part in NAMES)]
    pooling = [name for name, config in every.items() if pools_patches(config["vision_cfg"])]
    assert len(named) > 30 and len(pooling) >= 8 and set(pooling) <= set(named)
    assert not [name for name in named if is_guide(every[name]["text_cfg"])]
    assert is_guide(every["ViT-L-14-336-quickgelu"]["text_cfg"]), "the rule refuses not everything"


@pytest.mark.parametrize("options", [{"pool_type": "avg"}, {"attentional_pool": True}])
def test_an_image_tower_that_pools_is_one_line(options: dict[str, Any]) -> None:
    tower = open_clip.transformer.VisionTransformer(
        image_size=9, patch_size=3, width=16, layers=1, heads=2, mlp_ratio=1, output_dim=8, **options
    )
    with pytest.raises(UserError) as caught:
        _check_visual(tower, "x")
    assert str(caught.value) == f"CLIP x: {NO_CLASS_TOKEN}"


def test_another_library_s_tower_is_one_line() -> None:
    from torch import nn

    with pytest.raises(UserError) as caught:
        _check_visual(nn.Linear(1, 1), "x")
    assert str(caught.value) == f"CLIP x: its image tower, a Linear, {OTHER_TOWER}"
