"""Models are built without a random number, and none of theirs is left."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from bench.models.clip import Clip
from bench.models.sources import resolve
from bench.models.unfilled import SkipRandomFill
from tests.unit.models.archives import clip_model, write_archive


def test_nothing_is_drawn_and_constants_stay() -> None:
    before = torch.get_rng_state()
    with SkipRandomFill():
        layer, norm = torch.nn.Linear(3, 4), torch.nn.LayerNorm(4)
        torch.nn.MultiheadAttention(8, 2)
        torch.nn.init.trunc_normal_(layer.weight)
        assert torch.randn(2, 3).shape == (2, 3) and torch.ones(2).sum() == 2
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(norm.weight, torch.ones(4)) and torch.equal(norm.bias, torch.zeros(4))
    torch.nn.Linear(3, 4)
    assert not torch.equal(torch.get_rng_state(), before), "only inside"


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_a_loaded_clip_has_the_files_numbers_and_drew_none(kind: str, tmp_path: Path) -> None:
    folder = Path(resolve("embedded:clip"))
    weights = load_file(folder / "open_clip_model.safetensors") if kind == "folder" else dict(clip_model().state_dict())
    source = str(folder) if kind == "folder" else str(write_archive(tmp_path / "clip.pt"))
    before = torch.get_rng_state()
    loaded = Clip(source).model.state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert loaded.keys() == weights.keys() and len(loaded) > 20
    assert all(torch.equal(loaded[name], weights[name].to(loaded[name].dtype)) for name in loaded)


def test_a_loaded_parameter_is_the_files_own_tensor_unless_it_is_converted() -> None:
    stored = {"weight": torch.arange(12.0).view(4, 3), "bias": torch.ones(4, dtype=torch.float64)}
    with SkipRandomFill():
        layer = torch.nn.Linear(3, 4)
        layer.load_state_dict(stored)
    assert layer.weight.data_ptr() == stored["weight"].data_ptr() and isinstance(layer.weight, torch.nn.Parameter)
    assert layer.bias.dtype == torch.float32 and torch.equal(layer.bias, torch.ones(4))
