"""What a stored result depends on of a model: options, class, weights and tokenizer, not the place they lie in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.models import hub, sources
from bench.store.facts.contents import hash_file_once, replace_by_content
from bench.store.keys import collect_inputs

PLACES = ("source", "pretrained", "architecture", "device")
"""Options that say where weights lie; what lies there counts."""


def collect_model_facts(options: Mapping[str, Any]) -> dict[str, Any]:
    """Collect JSON facts of one model's options. Raises UserError where there are no weights."""
    made = collect_inputs(_drop_places(options))
    return {**read_weights_facts(options), "class": made["source"], "imports": made["imports"]}


def read_weights_facts(options: Mapping[str, Any]) -> dict[str, Any]:
    """Collect the same without the code, which is then not read. Raises UserError where there are no weights."""
    facts = dict(replace_by_content(_drop_places(options)))
    source = str(options["source"])
    if "pretrained" not in options:
        return facts | {"weights": sources.hash_weights(source), "name": ""}
    name, pretrained = sources.split_open_clip_source(source, options["pretrained"], options.get("architecture"))
    if name.startswith((sources.HUB, sources.LOCAL_DIR)):
        return facts | {
            "weights": sources.hash_weights(source),
            "name": "",
            **_describe_named_tokenizer(_find_folder(name)),
        }
    if pretrained and Path(pretrained).is_file():  # weights alone do not carry their architecture
        return facts | {"weights": sources.hash_weights(pretrained), "name": name, **_describe_tokenizer_of(name)}
    # A tag of published weights that open_clip resolves: the names stand in metrics, the file behind them in keys.
    facts |= {"weights": f"{name}/{pretrained}", "name": name, **_describe_tokenizer_of(name)}
    return facts | {"file": _hash_published(name, str(pretrained))}


def describe_by_content(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Describe settings for a run's name: files and weights by content and name, whatever folder they lie in.

    The images of a data set alone go by their place: the run's record has their fingerprint.
    """
    facts = {
        key: replace_by_content(value, named=True) for key, value in settings.items() if key not in ("data", "models")
    }
    data, models = settings.get("data", {}), settings.get("models", {})
    facts["data"] = {
        **replace_by_content({k: v for k, v in data.items() if k != "root"}, named=True),
        "root": data.get("root"),
    }
    facts["models"] = {
        name: _describe_model(value) if isinstance(value, Mapping) else value for name, value in models.items()
    }
    return facts


def _describe_model(options: Mapping[str, Any]) -> Any:
    """Describe a model's options by its weights in place of where they lie; as they are where there are none yet."""
    try:
        return read_weights_facts(options)
    except UserError:
        return dict(options)


def _drop_places(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key not in PLACES}


def _hash_published(name: str, tag: str) -> str:
    """Hash the checkpoint that a tag means; fetched where it is not here, lest the key change at loading."""
    from bench.models.located import locate_published

    place = locate_published(name, tag)
    if place.path is None and not hub.is_forbidden() and not hub.find_silence():
        import open_clip

        with suppress(Exception):  # loading will say in one line what is wrong
            open_clip.download_pretrained(open_clip.get_pretrained_cfg(name, tag))
        place = locate_published(name, tag)
    return hash_file_once(place.path) if place.path else "not here"


def _describe_tokenizer_of(architecture: str) -> dict[str, str]:
    """Describe the tokenizer of an architecture: most bring open_clip's own, some name one on the hub."""
    import open_clip

    config = open_clip.get_model_config(architecture) or {}
    return _describe_tokenizer(config.get("text_cfg", {}).get("hf_tokenizer_name"))


def _describe_named_tokenizer(folder: Path) -> dict[str, str]:
    """Describe the tokenizer of a folder, whose own files are counted with its weights."""
    with suppress(OSError, ValueError, AttributeError):
        config = json.loads((folder / "open_clip_config.json").read_text()).get("model_cfg", {})
        return _describe_tokenizer(config.get("text_cfg", {}).get("hf_tokenizer_name"))
    return {}


def _describe_tokenizer(name: str | None) -> dict[str, str]:
    if not name or name == "local":
        return {}
    folder = Path(name) if Path(name).is_dir() else sources.find_cached_snapshot(name) or Path(name)
    files = {file.name: hash_file_once(file) for file in sorted(folder.glob("*")) if file.suffix in sources.LOADED}
    kept = {name: digest for name, digest in files.items() if not name.endswith(sources.WEIGHTS)}
    return {"tokenizer": json.dumps(kept) if kept else "not here"}


def _find_folder(name: str) -> Path:
    if name.startswith(sources.LOCAL_DIR):
        return Path(name.removeprefix(sources.LOCAL_DIR))
    copy = sources.find_cached_copy(name)
    if copy is None:
        raise UserError(f"CLIP {name!r}: its files are no longer in the local cache: fetch them again")
    return copy
