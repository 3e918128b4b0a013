"""Section 3.2 (models): what a checkpoint file tells of its CLIP, architecture and activation, and the model of it.

OpenAI's own files (TorchScript archives of half precision) and plain state dicts in their naming, which is open_clip's
too. OpenAI's heads are 64 wide and its models compute QuickGELU; a plain state dict does not say its activation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.models import checkpoints, torchscript
from bench.models.guards import Misstated
from bench.models.unfilled import SkipRandomFill

MARKS = ("input_resolution", "context_length", "vocab_size")
"""Numbers that OpenAI's files hold beside the weights."""
NO_WEIGHTS = re.compile(rf"({'|'.join(MARKS)}|(.*\.)?attn_mask)")
SIZED_BY = {"visual.positional_embedding", "visual.conv1.weight", "positional_embedding", "text_projection",
            "token_embedding.weight", "ln_final.weight"}  # fmt: skip
"""What a state dict in OpenAI's naming has; open_clip's towers of other kinds lack some of it."""
HEAD, COMMON_WIDTH = 64, 1024
"""Up to this width every published CLIP has heads of 64; wider ones have others, which no shape tells."""
SIZES = {"embed_dim": "embedding", "layers": "layers", "width": "width", "patch_size": "patch", "image_size": "image",
         "head_width": "head width", "vocab_size": "vocabulary", "context_length": "text length", "heads": "text heads",
         "mlp_ratio": "mlp ratio"}  # fmt: skip


@dataclass(frozen=True)
class FileFacts:
    """``config`` as open_clip's builder takes it; ``name``: open_clip's name of it, where it has one, for messages.

    ``activation`` is None where the file does not say it. ``archive``: one of OpenAI's files, or in their format.
    """

    config: dict[str, Any]
    activation: str | None
    name: str
    archive: bool

    @property
    def computed(self) -> str:
        """The activation that the model will compute: the file's, else the one that the settings state."""
        return "quick_gelu" if self.config["quick_gelu"] else "gelu"

    @property
    def grid(self) -> int:
        """Patches an edge."""
        return int(self.config["vision_cfg"]["image_size"]) // self.patch

    @property
    def patch(self) -> int:
        """Pixels an edge."""
        return int(self.config["vision_cfg"]["patch_size"])


def read_facts(source: str, path: Path, architecture: str | None, declared: str | None = None) -> FileFacts | None:
    """What the file says; None where it says less than the settings: a plain file of a stated architecture.

    Raises UserError for a file that holds no CLIP with a vision transformer, and where it is not what is stated.
    """
    state = checkpoints.unwrap_state(checkpoints.read_tensors("CLIP", path, values=False))
    archive = torchscript.is_archive(path) or any(mark in state for mark in MARKS)
    if architecture is not None and not archive:
        return None
    shapes = {name: tuple(value.shape) for name, value in state.items() if not NO_WEIGHTS.fullmatch(name)}
    config = _read_config(source, shapes)
    activation = _read_activation(path, archive)
    name = architecture or ""
    if architecture is None:
        name = _find_published_name(config, (activation or declared) == "quick_gelu")
    else:
        _compare(source, architecture, config, activation)
    config = _add_heads(source, config, name, archive)
    if activation is None and declared is None:
        raise Misstated(
            f"CLIP {source!r}: a checkpoint file does not say its activation: state models.clip.activation=quick_gelu "
            f"(OpenAI's weights) or gelu (LAION's); its sizes fit models.clip.architecture={name or 'null'}"
        )
    config["quick_gelu"] = (activation or declared) == "quick_gelu"
    return FileFacts(config, activation, name, archive)


def check_stated(source: str, path: Path, architecture: str) -> None:
    """Stop where a plain file's shapes are not those of the architecture that the settings state."""
    state = checkpoints.unwrap_state(checkpoints.read_tensors("CLIP", path, values=False))
    if SIZED_BY.issubset(state):
        shapes = {name: tuple(value.shape) for name, value in state.items()}
        _compare(source, architecture, _read_config(source, shapes), None)


def build(source: str, path: Path, facts: FileFacts, precision: str, device: str) -> Any:
    """open_clip's model with the file's numbers, in `precision`; every parameter comes from the file."""
    import open_clip

    with SkipRandomFill():  # what the file lacks is an error below
        model = open_clip.create_model(BASE, precision=precision, device=device, load_weights=False, **facts.config)
    state = checkpoints.unwrap_state(checkpoints.read_tensors("CLIP", path))
    weights = {name: value for name, value in state.items() if not NO_WEIGHTS.fullmatch(name)}
    missing, extra = model.load_state_dict(weights, strict=False)
    for words, names in (("lacks", missing), ("holds what the architecture has not:", extra)):
        if names:
            raise UserError(f"CLIP {source!r}: the file {words} {names[0]} ({len(names)} such): fetch it again")
    return model


BASE = "ViT-B-32-quickgelu"
"""A name that open_clip's builder asks for; every size of it is replaced by the file's."""


def _read_config(source: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Read sizes from shapes, in open_clip's words."""
    if "visual.layer1.0.conv1.weight" in shapes or any(name.startswith("visual.attnpool.") for name in shapes):
        raise UserError(f"CLIP {source!r}: its image tower is a ResNet; masking needs a vision transformer: use a ViT")
    try:
        patches, width = shapes["visual.positional_embedding"]
        patch, text_width = shapes["visual.conv1.weight"][-1], shapes["ln_final.weight"][0]
        grid = round((patches - 1) ** 0.5)
        return {
            "embed_dim": shapes["text_projection"][1],
            "vision_cfg": {"image_size": patch * grid, "layers": _count_layers(shapes, "visual."), "width": width,
                           "patch_size": patch, "mlp_ratio": _compute_ratio(shapes, "visual.", width)},
            "text_cfg": {"context_length": shapes["positional_embedding"][0],
                         "vocab_size": shapes["token_embedding.weight"][0], "width": text_width,
                         "layers": _count_layers(shapes, ""), "mlp_ratio": _compute_ratio(shapes, "", text_width)},
        }  # fmt: skip
    except (KeyError, IndexError, ValueError) as error:
        first = next(iter(shapes), "nothing")
        raise UserError(
            f"CLIP {source!r}: the file is no CLIP in OpenAI's or open_clip's naming (it has no {error}; it begins "
            f"with {first}): give one of those, or a folder in open_clip's format"
        ) from error


def _count_layers(shapes: Mapping[str, tuple[int, ...]], tower: str) -> int:
    names = [name for name in shapes if name.startswith(f"{tower}transformer.res")]
    return len({name.split("resblocks.")[1].split(".")[0] for name in names})


def _compute_ratio(shapes: Mapping[str, tuple[int, ...]], tower: str, width: int) -> float:
    return shapes[f"{tower}transformer.resblocks.0.mlp.c_fc.weight"][0] / width


def _read_activation(path: Path, archive: bool) -> str | None:
    """QuickGELU for OpenAI's files; an archive that somebody else made says it in its code."""
    if not archive:
        return None
    return (torchscript.read_activation(path) if torchscript.is_archive(path) else None) or "quick_gelu"


def _find_published_name(config: dict[str, Any], quick: bool) -> str:
    """open_clip's name of these sizes and this activation; empty where it has none."""
    import open_clip

    same = [name for name in open_clip.list_models() if not _find_difference(_read_named(name), config)]
    fitting = [name for name in same if bool(_read_named(name).get("quick_gelu")) == quick]
    return min(fitting or same, key=len, default="")


def _read_named(name: str) -> dict[str, Any]:
    import open_clip

    return open_clip.get_model_config(name) or {}


def _find_difference(named: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Find the first size in which a named architecture is not the file's; empty where it is the same."""
    for part in ("vision_cfg", "text_cfg"):
        theirs, defaults = named.get(part) or {}, {"mlp_ratio": 4.0}
        for key, value in config[part].items():
            if (stated := theirs.get(key, defaults.get(key))) != value:
                return f"{part.partition('_')[0]} {SIZES[key]} {stated}, the file {value}"
    if named.get("embed_dim") != config["embed_dim"]:
        return f"embedding {named.get('embed_dim')}, the file {config['embed_dim']}"
    return ""


def _compare(source: str, architecture: str, config: Mapping[str, Any], activation: str | None) -> None:
    """Stop where the architecture that the settings state is not the file's."""
    named = _read_named(architecture)
    if not named:
        raise UserError(f"CLIP {source!r}: open_clip knows no architecture {architecture!r}: {LEAVE}")
    quick = "quick_gelu" if named.get("quick_gelu") else "gelu"
    wrong = _find_difference(named, config)
    if not wrong and activation not in (None, quick):
        wrong = f"activation {quick}, the file {activation}"
    if wrong:
        fitting = _find_published_name(dict(config), activation == "quick_gelu")
        raise Misstated(
            f"CLIP {source!r}: models.clip.architecture={architecture} has {wrong}: "
            f"{f'the file is {fitting}: ' * bool(fitting)}choose its yaml (models/clip=…), or {LEAVE}"
        )


LEAVE = "leave models.clip.architecture=null, and the file tells it"


def _add_heads(source: str, config: dict[str, Any], name: str, archive: bool) -> dict[str, Any]:
    """Add heads, which no shape tells: as open_clip's architecture of that name has them, else OpenAI's 64."""
    vision, text, named = dict(config["vision_cfg"]), dict(config["text_cfg"]), _read_named(name) if name else {}
    for part, key, width in ((vision, "head_width", vision["width"]), (text, "heads", text["width"])):
        stated = (named.get("vision_cfg" if part is vision else "text_cfg") or {}).get(key)
        if stated is None and name and key == "head_width":
            stated = HEAD
        if stated is None and (width % HEAD or (width > COMMON_WIDTH and not archive)):
            raise UserError(
                f"CLIP {source!r}: a file does not tell the heads of a tower {width} wide: say "
                "models.clip.architecture=… (open_clip's name), or give a folder in open_clip's format"
            )
        part[key] = stated or (HEAD if key == "head_width" else width // HEAD)
    return config | {"vision_cfg": vision, "text_cfg": text}
