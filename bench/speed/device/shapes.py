"""Sections 3 and 4 (models): the architectures that settings name, on device "meta", where no weights are needed.

A folder tells its architecture by its config; of hub names those are known that have an option in `conf/models`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bench.caption.language_step import LanguageStep
from bench.errors import UserError
from bench.models import sources
from bench.models.clip import OPEN_CLIP_PRECISION, ClipTowers
from bench.models.dino import IMAGENET, DenseFeatures
from bench.speed.device.counting import META

VIT = {"facebook/dino-vits8": (384, 6, 8), "facebook/dino-vits16": (384, 6, 16), "facebook/dino-vitb8": (768, 12, 8),
       "facebook/dino-vitb16": (768, 12, 16)}  # fmt: skip
"""Width, heads and patch of published DINOs, as their configs say; 12 layers, 224 pixels."""
GPT2 = {"gpt2": (768, 12, 12), "gpt2-medium": (1024, 24, 16), "gpt2-large": (1280, 36, 20), "gpt2-xl": (1600, 48, 25)}
"""Width, layers and heads of GPT-2."""
MPNET = "sentence-transformers/all-mpnet-base-v2"


@dataclass(frozen=True)
class Shapes:
    """The models of a run without numbers; ``sentence`` is None where its architecture is not known."""

    dino: DenseFeatures
    clip: ClipTowers
    language: nn.Module
    step: LanguageStep
    sentence: nn.Module | None

    @property
    def models(self) -> list[nn.Module]:
        """All of them."""
        return [
            model for model in (self.dino.model, self.clip.model, self.language, self.sentence) if model is not None
        ]

    @property
    def parameter_bytes(self) -> int:
        """Bytes of all parameters, each once: GPT-2's output is its embedding."""
        return sum(p.numel() * p.element_size() for model in self.models for p in model.parameters())


def describe_shapes(shapes: Shapes) -> str:
    """Describe each model as `bench.speed.weights` describes weights: "dino shapes, 21.7 M numbers; …"."""
    models = {"dino": shapes.dino.model, "clip": shapes.clip.model, "language": shapes.language,
              "sentence": shapes.sentence}  # fmt: skip
    counts = {name: sum(p.numel() for p in model.parameters()) for name, model in models.items() if model is not None}
    return "; ".join(f"{name} shapes, {count / 1e6:,.1f} M numbers" for name, count in counts.items())


def build_shapes(models: Mapping[str, Any], dtype: str) -> Shapes:
    """Build the models of settings in a number type. UserError for an architecture that only its weights tell."""
    kind = sources.find_dtype(dtype)
    language = build_language(str(models["language"]["source"])).to(kind)
    sentence = build_sentence(str(models["sentence"]["source"]))
    return Shapes(
        build_dino(models["dino"], kind), build_clip(str(models["clip"]["source"]), dtype), language,
        LanguageStep(language), None if sentence is None else sentence.to(kind),
    )  # fmt: skip


def build_dino(options: Mapping[str, Any], kind: torch.dtype) -> DenseFeatures:
    """Build the segmenter's ViT."""
    from transformers import ViTConfig, ViTModel

    source = str(options["source"])
    config = _read_config("dino", source, VIT)
    if config is None:
        width, heads, patch = VIT[source]
        config = ViTConfig(
            hidden_size=width, num_attention_heads=heads, intermediate_size=4 * width, patch_size=patch, image_size=224
        )
    if config.model_type != "vit":
        raise UserError(f"models.dino.source={source}: a {config.model_type}; shapes are counted of DINO's ViTs alone")
    with META:
        model = ViTModel(config, add_pooling_layer=False).to(kind)
    own = {key: options[key] for key in ("size", "stride", "layer", "facet", "max_tokens") if key in options}
    return DenseFeatures(model, IMAGENET, source, device="meta", **own)


def build_clip(source: str, dtype: str) -> ClipTowers:
    """Build both towers of CLIP, as open_clip knows their architecture."""
    import open_clip

    name = sources.resolve_for_open_clip(source)

    def build() -> Any:
        with META:  # else open_clip draws all numbers on the processor first
            return open_clip.create_model(name, load_weights=False, device="meta", precision=OPEN_CLIP_PRECISION[dtype])

    return ClipTowers(sources.load("CLIP", source, lambda _: build()), source, "meta", dtype)


def build_language(source: str) -> nn.Module:
    """Build the language model."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = _read_config("language", source, GPT2)
    if config is None:
        width, layers, heads = GPT2[source]
        config = GPT2Config(n_embd=width, n_layer=layers, n_head=heads)
    with META:
        return GPT2LMHeadModel(config)


def build_sentence(source: str) -> nn.Module | None:
    """Build the sentence encoder where it is the paper's."""
    from transformers import MPNetConfig, MPNetModel

    if source != MPNET:
        return None
    with META:
        return MPNetModel(MPNetConfig(vocab_size=30527), add_pooling_layer=False)


def _read_config(kind: str, source: str, known: Mapping[str, Any]) -> Any:
    """Read the config of a folder; None for a hub name whose architecture is known. UserError for other names."""
    from transformers import AutoConfig

    if source in known:
        return None
    place = Path(sources.resolve(source))
    if not (place / "config.json").is_file():
        raise UserError(
            f"models.{kind}.source={source}: its architecture is not known without weights; give a folder with a "
            f"config.json, or one of {', '.join(known)}"
        )
    return AutoConfig.from_pretrained(place)
