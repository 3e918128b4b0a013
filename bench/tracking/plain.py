"""Section 5's settings and names as trackers with narrower ones take them: flat, and of few characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_SIGNS = {">=": " ge ", ">": " gt ", "=": ":", **dict.fromkeys("([{,@", " "), **dict.fromkeys(")]}", "")}


def flatten_config(node: Any, prefix: str = "") -> dict[str, Any]:
    """Flatten nested settings to dotted keys; a list stays one value."""
    if not isinstance(node, Mapping):
        return {prefix: node}
    parts = (flatten_config(value, f"{prefix}.{name}".lstrip(".")) for name, value in node.items())
    return {key: value for part in parts for key, value in part.items()}


def make_plain_names(names: Iterable[str], taken: str, longest: int = 250) -> dict[str, str]:
    """Make of each name one of letters, digits and the characters ``taken``, at most ``longest``; no two are the same.

    >>> make_plain_names(["tt(a,b)>=0.5/iou", "tt(a b)>=0.5/iou"], " ./:_-")
    {'tt(a,b)>=0.5/iou': 'tt a b ge 0.5/iou', 'tt(a b)>=0.5/iou': 'tt a b ge 0.5/iou-2'}
    """
    found: dict[str, str] = {}
    used: set[str] = set()
    for name in dict.fromkeys(names):
        plain = name
        for sign, word in _SIGNS.items():
            plain = plain.replace(sign, word)
        plain = re.sub(rf"[^A-Za-z0-9{re.escape(taken)}]", "_", plain).strip("/ ")[: longest - 5] or "_"
        place, number = plain, 1
        while place in used:
            number += 1
            place = f"{plain}-{number}"
        used.add(place)
        found[name] = place
    return found
