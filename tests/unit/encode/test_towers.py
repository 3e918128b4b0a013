"""Section 3.2 on towers shaped like the published ones: patch, grid, head width and activation come from their yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
import yaml

from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.masked import Masked
from bench.encode.unmasked import Unmasked
from bench.models.clip import Clip
from bench.models.guards import read_activation
from bench.system.resources import find_conf_dir
from data_prep.random_models import make_clip
from tests.unit.encode import tiny

TOWERS = ("vit_l_14_336", "vit_b_16", "vit_b_32", "vit_h_14")
DEPTH, HEADS = 4, 2


def stated(name: str) -> dict[str, Any]:
    """What the yaml of a tower says."""
    found: dict[str, Any] = yaml.safe_load((find_conf_dir() / f"models/clip/{name}.yaml").read_text())
    return found


@pytest.fixture(scope="module", params=TOWERS)
def tower(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Clip]:
    """open_clip's own architecture but for 4 layers, 2 heads and a small text tower, loaded as its yaml says."""
    options = stated(request.param)["clip"]
    config: Any = open_clip.get_model_config(options["architecture"])
    vision = config["vision_cfg"]
    vision |= {"layers": DEPTH, "width": HEADS * vision.get("head_width", 64), "mlp_ratio": 2.0}
    config["text_cfg"] |= {"width": 16, "heads": 2, "layers": 1}
    folder = make_clip(tmp_path_factory.mktemp("towers") / request.param, config | {"embed_dim": 24})
    return options, Clip(str(folder), **{key: options[key] for key in ("patch", "grid", "activation")})


def plain(clip: Clip) -> np.ndarray:
    """open_clip's own embedding of the sample image."""
    with torch.inference_mode():
        found: np.ndarray = clip.model.encode_image(clip.preprocess(tiny.sample().image)).numpy()
    return found


@pytest.mark.thinned(5)
@pytest.mark.parametrize("start_layer", range(1, DEPTH + 1))
def test_a_full_mask_is_open_clip_s_own_embedding(tower: tuple[dict[str, Any], Clip], start_layer: int) -> None:
    _, clip = tower
    full, expected = np.ones((1, 18, 24), bool), plain(clip)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(Masked(clip, start_layer)(tiny.sample(), full).vectors, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(Unmasked(clip, start_layer)(tiny.sample(), ~full).vectors, expected, rtol=0, atol=1e-5)


@pytest.mark.thinned(2)
def test_a_part_is_another_embedding_and_its_own(tower: tuple[dict[str, Any], Clip]) -> None:
    """The mask reaches the attention of every tower, and the grid is not transposed."""
    _, clip = tower
    halves = np.zeros((4, 18, 24), bool)
    halves[0, :9], halves[1, 9:], halves[2, :, :12], halves[3, :, 12:] = True, True, True, True
    vectors = GlobalSubtraction(clip, 2)(tiny.sample(), halves).vectors
    distances = np.abs(np.concatenate([vectors, plain(clip)])[:, None] - vectors[None]).max(-1)
    assert (distances[~np.eye(5, 4, dtype=bool)] > 1e-3).all()


def test_the_tower_is_what_its_yaml_says(tower: tuple[dict[str, Any], Clip]) -> None:
    options, clip = tower
    published: Any = open_clip.get_model_config(options["architecture"])["vision_cfg"]
    heads = clip.visual.transformer.resblocks[0].attn
    assert heads.head_dim == published.get("head_width", 64) == (80 if "H-14" in options["architecture"] else 64)
    assert clip.grid == (options["grid"],) * 2 and clip.image_size == options["grid"] * options["patch"]
    assert read_activation(clip.visual) == options["activation"]


@pytest.mark.parametrize("name", TOWERS)
def test_the_untuned_start_layer_is_depth_minus_three(name: str) -> None:
    options = stated(name)
    published: Any = open_clip.get_model_config(options["clip"]["architecture"])
    assert options["start_layer"] == published["vision_cfg"]["layers"] - 3


def test_the_other_activation_is_another_embedding(tmp_path: Path) -> None:
    """Else a wrong flag would pass the tests above."""
    config: Any = open_clip.get_model_config("ViT-B-32-quickgelu")
    config["vision_cfg"] |= {"layers": DEPTH, "width": 128}
    config["text_cfg"] |= {"width": 16, "heads": 2, "layers": 1}
    vectors = []
    for quick in (True, False):
        clip = Clip(str(make_clip(tmp_path / str(quick), config | {"quick_gelu": quick, "embed_dim": 24})))
        vectors.append(plain(clip))
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3
