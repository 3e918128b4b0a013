"""Sections 3.1 to 3.3 (models): what can be told of weights from their headers and configs, without loading them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.models import checkpoints, clip_file, dino_file, guards, sources

FAMILIES = {"dino": ("vit", "dinov2"), "language": ("gpt2",), "groupvit": ("groupvit",),
            "sam": ("sam", "sam2", "sam2_video")}  # fmt: skip
"""The model types of transformers that can be loaded."""
TOKENIZERS = ("tokenizer.json", "vocab.json", "vocab.txt")
DTYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def describe_weights(kind: str, options: Mapping[str, Any], path: Path) -> str:
    """What the weights are, in a few words; UserError for the first thing that is wrong with them."""
    files = sources.list_weight_files(path)
    if not files or not all(file.stat().st_size for file in files):
        raise UserError(f"{path} holds no weights")
    stored = sorted({dtype for file in files for dtype in read_number_types(file)})
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    words = [f"{megabytes:,.1f} MB{', stored ' * bool(stored)}{'+'.join(stored)}"]
    if kind == "clip":
        return ", ".join([*words, *_describe_clip(options, path)])
    if path.is_dir():
        words += _describe_transformers(kind, options, path)
    elif kind == "dino":
        family, sizes = dino_file.read_facts(str(options["source"]), path)
        words += [f"original {family}", *_describe_dino(options, sizes)]
    return ", ".join(words)


def read_number_types(file: Path) -> Iterator[str]:
    """Read number types in the header of a file, which one that was cut short does not pass."""
    from safetensors import SafetensorError, safe_open

    if not _has_header(file):
        return
    if file.suffix != ".safetensors":
        tensors = checkpoints.unwrap_state(checkpoints.read_tensors("checkpoint", file, values=False)).values()
        yield from (str(value.dtype).removeprefix("torch.") for value in tensors if value.is_floating_point())
        return
    try:
        with safe_open(str(file), "np") as opened:
            kinds = {opened.get_slice(key).get_dtype() for key in opened.keys()}  # noqa: SIM118
            yield from (DTYPES.get(kind, kind) for kind in kinds if not kind.startswith(("I", "U")))  # counters
    except (SafetensorError, OSError) as error:
        raise UserError(f"{file.name} is damaged ({error})") from error


def _has_header(file: Path) -> bool:
    """Whether shapes and number types can be had without the numbers: not from files of torch before 1.6."""
    return file.suffix == ".safetensors" or zipfile.is_zipfile(file)


def _read_config(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text()))
    except (OSError, ValueError) as error:
        raise UserError(f"{file.name} is missing or damaged in {file.parent}") from error


def count_layers(options: Mapping[str, Any]) -> int | None:
    """Count the layers of CLIP's image tower by its config; None where that cannot be told, which loading explains."""
    try:
        name, pretrained = sources.split_open_clip_source(str(options["source"]), options.get("pretrained"), None)
        place = name.removeprefix(sources.LOCAL_DIR) if name else str(pretrained)
        if name.startswith(sources.HUB):
            place = str(sources.find_cached_copy(name))
        layers = dict(_read_clip_config(options, Path(place))[0].get("vision_cfg") or {}).get("layers")
    except (UserError, KeyError, TypeError, ValueError):
        return None
    return layers if isinstance(layers, int) else None


def _read_clip_config(options: Mapping[str, Any], path: Path) -> tuple[dict[str, Any], bool]:
    """Read the config of the weights at ``path`` in open_clip's words, and whether they are silent on activation."""
    if path.is_dir():
        return _read_config(path / "open_clip_config.json").get("model_cfg") or {}, False
    import open_clip

    source, pretrained = str(options["source"]), options.get("pretrained")
    name, tag = sources.split_open_clip_source(source, pretrained, options.get("architecture"))
    file = tag and Path(tag).is_file()
    facts = clip_file.read_facts(source, path, name or None, options.get("activation")) if file else None
    config = facts.config if facts else open_clip.get_model_config(name) or {}
    return config, bool(file) and (facts is None or facts.activation is None)


def _describe_clip(options: Mapping[str, Any], path: Path) -> list[str]:
    """Check activation, patch and grid against the settings and the weights' origin, and describe them."""
    source, pretrained = str(options["source"]), options.get("pretrained")
    config, silent = _read_clip_config(options, path)
    vision = config.get("vision_cfg")
    if not vision:
        raise UserError(f"CLIP {source!r}: its config names no image tower that open_clip knows")
    if "timm_model_name" in vision or not isinstance(vision.get("layers"), int):
        raise UserError(f"CLIP {source!r}: its image tower {guards.OTHER_TOWER}")
    if vision.get("attentional_pool") or vision.get("pool_type", "tok") != "tok":
        raise UserError(f"CLIP {source!r}: {guards.NO_CLASS_TOKEN}")
    activation, patch = "quick_gelu" if config.get("quick_gelu") else "gelu", int(vision.get("patch_size", 16))
    grid = int(vision["image_size"]) // patch
    what, declared = f"CLIP {source!r}", options.get("activation")
    guards.check_patch(what, patch, options.get("patch"))
    header = next((file for file in sources.list_weight_files(path) if _has_header(file)), None)
    guards.check_grid(
        what, (grid, grid), guards.count_stored_positions(header) if header else None, options.get("grid")
    )
    guards.check_stated_activation(activation, source, pretrained, declared, silent)
    return [activation, f"patch {patch}", f"grid {grid}x{grid}", f"{vision['layers']} layers"]


def _describe_transformers(kind: str, options: Mapping[str, Any], path: Path) -> list[str]:
    """Describe family, activation and sizes by config.json; check the tokenizer's presence where one is needed."""
    if kind in ("language", "sentence", "groupvit") and not any(list(path.rglob(name)) for name in TOKENIZERS):
        raise UserError(f"the tokenizer is missing in {path}")
    if kind == "sentence" and not (path / "config.json").exists():
        return [f"{len(json.loads((path / 'modules.json').read_text()))} modules"]
    config = _read_config(path / "config.json")
    family = str(config.get("model_type"))
    if family not in FAMILIES.get(kind, (family,)):
        raise UserError(f"{path} holds a {family} model; use one of type {' or '.join(FAMILIES[kind])}")
    if kind == "groupvit":
        vision = dict(config.get("vision_config") or {})
        return [family, f"patch {vision.get('patch_size', 16)}", f"{vision.get('image_size', 224)} pixels"]
    if kind == "sam":
        return [family, f"{dict(config.get('prompt_encoder_config') or {}).get('image_size', 1024)} pixels"]
    words = [family, str(config.get("activation_function") or config.get("hidden_act", ""))]
    return [*words, *_describe_dino(options, config)] if kind == "dino" else words


def _describe_dino(options: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """Check patch and grid against what the settings say, and describe them."""
    patch = int(config.get("patch_size", 16))
    grid = int(config.get("image_size", 224)) // patch
    guards.check_patch(f"DINO {options['source']!r}", patch, options.get("patch"))
    guards.check_grid(f"DINO {options['source']!r}", (grid, grid), None, options.get("grid"))
    return [f"patch {patch}", f"grid {grid}x{grid}"]
