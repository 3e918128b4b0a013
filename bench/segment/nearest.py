"""Section 3.1: the nearest cluster of each by Ward's criterion, exact, at the price of float32 products.

The squared Ward distance of clusters of s and t features with means x and y is 2 s t / (s + t) |x - y|^2. A product in
float32 gives all of them up to a known bound; only pairs that could be the nearest under that bound, a few for each
cluster, are computed in float64, as a sum of squared differences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64

from bench.system.products import multiply

BLOCK = 128
"""Clusters that are compared with all later ones at once."""
PAIRS = 4096
"""Pairs that are computed in float64 at once."""
MANY = 8
"""Pairs of a block for each cluster it may be nearest to, beyond which float32 tells too little apart."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of features, a place for each feature; a union takes that of its first part.

    ``means`` lie about the mean of all features. ``nearest`` is the place of the nearest other cluster, the lower one
    on a tie, and ``squared`` its squared Ward distance.
    """

    means: Float64[np.ndarray, "f d"]
    sizes: Float64[np.ndarray, " f"]
    nearest: Int64[np.ndarray, " f"]
    squared: Float64[np.ndarray, " f"]

    @staticmethod
    def begin(features: Float[np.ndarray, "f d"], first: Int64[np.ndarray, " f"]) -> Clusters:
        """Begin with every feature in the place of the ``first`` that is equal to it."""
        means, count = features.astype(np.float64), len(features)
        means -= means.mean(axis=0)
        sizes = np.bincount(first, minlength=count).astype(np.float64)
        return Clusters(means, sizes, np.zeros(count, np.int64), np.full(count, np.inf))

    def unite(self, first: Int64[np.ndarray, " p"], second: Int64[np.ndarray, " p"]) -> None:
        """Put the union of each pair in the place of the first."""
        total = self.sizes[first] + self.sizes[second]
        step = (self.sizes[second] / total)[:, None]
        self.means[first] += step * (self.means[second] - self.means[first])
        self.sizes[first] = total

    def compute_squared(
        self, one: Int64[np.ndarray, " p"], other: Int64[np.ndarray, " p"]
    ) -> Float64[np.ndarray, " p"]:
        """Compute the squared Ward distances of pairs of places, the same bits in either order."""
        squared = np.empty(len(one))
        for start in range(0, len(one), PAIRS):
            part = slice(start, start + PAIRS)
            gap = self.means[one[part]] - self.means[other[part]]  # p d
            squared[part] = np.einsum("pd,pd->p", gap, gap)
        s, t = self.sizes[one], self.sizes[other]
        return 2 * (s * t) / (s + t) * squared


def update_nearest(clusters: Clusters, alive: Int64[np.ndarray, " m"], stale: Int64[np.ndarray, " s"]) -> int:
    """Find the nearest of all ``alive`` clusters for the ``stale`` ones among them; return how many pairs that took."""
    clusters.squared[stale] = np.inf
    places = np.concatenate([stale, np.setdiff1d(alive, stale, assume_unique=True)])
    for one, other in _list_candidates(clusters, places, len(stale)):
        owner, candidate = places[one], places[other]
        squared, both = clusters.compute_squared(owner, candidate), other < len(stale)
        _keep_nearest(
            clusters,
            np.concatenate([owner, candidate[both]]),
            np.concatenate([candidate, owner[both]]),
            np.concatenate([squared, squared[both]]),
        )
    return sum(min(BLOCK, len(stale) - start) * (len(alive) - start) for start in range(0, len(stale), BLOCK))


def _keep_nearest(
    clusters: Clusters,
    owner: Int64[np.ndarray, " p"],
    candidate: Int64[np.ndarray, " p"],
    squared: Float64[np.ndarray, " p"],
) -> None:
    """Keep for each owner the nearest of its candidates and of what it had; the lower place on a tie."""
    order = np.lexsort((candidate, squared, owner))
    best = order[np.unique(owner[order], return_index=True)[1]]  # the first line of each owner
    owner, candidate, squared = owner[best], candidate[best], squared[best]
    tied = (squared == clusters.squared[owner]) & (candidate < clusters.nearest[owner])
    nearer = (squared < clusters.squared[owner]) | tied
    clusters.nearest[owner[nearer]], clusters.squared[owner[nearer]] = candidate[nearer], squared[nearer]


def _list_candidates(
    clusters: Clusters, places: Int64[np.ndarray, " m"], stale: int
) -> Iterator[tuple[Int64[np.ndarray, " p"], Int64[np.ndarray, " p"]]]:
    """List the pairs of positions in ``places`` that may be nearest for one of the first ``stale``, each pair once."""
    bounds = Bounds.prepare(clusters.means[places], clusters.sizes[places], np.float32)
    most = np.full(len(places), np.inf)  # the nearest is no farther than this
    for start in range(0, stale, BLOCK):
        block = slice(start, min(start + BLOCK, stale))
        one, other = _select(bounds, most, block, stale)
        if len(one) > MANY * (stale - start) and bounds.left.dtype == np.float32:
            bounds = Bounds.prepare(clusters.means[places], clusters.sizes[places], np.float64)
            one, other = _select(bounds, most, block, stale)
        yield one, other


def _select(
    bounds: Bounds, most: Float64[np.ndarray, " m"], block: slice, stale: int
) -> tuple[Int64[np.ndarray, " p"], Int64[np.ndarray, " p"]]:
    """Select the pairs of a block and what follows that may be nearest, and lower what is known of ``most``."""
    start, stop = block.start, block.stop
    least = bounds.compute(block)  # m-start b
    square = least[: stop - start]
    square[np.triu_indices(len(square))] = np.inf  # a pair is looked at once, and none with itself
    most[block] = np.minimum(most[block], least.min(axis=0) + bounds.slack[block])
    also = least[: stale - start]  # those that look for their nearest, too
    most[start:stale] = np.minimum(most[start:stale], also.min(axis=1) + bounds.slack[start:stale])
    limit = np.nextafter(most, np.inf).astype(least.dtype)  # m; never below ``most``
    near = least <= limit[block]
    near[: len(also)] |= also <= limit[start:stale, None]
    other, one = np.divmod(np.flatnonzero(near), stop - start)
    return one + start, other + start


@dataclass(frozen=True, eq=False)
class Bounds:
    """Lower bounds of the squared Ward distances of m clusters, and by how much at most the upper ones lie above.

    |x - y|^2 - error is one product [m, d + 2] with [d + 2, m]. Of n terms a_i b_i rounding moves a product by at most
    n u sum |a_i b_i|, where u is half the spacing of numbers about 1 and the sum at most 4 max |x|^2; 16 more terms are
    for the rounded factors and for what follows.
    """

    left: Float[np.ndarray, "m d+2"]
    right: Float[np.ndarray, "m d+2"]
    inverse: Float[np.ndarray, " m"]
    slack: Float[np.ndarray, " m"]

    @staticmethod
    def prepare(means: Float64[np.ndarray, "m d"], sizes: Float64[np.ndarray, " m"], dtype: type) -> Bounds:
        """Prepare the factors in ``dtype``, float32 or float64."""
        count, dim = means.shape
        length = np.einsum("md,md->m", means, means)
        error = 4 * (dim + 18) * float(np.finfo(dtype).eps) / 2 * length.max()
        left, right = np.ones((count, dim + 2), dtype), np.ones((count, dim + 2), dtype)
        left[:, :dim], left[:, dim] = -2 * means, length - error
        right[:, :dim], right[:, dim + 1] = means, length
        inverse: np.ndarray = (1 / sizes).astype(dtype)
        return Bounds(left, right, inverse, 4 * error / (inverse + inverse.min()))

    def compute(self, block: slice) -> Float[np.ndarray, "n b"]:
        """Compute the bounds of a block's clusters with themselves and all that follow."""
        rest = slice(block.start, None)
        least: np.ndarray = multiply(torch.from_numpy(self.right[rest]), torch.from_numpy(self.left[block])).numpy()
        least *= 2 / (self.inverse[rest, None] + self.inverse[block])  # 2 s t / (s + t) = 2 / (1/s + 1/t)
        return least
