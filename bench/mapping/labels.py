"""Sections 4.1 and 4.2: the labels of an image under one mapping, at every threshold, assigned once for all metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32

from bench.mapping.assign import apply_thresholds, choose_representatives
from bench.mapping.base import Strategy
from bench.mapping.choose import make_strategy
from bench.protocol import Protocol
from bench.records import Overlap


@dataclass(frozen=True, eq=False)
class Labels:
    """The class of each of n segments at each of t thresholds, -1 where it has none.

    ``every`` holds all labels that pass the threshold; ``chosen`` of them those of the segments that stand for their
    class: all (``representative: union``), or only the most similar one of each class (``argmax``).
    """

    every: Int32[np.ndarray, "t n"]
    chosen: Int32[np.ndarray, "t n"]


def assign_labels(
    item: Overlap, mapping: str | Strategy, thresholds: Sequence[float | None], protocol: Protocol
) -> Labels:
    """Ask a mapping for the classes of an image's segments. Raises UserError where it has no similarity for it."""
    label, best = make_strategy(mapping, protocol.rounding).assign(item)
    every = apply_thresholds(label, best, thresholds, protocol.rounding)
    if protocol.representative == "union":
        return Labels(every, every)
    alone = choose_representatives(label, best, item.areas)
    return Labels(every, apply_thresholds(alone, best, thresholds, protocol.rounding))


def find_threshold(mapping: str | Strategy, protocol: Protocol) -> float | None:
    """Find the threshold of a mapping under a protocol; None where it has none."""
    setting = make_strategy(mapping, protocol.rounding).threshold
    return None if setting is None else getattr(protocol, setting)
