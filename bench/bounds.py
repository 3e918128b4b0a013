"""Finite ranges that stand beside the parameters they are of: `Annotated[float, Interval(ge=0, le=1)]`.

No part of the paper. The marks are those of annotated-types. A parameter without one takes any finite number.
"""

from __future__ import annotations

import inspect
import math
import sys
import types
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from annotated_types import GroupedMetadata

SIDES = ("ge", "gt", "le", "lt")
Span = dict[str, float]
"""The ends of a range by the names of `SIDES`, those that there are."""


@cache
def read_hints(made: Any) -> dict[str, Any]:
    """Read the hint of each parameter of a class or function, marks included.

    One by one, since some names are imported for a type checker only: these parameters are models, which nobody
    configures, and are left out.
    """
    call = inspect.unwrap(made.__init__ if inspect.isclass(made) else made)
    hints: dict[str, Any] = {}
    for name, parameter in inspect.signature(made).parameters.items():
        if parameter.annotation is not inspect.Parameter.empty:
            alone = types.SimpleNamespace(__annotations__={name: parameter.annotation})
            try:
                hints |= get_type_hints(alone, _find_scope(made, name, call), include_extras=True)
            except (NameError, AttributeError):
                continue
    return hints


def _find_scope(made: Any, name: str, call: Any) -> dict[str, Any]:
    """Find the names of the module in which a parameter's hint is written: of a dataclass, where the field stands."""
    if is_dataclass(made) and inspect.isclass(made):
        for base in made.__mro__:
            if name in inspect.get_annotations(base):
                return vars(sys.modules[base.__module__])
    scope: dict[str, Any] = getattr(call, "__globals__", {})
    return scope


def split_union(hint: Any) -> Iterator[Any]:
    """Split a union into its hints; any other hint comes alone."""
    if get_origin(hint) in (Union, types.UnionType):
        for each in get_args(hint):
            yield from split_union(each)
    else:
        yield hint


def read_span(hint: Any) -> Span:
    """Read the range that a hint states for numbers; empty where it states none."""
    span: Span = {}
    for each in split_union(hint):
        for mark in get_args(each)[1:] if get_origin(each) is Annotated else ():
            for single in mark if isinstance(mark, GroupedMetadata) else (mark,):
                span |= {s: getattr(single, s) for s in SIDES if getattr(single, s, None) is not None}
    return span


def is_within(number: float, span: Span) -> bool:
    """Whether a number is finite and in a range."""
    if isinstance(number, float) and not math.isfinite(number):
        return False
    return all(_is_on_side(number, side, end) for side, end in span.items())


def _is_on_side(number: float, side: str, end: float) -> bool:
    return {"ge": number >= end, "gt": number > end, "le": number <= end, "lt": number < end}[side]


def describe_span(span: Span) -> str:
    """Describe a range in words: "from 0 to 1", "above 0 and below 1", "a finite number"."""
    if {"ge", "le"} <= set(span):
        return f"from {_format_end(span['ge'])} to {_format_end(span['le'])}"
    words = {"ge": "{} or more", "gt": "above {}", "le": "at most {}", "lt": "below {}"}
    return (
        " and ".join(words[side].format(_format_end(span[side])) for side in SIDES if side in span) or "a finite number"
    )


def is_bounded(span: Span) -> bool:
    """Whether a range has two finite ends."""
    low, high = (next((span[s] for s in pair if s in span), math.inf) for pair in (("ge", "gt"), ("le", "lt")))
    return math.isfinite(low) and math.isfinite(high)


def _format_end(end: float) -> str:
    return f"{end:g}" if isinstance(end, float) else str(end)
