"""Appendix B: refinement of the leaves at pixel resolution with a fully connected CRF (Krähenbühl and Koltun)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Interval
from jaxtyping import Float, Float32, Float64, Int16, UInt8

from bench.bounds import describe_span, is_within, read_hints, read_span
from bench.errors import BadSample, UserError

SIZES = ("loaded", "image")
FARTHEST = {"gaussian_sxy": 10_000, "bilateral_sxy": 5_000}
"""The longest edge in widths: the library keeps places of its lattice in 16 bits and checks none of its arguments."""
Width = Annotated[float, Interval(ge=0.5, le=1000)]
Weight = Annotated[float, Interval(ge=0, le=10_000)]


@dataclass(frozen=True)
class DenseCrf:
    """Parameters of the CRF. ``size`` says where it works: at the extractor's ``loaded`` size or the ``image``'s.

    Distances (``sxy``) are in pixels of that size, ``srgb`` in grey levels of 0..255, ``compat`` is the Potts weight.
    """

    size: str = "loaded"
    iterations: Annotated[int, Interval(ge=0, le=1000)] = 10
    gaussian_sxy: Width = 1.0
    gaussian_compat: Weight = 25.0
    bilateral_sxy: Width = 5.0
    bilateral_srgb: Width = 13.0
    bilateral_compat: Weight = 100.0

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise UserError(f"segment.crf.size={self.size!r} is unknown: use one of {', '.join(SIZES)}")
        for key, hint in read_hints(
            DenseCrf
        ).items():  # the library ends the process where it is given what it cannot do
            if (span := read_span(hint)) and not is_within(value := getattr(self, key), span):
                raise UserError(f"segment.crf.{key}={value}: must be {describe_span(span)}")

    def choose_labels(
        self, unary: Float32[np.ndarray, "h w k"], image: UInt8[np.ndarray, "h w 3"]
    ) -> Int16[np.ndarray, "h w"]:
        """Choose the most probable label of each pixel; the lower label on a tie."""
        return self.compute_marginals(unary, image).argmax(axis=0).astype(np.int16)

    def compute_marginals(
        self, unary: Float32[np.ndarray, "h w k"], image: UInt8[np.ndarray, "h w 3"]
    ) -> Float32[np.ndarray, "k h w"]:
        """Compute mean-field marginals after all iterations, from energies (low is likely) and the colour image.

        Raises `BadSample` for an image longer than `FARTHEST`, and for energies that are not finite.
        """
        height, width, labels = unary.shape
        most = min(int(widths * getattr(self, key)) for key, widths in FARTHEST.items())
        if max(height, width) > most:
            raise BadSample(f"{height}x{width} pixels: segment.crf with these widths takes at most {most} an edge")
        if not np.isfinite(unary).all():
            raise BadSample("energies for segment.crf are not finite: check the image and the weights")
        crf = self._make_model(unary, image)
        return np.array(crf.inference(self.iterations), np.float32).reshape(labels, height, width)

    def _make_model(self, unary: Float32[np.ndarray, "h w k"], image: UInt8[np.ndarray, "h w 3"]) -> Any:
        # Imported here: it is compiled at installation, and crf=none must run where that failed.
        from pydensecrf.densecrf import DIAG_KERNEL, NORMALIZE_SYMMETRIC, DenseCRF2D

        height, width, labels = unary.shape
        # The library refuses arrays it may not write to, such as an image that Pillow lent.
        energy = np.require(unary.reshape(-1, labels).T, np.float32, ["C", "W"])  # h w k to k h*w
        image = np.require(image, np.uint8, ["C", "W"])
        form = {"kernel": DIAG_KERNEL, "normalization": NORMALIZE_SYMMETRIC}
        crf = DenseCRF2D(width, height, labels)
        crf.setUnaryEnergy(energy)
        crf.addPairwiseGaussian(sxy=self.gaussian_sxy, compat=self.gaussian_compat, **form)
        crf.addPairwiseBilateral(
            sxy=self.bilateral_sxy, srgb=self.bilateral_srgb, rgbim=image, compat=self.bilateral_compat, **form
        )
        return crf


def compute_centroid_energy(
    features: Float[np.ndarray, "f d"], centroids: Float64[np.ndarray, "k d"]
) -> Float64[np.ndarray, "f k"]:
    """Compute the unary: squared distance to each centroid, minus its maximum over the centroids (so <= 0)."""
    square = compute_squared_distance(features, centroids)  # f k
    return square - square.max(axis=1, keepdims=True)


def compute_squared_distance(
    features: Float[np.ndarray, "f d"], centroids: Float64[np.ndarray, "k d"]
) -> Float64[np.ndarray, "f k"]:
    """Compute the squared Euclidean distance of each feature to each centroid, by a matrix product in float64."""
    rows = features.astype(np.float64)
    # |x - c|^2 = |x|^2 + |c|^2 - 2 x.c, of shapes f 1, k and f k
    return (rows**2).sum(axis=1)[:, None] + (centroids**2).sum(axis=1) - 2 * rows @ centroids.T
