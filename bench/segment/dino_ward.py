"""Section 3.1, in order: DINO features, Ward tree, pruned leaves, CRF, the tree of what is left."""

from __future__ import annotations

from typing import Annotated, Protocol

import numpy as np
from annotated_types import Interval
from jaxtyping import Float32, Int16, UInt8

from bench.errors import BadSample, UserError
from bench.records import Sample, SegmentTree
from bench.resize import resize_nearest
from bench.segment.crf import DenseCrf, compute_centroid_energy
from bench.segment.prune import SPLITS, Leaves, prune
from bench.segment.tree import LOST, drop_lost_leaves
from bench.segment.ward import build_ward_tree


class DenseFeatures(Protocol):
    """What a segmenter asks of a backbone."""

    def compute_features(
        self, image: UInt8[np.ndarray, "h w 3"]
    ) -> tuple[Float32[np.ndarray, "f d"], tuple[int, int], UInt8[np.ndarray, "lh lw 3"]]:
        """Compute unit features in row-major order; with them their grid (height, width) and the image as loaded."""
        ...


class DinoWard:
    """Image to over-segments.

    ``n``: parts of the Ward cut; ``prune_threshold``: siblings as alike as this (cosine) become one, above 1 none;
    ``splits`` and ``lost``: the paper's way or the reference's quirk, see `prune` and `drop_lost_leaves`; ``crf``: a
    `DenseCrf`, or None, False or "none" for the leaves as clustered; ``max_features`` bounds the time, which grows
    with their square (some ten seconds for the default).
    """

    source = "the paper, section 3.1"
    resizes = True
    """Leaves lie on the image as DINO has loaded it, unless the CRF works at the image's own size."""
    cost, training_free = "DINO once, then Ward over all pairs of its features", True

    def __init__(
        self,
        dino: DenseFeatures,
        n: Annotated[int, Interval(ge=1, le=32767)] = 20,
        prune_threshold: Annotated[float, Interval(ge=-1, le=2)] = 0.9,
        splits: str = "all",
        crf: DenseCrf | str | bool | None = True,
        lost: str = "promote",
        max_features: Annotated[int, Interval(ge=1, le=1_000_000)] = 32768,
    ) -> None:
        if not 1 <= n <= 32767:
            raise UserError(f"segment.n={n} must lie between 1 and 32767")
        for key, value, known in (("splits", splits, SPLITS), ("lost", lost, LOST)):
            if value not in known:
                raise UserError(f"segment.{key}={value!r} is unknown: use one of {', '.join(known)}")
        self.dino, self.n, self.prune_threshold = dino, n, prune_threshold
        self.splits, self.lost, self.max_features = splits, lost, max_features
        self.crf = make_crf(crf)

    def __call__(self, sample: Sample) -> SegmentTree:
        """Segment an image at the loaded size (its own with ``crf.size=image``); BadSample for unusable features."""
        features, grid, loaded = self.dino.compute_features(sample.image)
        self._check(sample, features)
        leaves = prune(features, build_ward_tree(features), self.n, self.prune_threshold, self.splits)
        return drop_lost_leaves(self._label_pixels(sample, features, leaves, grid, loaded), leaves.heap_ids, self.lost)

    def _label_pixels(
        self,
        sample: Sample,
        features: Float32[np.ndarray, "f d"],
        leaves: Leaves,
        grid: tuple[int, int],
        loaded: UInt8[np.ndarray, "lh lw 3"],
    ) -> Int16[np.ndarray, "h w"]:
        image = sample.image if self.crf and self.crf.size == "image" else loaded
        if self.crf is None or len(leaves.heap_ids) == 1:
            return resize_nearest(leaves.labels.reshape(grid), image.shape[:2])
        energy = compute_centroid_energy(features, leaves.centroids).astype(np.float32)  # f k, on the grid of features
        return self.crf.choose_labels(resize_nearest(energy.reshape(*grid, -1), image.shape[:2]), image)

    def _check(self, sample: Sample, features: Float32[np.ndarray, "f d"]) -> None:
        if not 1 <= len(features) <= self.max_features:
            raise BadSample(
                f"image {sample.image_id}: {len(features)} features, but 1 to {self.max_features} can be clustered: "
                "crop the image or raise the stride or segment.max_features"
            )
        if not np.isfinite(features).all():
            raise BadSample(f"image {sample.image_id}: its features are not finite: check the image and the weights")


def make_crf(crf: DenseCrf | str | bool | None) -> DenseCrf | None:
    """Make the CRF that a configuration value asks for: True is the default one; None, False and "none" are none."""
    if isinstance(crf, DenseCrf):
        return crf
    if crf is None or crf is False or crf == "none":
        return None
    if crf is True:
        return DenseCrf()
    raise UserError(f"segment.crf={crf!r} is unknown: use none, or parameters such as segment.crf.size=image")
