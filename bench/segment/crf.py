"""Appendix B: refinement of the leaves at pixel resolution with a fully connected CRF (Krähenbühl and Koltun)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Int16, UInt8

from bench.errors import UserError

SIZES = ("loaded", "image")


@dataclass(frozen=True)
class DenseCrf:
    """Parameters of the CRF. ``size`` says where it works: at the extractor's ``loaded`` size or the ``image``'s.

    Distances (``sxy``) are in pixels of that size, ``srgb`` in grey levels of 0..255, ``compat`` is the Potts weight.
    """

    size: str = "loaded"
    iterations: int = 10
    gaussian_sxy: float = 1.0
    gaussian_compat: float = 25.0
    bilateral_sxy: float = 5.0
    bilateral_srgb: float = 13.0
    bilateral_compat: float = 100.0

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise UserError(f"segment.crf.size={self.size!r} is unknown: use one of {', '.join(SIZES)}")
        if self.iterations < 0 or min(self.gaussian_sxy, self.bilateral_sxy, self.bilateral_srgb) <= 0:
            raise UserError("segment.crf: iterations must be at least 0, and gaussian_sxy, bilateral_* widths above 0")

    def labels(
        self, unary: Float32[np.ndarray, "h w k"], image: UInt8[np.ndarray, "h w 3"]
    ) -> Int16[np.ndarray, "h w"]:
        """The most probable label of each pixel; the lower label on a tie."""
        return self.marginals(unary, image).argmax(axis=0).astype(np.int16)

    def marginals(
        self, unary: Float32[np.ndarray, "h w k"], image: UInt8[np.ndarray, "h w 3"]
    ) -> Float32[np.ndarray, "k h w"]:
        """Mean-field marginals after all iterations, from energies (low is likely) and the colour image."""
        height, width, labels = unary.shape
        crf = self._model(unary, image)
        return np.array(crf.inference(self.iterations), np.float32).reshape(labels, height, width)

    def _model(self, unary: Float32[np.ndarray, "h w k"], image: UInt8[np.ndarray, "h w 3"]):  # type: ignore[no-untyped-def]
        # Imported here: it is compiled at installation, and crf=none must run where that failed.
        from pydensecrf.densecrf import DIAG_KERNEL, NORMALIZE_SYMMETRIC, DenseCRF2D

        height, width, labels = unary.shape
        # The library refuses arrays it may not write to, such as an image that Pillow lent.
        energy = np.require(unary.reshape(-1, labels).T, np.float32, ["C", "W"])
        image = np.require(image, np.uint8, ["C", "W"])
        form = {"kernel": DIAG_KERNEL, "normalization": NORMALIZE_SYMMETRIC}
        crf = DenseCRF2D(width, height, labels)
        crf.setUnaryEnergy(energy)
        crf.addPairwiseGaussian(sxy=self.gaussian_sxy, compat=self.gaussian_compat, **form)
        crf.addPairwiseBilateral(
            sxy=self.bilateral_sxy, srgb=self.bilateral_srgb, rgbim=image, compat=self.bilateral_compat, **form
        )
        return crf


def centroid_energy(
    features: Float[np.ndarray, "f d"], centroids: Float64[np.ndarray, "k d"]
) -> Float64[np.ndarray, "f k"]:
    """The unary: squared Euclidean distance to each centroid, minus its maximum over the centroids (so <= 0)."""
    square = squared_distance(features, centroids)
    return square - square.max(axis=1, keepdims=True)


def squared_distance(
    features: Float[np.ndarray, "f d"], centroids: Float64[np.ndarray, "k d"]
) -> Float64[np.ndarray, "f k"]:
    """Squared Euclidean distance of each feature to each centroid, by a matrix product in float64."""
    rows = features.astype(np.float64)
    return (rows**2).sum(axis=1)[:, None] + (centroids**2).sum(axis=1) - 2 * rows @ centroids.T
