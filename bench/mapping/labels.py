"""Sections 4.1 and 4.2: the labels of an image under one mapping, at every threshold, assigned once for all metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Int32

from bench.mapping.assign import UNLABELLED, apply_thresholds, choose_representatives, find_nearest_class
from bench.mapping.base import Strategy
from bench.mapping.choose import make_strategy
from bench.mapping.nearest import Nearest, read_similarity
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


def assign_all_labels(
    items: Sequence[Overlap], mapping: str | Strategy, thresholds: Sequence[float | None], protocol: Protocol
) -> list[Labels]:
    """Assign the labels of many images: `assign_labels` of each, the nearest classes of all at once."""
    strategy = make_strategy(mapping, protocol.rounding)
    if not isinstance(strategy, Nearest) or (nearest := _find_all_nearest(tuple(items), strategy)) is None:
        return [assign_labels(item, strategy, thresholds, protocol) for item in items]
    label, best, image = nearest
    chosen = every = apply_thresholds(label, best, thresholds, protocol.rounding)  # t, all n
    if protocol.representative != "union":
        width = int(label.max(initial=0)) + 1
        areas = np.concatenate([item.areas for item in items])
        alone = choose_representatives(np.where(label >= 0, image * width + label, UNLABELLED), best, areas)
        alone = np.where(alone >= 0, alone % width, UNLABELLED)
        chosen = apply_thresholds(alone, best, thresholds, protocol.rounding)
    ends = np.cumsum([len(item.areas) for item in items]).tolist()
    pieces = [slice(end - len(item.areas), end) for item, end in zip(items, ends, strict=True)]
    return [Labels(every[:, piece], chosen[:, piece]) for piece in pieces]


@lru_cache(maxsize=4)
def _find_all_nearest(
    items: tuple[Overlap, ...], strategy: Nearest
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Find the nearest class of all segments, how near it is, and the position of their image.

    Once for all protocols and curves over the same images; None where rows differ in their form.
    """
    rows = [read_similarity(item, strategy.rows) for item in items]
    if len({(part.shape[1:], part.dtype) for part in rows}) != 1:
        return None
    return *find_nearest_class(np.concatenate(rows), strategy.rounding), np.repeat(
        np.arange(len(rows)), list(map(len, rows))
    )


def find_threshold(mapping: str | Strategy, protocol: Protocol) -> float | None:
    """Find the threshold of a mapping under a protocol; None where it has none."""
    setting = make_strategy(mapping, protocol.rounding).threshold
    return None if setting is None else getattr(protocol, setting)
