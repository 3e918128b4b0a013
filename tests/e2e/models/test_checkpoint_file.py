"""A checkpoint file as CLIP: the same numbers as its folder, through a whole run, under a key that names what it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import open_clip
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from bench.cli import main
from bench.commands.settings import compose_settings
from bench.models.clip import Clip
from bench.run.context import RunContext
from bench.run.parts import _model_facts
from data_prep.random_models import TINY_CLIP

ARCHITECTURE = "zgs-tiny-quickgelu"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    """Tiny models; the CLIP's architecture is made known to open_clip by name."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(tiny, folder, dirs_exist_ok=True)
    (folder / f"{ARCHITECTURE}.json").write_text(json.dumps(TINY_CLIP))
    open_clip.add_model_config(folder / f"{ARCHITECTURE}.json")
    torch.save(load_file(folder / "clip" / "open_clip_model.safetensors"), folder / "clip.pt")
    shutil.copy(folder / "clip" / "open_clip_model.safetensors", folder / "clip.safetensors")
    return folder


def words(place: Path, clip: str) -> list[str]:
    sources = [f"models.{kind}.source={place / kind}" for kind in ("dino", "language", "sentence")]
    stated = ["models.clip.patch=8", "models.clip.grid=3", f"models.clip.architecture={ARCHITECTURE}"]
    sizes = ["models.dino.size=32", "models.dino.stride=4", "models.dino.grid=4", "encode.start_layer=2"]
    return ["models=paper", f"models.clip.source={clip}", *sources, *stated, *sizes, "device=cpu"]


@pytest.mark.thinned(2)
@pytest.mark.parametrize("file", ["clip.pt", "clip.safetensors"])
def test_a_file_is_its_folder(place: Path, file: str) -> None:
    own = RunContext(compose_settings(words(place, str(place / file)))).load_model("clip")
    folder = Clip(str(place / "clip"))
    pixels = folder.preprocess(np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8))
    with torch.inference_mode():
        assert torch.equal(own.model.encode_image(pixels), folder.model.encode_image(pixels))
    texts = ["a photo of a cat", "two dogs"]
    assert np.array_equal(own.encode_text(texts), folder.encode_text(texts))


@pytest.mark.slow
def test_a_whole_run_with_a_file_has_the_scores_of_its_folder(place: Path, tmp_path: Path, capfd) -> None:
    quick = ["data.subset=first:2", "caption=retrieval", "caption.words=[cat,dog]", "executor=serial", "pictures=0"]
    scores = []
    for number, clip in enumerate((place / "clip.pt", place / "clip")):
        out = tmp_path / str(number)
        assert main(["run", *words(place, str(clip)), *quick, f"out={out}", f"store={tmp_path / 'store'}"]) == 0
        scores.append(pd.read_csv(next(out.glob("*/scores.csv"))))
    capfd.readouterr()
    numbers = ["metric", "value", "low", "high", "n"]
    assert scores[0]["value"].notna().any()
    for table in scores:  # the name carries the hash of the weights' files, which are of two kinds
        table["metric"] = table["metric"].str.replace("@[0-9a-f]{8}", "", regex=True)
    pd.testing.assert_frame_equal(scores[0][numbers], scores[1][numbers])
    assert len(list((tmp_path / "store" / "encode").iterdir())) == 2  # two kinds of source, two keys


def test_the_key_names_the_architecture_and_not_the_place(place: Path, tmp_path: Path) -> None:
    options = {"_target_": "x", "source": str(place / "clip.pt"), "pretrained": None, "architecture": ARCHITECTURE}
    facts = _model_facts(options)
    moved = tmp_path / "other" / "clip.pt"
    moved.parent.mkdir()
    shutil.copy(place / "clip.pt", moved)
    assert facts["name"] == ARCHITECTURE and facts == _model_facts(options | {"source": str(moved)})
    # The other way of writing it: an architecture with a file in the place of a tag.
    assert facts == _model_facts(options | {"source": ARCHITECTURE, "pretrained": str(place / "clip.pt")})
    assert facts != _model_facts(options | {"architecture": "zgs-tiny"})
    assert facts != _model_facts(options | {"activation": "gelu"})


def test_published_weights_and_folders_have_their_keys(place: Path) -> None:
    tag = {"_target_": "x", "source": "ViT-B-32-quickgelu", "pretrained": "openai", "architecture": "ignored"}
    assert _model_facts(tag)["weights"] == "ViT-B-32-quickgelu/openai"
    folder = {"_target_": "x", "source": str(place / "clip"), "pretrained": "openai", "architecture": "ignored"}
    assert len(_model_facts(folder)["weights"]) == 64 and _model_facts(folder)["name"] == ""
