"""CLIP's text tower (section 3.3): texts that begin alike share the rows of what they have alike, in packs of rows.

A row is a token behind all tokens before it. In a causal tower its state is the same in every text that begins so: of
512 candidates behind one context a sixth of the rows are another text's too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, takewhile
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

Tokens = tuple[int, ...]
STEP = 16
"""Places are counted in steps of a vector of float32: sums over places keep their bits, whatever the longest text."""


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


class Level(NamedTuple):
    """Rows that ask, the row which each has as many tokens before itself, and the place of that in their text."""

    asking: Int64[Tensor, " n"]
    asked: Int64[Tensor, " n"]
    places: Int64[Tensor, " n"]


@dataclass(frozen=True, eq=False)
class Asking:
    """The rows whose attention is wanted, and what they look at: their prefix up to ``hidden``, and rows of the pack.

    The first level is the rows themselves, the second the tokens before them, and so on.
    """

    rows: Int64[Tensor, " a"]
    hidden: Bool[Tensor, "a 1 l"]
    spans: tuple[Span, ...]
    levels: tuple[Level, ...]


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

    def ask(self, rows: Sequence[int], device: torch.device, longest: int) -> Asking:
        """Make what the attention of some rows, ascending, needs; ``longest`` prefix of all."""
        prefixes = [self.roots[row][0] for row in rows]
        runs = [(prefix, len(list(run))) for prefix, run in groupby(prefixes)]
        stops = torch.tensor([count for _, count in runs]).cumsum(0).tolist()
        spans = tuple(Span(prefix, stop - count, stop) for (prefix, count), stop in zip(runs, stops, strict=True))
        length = -(-max(longest, *(self.places[row] + 1 for row in rows)) // STEP) * STEP
        shared = torch.tensor([self.roots[row][1] for row in rows])
        hidden = torch.arange(length) >= shared[:, None]
        asked = torch.tensor(rows)
        levels = tuple(Level(*(part.to(device) for part in level)) for level in self._list_levels(asked))
        return Asking(asked.to(device), hidden[:, None].to(device), spans, levels)

    def _list_levels(self, rows: Int64[Tensor, " a"]) -> Iterator[Level]:
        """List the rows themselves, then those before them, then those before these, until none has any."""
        places, before, asking = torch.tensor(self.places), torch.tensor(self.before), torch.arange(len(rows))
        while len(rows):
            yield Level(asking, rows, places[rows])
            more = before[rows] >= 0
            asking, rows = asking[more], before[rows][more]

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
