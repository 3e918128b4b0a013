"""Section 3.2 on a golden image tower: the configured encoders for every reading of equations 1 to 4."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import open_clip
import torch

from bench.records import Embeddings
from tests.golden import configured
from tests.golden.golden import Family, Found, Vectors

EMBEDDING, SALIENCY = 1e-4, 1e-5
HEADS = ("per_head_mean", "per_head_separate", "concat")


def produce(vectors: Vectors) -> dict[str, Found]:
    clip = tower(vectors)
    plain = clip.visual(torch.from_numpy(vectors["image"]))[0].numpy()
    masked = embed(vectors, clip, "encode=masked")
    # Masking alone has no saliency here; with a vanishing variance nothing is subtracted and the trace remains.
    traced = embed(vectors, clip, "encode.saliency=weights", "encode.sigma2=1e-9")
    subtracted = embed(vectors, clip, "encode.saliency=weights")
    paper = {heads: embed(vectors, clip, "encode.saliency=outputs", f"encode.heads={heads}") for heads in HEADS}
    found = {
        "ref_plain": Found(plain, EMBEDDING),
        "ref_masked": Found(masked.vectors, EMBEDDING),
        "ref_masked_cossim": Found(traced.saliency, SALIENCY),
        "ref_gsub": Found(subtracted.vectors, EMBEDDING),
        "ref_gsub_cossim": Found(subtracted.saliency, SALIENCY),
        "ref_gsub_w": Found(subtracted.weight, SALIENCY),
        "json/embedding_norm_range": Found(norms(subtracted.vectors), EMBEDDING),
        "json/cos_plain_vs_masked": Found(cosines(plain[None], masked.vectors), SALIENCY),
        "json/cos_masked_vs_gsub": Found(cosines(masked.vectors, subtracted.vectors), SALIENCY),
        "json/cos_gsub_vs_paper_eq_concat": Found(cosines(subtracted.vectors, paper["concat"].vectors), SALIENCY),
        "json/masked_layers_one_based": Found(list(range(first_layer(vectors), clip.depth + 1))),
        "json/masked_layers_zero_based": Found(list(range(first_layer(vectors) - 1, clip.depth))),
        "json/sd": Found(2 * float(vectors["json/sigma2"]), 1e-12),
    }
    assert np.abs(traced.vectors - masked.vectors).max() < SALIENCY
    for heads, own in paper.items():
        key, many = f"paper_eq_outputs_{heads}", heads == "per_head_separate"
        shape = (*masked.vectors.shape[:1], clip.depth + 1 - first_layer(vectors), *((-1,) if many else ()))
        found[key] = Found(own.vectors, EMBEDDING)
        found[f"{key}_S"] = Found(own.saliency.reshape(shape), SALIENCY)
        found[f"{key}_w"] = Found(own.weight.reshape(shape), SALIENCY)
    return found


def first_layer(vectors: Mapping[str, Any]) -> int:
    """The first masked layer, counted from 1: the fourth from the end, as in the paper."""
    return int(vectors["json/layers"]) - 3


def tower(vectors: Mapping[str, Any]) -> SimpleNamespace:
    """The tiny transformer of the vectors as open_clip's own class, wrapped as bench.models.clip.Clip would."""
    visual = open_clip.transformer.VisionTransformer(
        image_size=vectors["json/resolution"],
        patch_size=vectors["json/patch"],
        width=vectors["json/width"],
        layers=vectors["json/layers"],
        heads=vectors["json/heads"],
        mlp_ratio=4.0,
        output_dim=vectors["json/output_dim"],
        act_layer=open_clip.transformer.QuickGELU,
    )
    own = {name.removeprefix("visual."): vectors[name] for name in vectors if name.startswith("visual.")}
    visual.load_state_dict({name: torch.from_numpy(value).float() for name, value in own.items()})
    image = torch.from_numpy(vectors["image"])
    return SimpleNamespace(
        visual=visual.eval().requires_grad_(False),
        depth=vectors["json/layers"],
        grid=tuple(vectors["json/grid"]),
        dim=vectors["json/output_dim"],
        dtype=torch.float32,
        device=torch.device("cpu"),
        preprocess=lambda _: image,
    )


def embed(vectors: Mapping[str, Any], clip: SimpleNamespace, *words: str) -> Embeddings:
    """Embeddings by the configured encoder; the masks have the grid's size, so that their weights stay as they are."""
    chosen = (f"encode.start_layer={first_layer(vectors)}", *words)
    if "encode=masked" not in words:
        chosen = (f"encode.sigma2={vectors['json/sigma2']}", *chosen)
    made: Embeddings = configured.stage("encode", *chosen, clip=clip)(SimpleNamespace(image=None), vectors["masks"])
    return made


def cosines(left: np.ndarray, right: np.ndarray) -> list[float]:
    """Cosine of each pair of rows."""
    dot = (left * right).sum(axis=1)
    return [float(c) for c in dot / np.linalg.norm(left, axis=1) / np.linalg.norm(right, axis=1)]


def norms(rows: np.ndarray) -> list[float]:
    """Smallest and largest length of some embeddings."""
    lengths = np.linalg.norm(rows, axis=1)
    return [float(lengths.min()), float(lengths.max())]


FAMILY = Family(
    "masked_attention",
    produce,
    given=(
        "visual.*", "image", "masks", "json/width", "json/heads", "json/layers", "json/patch", "json/resolution",
        "json/grid", "json/output_dim", "json/sigma2",
    ),
    not_results={
        "json/activation": "the name of the activation; a wrong one changes every embedding",
        "json/layer_norm_eps": "torch's default; another one changes every embedding",
        "json/mask_kinds": "words that describe the masks",
        "json/float32_reference_vs_float64_independent_max_abs_diff": "how the two makers of the vectors differ",
    },
)  # fmt: skip
