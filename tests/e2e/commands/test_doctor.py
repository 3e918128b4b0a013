"""`zgs doctor`: each thing that is wrong is told with the command that mends it; nothing is loaded or fetched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import save_file

from bench.cli import main
from bench.doctor.verify import NOTE
from bench.models import sources

KINDS = ("clip", "dino", "language", "sentence")
STATED = ["models=paper", "models.clip.patch=8", "models.clip.grid=3", "models.dino.grid=4"]
REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache of this test's own, and a home without the caches of other programs."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("TORCH_HOME", "XDG_CACHE_HOME", "SENTENCE_TRANSFORMERS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def words(tiny: Path, **other: Path | str) -> list[str]:
    return [*STATED, *(f"models.{kind}.source={other.get(kind, tiny / kind)}" for kind in KINDS)]


def in_cache(cache: Path, repository: str) -> Path:
    """The snapshot of a repository, in the layout that huggingface_hub writes."""
    root = cache / f"models--{repository.replace('/', '--')}"
    (root / "refs").mkdir(parents=True)
    (root / "refs" / "main").write_text(REVISION)
    (root / "snapshots" / REVISION).mkdir(parents=True)
    return root / "snapshots" / REVISION


def examined(arguments: list[str], capfd: Any) -> tuple[int, dict[str, str], dict[str, str]]:
    """The exit code, what is told by name, and the mending command of what is wrong."""
    code = main(["doctor", *arguments])
    out, told, mends, name = capfd.readouterr().out, {}, {}, ""
    assert "Traceback" not in out and NOTE in out
    for line in out.splitlines():
        if line.startswith(("ok ", "WRONG ")):
            name = line[7:17].strip()
            told[name] = line
        elif "fix: " in line:
            mends[name] = line.partition("fix: ")[2]
    assert set(mends) == {name for name, line in told.items() if line.startswith("WRONG")}
    assert code == (1 if mends else 0)
    return code, told, mends


def test_embedded_models_are_well_and_nothing_is_loaded(capfd, monkeypatch) -> None:
    monkeypatch.setattr("bench.run.parts.load_once", lambda *_: pytest.fail("a model was loaded"))
    code, told, _ = examined(["device=cpu"], capfd)
    assert code == 0
    assert list(told) == ["versions", "device", *KINDS, "memory", "store", "out", "crf", "tracking"]
    assert all(f"embedded, sha256 {sources.hash_weights(f'embedded:{kind}')[:8]}" in told[kind] for kind in KINDS)
    assert "gelu, patch 8, grid 16x16" in told["clip"] and "stored float16" in told["clip"]
    assert "works" in told["crf"] and "float32" in told["device"]
    assert f"torch {torch.__version__.partition('+')[0]}" in told["versions"]


@pytest.mark.slow
def test_folders_of_the_paper_s_architectures(tiny: Path, capfd) -> None:
    code, told, _ = examined(words(tiny), capfd)
    assert code == 0 and all(": folder, sha256 " in told[kind] for kind in KINDS)
    assert "quick_gelu, patch 8, grid 3x3" in told["clip"] and "gelu_new" in told["language"]


@pytest.mark.slow
def test_a_whole_system_needs_its_own_weights_and_the_sentence_encoder(tiny: Path, cache: Path, capfd) -> None:
    asked = ["experiment=groupvit", "models=paper", "device=cpu", f"models.sentence.source={tiny / 'sentence'}"]
    _, told, mends = examined(asked, capfd)
    assert list(told)[2:4] == ["sentence", "groupvit"] and not {"clip", "dino", "language"} & set(told)
    assert "nvidia/groupvit-gcc-yfcc: missing" in told["groupvit"] and set(mends) == {"groupvit"}
    assert "hf download nvidia/groupvit-gcc-yfcc" in mends["groupvit"]
    assert mends["groupvit"].endswith("or add models.groupvit.source=FOLDER")
    code, told, _ = examined([*asked, f"models.groupvit.source={tiny / 'groupvit'}"], capfd)
    assert code == 0 and told["groupvit"].endswith("stored float32, groupvit, patch 16, 224 pixels")
    _, told, _ = examined([*asked, f"models.groupvit.source={tiny / 'dino'}"], capfd)
    assert "the tokenizer is missing" in told["groupvit"]
    _, told, _ = examined([*asked, f"models.groupvit.source={tiny / 'language'}"], capfd)
    assert "holds a gpt2 model; use one of type groupvit" in told["groupvit"]


@pytest.mark.slow
def test_a_segmenter_may_need_weights_of_its_own(tiny: Path, cache: Path, capfd) -> None:
    asked = [*words(tiny), "segment=sam"]
    _, told, mends = examined([*asked, "models/sam=vit_base"], capfd)
    assert "facebook/sam-vit-base: missing" in told["sam"] and "hf download facebook/sam-vit-base" in mends["sam"]
    code, told, _ = examined([*asked, f"models.sam.source={tiny / 'sam'}"], capfd)
    assert code == 0 and told["sam"].endswith("stored float32, sam, 64 pixels")
    _, told, _ = examined([*asked, f"models.sam.source={tiny / 'dino'}"], capfd)
    assert "holds a vit model; use one of type sam or sam2" in told["sam"]


def test_hub_models_that_are_missing(cache: Path, capfd, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    _, told, mends = examined(["models=paper"], capfd)
    assert set(mends) == set(KINDS) and all(": missing" in told[kind] for kind in KINDS)
    assert mends["dino"].startswith("HF_HUB_OFFLINE=0 hf download facebook/dino-vits8 ")
    assert "hf download timm/vit_large_patch14_clip_336.openai --include 'open_clip_*'" in mends["clip"]
    assert "models.language.source=FOLDER" in mends["language"]
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert main(["doctor", "models=paper"]) == 1
    assert "fix: hf download gpt2-medium" in capfd.readouterr().out


def test_the_hub_s_cache_is_recognised(tiny: Path, cache: Path, capfd) -> None:
    shutil.copytree(tiny / "dino", in_cache(cache, "facebook/dino-vits8"), dirs_exist_ok=True)
    (in_cache(cache, "gpt2-medium") / "config.json").write_text("{}")  # a fetch that was cut off
    positions = {"visual.positional_embedding": torch.zeros(577, 4)}
    save_file(positions, in_cache(cache, "timm/vit_large_patch14_clip_336.openai") / "open_clip_model.safetensors")
    own = ["models=paper", "models.dino.grid=4", f"models.sentence.source={tiny / 'sentence'}"]
    _, told, mends = examined(own, capfd)
    assert set(mends) == {"language"} and "gpt2-medium: missing" in told["language"]
    digest = sources.hash_weights(tiny / "dino")[:8]
    assert f"facebook/dino-vits8: hub cache, sha256 {digest}" in told["dino"]
    assert "(openai): hub cache" in told["clip"] and "quick_gelu, patch 14, grid 24x24, 24 layers" in told["clip"]


def test_weights_of_another_grid_in_the_cache(tiny: Path, cache: Path, capfd) -> None:
    positions = {"visual.positional_embedding": torch.zeros(10, 4)}
    save_file(positions, in_cache(cache, "timm/vit_large_patch14_clip_336.openai") / "open_clip_model.safetensors")
    own = [word for word in words(tiny) if not word.startswith("models.clip")]
    _, told, mends = examined(own, capfd)
    assert "9 positions" in told["clip"] and "--force-download" in mends["clip"] and set(mends) == {"clip"}


def cut(folder: Path) -> None:
    file = next(folder.glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-100])


def unlink(pattern: str) -> Callable[[Path], None]:
    return lambda folder: [file.unlink() for file in folder.glob(pattern)] and None


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    ("kind", "act", "told", "mend"),
    [
        ("dino", cut, "damaged", "hf download facebook/dino-vits8"),
        ("dino", unlink("config.json"), "config.json is missing", "hf download facebook/dino-vits8"),
        ("dino", unlink("*.safetensors"), "holds no weights", "--local-dir FOLDER, and add models.dino.source=FOLDER"),
        ("clip", unlink("*.json"), "open_clip_config.json is missing", "timm/vit_large_patch14_clip_336.openai"),
        ("language", unlink("tokenizer*"), "the tokenizer is missing", "hf download gpt2-medium"),
        ("sentence", unlink("tokenizer*"), "the tokenizer is missing", "sentence-transformers/all-mpnet-base-v2"),
    ],
)
def test_a_broken_folder(kind: str, act: Any, told: str, mend: str, tiny: Path, tmp_path: Path, capfd) -> None:
    shutil.copytree(tiny / kind, tmp_path / kind)
    act(tmp_path / kind)
    _, said, mends = examined(words(tiny, **{kind: tmp_path / kind}), capfd)
    assert set(mends) == {kind} and told in said[kind] and mend in mends[kind]


@pytest.mark.parametrize("source", ["/nowhere/clip", "weights.pt"])
def test_a_path_that_is_none(source: str, tiny: Path, capfd) -> None:
    _, told, mends = examined(words(tiny, clip=source), capfd)
    assert "no such folder or file" in told["clip"] and "hf download timm/" in mends["clip"]


@pytest.mark.slow
def test_another_yaml_fits_these_weights(tiny: Path, capfd) -> None:
    stated = [*words(tiny, dino=tiny / "dinov2"), "models.dino.grid=3"]
    _, told, mends = examined(stated, capfd)
    assert "patch is 14" in told["dino"] and mends["dino"].startswith("add models/dino=dinov2")
    assert not examined([*stated, *mends["dino"].split()[1:]], capfd)[2]


@pytest.mark.slow
def test_an_activation_that_is_not_the_weights_own(tiny: Path, capfd) -> None:
    stated = [*words(tiny), "models.clip.activation=gelu"]
    _, told, mends = examined(stated, capfd)
    assert "computes quick_gelu" in told["clip"]
    nulls = mends["clip"].split()[1:]
    assert "models.clip.activation=null" in nulls and not examined([*stated, *nulls], capfd)[2]


@pytest.mark.slow
def test_a_config_without_the_flag_is_never_mended_by_silence(tiny: Path, tmp_path: Path, capfd) -> None:
    """OpenAI's weights with open_clip's default: to drop what the settings say would make every number wrong."""
    shutil.copytree(tiny / "clip", tmp_path / "clip")
    config = tmp_path / "clip" / "open_clip_config.json"
    stored = json.loads(config.read_text())
    del stored["model_cfg"]["quick_gelu"]
    config.write_text(json.dumps(stored))
    stated = words(tiny, clip=tmp_path / "clip")
    _, told, mends = examined(stated, capfd)
    assert "computes gelu but models.clip.activation says quick_gelu" in told["clip"]
    assert f'add "quick_gelu": true to model_cfg in {config}' in mends["clip"] and "null" not in mends["clip"]
    assert not examined([*stated, "models.clip.activation=gelu"], capfd)[2]
    config.write_text(json.dumps(stored | {"model_cfg": stored["model_cfg"] | {"quick_gelu": True}}))
    assert not examined(stated, capfd)[2]


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("pool_type", "avg", "no class token"),
        ("attentional_pool", True, "no class token"),
        ("layers", [3, 4, 6, 3], "not open_clip's vision transformer"),
        ("timm_model_name", "vit_base", "not open_clip's vision transformer"),
    ],
)
def test_a_tower_that_masking_cannot_use(key: str, value: Any, said: str, tiny: Path, tmp_path: Path, capfd) -> None:
    shutil.copytree(tiny / "clip", tmp_path / "clip")
    config = tmp_path / "clip" / "open_clip_config.json"
    stored = json.loads(config.read_text())
    stored["model_cfg"]["vision_cfg"][key] = value
    config.write_text(json.dumps(stored))
    _, told, mends = examined(words(tiny, clip=tmp_path / "clip"), capfd)
    assert said in told["clip"] and "hf download timm/" in mends["clip"]


@pytest.mark.slow
def test_a_checkpoint_file_and_a_tag_that_does_not_exist(tiny: Path, capfd) -> None:
    file = tiny / "clip" / "open_clip_model.safetensors"
    stated = [word for word in words(tiny, clip=file) if not word.startswith(("models.clip.patch", "models.clip.grid"))]
    _, told, mends = examined(stated, capfd)
    assert "9 positions" in told["clip"] and "hf download" in mends["clip"]  # it is no ViT-L/14
    _, told, mends = examined([*words(tiny, clip="ViT-B-32"), "models.clip.pretrained=opnai"], capfd)
    assert "no weights 'opnai'" in told["clip"] and "known: openai" in told["clip"]


def test_models_that_no_stage_names_are_not_asked_for() -> None:
    from bench.commands.settings import compose_settings
    from bench.doctor.machine import list_kinds

    assert list_kinds(compose_settings([])) == ("clip", "dino", "language", "sentence")
    sam = compose_settings(["segment=sam", "models=paper", "caption=retrieval", "caption.words=[cat]"])
    assert list_kinds(sam) == ("clip", "sentence", "sam")
    assert "dino" in list_kinds(compose_settings(["segment=grid", "encode=proxyclip"]))
    assert list_kinds(compose_settings(["experiment=groupvit"])) == ("sentence", "groupvit"), (
        "of a whole system its own"
    )
