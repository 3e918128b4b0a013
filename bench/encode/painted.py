"""Section 5.3 and visual prompts: CLIP's plain embedding of a picture that is painted anew for each segment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Bool, Float32, UInt8
from PIL import Image, ImageFilter

from bench.encode.knobs import MicroBatch
from bench.encode.layers import embed_global_token
from bench.encode.returned import check_picture
from bench.models.blocks import Block
from bench.records import Embeddings, Sample
from bench.resize import resize_nearest
from bench.system.memory import fit_batch, run_in_parts

if TYPE_CHECKING:
    from bench.models.clip import Clip

Picture = UInt8[np.ndarray, "h w 3"]


@dataclass(eq=False)
class PaintedEncoder(ABC):
    """A variant that says what CLIP is shown of a segment (`paint`).

    `micro_batch` segments are encoded at once, fewer where memory does not suffice.
    """

    clip: Clip
    micro_batch: MicroBatch = 1
    cost, training_free = "a whole forward for each segment", True

    @abstractmethod
    def paint(self, image: Picture, mask: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "y x 3"]:
        """Return the picture to embed, of any size; `mask` has the size of `image` and may be empty."""

    @torch.inference_mode()
    def __call__(self, sample: Sample, masks: Bool[np.ndarray, "n a b"]) -> Embeddings:
        """Embed each segment from its own picture; masks of another size are brought to the image's (nearest)."""
        size, image = self.clip.visual.image_size, sample.image
        painted = (self.paint(image, resize_nearest(mask, image.shape[:2])) for mask in masks)
        pictures = [self.clip.preprocess(check_picture(self, picture)) for picture in painted]
        filler = [torch.zeros(1, 3, *size, dtype=self.clip.dtype, device=self.clip.device)]
        batch = fit_batch(self.micro_batch, self._estimate_bytes(), self.clip.device)
        pictures += filler * (-len(pictures) % batch)  # every chunk has the same shape
        chunks = [pictures[first : first + batch] for first in range(0, len(pictures), batch)]
        vectors = [part for chunk in chunks for part in run_in_parts(self._embed, chunk)]
        joined = np.concatenate([*vectors, np.zeros((0, self.clip.dim), np.float32)])[: len(masks)]
        none = np.zeros((len(masks), 0), np.float32)
        return Embeddings(joined, none, none)

    def _embed(self, pictures: Sequence[torch.Tensor]) -> Float32[np.ndarray, "n d"]:
        """Embed preprocessed pictures, each [1, 3, S, S], in one forward."""
        visual = self.clip.visual
        tokens = visual._embeds(torch.cat(list(pictures)))  # n T w, the global token first
        for block in visual.transformer.resblocks:
            tokens = Block.read(block).run(tokens)
        vectors: Float32[np.ndarray, "n d"] = embed_global_token(visual, tokens[:, :1]).float().cpu().numpy()
        return vectors

    def _estimate_bytes(self) -> int:
        """Estimate what a picture takes: activations of its tokens in float32."""
        rows, columns = self.clip.grid
        return 4 * 8 * (1 + rows * columns) * int(self.clip.visual.class_embedding.shape[0])


def find_box(mask: Bool[np.ndarray, "h w"]) -> tuple[int, int, int, int] | None:
    """Find the bounding box of a mask: first and last row, first and last column; None where it is empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])) if len(rows) else None


def blur(image: Picture, share: float) -> Picture:
    """Blur an image by a Gaussian whose standard deviation is `share` of its shorter side (Pillow's approximation).

    A share of 0 leaves it as it is. Outside the image its outermost pixels go on: a share near 1 gives the colours of
    the border, not the mean of the image.
    """
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(share * min(image.shape[:2]))))


def make_grey(image: Picture) -> Picture:
    """Make an image grey by ITU-R 601 luma, in three equal channels."""
    return np.repeat(np.asarray(Image.fromarray(image).convert("L"))[..., None], 3, axis=2)
