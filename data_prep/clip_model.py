"""Section 3.2: the embedded CLIP, its two towers on cut input, its loss, and its files in open_clip's format."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from open_clip.model import CLIP
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from bench.toyworld.classes import SIDE
from data_prep.clip_feed import CONTEXT, MEAN, PATCH, STD, Keep, Part

TARGET = Path(__file__).parent.parent / "bench" / "models" / "embedded" / "clip"
VISION = {"image_size": SIDE, "patch_size": PATCH, "layers": 6, "width": 96, "head_width": 32, "mlp_ratio": 4.0}
TEXT = {"context_length": CONTEXT, "vocab_size": 800, "width": 128, "heads": 4, "layers": 2, "pad_id": 797,
        "eos_id": 799}  # fmt: skip
DIMENSION = 64


def build() -> CLIP:
    """Build a fresh model, of the same class that open_clip builds from the exported folder."""
    model = CLIP(embed_dim=DIMENSION, vision_cfg=dict(VISION), text_cfg=dict(TEXT), quick_gelu=False)
    model.visual.patch_dropout = Keep()
    return model


def encode_text(model: CLIP, tokens: Tensor) -> Tensor:
    """Encode texts, cut to the longest of the batch: causal attention makes what follows irrelevant."""
    ends = tokens.argmax(dim=-1)
    length = int(ends.max()) + 1
    x = model.token_embedding(tokens[:, :length]) + model.positional_embedding[:length]
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    return x[torch.arange(len(x)), ends] @ model.text_projection


def encode_pictures(model: CLIP, parts: list[Part]) -> Tensor:
    """Encode pictures part by part: of each part its own patches alone are computed."""
    features = []
    for part in parts:
        model.visual.patch_dropout.kept = part.patches
        features.append(model.visual(part.images))
    return torch.cat(features)


def compute_loss(model: CLIP, parts: list[Part], tokens: Tensor) -> Tensor:
    """Compute CLIP's symmetric contrastive loss; equal texts share the target, for neither is wrong."""
    pictures = functional.normalize(encode_pictures(model, parts), dim=-1)
    texts = functional.normalize(encode_text(model, tokens), dim=-1)
    logits = model.logit_scale.exp() * pictures @ texts.T
    same = (tokens[:, None] == tokens[None]).all(dim=-1).float()
    target = same / same.sum(dim=1, keepdim=True)
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2


def export(weights: dict[str, Tensor], folder: Path) -> None:
    """Write open_clip_config.json and float16 weights; loading copies them into float32 parameters exactly."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if not (folder / name).exists():
            shutil.copy(TARGET / name, folder)
    text = {**TEXT, "hf_tokenizer_name": "local"}
    config = {
        "model_cfg": {"embed_dim": DIMENSION, "quick_gelu": False, "vision_cfg": VISION, "text_cfg": text},
        "preprocess_cfg": {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "squash"},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")
    halves = {name: value.detach().half().cpu().contiguous() for name, value in weights.items()}
    partial = folder / "new.safetensors.part"
    save_file(halves, partial)
    partial.chmod(0o644)
    partial.replace(folder / "open_clip_model.safetensors")
