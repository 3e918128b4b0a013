"""Where weights come from: embedded folders, paths, hub names; and what their hash covers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from bench.errors import UserError
from bench.models import sources


def folder(path: Path, value: float = 1.0) -> Path:
    path.mkdir(parents=True)
    save_file({"w": torch.full((3,), value)}, path / "model.safetensors")
    (path / "config.json").write_text("{}")
    (path / "README.md").write_text("card")
    return path


@pytest.mark.parametrize("name", ["clip", "dino", "language", "sentence"])
def test_embedded_folders_ship_with_card_and_weights(name: str) -> None:
    path = Path(sources.resolve(f"embedded:{name}"))
    assert (path / "README.md").stat().st_size > 500
    assert list(path.rglob("*.safetensors"))


def test_unknown_embedded_name_gets_the_nearest_one() -> None:
    with pytest.raises(UserError, match="did you mean embedded:dino") as caught:
        sources.resolve("embedded:dinno")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", ["./nothing", "/nothing/here", "~/nothing", "a/b/c", "weights.pt", "local-dir:x"])
def test_a_missing_path_is_said_to_be_missing(source: str) -> None:
    with pytest.raises(UserError, match="no such folder or file"):
        sources.resolve(source)


def test_hub_names_and_existing_paths_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert sources.resolve("facebook/dino-vits8") == "facebook/dino-vits8"
    assert sources.resolve("gpt2-medium") == "gpt2-medium"
    assert sources.resolve(str(tmp_path)) == str(tmp_path)
    assert sources.resolve(f"local-dir:{tmp_path}") == str(tmp_path)


def test_open_clip_names(tmp_path: Path) -> None:
    assert sources.resolve_for_open_clip(str(tmp_path)) == f"local-dir:{tmp_path}"
    assert sources.resolve_for_open_clip(f"local-dir:{tmp_path}") == f"local-dir:{tmp_path}"
    assert sources.resolve_for_open_clip("hf-hub:org/repo") == "hf-hub:org/repo"
    assert sources.resolve_for_open_clip("ViT-L-14-336-quickgelu") == "ViT-L-14-336-quickgelu"
    assert sources.resolve_for_open_clip("embedded:clip").startswith("local-dir:")


def test_hash_depends_on_what_is_loaded_only(tmp_path: Path) -> None:
    one, two = folder(tmp_path / "one"), folder(tmp_path / "elsewhere" / "two")
    before = sources.hash_weights(one)
    assert len(before) == 64 and before == sources.hash_weights(str(two))
    (one / "README.md").write_text("another card")
    (one / "training.json").write_text('{"seeds": "measured again"}')
    assert sources.hash_weights(one) == before
    (one / "config.json").write_text('{"act": "gelu"}')
    assert sources.hash_weights(one) != before


def test_hash_sees_one_changed_number_and_a_renamed_file(tmp_path: Path) -> None:
    one = folder(tmp_path / "one")
    before = sources.hash_weights(one)
    weights = load_file(one / "model.safetensors")
    weights["w"][1] += 1e-6
    save_file(weights, one / "model.safetensors")
    changed = sources.hash_weights(one)
    (one / "model.safetensors").rename(one / "other.safetensors")
    assert len({before, changed, sources.hash_weights(one)}) == 3


def test_hash_of_a_checkpoint_file_ignores_its_name_no_more_than_its_content(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"1")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.pt").write_bytes(b"1")
    assert sources.hash_weights(tmp_path / "a.pt") == sources.hash_weights(tmp_path / "b" / "a.pt")


def test_hash_of_nothing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UserError, match="holds no weight files"):
        sources.hash_weights(tmp_path)
    with pytest.raises(UserError, match="not in the local cache"):
        sources.hash_weights("nobody/nothing")


@pytest.mark.parametrize("error", [OSError("a\nb"), ValueError("x"), RuntimeError("size mismatch")])
def test_what_a_library_says_becomes_one_line(error: Exception, tmp_path: Path) -> None:
    def fails(name: str) -> None:
        raise error

    with pytest.raises(UserError, match="missing or damaged") as caught:
        sources.load("DINO", str(tmp_path), fails)
    assert "\n" not in str(caught.value) and str(tmp_path) in str(caught.value)


def test_unknown_dtype_lists_the_known() -> None:
    assert sources.find_dtype("bfloat16") is torch.bfloat16
    with pytest.raises(UserError, match="float32, bfloat16, float16"):
        sources.find_dtype("float8")


def test_a_format_that_is_not_read_changes_no_hash(tmp_path: Path) -> None:
    one = folder(tmp_path / "one")
    before = sources.hash_weights(one)
    (one / "pytorch_model.bin").write_bytes(b"the same weights in another format")
    assert sources.hash_weights(one) == before and sources.list_weight_files(one) == [one / "model.safetensors"]
    (one / "model.safetensors").unlink()
    assert sources.list_weight_files(one) == [one / "pytorch_model.bin"] and sources.hash_weights(one) != before


@pytest.mark.parametrize("stored", ["model.safetensors", "pytorch_model.bin"])
def test_a_hub_repository_is_fetched_whole_before_it_is_hashed(
    stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights that came at loading only would change the hash, and with it every key, after the first run."""
    asked: list[list[str]] = []

    def fetch(name: str, allow_patterns: list[str] | None = None, local_files_only: bool = False) -> str:
        if not local_files_only:
            asked.append(allow_patterns or [])
            files = {file for file in ("config.json", stored) if any(Path(file).match(p) for p in asked[-1])}
            for file in files:
                (tmp_path / file).write_text(name)
        elif not asked:
            raise FileNotFoundError(name)
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    first = sources.hash_weights("some/model")
    assert (tmp_path / stored).exists() and len(asked) == (2 if stored.endswith(".bin") else 1)
    assert sources.hash_weights("some/model") == first and len(asked) < 3
