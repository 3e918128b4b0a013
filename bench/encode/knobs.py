"""Section 3.2: the numbers that several variants take, each with its range."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from annotated_types import Interval

StartLayer: TypeAlias = Annotated[int, Interval(ge=-1000, le=1000)]
"""The first layer that a variant opens: from 1, or from the end where it is negative."""
MicroBatch: TypeAlias = Annotated[int, Interval(ge=1, le=10**9)]
"""How many segments are encoded at once."""
Share: TypeAlias = Annotated[float, Interval(ge=0, le=1)]
"""A part of a whole."""
