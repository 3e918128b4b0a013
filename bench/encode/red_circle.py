"""A red circle (Shtedritski et al., ICCV 2023, arXiv 2304.06712) around the segment, what lies outside it made weak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from annotated_types import Interval
from jaxtyping import Bool
from PIL import Image, ImageDraw

from bench.encode.painted import PaintedEncoder, Picture, blur, find_box, make_grey

if TYPE_CHECKING:
    from bench.models.clip import Clip


class RedCircle(PaintedEncoder):
    """The ellipse inscribed in the bounding box, drawn in red; `grey` and `blur` (a deviation) act outside of it.

    Their own code is not published. That of arXiv 2306.04356, which compares with it, draws a line of 2 pixels for 336
    (`width` 0.006), blurs by 100 (0.3), and averages over three pictures where this paints all into one.
    """

    source = "arXiv 2304.06712"

    def __init__(
        self,
        clip: Clip,
        width: Annotated[float, Interval(ge=0, le=0.5)] = 0.006,
        grey: bool = False,
        blur: Annotated[float, Interval(ge=0, le=1)] = 0.0,
        micro_batch: Annotated[int, Interval(ge=1, le=10**9)] = 1,
    ) -> None:
        super().__init__(clip, micro_batch)
        self.width, self.grey, self.blur = width, grey, blur

    def paint(self, image: Picture, mask: Bool[np.ndarray, "h w"]) -> Picture:
        """Weaken the outside of the ellipse and draw it; an empty segment leaves the image as it is."""
        box = find_box(mask)
        if box is None:
            return image
        corners, inside = (box[2], box[0], box[3], box[1]), Image.new("1", image.shape[1::-1])
        ImageDraw.Draw(inside).ellipse(corners, fill=1)
        outside = make_grey(image) if self.grey else image
        outside = blur(outside, self.blur) if self.blur else outside
        painted = Image.fromarray(np.where(np.asarray(inside)[..., None], image, outside))
        line = max(1, round(self.width * min(image.shape[:2])))
        ImageDraw.Draw(painted).ellipse(corners, outline=(255, 0, 0), width=line)
        return np.asarray(painted)
