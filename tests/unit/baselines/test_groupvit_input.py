"""What GroupViT cannot take is one line: folders, libraries, names, prompts and pictures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bench.baselines.groupvit import GroupVitLabels, resize_picture
from bench.errors import BadSample, UserError
from bench.models import groupvit
from bench.models.groupvit import GroupVit
from tests.unit.baselines.conftest import NAMES, PROMPT


def stops(words: str, call: Any, kind: type[Exception] = UserError) -> None:
    with pytest.raises(kind, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("lost", "words"),
    [("config.json", "cannot be loaded: files are missing or damaged"), ("tokenizer*", "the tokenizer is missing"),
     ("model.safetensors", "cannot be loaded: files are missing or damaged")],
)  # fmt: skip
def test_a_folder_that_lacks_something_is_one_line(folder: Path, tmp_path: Path, lost: str, words: str) -> None:
    shutil.copytree(folder, tmp_path / "m")
    for path in (tmp_path / "m").glob(lost):
        path.unlink()
    stops(words, lambda: GroupVit(str(tmp_path / "m")))


def test_another_model_and_an_old_library_are_one_line(
    folder: Path, model: GroupVit, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(groupvit, "_load_tokenizer", lambda *_: model.tokenizer)  # it is the model's files that differ
    shutil.copytree(folder, tmp_path / "m")
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "m/config.json").write_text(json.dumps({"model_type": "clip"}))
    stops("holds a clip model: give one of type groupvit", lambda: GroupVit(str(tmp_path / "m")))
    config["vision_config"]["patch_size"] = [16, 16]
    (tmp_path / "m/config.json").write_text(json.dumps(config))
    stops(r"patch_size \[16, 16\] in config.json: write one number", lambda: GroupVit(str(tmp_path / "m")))
    config["vision_config"]["patch_size"] = 16
    config["text_config"]["vocab_size"] = 1000
    (tmp_path / "m/config.json").write_text(json.dumps(config))
    stops("another shape than config.json says", lambda: GroupVit(str(tmp_path / "m")))
    monkeypatch.setitem(__import__("sys").modules, "transformers", SimpleNamespace(__version__="3.0"))
    with pytest.raises(UserError, match="has no GroupViT: pip install"):
        groupvit_load(str(folder))


def groupvit_load(name: str) -> Any:
    from bench.models.groupvit import _load

    return _load(name, name, torch.float32)


def test_names_prompts_and_pictures_that_do_not_fit_are_one_line(model: GroupVit) -> None:
    labels = GroupVitLabels(model, [PROMPT])
    stops(r"reads 77 tokens, but 'a photo of a very very .* has 9\d", lambda: labels.embed_queries(["very " * 85]))
    assert len(model.tokenize(["very " * 75])[0]) == 77, "the longest that is read"
    stops(r"write \{\} once in each", lambda: GroupVitLabels(model, ["a photo"]))
    stops(r"write \{\} once in each", lambda: GroupVitLabels(model, []))
    stops("too narrow", lambda: labels.score_pixels(np.zeros((1, 500, 3), np.uint8), NAMES, None), BadSample)
    stops("too narrow", lambda: resize_picture(np.zeros((1, 9000, 3), np.uint8), 448, 2048), BadSample)
