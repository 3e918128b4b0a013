"""What a row says of its weights: random or trained, and how large, from the files; a name where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from bench.errors import UserError
from bench.speed.weights import describe_source, describe_weights


def save(folder: Path, scale: float, more: int = 0) -> str:
    folder.mkdir()
    tensors = {"h.0.ln_1.weight": torch.ones(1000), "h.0.mlp.weight": torch.zeros(500_000 + more),
               "layernorm_after.weight": torch.full((1000,), scale)}  # fmt: skip
    save_file(tensors, folder / "model.safetensors")
    return str(folder)


def test_one_norm_that_was_trained_makes_the_weights_trained_ones(tmp_path: Path) -> None:
    assert describe_source(save(tmp_path / "a", 1.0)) == "random, 0.5 M numbers"
    assert describe_source(save(tmp_path / "b", 1.0001)) == "trained, 0.5 M numbers"
    assert describe_source(save(tmp_path / "c", 1.0, more=1_000_000)) == "random, 1.5 M numbers", "another architecture"


def test_a_file_of_a_kind_that_is_not_looked_into_says_so_and_a_name_stays(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"")
    assert describe_source(str(tmp_path)) == describe_source(str(tmp_path / "model.pt")) == "weights not in safetensors"
    assert describe_source("openai/clip-vit-large-patch14-336") == "openai/clip-vit-large-patch14-336"


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"12345678")
    with pytest.raises(UserError, match=rf"^{tmp_path}/model.safetensors: cannot be read as safetensors \("):
        describe_source(str(tmp_path))


@pytest.mark.parametrize(("models", "said"), [((), "no model"), (("dino", "clip", "dino"), "dino a hub/name; clip x")])
def test_each_model_once_in_the_order_of_the_stages(models: tuple[str, ...], said: str) -> None:
    assert describe_weights({"models": {"clip": {"source": "x"}, "dino": {"source": "a hub/name"}}}, models) == said


def test_weights_that_ship_are_trained() -> None:
    folder = Path(__file__).resolve().parents[3] / "bench/models/embedded/clip"
    assert describe_source(str(folder)) == "trained, 1.2 M numbers"
