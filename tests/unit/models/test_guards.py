"""Guards on tiny folders of the real architectures: each fault stops with one line that names what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from bench.errors import UserError
from bench.models import guards
from bench.models.clip import Clip
from bench.models.dino import Dino
from bench.models.language import Language
from data_prep.random_models import TINY_CLIP, make_clip, make_dino, make_dinov2, make_language

FITS = {"patch": 8, "grid": 3, "activation": "quick_gelu"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("m") / "clip", json.loads(json.dumps(TINY_CLIP)))


def changed(folder: Path, to: Path, **vision: Any) -> Path:
    """A copy whose config says something else than its weights."""
    shutil.copytree(folder, to)
    config = json.loads((to / "open_clip_config.json").read_text())
    config["model_cfg"]["vision_cfg"] |= vision
    (to / "open_clip_config.json").write_text(json.dumps(config))
    return to


def stops(words: str, call: Any) -> None:
    with pytest.raises(UserError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_folder_that_fits_loads(clip: Path) -> None:
    model = Clip(str(clip), pretrained="openai", **FITS)
    assert model.grid == (3, 3) and guards.read_activation(model.visual) == "quick_gelu"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"patch": 16}, "patch is 8"), ({"grid": 24}, "grid is 3x3"), ({"activation": "gelu"}, "computes quick_gelu")],
)
def test_what_the_yaml_states_must_be_so(clip: Path, wrong: dict[str, Any], words: str) -> None:
    stops(words, lambda: Clip(str(clip), **(FITS | wrong)))


def test_open_clip_s_silent_resize_of_positions_is_stopped(clip: Path, tmp_path: Path) -> None:
    bigger = changed(clip, tmp_path / "c", image_size=32)
    stops("hold 9 positions", lambda: Clip(str(bigger)))


def test_average_pooling_has_no_class_token(clip: Path, tmp_path: Path) -> None:
    stops("no class token", lambda: Clip(str(changed(clip, tmp_path / "c", pool_type="avg"))))


def test_a_file_does_not_tell_its_activation(clip: Path) -> None:
    file = str(clip / "open_clip_model.safetensors")
    stops("models.clip.architecture", lambda: Clip(file))
    tower = Clip(str(clip)).visual
    stops("does not say its activation", lambda: guards.check_activation(tower, "ViT", file, None, silent=True))


def test_published_names_tell_their_activation() -> None:
    assert guards.find_expected_activation("ViT-L-14-336", "openai", None)[0] == "quick_gelu"
    assert guards.find_expected_activation("ViT-H-14", "laion2b_s32b_b79k", None)[0] == "gelu"
    assert guards.find_expected_activation("hf-hub:laion/CLIP-ViT-B-16", None, None)[0] == "gelu"


def test_half_precision_is_loaded_only_when_asked(clip: Path, tmp_path: Path) -> None:
    shutil.copytree(clip, tmp_path / "half")
    file = tmp_path / "half" / "open_clip_model.safetensors"
    save_file({k: v.half() for k, v in load_file(file).items()}, file)
    assert Clip(str(tmp_path / "half")).visual.proj.dtype == torch.float32
    assert Clip(str(tmp_path / "half"), dtype="bfloat16").visual.proj.dtype == torch.bfloat16
    linear = torch.nn.Linear(1, 1).half()
    stops("loaded as float16, unasked", lambda: guards.check_precision("x", linear, torch.float32))


def test_language_model_without_its_tokenizer(tmp_path: Path) -> None:
    folder = make_language(tmp_path / "l", tiny=True)
    Language(str(folder))
    for file in folder.glob("tokenizer*"):
        file.unlink()
    stops("tokenizer", lambda: Language(str(folder)))


def test_a_head_of_its_own_must_be_in_the_file(tmp_path: Path) -> None:
    folder = make_language(tmp_path / "l", tiny=True)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": False}))
    stops("lack 1 parameters .lm_head.weight", lambda: Language(str(folder)))


def test_weights_that_lack_a_parameter(tmp_path: Path) -> None:
    folder = make_dino(tmp_path / "d", tiny=True)
    weights = load_file(folder / "model.safetensors")
    del weights[sorted(weights)[-1]]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    stops("lack 1 parameters", lambda: Dino(str(folder), size=32))


def test_dinov2_s_own_forward_is_ours_at_its_own_stride(tmp_path: Path) -> None:
    dino = Dino(str(make_dinov2(tmp_path / "d", tiny=True)), size=42, stride=14, facet="token", patch=14, grid=3)
    with torch.no_grad():
        for block in dino.blocks:  # a layer scale that counts
            block.layer_scale1.lambda1.uniform_(0.5, 2)
    pixels = torch.randn(1, 3, 42, 42)
    theirs = dino.model(pixels, output_hidden_states=True).hidden_states[-1][:, 1:]
    torch.testing.assert_close(dino.compute_facet(pixels), theirs, atol=1e-5, rtol=1e-4)
