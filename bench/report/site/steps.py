"""Section 4.3 at every threshold at once: the terms of each metric as steps over tau, exact and small.

A threshold drops labels and does nothing else, so that in one image nothing changes but at the similarities of its own
segments. The terms of a metric are therefore computed by the metric itself at just these places, one after the other,
and written as steps: a slot (one class of one image) has a numerator and a denominator that hold up to a threshold, and
others from there on. Whoever adds up the steps that hold at a tau, in the order of the slots, has the number of `zgs
score` at that tau (`bench.score.averages` says how each average is made).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bench.mapping.assign import UNLABELLED
from bench.mapping.base import Strategy
from bench.mapping.choose import make_strategy
from bench.mapping.labels import assign_labels
from bench.metrics.registry import Metric, select_metrics
from bench.metrics.terms import ImageTables, Terms
from bench.metrics.tgq import RULES, trace_hits
from bench.report.site.pack import narrow, narrow_places
from bench.score.counts import SIZES, ScoredSet

_BOUNDS = np.array([low for low, _ in SIZES.values()][1:])
"""Shares of the image at which a larger size begins."""


@dataclass
class Slots:
    """The terms of one metric of a set, as steps. ``strict``: a step ends before its threshold and not with it."""

    average: str = ""
    strict: bool = False
    images: list[np.ndarray] = field(default_factory=list)
    classes: list[np.ndarray] = field(default_factory=list)
    sizes: list[np.ndarray] = field(default_factory=list)
    counts: list[np.ndarray] = field(default_factory=list)
    until: list[np.ndarray] = field(default_factory=list)
    numerators: list[np.ndarray] = field(default_factory=list)
    denominators: list[np.ndarray] = field(default_factory=list)
    true: list[np.ndarray] = field(default_factory=list)

    def add(self, image: int, taus: np.ndarray, terms: Terms) -> None:
        """Add the u terms of an image at its t thresholds, ascending: of alike ones that follow each other one step."""
        self.average = terms.average
        parts = [terms.numerator, terms.denominator, *([] if terms.true is None else [terms.true])]
        last = np.ones((len(taus), len(terms)), bool)  # t u: where a step ends
        last[:-1] = np.any([part[1:] != part[:-1] for part in parts], axis=0)
        slot, place = np.nonzero(last.T)
        self.images.append(np.full(len(terms), image))
        self.classes.append(terms.classes)
        self.sizes.append(number_sizes(terms.share))
        self.counts.append(last.sum(axis=0))
        self.until.append(taus[place])
        columns = self.numerators, self.denominators, self.true
        for column, part in zip(columns, parts, strict=False):
            column.append(part[place, slot])

    def pack(self, rounding: int | None) -> dict[str, Any]:
        """Pack all columns; a slot's steps follow each other, ``starts`` says where each slot's begin."""
        starts = np.concatenate([[0], np.cumsum(_join(self.counts))])
        packed = {
            "average": self.average, "strict": self.strict, "image": narrow(_join(self.images)),
            "class": narrow(_join(self.classes) + 1), "size": narrow(_join(self.sizes)), "starts": narrow(starts),
            "until": narrow_places(_join(self.until), rounding), "top": narrow(_join(self.numerators)),
            "bottom": narrow(_join(self.denominators)),
        }  # fmt: skip
        return packed | ({"true": narrow(_join(self.true))} if self.true else {})


def number_sizes(share: np.ndarray) -> np.ndarray:
    """Number the size of each true segment by its share of the image: 1 tiny to 4 large, 0 where there is none."""
    return np.where(share > 0, 1 + np.searchsorted(_BOUNDS, share, side="right"), 0)


def make_steps(
    scored: ScoredSet, mapping: str | Strategy, places: Mapping[str, int] | None = None
) -> dict[str, Slots]:  # fmt: skip
    """Make the steps of every metric of a mapping's labels, by its name; over TT also the hits of TGQ.

    ``places`` are the numbers of images on the page, which may show more than this set holds; else their own order.
    """
    number = places or {image_id: at for at, image_id in enumerate(scored.image_ids)}
    by, metrics = scored.protocol, [m for m in select_metrics(scored.protocol.metrics) if m.mapping == "labels"]
    found: dict[str, Slots] = {}
    for image_id, image in zip(scored.image_ids, scored.images, strict=True):
        for name, taus, terms in _trace_image(scored, mapping, image, metrics) if image else ():
            found.setdefault(name, Slots()).add(number[image_id], taus, terms)
    if mapping == "tt" and "tgq" in by.metrics and by.tau_sbert is not None:
        found |= _make_hits(scored, number)
    return found


def find_places(image: ImageTables, mapping: str | Strategy, rounding: int | None) -> np.ndarray:
    """Find the thresholds up to which an image's labels stay as they are, ascending; the last is +inf."""
    strategy = make_strategy(mapping, rounding)
    label, best = strategy.assign(image.overlap)
    known = best[label != UNLABELLED] if strategy.threshold else []
    return np.append(np.unique(np.asarray(known, np.float64)), np.inf)


def _trace_image(
    scored: ScoredSet, mapping: str | Strategy, image: ImageTables, metrics: list[Metric]
) -> Iterator[tuple[str, np.ndarray, Terms]]:
    taus, by = find_places(image, mapping, scored.protocol.rounding), scored.protocol
    asked = taus.tolist() if len(taus) > 1 or make_strategy(mapping, by.rounding).threshold else [None]
    labelled = replace(image, labels=assign_labels(image.overlap, mapping, asked, by))
    for metric in metrics:
        for name, terms in metric.compute(labelled).items():
            yield name, taus, terms


def _make_hits(scored: ScoredSet, number: Mapping[str, int]) -> dict[str, Slots]:
    """Make the steps of TGQ: each true segment is a hit up to the cosine of its text with its class."""
    by = scored.protocol
    slots = Slots(strict=RULES[by.tgq][1] == ">")
    for image_id, truth in zip(scored.truth_ids, scored.truths, strict=True):
        if (traced := trace_hits(truth)) is None:
            return {}
        slots.add(number[image_id], *traced)
    return {f"tgq.{by.tgq}": slots} if slots.images else {}


def _join(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
