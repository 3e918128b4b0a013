"""Section 3.1 (models): the original checkpoints of DINO and DINOv2 (`.pth`), in transformers' classes.

Sizes are told by the shapes, heads are 64 wide as in every published one, and layer norms have the original code's
epsilon of 1e-6 (transformers' own default for a ViT is 1e-12).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UserError
from bench.models import checkpoints

if TYPE_CHECKING:
    import torch

HEAD, EPSILON = 64, 1e-6
OUTER = {"cls_token": "embeddings.cls_token", "pos_embed": "embeddings.position_embeddings",
         "mask_token": "embeddings.mask_token", "patch_embed.proj": "embeddings.patch_embeddings.projection",
         "norm": "layernorm"}  # fmt: skip
INNER = {
    "vit": {"norm1": "layernorm_before", "norm2": "layernorm_after", "attn.proj": "attention.o_proj",
            "mlp.fc1": "mlp.fc1", "mlp.fc2": "mlp.fc2"},
    "dinov2": {"norm1": "norm1", "norm2": "norm2", "attn.proj": "attention.o_proj", "mlp.fc1": "mlp.fc1",
               "mlp.fc2": "mlp.fc2", "ls1.gamma": "layer_scale1.lambda1", "ls2.gamma": "layer_scale2.lambda1"},
}  # fmt: skip
BLOCKS = {"vit": "layers", "dinov2": "encoder.layer"}
"""What transformers calls each part; queries, keys and values lie in one matrix originally."""


def read_facts(source: str, path: Path) -> tuple[str, dict[str, Any]]:
    """Read family (vit or dinov2) and sizes in the words of transformers' config; UserError for any other file."""
    state = _extract_backbone(checkpoints.read_tensors("DINO", path, values=False))
    return _read_config(source, {name: tuple(value.shape) for name, value in state.items()})


def load(source: str, path: Path, kind: torch.dtype) -> Any:
    """The model with the file's numbers, in the precision asked for; every number of it comes from the file."""
    from transformers import Dinov2Config, Dinov2Model, ViTConfig, ViTModel

    family, sizes = read_facts(source, path)
    model: Any = (
        Dinov2Model(Dinov2Config(**sizes)) if family == "dinov2" else _build_plain(ViTModel, ViTConfig(**sizes))
    )
    state = _rename_tensors(family, _extract_backbone(checkpoints.read_tensors("DINO", path)))
    missing, extra = model.to(kind).load_state_dict(state, strict=False)
    for words, names in (("lacks", missing), ("holds what no ViT of DINO has:", extra)):
        if names := [name for name in names if name != OUTER["mask_token"]]:
            raise UserError(f"DINO {source!r}: the file {words} {names[0]} ({len(names)} such): fetch it again")
    return model


def _build_plain(model: Any, config: Any) -> Any:
    return model(config, add_pooling_layer=False)


def _extract_backbone(content: Mapping[str, Any]) -> dict[str, Any]:
    """Extract the teacher's image tower, as DINO evaluates it, without the head of the training."""
    inner = next((content[who] for who in ("teacher", "student") if isinstance(content.get(who), Mapping)), content)
    state = checkpoints.unwrap_state(inner)
    if any(name.startswith("backbone.") for name in state):
        state = {name.removeprefix("backbone."): v for name, v in state.items() if name.startswith("backbone.")}
    return {name: value for name, value in state.items() if not name.startswith("head.")}


def _read_config(source: str, shapes: Mapping[str, tuple[int, ...]]) -> tuple[str, dict[str, Any]]:
    try:
        places, width = shapes["pos_embed"][1] - 1, shapes["cls_token"][-1]
        patch, inner = shapes["patch_embed.proj.weight"][-1], shapes["blocks.0.mlp.fc1.weight"][0]
        depth, grid = len({n.split(".")[1] for n in shapes if n.startswith("blocks.")}), round(places**0.5)
    except (KeyError, IndexError) as error:
        raise UserError(
            f"DINO {source!r}: the file is no ViT in DINO's own naming (it has no {error}; it begins with "
            f"{next(iter(shapes), 'nothing')}): give one, or a folder in transformers' format"
        ) from error
    if "register_tokens" in shapes or width % HEAD or inner % width or grid * grid != places:
        why = "register tokens" if "register_tokens" in shapes else f"width {width}, {inner} inside, {places} places"
        raise UserError(f"DINO {source!r}: the file has {why}: use a published ViT of DINO or DINOv2 without registers")
    sizes: dict[str, Any] = {"hidden_size": width, "num_hidden_layers": depth, "num_attention_heads": width // HEAD,
                             "image_size": grid * patch, "patch_size": patch, "layer_norm_eps": EPSILON,
                             "qkv_bias": "blocks.0.attn.qkv.bias" in shapes}  # fmt: skip
    if "blocks.0.ls1.gamma" in shapes:
        return "dinov2", sizes | {"mlp_ratio": inner // width}
    return "vit", sizes | {"intermediate_size": inner}


def _rename_tensors(family: str, state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rename every tensor as transformers calls it; a name that is unknown stays, and is told as such."""
    renamed: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        block = re.fullmatch(r"blocks\.(\d+)\.(.+)", name)
        place = f"{BLOCKS[family]}.{block[1]}." if block else ""
        whole = block[2] if block else name
        stem, dot, last = whole.rpartition(".") if whole.endswith((".weight", ".bias")) else (whole, "", "")
        if block and stem == "attn.qkv":
            for part, third in zip("qkv", value.chunk(3), strict=True):
                renamed[f"{place}attention.{part}_proj.{last}"] = third
        else:
            names = INNER[family] if block else OUTER
            renamed[f"{place}{names[stem]}{dot}{last}" if stem in names else name] = value
    return renamed
