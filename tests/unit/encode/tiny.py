"""A seeded random CLIP image tower of open_clip's own class, small enough for loops in plain NumPy."""

import copy
from functools import cache
from types import SimpleNamespace

import numpy as np
import open_clip
import torch

from bench.records import Sample

GRID, DEPTH, SIDE = (3, 4), 4, 12


def clip(seed: int = 0, own: bool = False) -> SimpleNamespace:
    """What encoders ask of `bench.models.clip.Clip`: 12 patches, 4 layers of width 16 with 2 heads.

    All share one tower of a seed; to change its weights a test takes its ``own``.
    """
    return SimpleNamespace(
        visual=copy.deepcopy(make_tower(seed)) if own else make_tower(seed),
        depth=DEPTH,
        grid=GRID,
        dim=8,
        dtype=torch.float32,
        device=torch.device("cpu"),
        mean_colour=(120, 110, 100),
        preprocess=lambda image: preprocess(image),
    )


@cache
def make_tower(seed: int) -> open_clip.transformer.VisionTransformer:
    """The image tower, drawn once a process."""
    torch.manual_seed(seed)
    visual = open_clip.transformer.VisionTransformer(
        image_size=(9, 12), patch_size=3, width=16, layers=DEPTH, heads=2, mlp_ratio=2.0, output_dim=8
    )
    for name, parameter in visual.named_parameters():
        # Layer norms about 1: with small ones all rows of attention are nearly flat and wrong equations look right.
        norm = "ln_" in name and name.endswith("weight")
        torch.nn.init.normal_(parameter, mean=float(norm), std=0.4)
    return visual.eval().requires_grad_(False)


def preprocess(image: np.ndarray) -> torch.Tensor:
    """Nearest neighbour to 9 x 12 and centred."""
    rows, columns = np.arange(9) * image.shape[0] // 9, np.arange(12) * image.shape[1] // 12
    pixels = image[rows[:, None], columns].astype(np.float32) / 255 - 0.5
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def sample(seed: int = 0, height: int = 18, width: int = 24) -> Sample:
    """An image of noise."""
    return Sample("noise", np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))
