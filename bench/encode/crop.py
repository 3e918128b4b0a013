"""The crop-and-mask baseline of section 5.3: the segment's bounding box, everything outside the segment filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from annotated_types import Interval
from jaxtyping import Bool, UInt8

from bench.encode.painted import PaintedEncoder, Picture, blur, find_box
from bench.errors import UserError

if TYPE_CHECKING:
    from bench.models.clip import Clip

FILLS = ("black", "mean", "white", "blur")


class CropAndMask(PaintedEncoder):
    """CLIP's plain embedding of the cropped and masked image; an empty mask keeps the whole frame, all filled.

    `fill` is what stands outside the segment: a colour, or the image itself blurred by `blur` of its shorter side.
    """

    source = "the paper, section 5.3"

    def __init__(
        self,
        clip: Clip,
        fill: str = "black",
        micro_batch: Annotated[int, Interval(ge=1, le=10**9)] = 1,
        blur: Annotated[float, Interval(ge=0, le=1)] = 0.1,
    ) -> None:
        super().__init__(clip, micro_batch)
        if fill not in FILLS:
            raise UserError(f"encode.fill={fill}: one of {', '.join(FILLS)}")
        self.fill, self.blur = fill, blur
        self.colours = {"black": (0, 0, 0), "white": (255, 255, 255), "mean": clip.mean_colour}

    def paint(self, image: Picture, mask: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "y x 3"]:
        """Cut out the bounding box of the segment, the pixels outside the segment filled."""
        outside = blur(image, self.blur) if self.fill == "blur" else np.array(self.colours[self.fill], np.uint8)
        filled, box = np.where(mask[..., None], image, outside), find_box(mask)  # h w 3
        return filled[box[0] : box[1] + 1, box[2] : box[3] + 1] if box else filled
