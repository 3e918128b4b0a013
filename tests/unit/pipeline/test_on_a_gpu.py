"""Sections 3.1 to 3.3 on a stand-in for a GPU: no stage mixes devices, and the numbers are the processor's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bench.caption.retrieval import Retrieval
from bench.caption.zerocap import ZeroCap
from bench.commands.settings import compose_settings
from bench.encode.global_subtraction import GlobalSubtraction
from bench.models.clip import Clip
from bench.models.dino import Dino
from bench.models.language import Language
from bench.records import Sample
from bench.run.loading import list_needs
from bench.settings.compose import list_options
from bench.settings.instantiate import make_object
from bench.system.products import leave_to_torch
from tests.unit.pipeline.gpu_stand_in import GPU, OnGpu, move, stand_in

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there, which the stand-in would hide")
PICTURE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
MASKS = np.stack([np.tile(np.arange(64) < 20, (48, 1)), np.tile(np.arange(64) >= 20, (48, 1))])
Models = dict[str, Any]


def load(on_gpu: bool = False) -> Models:
    models = {"dino": Dino("embedded:dino", size=48, stride=8), "clip": Clip("embedded:clip"),
              "language": Language("embedded:language")}  # fmt: skip
    for model in models.values() if on_gpu else ():
        move(model.model)
        model.device = GPU
    return models


@pytest.fixture(scope="module")
def models() -> Models:
    return load()


@pytest.fixture(scope="module")
def gpu_models() -> Models:
    return load(on_gpu=True)


def run_method(models: Models) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """Features, embeddings, texts with their features, and class names; numbers in arrays of the processor."""
    features = models["dino"].compute_features(PICTURE)[0]
    embeddings = GlobalSubtraction(models["clip"], start_layer=5, micro_batch=2)(Sample("a", PICTURE), MASKS)
    captioner = ZeroCap(models["language"], models["clip"], tokens=2, beams=2, iterations=1, candidates=6)
    captions, near = captioner(embeddings), Retrieval(models["clip"], words=["cat", "grass", "tree"])(embeddings)
    numbers = [features, embeddings.vectors, embeddings.saliency, captions.features, captions.scores, near.scores]
    return [*numbers, models["clip"].encode_text(["a red cat", "boat"])], captions.texts + near.texts


def test_the_whole_method(models: Models, gpu_models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.models.clip.ROWS_OFF_PROCESSOR", 96)  # else each pack is 4,096 rows of a processor's
    with leave_to_torch():
        wanted, texts = run_method(models)
    with stand_in(monkeypatch):
        made, same = run_method(gpu_models)
    assert same == texts and all(isinstance(each, np.ndarray) for each in made)
    for one, other in zip(made, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5 * max(np.abs(other).max(), 1))


@pytest.mark.thinned(7)
@pytest.mark.parametrize("name", sorted(list_options("encode")))
def test_every_encoder(name: str, models: Models, gpu_models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    options, sample = compose_settings([f"encode={name}"])["encode"], Sample("a", PICTURE)

    def embed(own: Models) -> np.ndarray:
        vectors: np.ndarray = make_object(options, **{m: own[m] for m in list_needs(options)})(sample, MASKS).vectors
        return vectors

    with leave_to_torch():
        wanted = embed(models)
    with stand_in(monkeypatch):
        made = embed(gpu_models)
    np.testing.assert_allclose(made, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


def test_the_stand_in_is_as_strict_as_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    with stand_in(monkeypatch):
        there, here = torch.ones(3, device=GPU), torch.ones(3)
        assert isinstance(there, OnGpu) and there.device == GPU and isinstance(here.to(GPU), OnGpu)
        assert (there + 1).cpu().tolist() == [2, 2, 2] and there[torch.tensor([0])].tolist() == [1]
        with pytest.raises(RuntimeError, match="same device"):
            there + here
        with pytest.raises(RuntimeError, match="numpy"):
            there.numpy()
