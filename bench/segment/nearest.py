"""Section 3.1: the nearest cluster of each by Ward's criterion, exact, at the price of float32 products.

The squared Ward distance of clusters of s and t features with means x and y is 2 s t / (s + t) |x - y|^2. A product in
float32 gives lower bounds of all of them (`bench.segment.ward_bounds`); only pairs that could be the nearest under
these, a few for each cluster, are computed in float64, as a sum of squared differences: bounds change no bit of a tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int64

from bench.segment.ward_bounds import Bounds, fill_up, find_directions, make_factors

BLOCK, ROWS = 256, 2048
"""Clusters that are compared with all later ones at once, and how many of these: bounds of 2 MB, kept by the cache."""
PAIRS = 4096
"""Pairs that are computed in float64 at once."""
MANY = 8
"""Pairs of a block for each cluster it may be nearest to, beyond which bounds tell too little apart."""
WAITING = 1_000_000
"""Pairs that wait for all bounds to be known, which most of them do not survive; more are computed at once."""

Pairs = tuple[Int64[np.ndarray, " p"], Int64[np.ndarray, " p"], Float[np.ndarray, " p"]]
"""Two positions of each pair, and the lower bound of its squared distance."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of features, a place for each feature; a union takes that of its first part.

    ``means`` lie about the mean of all features, ``lengths`` are their squared lengths, ``factors`` what `Bounds` makes
    products of, along ``directions`` where these pay. ``nearest`` is the place of the nearest other cluster, the lower
    one on a tie, and ``squared`` its squared Ward distance.
    """

    means: Float64[np.ndarray, "f d"]
    sizes: Float64[np.ndarray, " f"]
    lengths: Float64[np.ndarray, " f"]
    factors: Float32[np.ndarray, "f c+2"]
    directions: Float64[np.ndarray, "d k"] | None
    nearest: Int64[np.ndarray, " f"]
    squared: Float64[np.ndarray, " f"]

    @staticmethod
    def begin(features: Float[np.ndarray, "f d"], first: Int64[np.ndarray, " f"]) -> Clusters:
        """Begin with every feature in the place of the ``first`` that is equal to it."""
        means, count = features.astype(np.float64), len(features)
        means -= means.mean(axis=0)
        sizes, lengths = np.bincount(first, minlength=count).astype(np.float64), np.einsum("fd,fd->f", means, means)
        directions = find_directions(means)
        factors = make_factors(means, lengths, np.float32, directions)
        return Clusters(means, sizes, lengths, factors, directions, np.zeros(count, np.int64), np.full(count, np.inf))

    def unite(self, first: Int64[np.ndarray, " p"], second: Int64[np.ndarray, " p"]) -> None:
        """Put the union of each pair in the place of the first."""
        total = self.sizes[first] + self.sizes[second]
        step = (self.sizes[second] / total)[:, None]
        means = self.means[first]
        means += step * (self.means[second] - means)
        self.means[first], self.sizes[first] = means, total
        self.lengths[first] = np.einsum("pd,pd->p", means, means)
        self.factors[first] = make_factors(means, self.lengths[first], np.float32, self.directions)

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

    def list_bounds(self, places: Int64[np.ndarray, " m"], stale: int) -> Iterator[Bounds]:
        """List bounds of places to the first ``stale``, ever closer: along directions, in float32, in float64."""
        count, places = len(places), fill_up(places)
        means, lengths, sizes = self.means, self.lengths[places], self.sizes[places]
        yield Bounds.prepare(self.factors[places], lengths, sizes, stale, self.directions is not None, count)
        for dtype in (np.float64,) if self.directions is None else (np.float32, np.float64):
            yield Bounds.prepare(make_factors(means[places], lengths, dtype), lengths, sizes, stale, count=count)


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
    closer = clusters.list_bounds(places, stale)
    bounds = next(closer)
    most = np.full(len(places), np.inf)  # the nearest of a stale one is no farther than this
    if bounds.slack is None:
        most[:stale] = _measure_neighbours(clusters, places, stale)
    waiting: list[Pairs] = []
    for start in range(0, stale, BLOCK):
        block = slice(start, min(start + BLOCK, stale))
        pairs = _select(clusters, places, bounds, most, block, stale)
        while len(pairs[0]) > MANY * max(stale - start, BLOCK) and (better := next(closer, None)) is not None:
            bounds = better
            pairs = _select(clusters, places, bounds, most, block, stale)
        waiting.append(pairs)
        if block.stop == stale or sum(len(part[0]) for part in waiting) > WAITING:
            yield _keep_possible(waiting, np.where(np.arange(len(places)) < stale, most, -np.inf))
            waiting = []


def _measure_neighbours(clusters: Clusters, places: Int64[np.ndarray, " m"], stale: int) -> Float64[np.ndarray, " s"]:
    """Compute the squared distance of each stale cluster to the nearer of those before and after it, in a circle.

    Places that follow each other lie beside each other in a picture: a first limit, of another cluster and so finite.
    """
    ranked, own = np.sort(places), places[:stale]
    at = ranked.searchsorted(own)
    before, after = ranked[at - 1], ranked[(at + 1) % len(ranked)]
    return np.minimum(clusters.compute_squared(own, before), clusters.compute_squared(own, after))


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


def _select(
    clusters: Clusters,
    places: Int64[np.ndarray, " m"],
    bounds: Bounds,
    most: Float64[np.ndarray, " m"],
    block: slice,
    stale: int,
) -> Pairs:
    """Select the pairs of a block and what follows that may be nearest, and lower what is known of ``most``."""
    start, stop = block.start, block.stop
    parts = [bounds.compute(slice(at, at + ROWS), block) for at in range(start, len(most), ROWS)]  # each r b
    once = torch.ones(stop - start, stop - start, dtype=torch.bool).tril(-1)  # a pair, and none with itself
    parts[0][: stop - start].masked_fill_(~once, np.inf)
    lowest = torch.cat([part.amin(1) for part in parts]).numpy()  # m-start
    columns = torch.stack([part.amin(0) for part in parts]).numpy()  # p b
    blocks = [part.numpy() for part in parts]
    if bounds.slack is None:
        one, other = _find_lowest(blocks, lowest[: stale - start], columns, most[start:stale])
        squared = clusters.compute_squared(places[one + start], places[other + start])
        np.minimum.at(most, one + start, squared)
        np.minimum.at(most, other + start, squared)
    else:
        most[block] = np.minimum(most[block], columns.min(0) + bounds.slack[block])
        most[start:stale] = np.minimum(most[start:stale], lowest[: stale - start] + bounds.slack[start:stale])
    limit = np.where(np.arange(len(most)) < stale, most, -np.inf)[start:].astype(lowest.dtype)  # m-start
    found = []
    for at, part in zip(range(0, len(lowest), ROWS), blocks, strict=True):
        rows = slice(at, at + ROWS)
        row, column, least = _find_near(part, lowest[rows], limit[rows], limit[: stop - start])
        found.append((column + start, row + start + at, least))
    return _join(found)


def _find_lowest(
    parts: list[Float[np.ndarray, "r b"]],
    lowest: Float[np.ndarray, " s"],
    columns: Float[np.ndarray, "p b"],
    most: Float64[np.ndarray, " s"],
) -> tuple[Int64[np.ndarray, " q"], Int64[np.ndarray, " q"]]:
    """Find the pairs, column and row, of the lowest bound of each row and column where it could lower ``most``.

    ``lowest`` are the minima of the rows that are stale, ``columns`` those of the columns of each part.
    """
    rows = lowest < most  # never where there is no pair: nothing is below infinity there
    across, where, found = columns.min(0) < most[: columns.shape[1]], columns.argmin(0), []
    for at, part in enumerate(parts):
        row, column = np.flatnonzero(rows[at * ROWS :][:ROWS]), np.flatnonzero(across & (where == at))
        found.append((part[row].argmin(1), row + at * ROWS))
        found.append((column, part[:, column].argmin(0) + at * ROWS))
    one, other = (np.concatenate(side) for side in zip(*found, strict=True))
    return one, other


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
