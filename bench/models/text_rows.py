"""CLIP's text tower (section 3.3): texts that begin alike share the rows of what they have alike, in packs of rows.

A row is a token behind all tokens before it. In a causal tower its state is the same in every text that begins so: of
512 candidates behind one context a sixth of the rows are another text's too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby, takewhile
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

Tokens = tuple[int, ...]


class Branch(NamedTuple):
    """A text: which prefix it has, how many of its tokens it shares with it, and all of its tokens."""

    prefix: int
    shared: int
    tokens: Tokens

    @property
    def own(self) -> Tokens:
        """The tokens behind the shared ones."""
        return self.tokens[self.shared :]


class Span(NamedTuple):
    """Neighbouring rows that have the same prefix."""

    prefix: int
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class Asking:
    """The rows whose attention is wanted, and what each looks at: its prefix up to ``shared``, then rows of the pack.

    Those are the first ``counts`` of ``seen``, in the order of their text, itself the last of them; -1 is behind them.
    """

    rows: Int64[np.ndarray, " a"]
    shared: Int64[np.ndarray, " a"]
    counts: Int64[np.ndarray, " a"]
    seen: Int64[np.ndarray, "a m"]
    spans: tuple[Span, ...]


@dataclass(eq=False)
class Pack:
    """Rows of some branches in their order: token, place, the row before (-1: none), prefix and its shared tokens.

    ``paths`` are the rows of each branch's own tokens.
    """

    tokens: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    roots: list[tuple[int, int]] = field(default_factory=list)
    paths: list[list[int]] = field(default_factory=list)
    _last: Branch | None = None

    def count_new(self, branch: Branch) -> int:
        """Count the rows that a branch adds, which is not smaller than the last one."""
        return len(branch.own) - self._count_alike(branch)

    def add(self, branch: Branch) -> None:
        """Add a branch, which is not smaller than the last one."""
        alike = self._count_alike(branch)
        path = self.paths[-1][:alike] if alike else []
        for place, token in enumerate(branch.own[alike:], start=branch.shared + alike):
            self.before.append(path[-1] if path else -1)
            path.append(len(self.tokens))
            self.tokens.append(token)
            self.places.append(place)
            self.roots.append((branch.prefix, branch.shared))
        self.paths.append(path)
        self._last = branch

    def ask(self, rows: Sequence[int]) -> Asking:
        """List what the attention of some rows, ascending, needs."""
        prefixes = [self.roots[row][0] for row in rows]
        runs = [(prefix, len(list(run))) for prefix, run in groupby(prefixes)]
        stops = accumulate(count for _, count in runs)
        spans = tuple(Span(prefix, stop - count, stop) for (prefix, count), stop in zip(runs, stops, strict=True))
        asked, shared = np.array(rows), np.array([self.roots[row][1] for row in rows])
        counts = np.array([self.places[row] + 1 for row in rows]) - shared
        return Asking(asked, shared, counts, self._list_seen(asked, counts), spans)

    def _list_seen(self, rows: Int64[np.ndarray, " a"], counts: Int64[np.ndarray, " a"]) -> Int64[np.ndarray, "a m"]:
        """List the rows of each one's text up to itself, from behind: those before them, those before these, ..."""
        before, asking, seen = np.array(self.before), np.arange(len(rows)), np.full((len(rows), counts.max()), -1)
        for back in range(1, counts.max() + 1):
            seen[asking, counts[asking] - back] = rows
            more = before[rows] >= 0
            asking, rows = asking[more], before[rows[more]]
        return seen

    def _count_alike(self, branch: Branch) -> int:
        """Count the own tokens that a branch has in common with the last one."""
        last = self._last
        if last is None or last[:2] != branch[:2]:
            return 0
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(last.own, branch.own, strict=False)))


def fill_packs(branches: Iterable[Branch], rows: int) -> Iterator[Pack]:
    """Fill packs of at most ``rows`` rows with sorted branches, as many as fit, in their order."""
    pack = Pack()
    for branch in branches:
        if pack.paths and len(pack.tokens) + pack.count_new(branch) > rows:
            yield pack
            pack = Pack()
        pack.add(branch)
    if pack.paths:
        yield pack


def count_rows(branches: Iterable[Branch]) -> int:
    """Count the rows that distinct texts need where what they have alike is there once."""
    return sum(len(pack.tokens) for pack in fill_packs(sorted(set(branches)), sys.maxsize))
