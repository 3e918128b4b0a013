"""Section 3.2 against the reference implementation's numbers and an independent reading of equations 1 to 4."""

from types import SimpleNamespace

import numpy as np
import open_clip
import pytest
import torch

from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.masked import Masked
from bench.encode.trunk import MaskedEncoder
from bench.records import Embeddings
from tests.golden import golden

pytestmark = pytest.mark.golden
LAYERS = slice(20, 24)


def tower(arrays: dict[str, np.ndarray], facts: dict) -> SimpleNamespace:
    """The tiny transformer of the vectors as open_clip's own class, wrapped as bench.models.clip.Clip would."""
    visual = open_clip.transformer.VisionTransformer(
        image_size=facts["resolution"],
        patch_size=facts["patch"],
        width=facts["width"],
        layers=facts["layers"],
        heads=facts["heads"],
        mlp_ratio=4.0,
        output_dim=facts["output_dim"],
        act_layer=open_clip.transformer.QuickGELU,
    )
    own = {k.removeprefix("visual."): v for k, v in arrays.items() if k.startswith("visual.")}
    visual.load_state_dict({name: torch.from_numpy(value).float() for name, value in own.items()})
    grid = tuple(facts["grid"])
    return SimpleNamespace(
        visual=visual.eval().requires_grad_(False),
        depth=facts["layers"],
        grid=grid,
        dtype=torch.float32,
        device=torch.device("cpu"),
        preprocess=lambda image: torch.from_numpy(arrays["image"]),
    )


def embed(encoder: MaskedEncoder, arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> Embeddings:
    """The vectors' masks are fractional token masks already, so they go in where pixels would be averaged."""
    masks = np.concatenate([np.ones((6, 1), np.float32), arrays["masks"].reshape(6, -1)], axis=1)
    monkeypatch.setattr("bench.encode.trunk.token_masks", lambda m, g: torch.from_numpy(masks))
    return encoder(SimpleNamespace(image=None), np.ones((6, 8, 8), bool))


@pytest.fixture(params=golden.seeds("masked_attention"))
def case(request: pytest.FixtureRequest) -> tuple[dict[str, np.ndarray], SimpleNamespace]:
    arrays, facts = golden.load("masked_attention", request.param)
    return arrays, tower(arrays, facts)


def test_plain_forward(case) -> None:
    arrays, clip = case
    plain = clip.visual(torch.from_numpy(arrays["image"]))[0]
    np.testing.assert_allclose(plain, arrays["ref_plain"], atol=1e-4)


def test_masked(case, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays, clip = case
    found = embed(Masked(clip, start_layer=21), arrays, monkeypatch)
    np.testing.assert_allclose(found.vectors, arrays["ref_masked"], atol=1e-4)


def test_global_subtraction_of_the_reference(case, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays, clip = case
    found = embed(GlobalSubtraction(clip, 21, sigma2=2.5, saliency="weights"), arrays, monkeypatch)
    np.testing.assert_allclose(found.vectors, arrays["ref_gsub"], atol=1e-4)
    np.testing.assert_allclose(found.saliency, arrays["ref_gsub_cossim"], atol=1e-5)
    np.testing.assert_allclose(found.weight, arrays["ref_gsub_w"], atol=1e-5)


@pytest.mark.parametrize("heads", ["concat", "per_head_mean", "per_head_separate"])
def test_equations_of_the_paper(case, heads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays, clip = case
    found = embed(GlobalSubtraction(clip, 21, sigma2=2.5, saliency="outputs", heads=heads), arrays, monkeypatch)
    expected = {kind: arrays[f"paper_eq_outputs_{heads}{kind}"].reshape(6, -1) for kind in ("", "_S", "_w")}
    np.testing.assert_allclose(found.vectors, expected[""], atol=1e-4)
    np.testing.assert_allclose(found.saliency, expected["_S"], atol=1e-5)
    np.testing.assert_allclose(found.weight, expected["_w"], atol=1e-5)
