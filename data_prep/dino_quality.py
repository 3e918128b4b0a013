"""Section 3.1: how well over-segments can carry the true classes, and the plainer ways that they are held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from bench.records import Sample
from bench.segment.crf import DenseCrf
from bench.segment.dino_ward import DinoWard

LARGE = 64
Segment = Callable[[Sample], np.ndarray]
"""From a sample to the segment of each pixel, integers [h, w]."""


def compute_majority_ious(segments: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """IoU of each true class when every segment takes its most frequent true class, and the pixels of the classes.

    Pixels without a class (negative) neither vote nor count. Ties go to the class with the smaller number.
    """
    known = truth >= 0
    classes, label = np.unique(truth[known], return_inverse=True)
    parts, part = np.unique(segments[known], return_inverse=True)
    counts = np.bincount(part * len(classes) + label, minlength=len(parts) * len(classes)).reshape(len(parts), -1)
    labels = counts.argmax(axis=1)
    both = np.array([counts[labels == c, c].sum() for c in range(len(classes))])
    answered = np.array([counts[labels == c].sum() for c in range(len(classes))])
    pixels = counts.sum(axis=0)
    return both / (answered + pixels - both), pixels


@dataclass(frozen=True)
class Quality:
    """Means over images of the mean IoU over true classes, with standard errors; ``large``: classes of `LARGE` pixels.

    ``segments`` is the mean number of segments of an image, ``n`` the number of images.
    """

    every: float
    every_error: float
    large: float
    large_error: float
    segments: float
    n: int

    def row(self) -> str:
        """The figures as cells of a table."""
        return (
            f"{self.every:.3f} ± {self.every_error:.3f} | {self.large:.3f} ± {self.large_error:.3f} "
            f"| {self.segments:.1f}"
        )


def measure_quality(segmented: Sequence[np.ndarray], samples: Sequence[Sample]) -> Quality:
    """Over-segments [h, w] of samples against their labels; images without a class are left out."""
    all_ious, large, counts = [], [], []
    for segments, sample in zip(segmented, samples, strict=True):
        assert sample.truth is not None
        ious, pixels = compute_majority_ious(segments, sample.truth)
        all_ious += [ious.mean()] if len(ious) else []
        large += [ious[pixels >= LARGE].mean()] if (pixels >= LARGE).any() else []
        counts.append(len(np.unique(segments)))
    return Quality(*_compute_mean(all_ious), *_compute_mean(large), float(np.mean(counts)), len(all_ious))


def _compute_mean(values: Sequence[float]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


class Colours:
    """Mean colour of the cells of a grid, 0..1, in the place of a network's features."""

    def __init__(self, grid: tuple[int, int]) -> None:
        self.grid = grid

    def compute_features(self, image: np.ndarray) -> tuple[np.ndarray, tuple[int, int], np.ndarray]:
        """Colours float32 [cells, 3], the grid, the image itself."""
        cells = np.asarray(Image.fromarray(image).resize(self.grid[::-1], Image.Resampling.BOX), np.float32) / 255
        return cells.reshape(-1, 3), self.grid, image


def segment_by_colour(sample: Sample, grid: tuple[int, int], n: int, crf: DenseCrf | None) -> np.ndarray:
    """Ward on mean colours, cut to exactly ``n`` parts: a cosine is never above 2, so no sibling is pruned."""
    return DinoWard(Colours(grid), n, prune_threshold=2.0, crf=crf)(sample).leaves


def segment_by_slic(sample: Sample, n: int, compactness: float = 30.0) -> np.ndarray:
    """SLIC with about ``n`` segments. It joins small ones, so it is asked for more until it comes nearest to ``n``."""
    from skimage.segmentation import slic  # heavy, and only this comparison needs it

    tries = (
        slic(sample.image, n_segments=max(1, round(n * more)), compactness=compactness, start_label=0)
        for more in (1, 1.25, 1.5, 1.75, 2, 2.5)
    )
    return min(tries, key=lambda segments: abs(int(segments.max()) + 1 - n))
