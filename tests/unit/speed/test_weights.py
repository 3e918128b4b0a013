"""What a row says of its weights: random or trained, and how large, from the files; a name where there are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from bench.errors import UserError
from bench.speed.weights import PAPER_NUMBERS, describe_source, describe_weights, find_smaller


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


@pytest.mark.parametrize(
    ("told", "smaller"),
    [
        ("clip random, 427.9 M numbers; language random, 354.8 M numbers", []),
        ("clip trained, 424.0 M numbers; language trained, 379.9 M numbers", []),  # without a buffer, with one
        ("clip trained, 423.0 M numbers; language trained, 1,557.6 M numbers", ["clip trained, 423.0 M numbers"]),
        ("dino random, 21.7 M numbers; language random, 3.1 M numbers", ["language random, 3.1 M numbers"]),
        ("clip embedded:clip; dino embedded:dino", ["clip embedded:clip", "dino embedded:dino"]),
        ("clip openai/clip-vit-large-patch14-336; dino weights not in safetensors; other random, 0.1 M numbers", []),
        ("no model", []),
        ("not told", []),
    ],
)
def test_a_model_that_is_smaller_than_the_papers_is_found(told: str, smaller: list[str]) -> None:
    assert find_smaller(told) == smaller


def test_the_papers_models_are_as_large_as_their_architectures() -> None:
    """As `zgs speed device=meta` counts the parameters of `models=paper`, of which no weights are needed."""
    rows = json.loads((Path(__file__).resolve().parents[3] / "results/speed/meta_paper.json").read_text())
    for row in rows:
        counted = dict(one.split(" shapes, ") for one in row["weights"].split("; "))
        assert {name: float(counted[name].split()[0]) for name in PAPER_NUMBERS} == PAPER_NUMBERS
