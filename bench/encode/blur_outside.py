"""Reverse blur (Yang et al., NeurIPS 2023, arXiv 2306.04356): the image stays whole, sharp in the segment alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from bench.encode.knobs import Share
from bench.encode.painted import PaintedEncoder, Picture, blur


@dataclass(eq=False)
class BlurOutside(PaintedEncoder):
    """Everything outside the segment blurred; the authors' code has a deviation of 100 pixels for 336 (0.3)."""

    blur: Share = 0.3
    source = "arXiv 2306.04356"

    def paint(self, image: Picture, mask: Bool[np.ndarray, "h w"]) -> Picture:
        """Blur the outside; an empty segment leaves nothing sharp."""
        return np.where(mask[..., None], image, blur(image, self.blur))
