"""Section 3.2: the segments of an image as an encoder sees them: weights of tokens, and pixels where it wants them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Tensor
from torch.nn import functional

from bench.booleans import describe_odd_bytes
from bench.errors import UserError
from bench.records import Sample


@dataclass(frozen=True, eq=False)
class Segments:
    """Segments of one image: `pixels` bool [n, h, w]; `mask` float32 [n, T] in [0, 1], entry 0 (the global token) 1.

    `grid` is rows and columns of patch tokens, so that T = 1 + rows * columns. An encoder sees the segments that it
    embeds and no others: an embedding is kept under its own mask, so it may not depend on its neighbours.
    """

    sample: Sample
    pixels: Bool[np.ndarray, "n h w"]
    mask: Tensor
    grid: tuple[int, int]

    def __len__(self) -> int:
        """Number of segments."""
        return len(self.mask)

    @property
    def patch_mask(self) -> Tensor:
        """The share of each patch that a segment covers, float32 [n, T - 1]."""
        return self.mask[:, 1:]

    def compute_shares(self) -> Tensor:
        """Compute what each patch contributes to a mean over the segment: float32 [n, T - 1], rows that add up to 1.

        An empty segment has no patch, so all patches share alike: what is embedded then is the whole image.
        """
        total = self.patch_mask.sum(-1, keepdim=True)
        return torch.where(total > 0, self.patch_mask, 1.0) / torch.where(total > 0, total, self.patch_mask.shape[1])

    def take(self, rows: range) -> Segments:
        """Take neighbouring segments, without a copy."""
        place = slice(rows.start, rows.stop)
        return Segments(self.sample, self.pixels[place], self.mask[place], self.grid)

    def split(self, size: int) -> Iterator[Segments]:
        """Split into parts of exactly `size` segments, the last one filled up with empty masks; at least one part."""
        missing = -len(self) % size or (size if len(self) == 0 else 0)
        mask, pixels = self.mask, self.pixels
        if missing:
            mask = functional.pad(mask, (0, 0, 0, missing))
            pixels = np.concatenate([pixels, np.zeros((missing, *pixels.shape[1:]), bool)])
        for first in range(0, len(mask), size):
            yield Segments(self.sample, pixels, mask, self.grid).take(range(first, first + size))


def make_segments(
    sample: Sample, masks: Bool[np.ndarray, "n h w"], grid: tuple[int, int], device: torch.device | str
) -> Segments:
    """Make the segments given by `masks`, which may have another size than the image: only their grid counts."""
    return Segments(sample, masks, make_token_masks(masks, grid).to(device), grid)


def check_masks(masks: object, size: tuple[int, int]) -> Bool[np.ndarray, "n h w"]:
    """Check masks that a script hands over for an image of ``size`` (height, width); return them as an array.

    They may be larger or smaller than the image where their sides have its proportions, to the pixel. Raises UserError
    for numbers instead of true and false (which of 0.3 or 255 is inside is not said), for another shape, and for a mask
    without a pixel, of which every variant would say something else.
    """
    try:
        found = np.asarray(masks)
    except ValueError as error:  # lists of unequal lengths
        raise UserError(f"masks: no array ({error}); needs bool [n, height, width], e.g. np.stack(masks)") from None
    told = f"masks: {found.dtype} {list(found.shape)}"
    if found.ndim == 2:
        raise UserError(f"{told}: one mask is masks[None], bool [1, height, width]")
    if found.ndim != 3:
        raise UserError(f"{told}: needs bool [n, height, width], a mask a segment, e.g. np.stack(masks)")
    if found.dtype != np.bool_:
        raise UserError(f"{told}: needs bool [n, height, width]: say what is inside, e.g. masks > 0 or masks >= 0.5")
    if odd := describe_odd_bytes(found):
        raise UserError(f"masks: {odd}")
    if not has_proportions(found.shape[1:], size):
        shape = f"[n, {size[0]}, {size[1]}]"
        raise UserError(f"{told}: the image is {size[0]} x {size[1]} (height x width): needs bool {shape}")
    if len(empty := np.flatnonzero(~found.any((1, 2)))):
        raise UserError(f"{told}: masks[{empty[0]}] is empty; leave it out, e.g. masks[masks.any((1, 2))]")
    return found


def has_proportions(shape: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Whether sides have the proportions of an image's: either side is the other's, scaled and rounded up or down."""
    (height, width), (rows, columns) = size, shape
    return bool(rows and columns) and (
        abs(rows * width / height - columns) < 1 or abs(columns * height / width - rows) < 1
    )


def make_token_masks(masks: Bool[np.ndarray, "n h w"], grid: tuple[int, int]) -> Tensor:
    """Average masks by area to the token grid, with a leading 1 for the global token: float32 [n, 1 + rows * columns].

    torch's ``area``: a cell averages every pixel it touches, whole; linear, so a union is the sum of its parts. Masks
    of true and false are counted, to the same bits at a tenth of the cost, which every variant pays and which for some
    was most of theirs; masks of weights (float) are left to torch.
    """
    if masks.dtype != np.bool_:
        averaged = functional.interpolate(torch.from_numpy(masks)[None].float(), size=grid, mode="area")[0]
    else:
        averaged = torch.from_numpy(average_by_counting(masks, grid))
    return functional.pad(averaged.flatten(1), (1, 0), value=1.0)  # n rows*columns to n T


def average_by_counting(masks: Bool[np.ndarray, "n h w"], grid: tuple[int, int]) -> Float32[np.ndarray, "n r c"]:
    """Average masks over the cells of a grid: counts of pixels, exact in the smallest integers that hold a column."""
    rows, columns = (find_cells(side, parts) for side, parts in zip(masks.shape[1:], grid, strict=True))
    heights, widths = (np.array([cell.stop - cell.start for cell in cells], np.float32) for cells in (rows, columns))
    pixels, kind = np.ascontiguousarray(masks).view(np.uint8), np.min_scalar_type(int(heights.max()))
    lines = np.stack([pixels[:, cell].sum(1, dtype=kind) for cell in rows], axis=1)  # n r w
    counts = np.stack([lines[:, :, cell].sum(2, dtype=np.int64) for cell in columns], axis=2)
    return counts.astype(np.float32) / heights[:, None] / widths  # in this order, as torch divides


def find_cells(side: int, parts: int) -> list[slice]:
    """Find the pixels of each of `parts` cells along a side: all that it touches, so that neighbours may share one."""
    return [slice(part * side // parts, -(-(part + 1) * side // parts)) for part in range(parts)]


def average_to_grid(features: Float32[np.ndarray, "f d"], places: tuple[int, int], grid: tuple[int, int]) -> Tensor:
    """Average features of `places` rows and columns to a grid of patches, unit vectors: float32 [P, d]."""
    maps = torch.from_numpy(features).float().T.reshape(1, -1, *places)  # 1 d rows columns
    return functional.normalize(functional.adaptive_avg_pool2d(maps, grid)[0].flatten(1).T, dim=-1)
