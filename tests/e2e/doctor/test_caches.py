"""Weights in the usual places of other programs: named with the setting that uses them, judged, never used unasked."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants

from bench.cli import main
from bench.doctor import caches
from bench.errors import UserError
from data_prep.random_models import make_all
from tests.e2e.commands.test_doctor import examined, in_cache
from tests.unit.models.archives import write_archive
from tests.unit.models.test_dino_file import original

LARGE = "ViT-L-14-336px.pt"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of this test's own, with an empty hub cache."""
    for name in ("TORCH_HOME", "XDG_CACHE_HOME", "SENTENCE_TRANSFORMERS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


@pytest.fixture
def published(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small archive in the place and under the name of OpenAI's; its sha256 is taken for the published one."""
    (home / ".cache" / "clip").mkdir(parents=True)
    file = write_archive(home / ".cache" / "clip" / LARGE)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr(caches, "read_published_hashes", lambda: {LARGE: digest})
    return file


FITS = ["models.clip.patch=8", "models.clip.grid=3", "models.clip.architecture=null"]


@pytest.mark.slow
def test_openai_s_file_is_named_and_the_advice_works(published: Path, capfd) -> None:
    _, told, mends = examined(["models=paper", *FITS], capfd)
    setting = f"models.clip.source={published}"
    assert f"(openai): missing; found in a cache: {setting}" in told["clip"] and mends["clip"] == f"add {setting}"
    _, told, mends = examined(["models=paper", *FITS, setting], capfd)
    assert "clip" not in mends and "stored float16, quick_gelu, patch 8, grid 3x3, 2 layers" in told["clip"]
    _, told, mends = examined(["models=paper", setting], capfd)
    nulls = mends["clip"].split()[1:]
    assert "models.clip.architecture=null" in nulls
    assert "clip" not in examined(["models=paper", setting, *nulls], capfd)[2]


@pytest.mark.slow
def test_a_file_that_is_not_the_published_one(published: Path, capfd) -> None:
    data = bytearray(published.read_bytes())
    data[-100] ^= 1
    published.write_bytes(bytes(data))
    _, told, mends = examined(["models=paper"], capfd)
    assert f"its sha256 is {hashlib.sha256(data).hexdigest()[:8]}…, published" in told["clip"]
    assert mends["clip"].startswith("HF_HUB_OFFLINE=0 hf download timm/")
    setting = f"models.clip.source={published}"
    _, told, mends = examined(["models=paper", *FITS, setting], capfd)
    assert "is damaged or another file" in told["clip"] and "clip" in mends


@pytest.mark.slow
def test_verify_says_it_too(published: Path, capfd, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = [f"models.clip.source={published}", *FITS, "models.clip.activation=null"]
    paper = ["models=paper", "device=cpu", *setting]
    main(["verify", *paper])
    lines = {line[:28].strip(): line[28:] for line in capfd.readouterr().out.splitlines()}
    assert all(told.startswith(" ok") for name, told in lines.items() if name.startswith("clip"))
    monkeypatch.setattr(caches, "read_published_hashes", lambda: {LARGE: "0" * 64})
    main(["verify", *paper])
    assert "FAILED  its sha256 is" in capfd.readouterr().out


def test_the_published_hashes_are_those_of_open_clip_s_addresses(tmp_path: Path) -> None:
    known = caches.read_published_hashes()
    assert len(known) == 9 and all(len(digest) == 64 for digest in known.values())
    assert known["ViT-B-32.pt"].startswith("40d36571") and known[LARGE].startswith("3035c92b")
    (tmp_path / "ViT-B-32.pt").write_bytes(b"")
    with pytest.raises(UserError, match="published as ViT-B-32.pt is 40d36571"):
        caches.check_published(tmp_path / "ViT-B-32.pt")


@pytest.mark.thinned(3)
@pytest.mark.parametrize("variable", ["", "TORCH_HOME", "XDG_CACHE_HOME"])
def test_dino_s_file_in_torch_hub(variable: str, home: Path, capfd, monkeypatch: pytest.MonkeyPatch) -> None:
    place = home / ".cache" / "torch" if not variable else home / "t" / ("" if variable == "TORCH_HOME" else "torch")
    if variable:
        monkeypatch.setenv(variable, str(home / "t"))
    (place / "hub" / "checkpoints").mkdir(parents=True)
    file = place / "hub" / "checkpoints" / "dino_deitsmall8_pretrain.pth"
    torch.save(original(), file)
    (file.parent / "resnet50.pth").write_bytes(b"")
    _, told, mends = examined(["models=paper"], capfd)
    assert mends["dino"] == f"add models.dino.source={file}" and "resnet" not in told["dino"]
    _, told, _ = examined(["models=paper", "models/dino=dino_vitb16"], capfd)
    assert f"of other models there are: models.dino.source={file}" in told["dino"]


@pytest.mark.slow
def test_the_hub_s_other_names_and_an_old_cache(home: Path, capfd) -> None:
    make_all(home / "made", tiny=True)
    shutil.copytree(
        home / "made" / "language", in_cache(home / "hub", "openai-community/gpt2-medium"), dirs_exist_ok=True
    )
    old = home / ".cache" / "torch" / "sentence_transformers" / "sentence-transformers_all-mpnet-base-v2"
    shutil.copytree(home / "made" / "sentence", old)
    _, told, mends = examined(["models=paper"], capfd)
    assert mends["language"] == "add models.language.source=openai-community/gpt2-medium"
    assert mends["sentence"] == f"add models.sentence.source={old}"
    added = [mends[kind].removeprefix("add ") for kind in ("language", "sentence")]
    _, told, mends = examined(["models=paper", *added], capfd)
    assert not {"language", "sentence"} & mends.keys() and "hub cache" in told["language"]


def test_nothing_found_is_used_unasked(published: Path, capfd: Any) -> None:
    assert main(["verify", "models=paper", "device=cpu"]) == 1
    assert "clip: loads, guards pass     FAILED" in capfd.readouterr().out
    assert "cache" not in examined(["device=cpu"], capfd)[1]["clip"]
