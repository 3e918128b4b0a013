"""A red circle (Shtedritski et al., ICCV 2023, arXiv 2304.06712) around the segment, what lies outside it made weak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval
from jaxtyping import Bool
from PIL import Image, ImageDraw

from bench.encode.knobs import Share
from bench.encode.painted import PaintedEncoder, Picture, blur, find_box, make_grey


@dataclass(eq=False)
class RedCircle(PaintedEncoder):
    """The ellipse inscribed in the bounding box, drawn in red; `grey` and `blur` (a deviation) act outside of it.

    Their own code is not published. That of arXiv 2306.04356, which compares with it, draws a line of 2 pixels for 336
    (`width` 0.006), blurs by 100 (0.3), and averages over three pictures where this paints all into one.
    """

    width: Annotated[float, Interval(ge=0, le=0.5)] = 0.006
    grey: bool = False
    blur: Share = 0.0
    source = "arXiv 2304.06712"

    def paint(self, image: Picture, mask: Bool[np.ndarray, "h w"]) -> Picture:
        """Weaken the outside of the ellipse and draw it; an empty segment leaves the image as it is."""
        if (box := find_box(mask)) is None:
            return image
        corners, inside = (box[2], box[0], box[3], box[1]), Image.new("1", image.shape[1::-1])
        ImageDraw.Draw(inside).ellipse(corners, fill=1)
        outside = blur(make_grey(image) if self.grey else image, self.blur)
        painted = Image.fromarray(np.where(np.asarray(inside)[..., None], image, outside))
        line = max(1, round(self.width * min(image.shape[:2])))
        ImageDraw.Draw(painted).ellipse(corners, outline=(255, 0, 0), width=line)
        return np.asarray(painted)
