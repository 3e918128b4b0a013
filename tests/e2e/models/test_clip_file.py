"""OpenAI's own files as CLIP: open_clip's numbers with QuickGELU, the architecture from the file, one-line faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import save_file

from bench.cli import main
from bench.errors import UserError
from bench.models import clip_file
from bench.models.clip import Clip
from bench.models.text_tower import TextTower
from bench.system.products import leave_to_torch
from tests.unit.models.archives import SIZES, clip_model, save_archive, write_archive

TEXTS = ["a photo of a cat", "two dogs", "Zürich, naïve 東京!"]


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return dict(clip_model().state_dict())


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_archive(tmp_path_factory.mktemp("clip") / "clip.pt")


@pytest.fixture(autouse=True)
def _whole_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text in a full pack: no library is asked how few rows of each of these models keep their bits."""
    monkeypatch.setattr(TextTower, "round_up", lambda self, _: self.rows)


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)


def embedded(clip: Clip, model: Any) -> tuple[torch.Tensor, np.ndarray]:
    """Image and texts through a model of open_clip."""
    with torch.inference_mode():
        image = model.encode_image(clip.preprocess(picture()).to(next(model.parameters()).dtype))
        return image, model.encode_text(clip.tokenizer(TEXTS)).float().numpy()


def stops(words: str, call: Callable[[], Any]) -> None:
    with pytest.raises(UserError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_an_archive_has_the_embeddings_of_open_clip_with_quick_gelu(archive: Path) -> None:
    clip = Clip(str(archive))
    image, texts = embedded(clip, clip_model())
    with torch.inference_mode(), leave_to_torch():
        assert torch.equal(clip.model.encode_image(clip.preprocess(picture())), image)
    with torch.inference_mode():  # by the library that multiplies here
        torch.testing.assert_close(clip.model.encode_image(clip.preprocess(picture())), image, rtol=0, atol=1e-5)
    np.testing.assert_allclose(clip.encode_text(TEXTS), texts, atol=1e-5)
    plain_image, plain_texts = embedded(clip, clip_model_with(archive, quick=False))
    assert (plain_image - image).abs().max() > 1e-3 and np.abs(plain_texts - texts).max() > 1e-3


def clip_model_with(archive: Path, quick: bool) -> Any:
    """The same weights under the other activation, loaded by torch's own loader (the file is this test's)."""
    model = open_clip.CLIP(**SIZES, quick_gelu=quick).eval()
    state = torch.jit.load(str(archive)).float().state_dict()
    model.load_state_dict({name: value for name, value in state.items() if name not in clip_file.MARKS})
    return model


def test_the_architecture_is_told_by_the_file(archive: Path) -> None:
    clip = Clip(str(archive), patch=8, grid=3, activation="quick_gelu")
    assert (clip.depth, clip.grid, clip.dim, clip.image_size) == (2, (3, 3), 16, 24)
    assert {block.attn.num_heads for block in clip.visual.transformer.resblocks} == {2}
    assert {parameter.dtype for parameter in clip.model.parameters()} == {torch.float32}


@pytest.mark.thinned(2)
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_the_precision_is_the_one_asked_for(archive: Path, dtype: str) -> None:
    clip = Clip(str(archive), dtype=dtype)
    assert {str(parameter.dtype) for parameter in clip.model.parameters()} == {f"torch.{dtype}"}


@pytest.mark.thinned(3)
@pytest.mark.parametrize("wrap", [dict, lambda w: {"state_dict": {f"module.{k}": v for k, v in w.items()}, "epoch": 3}])
@pytest.mark.parametrize("half", [False, True])
def test_a_state_dict_in_openai_s_naming(weights: dict, wrap: Any, half: bool, archive: Path, tmp_path: Path) -> None:
    held = {k: v.half() for k, v in weights.items()} if half else weights
    marks = {name: torch.tensor(1) for name in clip_file.MARKS}
    torch.save(wrap(held | marks), tmp_path / "marked.pt")
    torch.save(wrap(held), tmp_path / "plain.pt")
    want = Clip(str(archive)).encode_text(TEXTS)
    assert np.array_equal(Clip(str(tmp_path / "marked.pt")).encode_text(TEXTS), want)
    assert np.array_equal(Clip(str(tmp_path / "plain.pt"), activation="quick_gelu").encode_text(TEXTS), want)
    gelu = Clip(str(tmp_path / "plain.pt"), activation="gelu").encode_text(TEXTS)
    assert np.abs(gelu - want).max() > 1e-3
    stops("does not say its activation", lambda: Clip(str(tmp_path / "plain.pt")))


def test_a_safetensors_file_tells_its_architecture_too(weights: dict, archive: Path, tmp_path: Path) -> None:
    save_file({k: v.contiguous() for k, v in weights.items()}, tmp_path / "clip.safetensors")
    clip = Clip(str(tmp_path / "clip.safetensors"), activation="quick_gelu")
    assert np.array_equal(clip.encode_text(TEXTS), Clip(str(archive)).encode_text(TEXTS))


@pytest.mark.slow
def test_an_archive_of_another_maker_says_gelu_in_its_code(weights: dict, tmp_path: Path) -> None:
    file = save_archive(tmp_path / "traced.pt", weights, quick=False, marks=False)
    assert type(Clip(str(file)).visual.transformer.resblocks[0].mlp.gelu).__name__ == "GELU"
    stops("computes gelu but .*says quick_gelu", lambda: Clip(str(file), activation="quick_gelu"))
    bare = save_archive(tmp_path / "bare.pt", weights, marks=False)
    assert type(Clip(str(bare)).visual.transformer.resblocks[0].mlp.gelu).__name__ == "QuickGELU"


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"architecture": "ViT-B-32-quickgelu"}, r"architecture=ViT-B-32-quickgelu has vision .*, the file"),
        ({"architecture": "ViT-B-23"}, "open_clip knows no architecture 'ViT-B-23'"),
        ({"patch": 14}, "patch is 8 pixels, the settings say 14"),
        ({"grid": 7}, "grid is 3x3, the settings say 7x7"),
        ({"activation": "gelu"}, "computes quick_gelu but models.clip.activation says gelu"),
    ],
)
def test_what_the_settings_state_must_be_the_file_s(archive: Path, stated: dict[str, Any], words: str) -> None:
    stops(words, lambda: Clip(str(archive), **stated))


@pytest.fixture
def known(tmp_path: Path) -> str:
    """The tiny architecture under a name of open_clip, with QuickGELU and without."""
    for name, quick in (("zgs-file-quickgelu", True), ("zgs-file", False)):
        (tmp_path / f"{name}.json").write_text(json.dumps(SIZES | ({"quick_gelu": True} if quick else {})))
        open_clip.add_model_config(tmp_path / f"{name}.json")
    return "zgs-file"


@pytest.mark.slow
def test_an_architecture_that_agrees_is_taken(archive: Path, known: str) -> None:
    told = clip_file.read_facts("x", archive, None)
    assert told is not None and told.name == f"{known}-quickgelu"
    want = Clip(str(archive)).encode_text(TEXTS)
    assert np.array_equal(Clip(str(archive), architecture=f"{known}-quickgelu").encode_text(TEXTS), want)
    assert np.array_equal(Clip(f"{known}-quickgelu", pretrained=str(archive)).encode_text(TEXTS), want)
    words = "zgs-file has activation gelu, the file quick_gelu: the file is zgs-file-quickgelu"
    stops(words, lambda: Clip(str(archive), architecture=known))


def test_a_plain_file_of_another_architecture_is_said_to_be_one(weights: dict, tmp_path: Path) -> None:
    torch.save(weights, tmp_path / "plain.pt")
    stated = {"architecture": "ViT-B-16-quickgelu", "activation": "quick_gelu"}
    stops("ViT-B-16-quickgelu has vision", lambda: Clip(str(tmp_path / "plain.pt"), **stated))


@pytest.mark.slow
def test_heads_that_no_shape_tells_are_asked_for(tmp_path: Path) -> None:
    """ViT-H's are 80 wide: 1280 / 64 would be 20 heads in the place of 16, and every number wrong."""
    torch.save(dict(clip_model(vision_cfg=SIZES["vision_cfg"] | {"width": 1280}).state_dict()), tmp_path / "h.pt")
    stops("does not tell the heads of a tower 1280 wide", lambda: Clip(str(tmp_path / "h.pt"), activation="gelu"))


def test_resnets_and_other_files_are_one_line(weights: dict, tmp_path: Path) -> None:
    weights = weights | {"token_embedding.weight": weights["token_embedding.weight"][:50]}  # saved three times
    resnet = {k: v for k, v in weights.items() if not k.startswith("visual.")}
    save_archive(tmp_path / "rn50.pt", resnet | {"visual.layer1.0.conv1.weight": torch.zeros(4, 4, 1, 1)})
    stops("ResNet; masking needs a vision transformer", lambda: Clip(str(tmp_path / "rn50.pt")))
    torch.save({"blocks.0.norm1.weight": torch.zeros(3)}, tmp_path / "dino.pt")
    stops("no CLIP in OpenAI's or open_clip's naming", lambda: Clip(str(tmp_path / "dino.pt")))
    save_archive(tmp_path / "less.pt", {k: v for k, v in weights.items() if k != "visual.ln_pre.bias"})
    stops("lacks visual.ln_pre.bias", lambda: Clip(str(tmp_path / "less.pt")))
    extra = "visual.transformer.resblocks.0.ls_1.gamma"
    save_archive(tmp_path / "more.pt", weights | {extra: torch.ones(128)})
    stops(f"has not: {extra}", lambda: Clip(str(tmp_path / "more.pt")))


@pytest.mark.slow
def test_a_whole_run_with_an_archive(archive: Path, tmp_path: Path, capfd) -> None:
    quick = ["data.subset=first:2", "caption=retrieval", "caption.words=[cat,dog]", "executor=serial", "pictures=0"]
    words = [f"models.clip.source={archive}", "encode.start_layer=2", "device=cpu", f"store={tmp_path / 's'}"]
    assert main(["run", *quick, *words, f"out={tmp_path / 'o'}"]) == 0
    assert main(["run", *quick, *words, f"out={tmp_path / 'p'}", "encode.start_layer=3"]) in (1, 2)
    assert "start_layer=3: the image tower has layers 1 to 2" in capfd.readouterr().err
