"""The crop-and-mask baseline of section 5.3: the segment's bounding box, everything outside the segment filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from annotated_types import Interval
from jaxtyping import Bool, UInt8

from bench.errors import UserError
from bench.records import Embeddings, Sample
from bench.resize import resize_nearest

if TYPE_CHECKING:
    from bench.models.clip import Clip

FILLS = ("black", "mean", "white")


class CropAndMask:
    """CLIP's plain embedding of the cropped and masked image; an empty mask keeps the whole frame, all filled."""

    def __init__(
        self, clip: Clip, fill: str = "black", micro_batch: Annotated[int, Interval(ge=1, le=10**9)] = 1
    ) -> None:
        if fill not in FILLS:
            raise UserError(f"encode.fill={fill}: one of {', '.join(FILLS)}")
        self.clip, self.micro_batch = clip, micro_batch
        self.colour = {"black": (0, 0, 0), "white": (255, 255, 255), "mean": clip.mean_colour}[fill]

    @torch.inference_mode()
    def __call__(self, sample: Sample, masks: Bool[np.ndarray, "n h w"]) -> Embeddings:
        """Embed each segment from its own crop; masks of another size are brought to the image's (nearest)."""
        crops = [self.clip.preprocess(self.crop(sample.image, mask)) for mask in masks]
        filler = [torch.zeros(1, 3, *self.clip.visual.image_size, dtype=self.clip.dtype, device=self.clip.device)]
        crops += filler * (-len(crops) % self.micro_batch)  # every chunk has the same shape
        chunks = [torch.cat(crops[i : i + self.micro_batch]) for i in range(0, len(crops), self.micro_batch)]
        vectors = [self.clip.visual(chunk).float().cpu().numpy() for chunk in chunks]
        joined = np.concatenate([*vectors, np.zeros((0, self.clip.dim), np.float32)])[: len(masks)]
        none = np.zeros((len(masks), 0), np.float32)
        return Embeddings(joined, none, none)

    def crop(self, image: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "a b"]) -> UInt8[np.ndarray, "y x 3"]:
        """Cut out the bounding box of the segment, the pixels outside the segment filled."""
        mask = resize_nearest(mask, image.shape[:2])
        filled = np.where(mask[..., None], image, np.array(self.colour, np.uint8))  # h w 3
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        return filled if len(rows) == 0 else filled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
