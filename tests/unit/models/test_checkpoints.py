"""Checkpoint files of any kind: state dicts out of every wrapping, and one line for whatever is none."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from bench.errors import UserError
from bench.models import checkpoints, inspected
from bench.models.clip import Clip
from bench.models.dino import Dino
from tests.unit.models.archives import save_archive

WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


def saved(content: Any) -> Callable[[Path], Any]:
    return lambda file: torch.save(content, file)


@pytest.mark.parametrize(
    "content",
    [
        WEIGHTS,
        OrderedDict(WEIGHTS),
        {"state_dict": WEIGHTS, "epoch": 3, "optimizer": {"lr": 0.1}},
        {"model": {f"module.module.{name}": value for name, value in WEIGHTS.items()}},
        {name: torch.nn.Parameter(value) for name, value in WEIGHTS.items()},
    ],
)
def test_state_dicts_in_every_wrapping(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "a.pt")
    torch.save(content, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    for file in (tmp_path / "a.pt", tmp_path / "old.pt"):
        found = checkpoints.unwrap_state(checkpoints.read_tensors("x", file))
        assert found.keys() == WEIGHTS.keys() and all(torch.equal(found[name], WEIGHTS[name]) for name in WEIGHTS)
        shapes = checkpoints.unwrap_state(checkpoints.read_tensors("x", file, values=False))
        assert {name: tuple(value.shape) for name, value in shapes.items()} == {"a.weight": (2, 3), "a.bias": (2,)}
        assert all(value.is_meta for value in shapes.values())


def test_headers_say_the_number_types(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2, 3).half()}, tmp_path / "a.safetensors")
    save_archive(tmp_path / "a.pt", {"a": torch.ones(2, 3)}, marks=False)
    torch.save({"a": torch.ones(2, 3).half()}, tmp_path / "b.pt")
    for name in ("a.safetensors", "a.pt", "b.pt"):
        value = checkpoints.read_tensors("x", tmp_path / name, values=False)["a"]
        assert value.is_meta and value.dtype == torch.float16 and tuple(value.shape) == (2, 3)


FAULTY: dict[str, Callable[[Path], Any]] = {
    "empty.pt": lambda file: file.write_bytes(b""),
    "words.pt": lambda file: file.write_text("a page that says 404"),
    "page.pth": lambda file: file.write_text("<html>"),
    "page.safetensors": lambda file: file.write_text("<html>"),
    "nothing.pt": saved({}),
    "numbers.pt": saved({1: torch.zeros(2)}),
    "list.pt": saved([torch.zeros(2)]),
    "tensor.pt": saved(torch.zeros(2)),
    "cut.pt": lambda file: file.write_bytes(save_archive(file, WEIGHTS).read_bytes()[:1500]),
    "other.pt": saved(WEIGHTS),
}


@pytest.mark.thinned(4)
@pytest.mark.parametrize("name", FAULTY)
def test_a_file_that_is_no_model_is_one_line(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    FAULTY[name](file)
    stated = {"architecture": "ViT-B-32-quickgelu", "activation": "quick_gelu"}
    options = {"source": str(file), "pretrained": None}
    for call in (
        lambda: Clip(str(file)),
        lambda: Clip(str(file), **stated),
        lambda: Dino(str(file)),
        lambda: inspected.describe_weights("clip", options, file),
        lambda: inspected.describe_weights("dino", options, file),
    ):
        with pytest.raises(UserError) as caught:
            call()
        said = str(caught.value)
        assert "\n" not in said and name in said and len(said) < 500
