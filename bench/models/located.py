"""Sections 3 and 4 (models): where the weights that a source names lie on this machine, without network or loading.

And the command that fetches them, for `zgs doctor`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.models import hub, sources

CHECKPOINTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
"""Names of open_clip's checkpoints in a hub repository, in the order in which it looks."""

OTHER_FORMATS = " ".join(f"--exclude '{each}'" for each in ("*.h5", "*.msgpack", "*.ot", "onnx/*", "openvino/*"))
"""What hub repositories hold for other libraries, larger than the weights themselves."""


@dataclass(frozen=True)
class Located:
    """How a source resolves: embedded, folder, file, hub cache, or missing (then `path` is None).

    `fetch` is the command that gets what is published; empty where nothing is. `why` says what is wrong with the name.
    """

    how: str
    path: Path | None = None
    fetch: str = ""
    why: str = ""


def locate(options: Mapping[str, Any]) -> Located:
    """Where the weights of one model's options are."""
    source = str(options["source"])
    try:
        if "pretrained" not in options:
            return _locate_plain(source)
        name, tag = sources.split_open_clip_source(source, options["pretrained"], options.get("architecture"))
    except UserError as error:
        return Located("missing", why=str(error))
    if name.startswith((sources.HUB, sources.LOCAL_DIR)):
        return _locate_plain(source)
    if tag and Path(tag).is_file():
        return Located("file", Path(tag))
    return locate_published(name, tag)


def locate_published(name: str, tag: str | None) -> Located:
    """Weights that open_clip knows by an architecture's name and a tag."""
    import open_clip
    from huggingface_hub import try_to_load_from_cache

    known = open_clip.get_pretrained_cfg(name, str(tag))
    if not known:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(name)) or "none: fix models.clip.source"
        return Located("missing", why=f"open_clip knows no weights {tag!r} of {name!r} (known: {tags})")
    if not known.get("hf_hub"):
        cached = Path("~/.cache/clip").expanduser() / Path(known["url"]).name
        fetch = f"curl -L --create-dirs -o {cached} {known['url']}"
        return Located("hub cache", cached, fetch) if cached.is_file() else Located("missing", fetch=fetch)
    repository, _, file = known["hf_hub"].rpartition("/")
    fetch = make_hub_command(repository, file or "--include 'open_clip_*'")
    for name_of_file in (file,) if file else CHECKPOINTS:
        if isinstance(cached_file := try_to_load_from_cache(repository, name_of_file), str):
            return Located("hub cache", Path(cached_file), fetch)
    return Located("missing", fetch=fetch)


def make_hub_command(repository: str, what: str = OTHER_FORMATS) -> str:
    """Make the command that fetches a hub repository into the local cache."""
    return f"{'HF_HUB_OFFLINE=0 ' * hub.is_forbidden()}hf download {repository} {what}"


def _locate_plain(source: str) -> Located:
    name = sources.resolve(source)
    if Path(name).exists():
        how = "embedded" if source.startswith(sources.EMBEDDED) else "folder" if Path(name).is_dir() else "file"
        return Located(how, Path(name))
    copy, fetch = sources.find_cached_copy(name), make_hub_command(name)
    return Located("hub cache", copy, fetch) if copy else Located("missing", fetch=fetch)


def ask_hub_once(models: Mapping[str, Any]) -> None:
    """Ask the hub once, if weights are missing here, before worker processes start that would each ask it."""
    kinds = [options for options in models.values() if isinstance(options, Mapping) and "source" in options]
    if not hub.is_forbidden() and any(place.how == "missing" and place.fetch for place in map(locate, kinds)):
        hub.find_silence()
