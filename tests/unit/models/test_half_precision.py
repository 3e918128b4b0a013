"""Weights saved in half precision compute in the precision asked for: float32 gives what the rounded numbers give."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules as parts

from bench.errors import UserError
from bench.models.clip import Clip
from bench.models.dino import Dino
from bench.models.language import Language
from bench.models.sentence import Sentence
from data_prep.random_models import make_gpt2_tokenizer

TEXTS = ["", "a dog", "a red car on a road"]


def static(folder: Path) -> Path:
    """A static embedding with unit length at its end, as published ones are."""
    torch.manual_seed(0)
    words = parts.StaticEmbedding(make_gpt2_tokenizer(tiny=True), embedding_weights=torch.randn(257, 8))
    SentenceTransformer(modules=[words, parts.Normalize()]).save(str(folder))
    return folder


@pytest.fixture(scope="module", params=["float16", "bfloat16"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> tuple[Path, Path]:
    """The same models twice: stored in half precision, and those rounded numbers stored in float32."""
    half, whole = (tmp_path_factory.mktemp(name) for name in ("half", "whole"))
    shutil.copytree(tiny, whole, dirs_exist_ok=True)
    static(whole / "static")
    shutil.copytree(whole, half, dirs_exist_ok=True)
    kind = getattr(torch, request.param)
    for file in whole.rglob("*.safetensors"):
        rounded = {name: value.to(kind) for name, value in load_file(file).items()}
        save_file({name: value.float() for name, value in rounded.items()}, file, metadata={"format": "pt"})
        save_file(rounded, half / file.relative_to(whole), metadata={"format": "pt"})
    for file in half.rglob("config.json"):
        config = json.loads(file.read_text())
        if "dtype" in config:
            file.write_text(json.dumps(config | {"dtype": request.param}))
    return half, whole


def clip(folder: Path) -> np.ndarray:
    model = Clip(str(folder / "clip"))
    with torch.inference_mode():
        image = model.model.encode_image(model.preprocess(picture()))
    return np.concatenate([image.numpy(), model.encode_text(TEXTS)])


def dino(folder: Path) -> np.ndarray:
    return Dino(str(folder / "dino"), size=32, stride=4).compute_features(picture())[0]


def language(folder: Path) -> np.ndarray:
    model = Language(str(folder / "language"))
    with torch.inference_mode():
        return model.model(torch.tensor([model.tokenizer.encode("a red car")])).logits.numpy()


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (32, 40, 3), dtype=np.uint8)


MODELS: dict[str, Callable[[Path], Any]] = {
    "clip": clip,
    "dino": dino,
    "language": language,
    "sentence": lambda folder: Sentence(str(folder / "sentence")).encode(TEXTS),
    "static": lambda folder: Sentence(str(folder / "static")).encode(TEXTS),
}


@pytest.mark.thinned(5)
@pytest.mark.parametrize("name", MODELS)
def test_float32_is_what_the_rounded_numbers_give(name: str, pair: tuple[Path, Path]) -> None:
    half, whole = (MODELS[name](folder) for folder in pair)
    assert half.dtype == np.float32 and np.isfinite(half).all() and np.array_equal(half, whole)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_an_empty_text_has_the_zero_vector_in_every_precision(dtype: str, pair: tuple[Path, Path]) -> None:
    """sentence-transformers 6.2 alone gives NaN for it in float16."""
    encoder = Sentence(str(pair[0] / "static"), dtype=dtype)
    vectors = encoder.encode(TEXTS)
    assert np.array_equal(vectors[0], np.zeros(8, np.float32))
    np.testing.assert_allclose(np.linalg.norm(vectors[1:], axis=1), 1, atol=1e-6)
    want = Sentence(str(pair[1] / "static")).encode(TEXTS)
    np.testing.assert_allclose(vectors, want, atol={"float32": 0, "float16": 2e-3, "bfloat16": 2e-2}[dtype])
    assert np.array_equal(encoder.compute_similarity(["", "a dog"], ["a dog"])[0], [0.0])


def test_numbers_that_are_not_finite_are_one_line(pair: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(pair[1] / "static", tmp_path / "s")
    stored = load_file(tmp_path / "s" / "model.safetensors")
    save_file({name: value * torch.inf for name, value in stored.items()}, tmp_path / "s" / "model.safetensors")
    with pytest.raises(UserError, match="not finite for 'a dog' .*of 3 texts") as caught:
        Sentence(str(tmp_path / "s")).encode(TEXTS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("load", [Language, Sentence])
def test_a_single_file_asks_for_its_folder(load: Any, pair: tuple[Path, Path]) -> None:
    with pytest.raises(UserError, match="give the model's folder"):
        load(str(pair[1] / "language" / "model.safetensors"))
