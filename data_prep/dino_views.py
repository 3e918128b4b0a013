"""Section 3.1: the views of a picture that self-distillation compares, and where they overlap.

A view is a square window of the picture, maybe mirrored, with slightly changed colours. ``windows`` are float32 [n, 4]:
centre x, centre y, half width (negative: mirrored), half height, in coordinates where the picture spans -1..1.
"""

from __future__ import annotations

import torch
from torch.nn import functional

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def draw_windows(n: int, low: float, high: float, draw: torch.Generator) -> torch.Tensor:
    """Windows whose side is ``low`` to ``high`` of the picture's, anywhere inside it."""
    half = low + (high - low) * torch.rand(n, generator=draw)
    centre = (torch.rand(n, 2, generator=draw) * 2 - 1) * (1 - half)[:, None]
    mirror = torch.where(torch.rand(n, generator=draw) < 0.5, -1.0, 1.0)
    return torch.stack([centre[:, 0], centre[:, 1], half * mirror, half], dim=1)


def draw_second_windows(first: torch.Tensor, low: float, high: float, draw: torch.Generator) -> torch.Tensor:
    """Draw windows as `draw_windows` gives them, but near the first ones, so that most places are seen through both."""
    windows = draw_windows(len(first), low, high, draw)
    near = first[:, :2] + 0.6 * first[:, 3:] * (2 * torch.rand(len(first), 2, generator=draw) - 1)
    room = 1 - windows[:, 3:]
    windows[:, :2] = torch.maximum(torch.minimum(near, room), -room)
    return windows


def hide_patches(n: int, side: int, share: float, draw: torch.Generator) -> torch.Tensor:
    """Which patches a network must guess, bool [n, side * side]: squares of 2 x 2 patches, about ``share`` of all."""
    coarse = torch.rand(n, side // 2, side // 2, generator=draw) < share
    return coarse.repeat_interleave(2, 1).repeat_interleave(2, 2).flatten(1)


def locate_cells(windows: torch.Tensor, side: int) -> torch.Tensor:
    """Where the centres of side x side cells of a view lie in the picture: float32 [n, side, side, 2] as (x, y)."""
    ticks = (torch.arange(side) + 0.5) / side * 2 - 1
    x = windows[:, 0, None] + windows[:, 2, None] * ticks
    y = windows[:, 1, None] + windows[:, 3, None] * ticks
    return torch.stack([x[:, None, :].expand(-1, side, -1), y[:, :, None].expand(-1, -1, side)], dim=3)


def cut(pictures: torch.Tensor, windows: torch.Tensor, side: int) -> torch.Tensor:
    """The views, float32 [n, 3, side, side] in 0..1; sampled at twice the side and averaged against aliasing."""
    fine = functional.grid_sample(pictures, locate_cells(windows, 2 * side), padding_mode="border", align_corners=False)
    return functional.avg_pool2d(fine, 2)


def recolour(views: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Change gain and offset of each channel a little, sometimes the saturation, add noise; then normalise."""
    n = len(views)
    gain = (
        1 + 0.4 * (torch.rand(n, 1, 1, 1, generator=draw) - 0.5) + 0.2 * (torch.rand(n, 3, 1, 1, generator=draw) - 0.5)
    )
    shift = 0.2 * (torch.rand(n, 1, 1, 1, generator=draw) - 0.5) + 0.1 * (torch.rand(n, 3, 1, 1, generator=draw) - 0.5)
    grey = views.mean(1, keepdim=True)
    keep = 0.6 + 0.6 * torch.rand(n, 1, 1, 1, generator=draw)
    noisy = (grey + (views - grey) * keep) * gain + shift + 0.02 * torch.randn(views.shape, generator=draw)
    return (noisy.clamp(0, 1) - MEAN) / STD


def transfer_maps(maps: torch.Tensor, source: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Read the values of ``maps`` [n, k, s, s] (seen through windows ``source``) at the cells of windows ``target``.

    Returns float32 [n, k, s, s] and bool [n, s, s]: which cells lie inside the source view.
    """
    places = (locate_cells(target, maps.shape[-1]) - source[:, None, None, :2]) / source[:, None, None, 2:]
    inside = (places.abs() <= 1).all(dim=3)
    return functional.grid_sample(maps, places, padding_mode="border", align_corners=False), inside
