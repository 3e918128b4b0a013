"""Sections 3.1 to 3.3 (models): what `zgs verify` compares, ours on one side, the publishing libraries' on the other.

Each check takes a loaded model and returns what it found in a few words; an AssertionError says what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import partial
from typing import Any

import numpy as np
import open_clip
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torch import Tensor
from transformers import AutoModel, ViTModel

from bench.caption.language_step import LanguageStep
from bench.doctor import caches
from bench.doctor.agreement import (
    TOLERANCE,
    Check,
    check_near,
    check_parameters,
    check_strings,
    make_picture,
    measure_difference,
)
from bench.doctor.groupvit_checks import check_groupvit_logits, check_groupvit_tokenizer
from bench.doctor.sam_checks import check_sam_masks
from bench.encode.unmasked import Unmasked
from bench.models import guards
from bench.records import Sample

CLIP_IDS = {
    "a photo of a cat": [49406, 320, 1125, 539, 320, 2368, 49407],
    "Zürich, naïve 東京!": [49406, 89, 6522, 4021, 267, 1097, 35689, 563, 48338, 21078, 361, 256, 49407],
}
GPT2_IDS = {
    "Image of a": [5159, 286, 257],
    "Hello world": [15496, 995],
    "naïve café, 東京!": [2616, 38776, 40304, 11, 10545, 251, 109, 12859, 105, 0],
}
CLIP_SIZE, GPT2_SIZE = 49408, 50257
"""Token ids in the published vocabularies, and how many there are."""
FAMILY_ACTIVATIONS = {"vit": "gelu", "dinov2": "gelu", "gpt2": "gelu_new"}
"""What each published family was trained with."""


def check_clip_parameters(clip: Any) -> str:
    """Check against open_clip's architecture of that name, or of the folder's config, made without memory."""
    assert not (wrong := caches.find_mismatch(clip.file) if clip.file else ""), wrong
    with torch.device("meta"):
        plain = open_clip.create_model(clip.name, load_weights=False, device="meta", **clip.config)
    return check_parameters(clip.model, plain.state_dict())


def check_clip_activation(clip: Any) -> str:
    """Check the activation of every block of both towers: the guard looks at one."""
    towers = clip.visual, getattr(clip.model, "text", clip.model)
    kinds = {type(block.mlp.gelu).__name__ for tower in towers for block in tower.transformer.resblocks}
    assert len(kinds) == 1, f"blocks differ: {', '.join(sorted(kinds))}"
    return f"{guards.read_activation(clip.visual)}, {clip.depth} layers, grid {clip.grid[0]}x{clip.grid[1]}"


def check_clip_tokenizer(clip: Any) -> str:
    """Check OpenAI's vocabulary on known strings."""
    size = getattr(clip.model, "text", clip.model).token_embedding.num_embeddings
    return check_strings(clip.tokenize_raw, CLIP_IDS, size == CLIP_SIZE)


def check_clip_preprocessing(clip: Any) -> str:
    """Check a square picture by the model's own transform, an oblong one by the same, squashed as in section 3.2."""
    cfg, worst = open_clip.get_model_preprocess_cfg(clip.model), 0.0
    for size, options in (((150, 150), cfg), ((120, 200), cfg | {"resize_mode": "squash"})):
        transform = image_transform_v2(PreprocessCfg(**options), is_train=False)
        theirs = transform(Image.fromarray(make_picture(*size)))[None].to(clip.device, clip.dtype)
        worst = max(
            worst, measure_difference("open_clip's transform", clip.preprocess(make_picture(*size)), theirs, clip.dtype)
        )
    return f"differs from open_clip's transform by {worst:.1g}, square and squashed"


@torch.inference_mode()
def check_clip_embedding(clip: Any) -> str:
    """Check our trunk and masked layers with plain attention against `encode_image`."""
    sample = Sample("noise", make_picture())
    masks = np.ones((1, *sample.image.shape[:2]), bool)
    ours = Unmasked(clip, max(1, clip.depth - 3))(sample, masks).vectors
    theirs = clip.model.encode_image(clip.preprocess(sample.image)).float().cpu()
    return check_near("encode_image", torch.from_numpy(ours), theirs, clip.dtype)


@torch.inference_mode()
def check_clip_text(clip: Any) -> str:
    """Check our text tower with its prefix reuse against `encode_text`."""
    texts = list(CLIP_IDS)
    theirs = clip.model.encode_text(clip.tokenizer(texts).to(clip.device)).float().cpu()
    return check_near("encode_text", torch.from_numpy(clip.encode_text(texts)), theirs, clip.dtype)


def check_config(holder: Any) -> str:
    """Check names and shapes of a transformers model against its class; that none was missing is a guard of loading."""
    options = {"add_pooling_layer": False} if isinstance(holder.model, ViTModel) else {}
    with torch.device("meta"):
        plain = type(holder.model)(holder.model.config, **options)
    return check_parameters(holder.model, plain.state_dict())


def check_family_activation(holder: Any) -> str:
    """Check the config's activation against the one its family was trained with."""
    config = holder.model.config
    activation = getattr(config, "activation_function", None) or config.hidden_act
    expected = FAMILY_ACTIVATIONS[config.model_type]
    assert activation == expected, f"config.json says {activation}, but {config.model_type} was trained with {expected}"
    return activation


@torch.inference_mode()
def check_dino_features(dino: Any) -> str:
    """Check both facets at the model's stride against transformers' forward, on its own grid and on a longer one."""
    rows, columns = dino._read_own_grid()
    worst = 0.0
    for facet in ("token", "key"):
        ours = copy(dino)
        ours.stride, ours.facet = dino.patch, facet
        for grid in ((rows, columns), (rows + 1, columns + 2)):
            image = make_picture(*(places * dino.patch for places in grid)).astype(np.float32)
            pixels = torch.from_numpy(image / 255 - 0.5).permute(2, 0, 1)[None].to(dino.device, dino.dtype)
            what = f"transformers' forward ({facet}, grid {grid[0]}x{grid[1]})"
            worst = max(
                worst, measure_difference(what, ours.compute_facet(pixels), _run_transformers(ours, pixels), dino.dtype)
            )
    return f"differs from transformers' forward by {worst:.1g}, both facets, two grids"


def _run_transformers(dino: Any, pixels: Tensor) -> Tensor:
    """Read what passes the facet's module in transformers' own forward, class token dropped."""
    block, outputs = dino.blocks[dino.layer], []
    module = block.attention.k_proj if dino.facet == "key" else block
    hook = module.register_forward_hook(lambda *call: outputs.append(call[2]))
    try:
        dino.model(pixels, **({"interpolate_pos_encoding": True} if isinstance(dino.model, ViTModel) else {}))
    finally:
        hook.remove()
    return (outputs[0][0] if isinstance(outputs[0], tuple) else outputs[0])[:, 1:]


def check_dino_grid(dino: Any) -> str:
    """Check unit features, one a place, through the public door."""
    ours = copy(dino)
    ours.stride = dino.patch
    features, grid, _ = ours.compute_features(make_picture())
    assert len(features) == grid[0] * grid[1], f"{len(features)} features for a grid of {grid}"
    error = float(np.abs(np.linalg.norm(features, axis=1) - 1).max())
    assert error <= TOLERANCE[torch.float32], f"features are not of unit length (off by {error:.2g})"
    return f"unit length, patch {dino.patch}, {dino.depth} layers, stride {dino.stride} as set"


def check_gpt2_tokenizer(language: Any) -> str:
    """Check GPT-2's vocabulary on known strings; any vocabulary must give a text back."""
    encode = lambda text: language.tokenizer.encode(text, add_special_tokens=False)  # noqa: E731
    result = check_strings(encode, GPT2_IDS, len(language.tokenizer) == GPT2_SIZE)
    for text in GPT2_IDS:
        back = language.tokenizer.decode(encode(text))
        assert back == text, f"{text!r} came back as {back!r}"
    return result


@torch.inference_mode()
def check_language_forward(language: Any) -> str:
    """Check next-token logits: our step over cached keys and values against transformers' forward over all."""
    ids = language.tokenizer.encode("Image of a red car", add_special_tokens=False)
    step = LanguageStep(language.model)
    tokens = torch.tensor([ids], device=language.device)
    ours, theirs = step(step.read(ids[:-1]), tokens[0, -1:])[0], language.model(tokens).logits[:, -1].float()
    return check_near("the uncached forward", ours, theirs, language.model.dtype)


def check_sentence_parameters(sentence: Any) -> str:
    """Compare every value with what transformers alone loads, none missing; a static embedding is only counted."""
    words = getattr(sentence.model[0], "auto_model", None)
    if words is None:
        return f"{sum(p.numel() for p in sentence.model.parameters()):,} numbers, no transformer"
    plain, report = AutoModel.from_pretrained(
        words.config._name_or_path, dtype=words.dtype, output_loading_info=True, ignore_mismatched_sizes=True
    )
    guards.check_complete("sentence encoder", report, ignored=("pooler.",))
    values = plain.to(words.device).state_dict()
    result = check_parameters(words, values)
    other = [k for k, v in words.state_dict().items() if not k.startswith("pooler.") and not torch.equal(v, values[k])]
    assert not other, f"{len(other)} values are not the checkpoint's, first {other[0]}"
    return result


def check_sentence_vectors(sentence: Any) -> str:
    """Check unit length, equal texts 1, other texts other vectors."""
    vectors = sentence.encode(["a dog", "a red car on a road", "a dog"])
    assert np.isfinite(vectors).all(), "numbers that are not finite"
    error = float(np.abs(np.linalg.norm(vectors, axis=1) - 1).max())
    assert error <= TOLERANCE[torch.float32], f"vectors are not of unit length (off by {error:.2g})"
    same, other = (
        float(sentence.compute_similarity(["a dog"], [text])[0, 0]) for text in ("a dog", "a red car on a road")
    )
    assert abs(same - 1) <= TOLERANCE[torch.float32], f"equal texts have cosine {same:.6f}"
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-4, "every text gets the same vector"
    return f"unit length, equal texts {same:.4f}, others {other:.4f}"


PARTS: dict[str, Sequence[tuple[str, Check]]] = {
    "clip": (
        ("parameters", check_clip_parameters), ("activation", check_clip_activation), ("tokenizer",
        check_clip_tokenizer),
        ("preprocessing", check_clip_preprocessing), ("plain embedding", check_clip_embedding), ("text embedding",
        check_clip_text),
    ),
    "dino": (
        ("parameters", check_config), ("activation", check_family_activation), ("features", check_dino_features),
        ("grid", check_dino_grid),
    ),
    "language": (
        ("parameters", check_config), ("activation", check_family_activation), ("tokenizer", check_gpt2_tokenizer),
        ("next-token logits", check_language_forward),
    ),
    "sentence": (("parameters", check_sentence_parameters), ("vectors", check_sentence_vectors)),
    "groupvit": (
        ("parameters", check_config), ("tokenizer", partial(check_groupvit_tokenizer, published=CLIP_IDS)),
        ("logits", check_groupvit_logits),
    ),
    "sam": (("parameters", check_config), ("masks", check_sam_masks)),
}  # fmt: skip
