"""Section 3.2 (models): what would change every number silently stops: activation, grid, precision, tokens.

Declared values come from the model's yaml (conf/models); None is "not stated" and passes where the model itself tells.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from bench.errors import UserError

ACTIVATIONS = ("quick_gelu", "gelu")
NO_CLASS_TOKEN = "the image tower pools: it has no class token, which equations 2 to 4 subtract; use OpenAI's layout"
OTHER_TOWER = "is not open_clip's vision transformer with a class token, which masking opens: use OpenAI's layout"
"""Why SigLIP, CoCa, CLIPA and others are refused (MODELS.md); their text towers do not suit section 3.3 either."""


class Misstated(UserError):
    """The settings say something else than the weights: the weights may be good and the choice of yaml wrong."""


def read_activation(visual: Any) -> str:
    """Read ``quick_gelu`` or ``gelu`` from the image tower's first block."""
    return "quick_gelu" if type(visual.transformer.resblocks[0].mlp.gelu).__name__ == "QuickGELU" else "gelu"


def find_expected_activation(source: str, pretrained: str | None, declared: str | None) -> tuple[str | None, str]:
    """Find the activation the weights were trained with, and who says so; None where nobody does.

    OpenAI's weights need QuickGELU, LAION's do not: a published name tells it. A local file says nothing.
    """
    import open_clip

    if pretrained and not Path(source).expanduser().exists() and not Path(pretrained).expanduser().exists():
        published = open_clip.get_pretrained_cfg(source, pretrained)
        if published:
            return ("quick_gelu" if published.get("quick_gelu") else "gelu"), f"the published weights {pretrained!r}"
    is_hub_name = not Path(source).expanduser().exists() and "/" in source
    for origin, activation in (("openai", "quick_gelu"), ("laion", "gelu")) if is_hub_name else ():
        if origin in source.lower():
            return activation, f"the hub name {source!r}"
    return declared, "models.clip.activation"


def check_activation(visual: Any, source: str, pretrained: str | None, declared: str | None, silent: bool) -> None:
    """Stop where the tower's activation is not what its weights need; ``silent``: a file, which does not tell."""
    check_stated_activation(read_activation(visual), source, pretrained, declared, silent)


def check_stated_activation(
    computed: str, source: str, pretrained: str | None, declared: str | None, silent: bool
) -> None:
    """Stop as `check_activation` does, for an activation that was read from a config."""
    if declared not in (None, *ACTIVATIONS):
        raise Misstated(f"models.clip.activation={declared}: use quick_gelu or gelu")
    expected, who = find_expected_activation(source, pretrained, declared)
    if expected is None and silent:
        raise Misstated(
            f"CLIP {source!r}: a checkpoint file does not say its activation: state models.clip.activation=quick_gelu "
            "(OpenAI's weights) or gelu (LAION's)"
        )
    for stated, origin in ((expected, who), (declared, "models.clip.activation")):
        if stated not in (None, computed):
            raise Misstated(
                f"CLIP {source!r}: the model computes {computed} but {origin} says {stated}: choose the architecture "
                f"{'with' if stated == 'quick_gelu' else 'without'} -quickgelu in its name, or fix "
                "models.clip.activation (with another one every number is wrong)"
            )


def check_grid(what: str, grid: tuple[int, int], stored: int | None, declared: int | None) -> None:
    """Stop where patches of the input, position embedding and yaml disagree; ``stored``: positions in the weights."""
    places = grid[0] * grid[1]
    if stored is not None and stored != places:
        raise UserError(
            f"{what}: its weights hold {stored} positions but image and patch size make a grid of "
            f"{grid[0]}x{grid[1]}: choose the architecture of these weights"
        )
    if declared is not None and grid != (declared, declared):
        raise Misstated(
            f"{what}: the model's grid is {grid[0]}x{grid[1]}, the settings say {declared}x{declared}: choose its yaml "
            "(models/clip=…, models/dino=…) or fix grid and patch"
        )


def check_patch(what: str, patch: int, declared: int | None) -> None:
    """Stop where the yaml's patch size is not the model's."""
    if declared is not None and declared != patch:
        raise Misstated(f"{what}: the model's patch is {patch} pixels, the settings say {declared}: choose its yaml")


def check_precision(what: str, model: torch.nn.Module, dtype: torch.dtype) -> None:
    """Stop where a parameter is not in the precision that was asked for."""
    for name, parameter in model.named_parameters():
        if parameter.is_floating_point() and parameter.dtype != dtype:
            asked, held = (str(kind).removeprefix("torch.") for kind in (dtype, parameter.dtype))
            raise UserError(f"{what}: {name} was loaded as {held}, unasked (dtype={asked}): say dtype={held} to use it")


def check_complete(what: str, report: dict[str, Any], ignored: tuple[str, ...] = ()) -> None:
    """Stop where transformers filled weights with random numbers: the checkpoint lacks them or has another shape."""
    missing = sorted(k for k in report.get("missing_keys", ()) if not k.startswith(ignored))
    if missing:
        raise UserError(f"{what}: its weights lack {len(missing)} parameters ({missing[0]} …): fetch the folder again")
    if wrong := sorted(str(k[0]) if isinstance(k, tuple) else str(k) for k in report.get("mismatched_keys", ())):
        raise UserError(
            f"{what}: {len(wrong)} parameters have another shape than config.json says ({wrong[0]} …): fetch the "
            "folder again, config.json and weights together"
        )


def check_vocabulary(what: str, ids: int, embeddings: int, where: str, special: int = 1) -> None:
    """Stop where the tokenizer is missing (``special`` tokens alone) or writes ids that the model has no embedding for.

    Transformers makes an empty tokenizer where a folder has none, without a word.
    """
    if ids <= special:
        raise UserError(
            f"{what}: the tokenizer is missing: put tokenizer.json (or vocab.json, merges.txt) into {where}"
        )
    if ids > embeddings:
        raise UserError(f"{what}: the tokenizer has {ids} tokens, the model {embeddings}: they do not belong together")


def count_stored_positions(checkpoint: Path) -> int | None:
    """Count the patch positions in a CLIP checkpoint as it lies on disk (open_clip would resize them silently)."""
    names = ("visual.positional_embedding", "module.visual.positional_embedding")
    if checkpoint.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(str(checkpoint), "pt") as file:
            counts = [file.get_slice(name).get_shape()[0] for name in names if name in file.keys()]  # noqa: SIM118
        return counts[0] - 1 if counts else None
    from bench.models import checkpoints

    stored = checkpoints.unwrap_state(checkpoints.read_tensors("CLIP", checkpoint, values=False))
    counts = [stored[name].shape[0] for name in names if name in stored]
    return counts[0] - 1 if counts else None
