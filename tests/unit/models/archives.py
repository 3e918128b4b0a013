"""Checkpoint files as people have them, made here with tiny random weights."""

from __future__ import annotations

import copy
import tempfile
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import open_clip
import torch
from torch import Tensor, nn

SIZES: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 24, "layers": 2, "width": 128, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 2},
}
"""Two heads in the image tower: 64 wide each, as in every model of OpenAI's."""


def clip_model(quick: bool = True, **sizes: Any) -> Any:
    """open_clip's model of these sizes with weights that float16 holds exactly, float32: one for each that asks."""
    return _draw_model(quick, **sizes) if sizes else copy.deepcopy(_draw_once(quick))


@cache
def _draw_once(quick: bool) -> Any:
    return _draw_model(quick)


def _draw_model(quick: bool, **sizes: Any) -> Any:
    torch.manual_seed(0)
    model = open_clip.CLIP(**{**SIZES, **sizes}, quick_gelu=quick).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_((parameter + 0.1 * torch.randn_like(parameter)).half())
    return model


class _Tree(nn.Module):
    """Modules named by a state dict; the activation stands in the code of `forward` alone."""

    def __init__(self, weights: Mapping[str, Tensor], quick: bool) -> None:
        super().__init__()
        self.quick = quick
        for name, value in weights.items():
            *path, last = name.split(".")
            holder: nn.Module = self
            for part in path:
                if part not in dict(holder.named_children()):
                    holder.add_module(part, nn.Module())
                holder = dict(holder.named_children())[part]
            if value.is_floating_point():
                setattr(holder, last, nn.Parameter(value.clone()))
            else:
                holder.register_buffer(last, value.clone())

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x) if self.quick else nn.functional.gelu(x)


def write_archive(file: Path) -> Path:
    """The archive of `clip_model`, made once."""
    file.write_bytes(_make_archive())
    return file


@cache
def _make_archive() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return save_archive(Path(folder) / "clip.pt", clip_model().state_dict()).read_bytes()


def save_archive(file: Path, weights: Mapping[str, Tensor], quick: bool = True, marks: bool = True) -> Path:
    """A TorchScript archive of half precision, as OpenAI's are; ``marks``: with the three numbers those hold."""
    numbers = {"input_resolution": 24, "context_length": 77, "vocab_size": 49408} if marks else {}
    held = dict(weights) | {name: torch.tensor(value) for name, value in numbers.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(_Tree(held, quick).half(), torch.zeros(2).half()), str(file))
    return file
