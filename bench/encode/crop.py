"""The crop-and-mask baseline of section 5.3: the segment's bounding box, everything outside the segment filled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Bool, UInt8

from bench.encode.knobs import Share
from bench.encode.painted import PaintedEncoder, Picture, blur, find_box
from bench.errors import UserError

Fill: TypeAlias = Literal["black", "mean", "white", "blur"]
FILLS = get_args(Fill)


@dataclass(eq=False)
class CropAndMask(PaintedEncoder):
    """CLIP's plain embedding of the cropped and masked image; an empty mask keeps the whole frame, all filled.

    `fill` is what stands outside the segment: a colour, or the image itself blurred by `blur` of its shorter side.
    """

    fill: Fill = "black"
    blur: Share = 0.1
    source = "the paper, section 5.3, which names no fill"

    def __post_init__(self) -> None:
        if self.fill not in FILLS:
            raise UserError(f"encode.fill={self.fill}: one of {', '.join(FILLS)}")

    def paint(self, image: Picture, mask: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "y x 3"]:
        """Cut out the bounding box of the segment, the pixels outside the segment filled."""
        colours = {"black": (0, 0, 0), "white": (255, 255, 255), "mean": self.clip.mean_colour}
        outside = blur(image, self.blur) if self.fill == "blur" else np.array(colours[self.fill], np.uint8)
        filled, box = np.where(mask[..., None], image, outside), find_box(mask)  # h w 3
        return filled[box[0] : box[1] + 1, box[2] : box[3] + 1] if box else filled
