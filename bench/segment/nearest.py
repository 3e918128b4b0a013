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
from jaxtyping import Float, Float32, Float64, Int64
from torch import Tensor

from bench.system.products import multiply

BLOCK, ROWS = 256, 2048
"""Clusters that are compared with all later ones at once, and how many of these: bounds of 2 MB, kept by the cache."""
PAIRS = 4096
"""Pairs that are computed in float64 at once."""
MANY = 8
"""Pairs of a block for each cluster it may be nearest to, beyond which float32 tells too little apart."""
WAITING = 1_000_000
"""Pairs that wait for all bounds to be known, which most of them do not survive; more are computed at once."""

Pairs = tuple[Int64[np.ndarray, " p"], Int64[np.ndarray, " p"], Float[np.ndarray, " p"]]
"""Two positions of each pair, and the lower bound of its squared distance."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of features, a place for each feature; a union takes that of its first part.

    ``means`` lie about the mean of all features, ``lengths`` are their squared lengths, ``factors`` what `Bounds` makes
    products of: means, a 1 and squared lengths. ``nearest`` is the place of the nearest other cluster, the lower one on
    a tie, and ``squared`` its squared Ward distance.
    """

    means: Float64[np.ndarray, "f d"]
    sizes: Float64[np.ndarray, " f"]
    lengths: Float64[np.ndarray, " f"]
    factors: Float32[np.ndarray, "f d+2"]
    nearest: Int64[np.ndarray, " f"]
    squared: Float64[np.ndarray, " f"]

    @staticmethod
    def begin(features: Float[np.ndarray, "f d"], first: Int64[np.ndarray, " f"]) -> Clusters:
        """Begin with every feature in the place of the ``first`` that is equal to it."""
        means, count = features.astype(np.float64), len(features)
        means -= means.mean(axis=0)
        sizes, lengths = np.bincount(first, minlength=count).astype(np.float64), np.einsum("fd,fd->f", means, means)
        factors = make_factors(means, lengths, np.float32)
        return Clusters(means, sizes, lengths, factors, np.zeros(count, np.int64), np.full(count, np.inf))

    def unite(self, first: Int64[np.ndarray, " p"], second: Int64[np.ndarray, " p"]) -> None:
        """Put the union of each pair in the place of the first."""
        total = self.sizes[first] + self.sizes[second]
        step = (self.sizes[second] / total)[:, None]
        means = self.means[first]
        means += step * (self.means[second] - means)
        self.means[first], self.sizes[first] = means, total
        self.lengths[first] = np.einsum("pd,pd->p", means, means)
        self.factors[first] = make_factors(means, self.lengths[first], np.float32)

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
    bounds = Bounds.prepare(clusters, places, stale, np.float32)
    most = np.full(len(places), np.inf)  # the nearest of a stale one is no farther than this
    waiting: list[Pairs] = []
    for start in range(0, stale, BLOCK):
        block = slice(start, min(start + BLOCK, stale))
        pairs = _select(bounds, most, block, stale)
        if len(pairs[0]) > MANY * (stale - start) and bounds.left.dtype == torch.float32:
            bounds = Bounds.prepare(clusters, places, stale, np.float64)
            pairs = _select(bounds, most, block, stale)
        waiting.append(pairs)
        if block.stop == stale or sum(len(part[0]) for part in waiting) > WAITING:
            yield _keep_possible(waiting, np.where(np.arange(len(places)) < stale, most, -np.inf))
            waiting = []


def _keep_possible(
    waiting: list[Pairs], most: Float64[np.ndarray, " m"]
) -> tuple[Int64[np.ndarray, " p"], Int64[np.ndarray, " p"]]:
    """Keep of the pairs that wait those that may still be nearest for either one."""
    one, other, least = _join(waiting)
    possible = least <= np.maximum(most[one], most[other])
    return one[possible], other[possible]


def _join(pairs: list[Pairs]) -> Pairs:
    one, other, least = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return one, other, least


def _select(bounds: Bounds, most: Float64[np.ndarray, " m"], block: slice, stale: int) -> Pairs:
    """Select the pairs of a block and what follows that may be nearest, and lower what is known of ``most``."""
    start, stop = block.start, block.stop
    parts = [bounds.compute(slice(at, at + ROWS), block) for at in range(start, len(most), ROWS)]  # each r b
    once = torch.ones(stop - start, stop - start, dtype=torch.bool).tril(-1)  # a pair, and none with itself
    parts[0][: stop - start].masked_fill_(~once, np.inf)
    lowest = torch.cat([part.amin(1) for part in parts]).numpy()  # m-start
    columns = torch.stack([part.amin(0) for part in parts]).amin(0).numpy()  # b
    most[block] = np.minimum(most[block], columns + bounds.slack[block])
    most[start:stale] = np.minimum(most[start:stale], lowest[: stale - start] + bounds.slack[start:stale])
    limit = np.where(np.arange(len(most)) < stale, most, -np.inf)[start:].astype(lowest.dtype)  # m-start
    found = []
    for at, part in zip(range(0, len(lowest), ROWS), parts, strict=True):
        rows = slice(at, at + ROWS)
        row, column, least = _find_near(part.numpy(), lowest[rows], limit[rows], limit[: stop - start])
        found.append((column + start, row + start + at, least))
    return _join(found)


def _find_near(
    least: Float[np.ndarray, "r b"],
    lowest: Float[np.ndarray, " r"],
    rows: Float[np.ndarray, " r"],
    columns: Float[np.ndarray, " b"],
) -> Pairs:
    """Find the places of a part that pass the limit of their row or of their column; ``lowest`` are minima of rows."""
    looked = np.flatnonzero(lowest <= np.maximum(rows, columns.max()))  # others have none
    part = least[looked]
    row, column = np.divmod(np.flatnonzero(part <= np.maximum(rows[looked, None], columns)), len(columns))
    return looked[row], column, part[row, column]


def make_factors(
    means: Float64[np.ndarray, "m d"], lengths: Float64[np.ndarray, " m"], dtype: type
) -> Float[np.ndarray, "m d+2"]:
    """Make the factors of bounds in ``dtype``: means, a 1, and their squared lengths."""
    factors = np.ones((means.shape[0], means.shape[1] + 2), dtype)
    factors[:, :-2], factors[:, -1] = means, lengths
    return factors


@dataclass(frozen=True, eq=False)
class Bounds:
    """Lower bounds of the squared Ward distances of m clusters to the first s, and by how much upper ones lie above.

    |x - y|^2 - error is one product [m, d + 2] with [d + 2, s], made of twice the factors of the s: doubling is exact.
    Of n terms a_i b_i rounding moves a product by at most n u sum |a_i b_i|, where u is half the spacing of numbers
    about 1 and the sum at most 4 max |x|^2; 16 more terms are for the rounded factors and for what follows.
    """

    left: Float[Tensor, "s d+2"]
    right: Float[Tensor, "m d+2"]
    inverse: Float[Tensor, " m"]
    slack: Float[np.ndarray, " m"]

    @staticmethod
    def prepare(clusters: Clusters, places: Int64[np.ndarray, " m"], stale: int, dtype: type) -> Bounds:
        """Prepare the factors of the first ``stale`` places with all of them in ``dtype``, float32 or float64."""
        dim, lengths = clusters.means.shape[1], clusters.lengths[places]
        error = 4 * (dim + 18) * float(np.finfo(dtype).eps) / 2 * lengths.max()
        single = dtype == np.float32
        right = clusters.factors[places] if single else make_factors(clusters.means[places], lengths, dtype)
        left = -4 * right[:stale]
        left[:, dim], left[:, dim + 1] = 2 * (lengths[:stale] - error), 2
        inverse: np.ndarray = (1 / clusters.sizes[places]).astype(dtype)
        slack = 4 * error / (inverse + inverse.min())
        return Bounds(torch.from_numpy(left), torch.from_numpy(right), torch.from_numpy(inverse), slack)

    def compute(self, rows: slice, block: slice) -> Float[Tensor, "r b"]:
        """Compute the bounds of the clusters of some rows with those of a block."""
        least = multiply(self.right[rows], self.left[block])
        return least.div_(self.inverse[rows, None] + self.inverse[block])  # 2 s t / (s + t) = 2 / (1/s + 1/t)
