"""The paper's architectures on device "meta": shapes and number types of every model stage, where no GPU is at hand.

Whatever would bring a tensor to the processor, or make one there beside those of the device, is an error.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import open_clip
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, ViTConfig, ViTModel

from bench.caption.language_step import LanguageStep
from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.segments import make_segments
from bench.models.dino import Dino
from bench.models.text_tower import TextTower
from bench.records import Sample

META = torch.device("meta")
KINDS = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
NAMES = ["bfloat16", *(pytest.param(name, marks=pytest.mark.slow) for name in ("float32", "float16"))]
CLIP = "ViT-L-14-336-quickgelu"


def make_clip(precision: str) -> torch.nn.Module:
    with META:  # else open_clip draws all numbers on the processor first
        return open_clip.create_model(CLIP, load_weights=False, device="meta", precision=precision)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@torch.inference_mode()
def test_a_step_of_gpt2_medium_and_its_gradient(name: str) -> None:
    with META:
        model = GPT2LMHeadModel(GPT2Config(n_embd=1024, n_layer=24, n_head=16)).to(getattr(torch, name))
    step, kind = LanguageStep(model), getattr(torch, name)
    cache = torch.empty(24, 2, 5, 16, 7, 64, device=META, dtype=kind)
    forward = step(cache, torch.empty(5, dtype=torch.int64, device=META))
    assert forward.logits.shape == (5, 50257) and forward.logits.dtype == torch.float32
    assert forward.last.shape == (24, 2, 5, 16, 1, 64)
    gradient = step.pull_back(torch.empty(5, 50257, device=META), forward).expand()
    assert gradient.shape == cache.shape and gradient.dtype == kind and gradient.device == META


@pytest.mark.parametrize("name", [pytest.param("float32", marks=pytest.mark.slow), "bfloat16"])
@torch.inference_mode()
def test_both_towers_of_clip(name: str) -> None:
    model = make_clip(KINDS[name])
    text = TextTower(model)
    read = text.read([49406, 320])
    (features,) = text.encode_all([(read, [[49406, 320, 5, 49407], [49406, 320, 7, 8, 49407]])])
    assert features.shape == (2, 768) and features.device == META

    facts = {"depth": 24, "dim": 768, "grid": (24, 24)}
    clip = SimpleNamespace(visual=model.visual, device=META, dtype=getattr(torch, name), **facts)
    encoder, sample = GlobalSubtraction(clip, start_layer=21), Sample("a", np.zeros((48, 64, 3), np.uint8))
    plain = encoder.open_layers(sample, np.zeros((577, 1024), np.float32))
    segments = make_segments(sample, np.ones((3, 48, 64), bool), (24, 24), META)
    vectors, saliency, weight = encoder.encode(plain, segments)
    assert vectors.shape == (3, 768) and saliency.shape == weight.shape == (3, 4) and vectors.device == META


@pytest.mark.parametrize("name", NAMES)
def test_keys_of_dino_at_stride_4(name: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with META:
        model = ViTModel(ViTConfig(hidden_size=384, num_attention_heads=6, intermediate_size=1536, patch_size=8),
                         add_pooling_layer=False).to(getattr(torch, name))  # fmt: skip
    loaded = model, {}, ((0.5,) * 3, (0.5,) * 3)
    monkeypatch.setattr("bench.models.dino.sources.load", lambda *_: loaded)
    monkeypatch.setattr("bench.models.dino.guards.check_complete", lambda *_, **__: None)
    dino = Dino("made", stride=4, device="meta", dtype=name)
    rows, columns = dino.compute_grid(224, 296)
    keys = dino.compute_facet(torch.empty(1, 3, 224, 296, device=META))
    assert keys.shape == (1, rows * columns, 384) and keys.dtype == getattr(torch, name) and keys.device == META
