"""Section 3.1: lower bounds of Ward distances by products in float32, short ones where few directions tell most.

With V of k orthonormal columns and b_x^2 = |x|^2 - |V'x|^2, the squared length of what lies beyond them,
|x - y|^2 >= |V'x - V'y|^2 + (b_x - b_y)^2 = |x|^2 + |y|^2 - 2 (V'x . V'y + b_x b_y), by Cauchy-Schwarz for what lies
beyond: a product of k + 3 columns in place of d + 2. It leaves more pairs to be computed in full, and changes none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from bench.system.products import multiply

DIRECTIONS = 93
"""Directions kept: with the length beyond, a 1 and the squared length 96 columns."""
SHARE = 0.96
"""Of the variance, that they have to hold. Of 17,876 features of 384 numbers, with the spectrum made flatter by and by,
a fifth of the time was saved at 0.97 and nothing at 0.945: more pairs are left to be computed in full."""
DIMENSIONS, FEATURES = 3, 8
"""Dimensions for each direction kept and features for each dimension, below which nothing is saved."""
SAMPLE = 2048
"""Features whose directions of largest variance are taken; any directions give bounds that hold."""
TALL, WIDE = 256, 64
"""Rows and columns of which products have a multiple: oneDNN keeps a kernel for each shape, of the sizes of thousands
of clusters 200 MB."""
SPARE = 16
"""Rounding errors beside those of the terms of a product, in `compute_error`."""


def find_directions(means: Float64[np.ndarray, "f d"]) -> Float64[np.ndarray, "d k"] | None:
    """Find orthonormal directions of the largest variance; None where short products would not pay.

    ``means`` lie about their own mean. The variance along the directions is that of a sample, spread over all features.
    """
    count, dim = means.shape
    if dim < DIMENSIONS * DIRECTIONS or count < FEATURES * dim:
        return None
    sample = means[:: max(count // SAMPLE, 1)]
    moments = sample.T @ sample  # d d
    if not np.isfinite(moments).all():
        return None
    variances, directions = np.linalg.eigh(moments)  # the largest come last
    pays = variances[-DIRECTIONS:].sum() >= SHARE * variances.sum()
    return np.ascontiguousarray(directions[:, -DIRECTIONS:]) if pays else None


def project(
    means: Float64[np.ndarray, "m d"], lengths: Float64[np.ndarray, " m"], directions: Float64[np.ndarray, "d k"]
) -> Float64[np.ndarray, "m k+1"]:
    """Compute what of means lies along directions, and the length of what lies beyond; ``lengths`` are squared.

    32 d 2^-52 |x|^2 are added to the square of the latter: more than what float64 may take from it (d 2^-53 in |x|^2,
    2 sqrt(k) d 2^-53 in the sum of squares) and than directions are from orthonormal. A length that is too large only
    lowers the bound, and one that is too small is the one fault that would let it rise above the distance.
    """
    along = means @ directions  # m k
    more = 1 + 32 * means.shape[1] * np.finfo(np.float64).eps
    beyond = np.sqrt(np.maximum(more * lengths - np.einsum("mk,mk->m", along, along), 0))
    return np.column_stack([along, beyond])


def make_factors(
    means: Float64[np.ndarray, "m d"],
    lengths: Float64[np.ndarray, " m"],
    dtype: type,
    directions: Float64[np.ndarray, "d k"] | None = None,
) -> Float[np.ndarray, "m c+2"]:
    """Make the factors of bounds in ``dtype``: coordinates, a 1, and squared ``lengths``.

    Coordinates are the means themselves, or what `project` makes of them along ``directions``.
    """
    coordinates = means if directions is None else project(means, lengths, directions)
    factors = np.ones((means.shape[0], coordinates.shape[1] + 2), dtype)
    factors[:, :-2], factors[:, -1] = coordinates, lengths
    return factors


def compute_error(terms: int, dtype: type, longest: float) -> float:
    """Compute by how much a product of so many terms may lie above |x - y|^2; ``longest`` is the largest |x|^2.

    Of n terms a_i b_i, added in any order, rounding moves a product by at most n u sum |a_i b_i|, where u is half the
    spacing of numbers about 1 (2^-24 in float32) and the sum |x|^2 + |y|^2 + 2 sum |x_i y_i| <= 4 longest, along
    directions too, by Cauchy-Schwarz. `SPARE` more terms hold what else is rounded by u of at most 4 longest: either
    factor (2), 1/s, 1/t, their sum and the division by it (4), the limit that bounds are compared with (1); and what
    float64 rounds in the distance itself, and `project` adds (both below 1 for d < 10^5). Half of them are to spare.
    What is too small for a number of the type is lost whole: at most the smallest one, in every term and sum.
    """
    numbers = np.finfo(dtype)
    return 4 * (terms + SPARE) * (float(numbers.eps) / 2 * longest + float(numbers.tiny))


@dataclass(frozen=True, eq=False)
class Bounds:
    """Lower bounds of the squared Ward distances of m clusters to the first s, and by how much upper ones lie above.

    |x - y|^2 - error is one product [m, c + 2] with [c + 2, s], made of twice the factors of the s: doubling is exact.
    ``slack`` is None where factors lie along directions: what lies beyond has no useful upper bound. Behind the m
    clusters and the s may stand others, which fill products up (`fill_up`).
    """

    left: Float[Tensor, "s c+2"]
    right: Float[Tensor, "m c+2"]
    inverse: Float[Tensor, " m"]
    slack: Float[np.ndarray, " m"] | None
    count: int

    @staticmethod
    def prepare(
        factors: Float[np.ndarray, "m c+2"],
        lengths: Float64[np.ndarray, " m"],
        sizes: Float64[np.ndarray, " m"],
        stale: int,
        short: bool = False,
        count: int | None = None,
    ) -> Bounds:
        """Prepare those of m clusters to the first ``stale`` ones in their factors' type; ``short`` has no slack.

        Of the clusters given the first ``count`` (None: all) are meant.
        """
        dtype = factors.dtype.type
        error = compute_error(factors.shape[1], dtype, float(lengths.max()))
        columns = -(-stale // WIDE) * WIDE
        left = -4 * factors[:columns]
        left[:, -2], left[:, -1] = 2 * (lengths[:columns] - error), 2
        inverse: np.ndarray = (1 / sizes).astype(dtype)
        slack = None if short else 4 * error / (inverse + inverse.min())
        count = len(factors) if count is None else count
        return Bounds(torch.from_numpy(left), torch.from_numpy(factors), torch.from_numpy(inverse), slack, count)

    def compute(self, rows: slice, block: slice) -> Float[Tensor, "r b"]:
        """Compute the bounds of the clusters of some rows with those of a block."""
        filled = slice(block.start, -(-block.stop // WIDE) * WIDE)
        least = multiply(self.right[rows], self.left[filled])[: self.count - rows.start, : block.stop - block.start]
        weight = self.inverse[rows.start : rows.start + len(least), None] + self.inverse[block]
        return least.div_(weight)  # 2 s t / (s + t) = 2 / (1/s + 1/t)


def fill_up(places: Int64[np.ndarray, " m"]) -> Int64[np.ndarray, " p"]:
    """Repeat the last of some places until their number is a multiple of `TALL`."""
    return np.pad(places, (0, -len(places) % TALL), mode="edge")
