"""Sections 3.1 and 3.2 (models): checkpoint files of any kind as plain state dicts; nothing of a file is run.

safetensors, files of `torch.save` (read with weights_only) and TorchScript archives (`bench.models.torchscript`).
"""

from __future__ import annotations

import pickle
import zipfile
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UserError
from bench.models import torchscript

if TYPE_CHECKING:
    from torch import Tensor

WRAPPERS = ("state_dict", "model", "model_state_dict")
"""Keys under which training scripts put what matters."""
REMEDY = "give the published file, or a state dict saved with safetensors or torch.save(model.state_dict(), FILE)"


def read_tensors(what: str, path: Path, values: bool = True) -> dict[str, Any]:
    """What a file holds: tensors by name, or a dict of such (see `unwrap_state`); UserError where it cannot be read.

    Without ``values`` tensors are on the meta device: shapes and number types without the numbers.
    """
    try:
        content = _read_content(path, values)
    except torchscript.NotReadable as error:
        raise UserError(f"{what} {str(path)!r} cannot be read safely: {error}: {REMEDY}") from error
    except pickle.UnpicklingError as error:
        raise UserError(f"{what} {str(path)!r} cannot be read safely: {_describe_unsafe(path)}: {REMEDY}") from error
    except Exception as error:  # torch and safetensors raise anything over a damaged file
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:150]}"
        raise UserError(f"{what} {str(path)!r} is damaged: fetch it again ({reason})") from error
    if not isinstance(content, Mapping):
        raise UserError(f"{what} {str(path)!r} holds a {type(content).__name__}, no state dict: {REMEDY}")
    return dict(content)


def unwrap_state(content: Mapping[str, Any]) -> dict[str, Tensor]:
    """Extract the tensors alone, without wrappers and without the prefix ``module.`` of parallel training."""
    for wrapper in WRAPPERS:
        if isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    plain = {str(name): value for name, value in content.items() if hasattr(value, "shape")}
    while plain and all(name.startswith("module.") for name in plain):
        plain = {name.removeprefix("module."): value for name, value in plain.items()}
    return plain


def _read_content(path: Path, values: bool) -> Any:
    if path.suffix == ".safetensors":
        return _read_safetensors(path, values)
    if torchscript.is_archive(path):
        return torchscript.read_tensors(path) if values else _make_meta_tensors(torchscript.read_stored_tensors(path))
    import torch

    lazily = {"mmap": zipfile.is_zipfile(path), "map_location": "meta"} if not values else {"map_location": "cpu"}
    with torch.serialization.safe_globals([Namespace]):  # DINO's full checkpoints carry their command line
        return torch.load(path, weights_only=True, **lazily)


def _read_safetensors(path: Path, values: bool) -> dict[str, Tensor]:
    import torch
    from safetensors import safe_open
    from safetensors.torch import load_file

    if values:
        return load_file(path)
    kinds = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    with safe_open(str(path), "pt") as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        return {
            name: torch.empty(part.get_shape(), dtype=kinds.get(part.get_dtype(), torch.int64), device="meta")
            for name, part in slices.items()
        }


def _make_meta_tensors(stored: Mapping[str, torchscript.Stored]) -> dict[str, Tensor]:
    import torch

    return {n: torch.empty(t.shape, dtype=getattr(torch, t.dtype), device="meta") for n, t in stored.items()}


def _describe_unsafe(path: Path) -> str:
    """The names in a pickle that torch's loader of weights refuses; torch's own words advise to trust the file."""
    import torch

    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # the file is no archive of torch
        names = []
    reason = f"its pickle names {', '.join(sorted(names)[:3])}, which no weights need"
    return reason if names else "it is no file of weights"
