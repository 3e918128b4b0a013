"""Texts from files that others wrote: what is no Unicode is found; no part of the paper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no file holds."""


def has_half_character(text: str) -> bool:
    """Whether a text holds half of a surrogate pair, which JSON and yaml may escape but no file can hold."""
    return _HALVES.search(text) is not None


def find_half_character(value: Any) -> str | None:
    """Find the first text in a JSON value, keys included, that is no Unicode; None where all are whole."""
    if isinstance(value, str):
        return value if has_half_character(value) else None
    inner = [*value, *value.values()] if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return next((half for one in inner if (half := find_half_character(one)) is not None), None)
