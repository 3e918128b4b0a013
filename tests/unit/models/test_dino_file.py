"""Original DINO checkpoints: the features of the original formulation, written down once more, from every wrapping."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, gelu, layer_norm, linear, softmax

from bench.errors import UserError
from bench.models import dino_file, inspected
from bench.models.dino import Dino

WIDTH, DEPTH, PATCH, GRID = 128, 3, 4, 4
State = dict[str, Tensor]


def original(second: bool = False, grid: int = GRID) -> State:
    """Random weights under the original names; ``second``: DINOv2's, with layer scale and mask token."""
    shapes = {"cls_token": (1, 1, WIDTH), "pos_embed": (1, grid * grid + 1, WIDTH),
              "patch_embed.proj.weight": (WIDTH, 3, PATCH, PATCH), "patch_embed.proj.bias": (WIDTH,),
              "norm.weight": (WIDTH,), "norm.bias": (WIDTH,)}  # fmt: skip
    for i in range(DEPTH):
        block = {"norm1": (WIDTH,), "attn.qkv": (3 * WIDTH, WIDTH), "attn.proj": (WIDTH, WIDTH), "norm2": (WIDTH,),
                 "mlp.fc1": (4 * WIDTH, WIDTH), "mlp.fc2": (WIDTH, 4 * WIDTH)}  # fmt: skip
        for name, shape in block.items():
            shapes |= {f"blocks.{i}.{name}.weight": shape, f"blocks.{i}.{name}.bias": shape[:1]}
        shapes |= {f"blocks.{i}.ls{n}.gamma": (WIDTH,) for n in (1, 2) if second}
    if second:
        shapes["mask_token"] = (1, WIDTH)
    draw = torch.Generator().manual_seed(0)
    return {name: (torch.randn(shape, generator=draw) * 0.1).half().float() for name, shape in shapes.items()}


def forward(state: State, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Keys of the last block and its output, class token dropped, in float64: the original code's arithmetic."""
    w = {name: value.double() for name, value in state.items()}

    def affine(x: Tensor, name: str) -> Tensor:
        return linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

    def normed(x: Tensor, name: str) -> Tensor:
        return layer_norm(x, (WIDTH,), w[f"{name}.weight"], w[f"{name}.bias"], eps=1e-6)

    patches = conv2d(pixels.double(), w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=PATCH)
    x = torch.cat([w["cls_token"], patches.flatten(2).transpose(1, 2)], 1) + w["pos_embed"]
    keys = x
    for i in range(DEPTH):
        n, heads = x.shape[1], WIDTH // 64
        q, k, v = (
            affine(normed(x, f"blocks.{i}.norm1"), f"blocks.{i}.attn.qkv").reshape(n, 3, heads, 64).permute(1, 2, 0, 3)
        )
        keys = k.transpose(0, 1).reshape(1, n, WIDTH)
        mixed = (softmax(q @ k.transpose(-2, -1) * 64**-0.5, -1) @ v).transpose(0, 1).reshape(1, n, WIDTH)
        x = x + affine(mixed, f"blocks.{i}.attn.proj") * w.get(f"blocks.{i}.ls1.gamma", 1)
        inside = gelu(affine(normed(x, f"blocks.{i}.norm2"), f"blocks.{i}.mlp.fc1"))
        x = x + affine(inside, f"blocks.{i}.mlp.fc2") * w.get(f"blocks.{i}.ls2.gamma", 1)
    return keys[:, 1:], x[:, 1:]


def dense(file: Path, facet: str = "key", **options: Any) -> Tensor:
    side = GRID * PATCH
    dino = Dino(str(file), size=side, stride=PATCH, facet=facet, patch=PATCH, grid=GRID, **options)
    return dino.compute_facet(pixels())


def pixels() -> Tensor:
    return torch.randn(1, 3, GRID * PATCH, GRID * PATCH, generator=torch.Generator().manual_seed(1))


def saved(content: Any, to: Path) -> Path:
    torch.save(content, to)
    return to


@pytest.mark.parametrize("second", [False, True])
def test_features_are_those_of_the_original_formulation(second: bool, tmp_path: Path) -> None:
    state = original(second)
    file = saved(state, tmp_path / "d.pth")
    keys, tokens = forward(state, pixels())
    torch.testing.assert_close(dense(file).double(), keys, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(dense(file, "token").double(), tokens, atol=2e-6, rtol=1e-6)


WRAPPED: dict[str, Callable[[State], Any]] = {
    "half": lambda s: {k: v.half() for k, v in s.items()},
    "module": lambda s: {f"module.{k}": v for k, v in s.items()},
    "state_dict": lambda s: {"state_dict": s},
    "teacher": lambda s: {
        "student": {f"module.backbone.{k}": torch.zeros_like(v) for k, v in s.items()},
        "teacher": {f"backbone.{k}": v for k, v in s.items()} | {"head.mlp.0.weight": torch.zeros(2)},
        "epoch": 100, "args": Namespace(arch="vit_small"), "optimizer": {"param_groups": [{"lr": 0.1}]},
    },
    "head": lambda s: s | {"head.weight": torch.zeros(2, WIDTH)},
}  # fmt: skip


@pytest.mark.thinned(2)
@pytest.mark.parametrize("wrapping", WRAPPED)
def test_every_wrapping_gives_the_same_numbers(wrapping: str, tmp_path: Path) -> None:
    plain = saved(original(), tmp_path / "a.pth")
    assert torch.equal(dense(saved(WRAPPED[wrapping](original()), tmp_path / "b.pth")), dense(plain))


def test_old_files_and_precisions(tmp_path: Path) -> None:
    torch.save(original(), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert torch.equal(dense(tmp_path / "old.pth"), dense(saved(original(), tmp_path / "a.pth")))
    assert dense(tmp_path / "old.pth", dtype="bfloat16").dtype == torch.bfloat16
    image = np.random.default_rng(0).integers(0, 256, (20, 24, 3), dtype=np.uint8)
    features, grid, _ = Dino(str(tmp_path / "old.pth"), size=16, stride=2).compute_features(image)
    assert features.shape == (grid[0] * grid[1], WIDTH)


def stops(words: str, call: Callable[[], Any]) -> None:
    with pytest.raises(UserError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_files_that_are_no_vit_of_dino(tmp_path: Path) -> None:
    file, state = tmp_path / "x.pth", original()
    for content, words in (
        ({"layer1.0.conv1.weight": torch.zeros(3)}, "no ViT in DINO's own naming"),
        ({"embeddings.cls_token": torch.zeros(1, 1, 4)}, "a folder in transformers' format"),
        ({k: v for k, v in state.items() if k != "blocks.1.norm1.bias"}, "lacks layers.1.layernorm_before.bias"),
        (state | {"blocks.1.attn.q_norm.weight": torch.zeros(3)}, "has: blocks.1.attn.q_norm.weight"),
        (original(True) | {"register_tokens": torch.zeros(1, 4, WIDTH)}, "register tokens"),
        (state | {"pos_embed": torch.zeros(1, 16, WIDTH)}, "15 places"),
        ({}, "it begins with nothing"),
        ([1, 2], "holds a list, no state dict"),
    ):
        saved(content, file)
        stops(words, lambda: Dino(str(file), size=16))
    file.write_bytes(b"\x80\x02words")
    stops("x.pth' (cannot be read safely|is damaged)", lambda: Dino(str(file)))


def test_the_settings_must_be_the_file_s_and_the_doctor_tells_it(tmp_path: Path) -> None:
    file = saved(original(), tmp_path / "d.pth")
    stops("patch is 4 pixels, the settings say 8", lambda: Dino(str(file), size=16, patch=8))
    stops("grid is 4x4, the settings say 28x28", lambda: Dino(str(file), size=16, grid=28))
    assert dino_file.read_facts("x", file)[0] == "vit"
    told = inspected.describe_weights("dino", {"source": str(file)}, file)
    assert told.endswith("stored float32, original vit, patch 4, grid 4x4")
    stops("patch is 4", lambda: inspected.describe_weights("dino", {"source": str(file), "patch": 8}, file))
