"""Sections 3 and 4 (models): weights that other programs have left in their usual places, for `zgs doctor` to name.

Nothing here is ever loaded by itself: what is found is told, with the setting that would use it.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.models import sources
from bench.system.hashing import hash_file

DINO_FILES = {"dino-vits8": "dino_deitsmall8_pretrain.pth", "dino-vits16": "dino_deitsmall16_pretrain.pth",
              "dino-vitb8": "dino_vitbase8_pretrain.pth", "dino-vitb16": "dino_vitbase16_pretrain.pth",
              "dinov2-small": "dinov2_vits14_pretrain.pth", "dinov2-base": "dinov2_vitb14_pretrain.pth"}  # fmt: skip
"""The hub's names of DINO and the original files' names."""
SHOWN = 3


def find_elsewhere(kind: str, options: Mapping[str, Any], missing: bool) -> tuple[list[str], list[str]]:
    """Find settings that would use what lies in the usual places: of the model that is configured, and of others."""
    source = str(options["source"])
    if source.startswith(sources.EMBEDDED) or Path(source).expanduser().exists():
        return [], []
    published_name = _find_file_name(kind, options)
    files = list(_find_files(kind))
    fitting = [str(file) for file in files if file.name == published_name] + list(_find_copies(kind, source))
    others = [str(file) for file in files if file.name != published_name] if missing else []
    return [f"models.{kind}.source={name}" for name in fitting], [f"models.{kind}.source={name}" for name in others]


def describe(fitting: list[str], others: list[str]) -> str:
    """Describe the same in a few words; empty where nothing was found."""
    words = [f"; found in a cache: {', '.join(map(_describe_setting, fitting))}"] if fitting else []
    if others:
        more = f" and {len(others) - SHOWN} more" * (len(others) > SHOWN)
        words.append(f"; of other models there are: {', '.join(others[:SHOWN])}{more}")
    return "".join(words)


def choose_fix(fitting: list[str]) -> str:
    """Choose the setting to add; empty where no file is what was published."""
    good = [setting for setting in fitting if not find_mismatch(Path(setting.partition("=")[2]))]
    return f"add {shlex.quote(good[0])}" if good else ""


def find_mismatch(path: Path) -> str:
    """Find what is wrong with a file of the name of one of OpenAI's: its sha256 is in the published address."""
    expected = read_published_hashes().get(path.name)
    if expected is None or not path.is_file():
        return ""
    digest = hash_file(path)
    return "" if digest == expected else f"its sha256 is {digest[:8]}…, published as {path.name} is {expected[:8]}…"


def check_published(path: Path) -> None:
    """Check that no file lies: UserError for a file that bears a published name and is not that file."""
    if wrong := find_mismatch(path):
        raise UserError(f"{path} is damaged or another file: {wrong}: fetch it again, or give it a name of its own")


@cache
def read_published_hashes() -> dict[str, str]:
    """Read the sha256 of OpenAI's files by name."""
    import open_clip

    urls = [open_clip.get_pretrained_url(name, "openai") for name in open_clip.list_pretrained_models_by_tag("openai")]
    return {url.split("/")[-1]: url.split("/")[-2] for url in urls if "openaipublic" in url}


def _describe_setting(setting: str) -> str:
    wrong = find_mismatch(Path(setting.partition("=")[2]))
    return f"{setting} ({wrong})" if wrong else setting


def _find_file_name(kind: str, options: Mapping[str, Any]) -> str:
    """Find what the publisher calls the file of this model; empty where that is not known."""
    source = str(options["source"])
    if kind == "dino":
        return DINO_FILES.get(source.rpartition("/")[2], "")
    if kind != "clip":
        return ""
    import open_clip

    return str(open_clip.get_pretrained_url(source, str(options.get("pretrained")))).rpartition("/")[2]


def _find_files(kind: str) -> Iterator[Path]:
    """Find checkpoint files of the packages clip and open_clip (one place for both), and of torch.hub."""
    if kind == "clip":
        yield from _list_weights(Path("~/.cache/clip").expanduser(), "*")
    if kind == "dino":
        import torch

        yield from _list_weights(Path(torch.hub.get_dir()) / "checkpoints", "*dino*")


def _list_weights(folder: Path, pattern: str) -> list[Path]:
    return sorted(file for file in folder.glob(pattern) if file.suffix in sources.WEIGHTS and file.is_file())


def _find_copies(kind: str, source: str) -> Iterator[str]:
    """Find the repository under another owner's name in the hub's cache, and in sentence-transformers' old one."""
    from huggingface_hub import constants

    last = source.rpartition("/")[2]
    for folder in sorted(Path(constants.HF_HUB_CACHE).glob("models--*")):
        name = folder.name.removeprefix("models--").replace("--", "/")
        if name != source and name.rpartition("/")[2] == last and sources.find_cached_copy(name):
            yield f"{sources.HUB}{name}" if kind == "clip" else name
    if kind == "sentence":
        old = os.environ.get("SENTENCE_TRANSFORMERS_HOME", "~/.cache/torch/sentence_transformers")
        folder = Path(old).expanduser() / source.replace("/", "_")
        if (folder / "modules.json").is_file():
            yield str(folder)
