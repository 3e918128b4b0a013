"""ZeroCap for one segment as plainly as its equations: the plain form of `zgs speed`, which shares no code."""

from __future__ import annotations

from bench.speed.plain.captions import encode, search, shift

__all__ = ["encode", "search", "shift"]
