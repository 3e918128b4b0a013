"""What the page does with steps, written again in Python, slowly: slot by slot, step by step."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np


def choose_steps(packed: Mapping[str, Any], tau: float | None, rounding: int | None) -> list[tuple[int, ...]]:
    """Of each slot the image, class and size, and numerator, denominator and true pixels that hold at a threshold."""
    columns = {key: packed[key] for key in ("image", "class", "size", "starts", "top", "bottom")}
    until, true = packed["until"]["values"], packed.get("true", columns["bottom"] * 0)
    chosen = []
    for slot, image in enumerate(columns["image"]):
        step, last = columns["starts"][slot], columns["starts"][slot + 1] - 1
        while step < last and not _holds(tau, until[step] / packed["until"]["scale"], packed, rounding):
            step += 1
        chosen.append((int(image), int(columns["class"][slot]) - 1, int(columns["size"][slot]),
                       columns["top"][step], columns["bottom"][step], true[step]))  # fmt: skip
    return chosen


def _holds(tau: float | None, until: float, packed: Mapping[str, Any], rounding: int | None) -> bool:
    if tau is None:
        return True
    compared = float(np.float32(tau)) if rounding is None else round(tau, rounding)
    return compared < until if packed["strict"] else compared <= until


def measure(packed: Mapping[str, Any], tau: float | None, rounding: int | None) -> float:
    """The number at a threshold, for averages over segments, pairs, images and classes."""
    by_class, top, bottom = packed["average"] == "classes", defaultdict(float), defaultdict(float)
    for image, label, _, numerator, denominator, _ in choose_steps(packed, tau, rounding):
        top[label if by_class else image] += float(numerator)
        bottom[label if by_class else image] += float(denominator)
    if packed["average"] in ("images", "classes"):
        ratios = [top[key] / bottom[key] for key in top if bottom[key] > 0]
        return sum(ratios) / len(ratios) if ratios else math.nan
    return sum(top.values()) / sum(bottom.values()) if sum(bottom.values()) else math.nan
