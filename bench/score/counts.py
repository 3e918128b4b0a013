"""Section 4.3, from terms to counts: every metric of every image, averaged, at one or many thresholds, and by group.

How terms become a number is said in `bench.score.averages`, for all terms of a metric and for those of a group alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float32, Int64

from bench.errors import UserError
from bench.mapping.base import Strategy
from bench.mapping.labels import Labels, assign_all_labels, find_threshold
from bench.metrics.registry import Metric, select_metrics
from bench.metrics.terms import ALONE, Compute, ImageTables, SetTables, Terms
from bench.overlap.table import fold_void
from bench.overlap.together import can_join, join_tables
from bench.protocol import Protocol
from bench.records import ClassList, Overlap, TrueSegmentTexts
from bench.score.averages import average, join_terms, select_terms
from bench.score.intervals import MetricCounts

SIZES = {"tiny": (0.0, 1 / 256), "small": (1 / 256, 1 / 64), "medium": (1 / 64, 1 / 16), "large": (1 / 16, 1.1)}
"""Shares of the image; a bound belongs to the larger size. Fixed, so that a size means the same in every data set."""
Groups = dict[str, Callable[[Terms], Bool[np.ndarray, " u"]]]
"""Of each group the word in a metric's name, and which terms belong to it."""
Key = tuple[str, str | Strategy, float | None]
"""A metric, the mapping and the threshold that its full name carries."""
OwnText = Mapping[str, Float32[np.ndarray, " n"]]
"""By image: the cosine of each segment's embedding with CLIP's embedding of its own text in the prompt."""


Joined = dict[str, tuple[Int64[np.ndarray, " u"], Terms]]
"""By name the terms of all images, and the position of the image that each belongs to."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Images, each alone and, where that can be, ``joined``: ``places`` are the positions of those that are in it."""

    each: Sequence[ImageTables | None]
    joined: SetTables | None = None
    places: Int64[np.ndarray, " i"] = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False)
class ScoredSet:
    """The tables of all images of a set: those with predicted segments, and those that describe true ones.

    None stands in the place of an image without segments where the protocol leaves such out.
    """

    protocol: Protocol
    classes: ClassList
    image_ids: tuple[str, ...]
    images: tuple[ImageTables | None, ...]
    truth_ids: tuple[str, ...] = ()
    truths: tuple[ImageTables, ...] = ()

    @property
    def width(self) -> int:
        """Columns of a metric that is averaged over classes: one each, and the last for background."""
        return len(self.classes) + 1


def gather(
    images: Sequence[Overlap],
    truths: Sequence[TrueSegmentTexts],
    classes: ClassList,
    protocol: Protocol,
    own_text: OwnText | None = None,
) -> ScoredSet:
    """Put the records of each image together, with a protocol that says what "class_if_any" comes to in them."""
    protocol, tables = settle_background(protocol, images), {item.image_id: item for item in images}
    images = [fold_void(item, protocol.background == "class") if protocol.void == "first" else item for item in images]
    kept = [None if protocol.empty == "skip" and not len(item.areas) else item for item in images]
    spoken = own_text or {}
    return ScoredSet(
        protocol,
        classes,
        tuple(item.image_id for item in images),
        tuple(x if x is None else ImageTables(protocol, classes, x, own_text=spoken.get(x.image_id)) for x in kept),
        tuple(item.image_id for item in truths),
        tuple(ImageTables(protocol, classes, tables.get(item.image_id), item) for item in truths),
    )


def settle_background(protocol: Protocol, images: Sequence[Overlap]) -> Protocol:
    """Take "class_if_any" as "class" where any true pixel of a whole set is background, so that it is a label like
    others, else as "ignore". A number's name keeps the word itself, which with the data set says as much."""
    if protocol.background != "class_if_any":
        return protocol
    return replace(protocol, background="class" if any(item.counts[:, -2].any() for item in images) else "ignore")


def count_metrics(scored: ScoredSet) -> dict[Key, MetricCounts]:
    """Count every metric that the protocol asks for: first over all terms, then over those of each group."""
    whole: dict[Key, MetricCounts] = {}
    parts: dict[Key, MetricCounts] = {}
    groups = list_groups(scored.protocol.breakdown, scored.classes)
    for metric, mapping, tau, ids, terms in _compute_all(scored):
        for name, (image, joined) in terms.items():
            whole[name, mapping, tau] = average(ids, image, joined, scored.width)[0]
            for group, belongs in groups.items() if name not in metric.alone else ():
                if not group.startswith("size.") or not np.isnan(joined.share).all():
                    kept = np.flatnonzero(belongs(joined))
                    width = 1 if group.startswith("class.") else scored.width  # one class needs no column for each
                    key = name_within_group(name, group), mapping, tau
                    parts[key] = average(ids, image[kept], select_terms(joined, kept), width)[0]
    return whole | parts


def count_at_thresholds(
    scored: ScoredSet, mapping: str | Strategy, taus: Sequence[float | None], metrics: Sequence[Metric]
) -> dict[str, list[MetricCounts]]:
    """Count metrics of labels under one mapping: for each name the counts at each of some thresholds."""
    labelled = join_images(scored, label(scored, mapping, taus))
    found = [count(scored, labelled, metric.compute, metric.together) for metric in metrics]
    return {name: at for each in found for name, at in each.items()}


def count(
    scored: ScoredSet, images: Labelled, compute: Compute, together: bool = False
) -> dict[str, list[MetricCounts]]:
    """Count what a function makes of each image: for each name the counts at each threshold."""
    joined = compute_terms(images, compute, together)
    return {name: average(scored.image_ids, *parts, scored.width) for name, parts in joined.items()}


def label(scored: ScoredSet, mapping: str | Strategy, taus: Sequence[float | None]) -> list[ImageTables | None]:
    """Assign the labels of a mapping at some thresholds. Raises UserError where an image has no similarity for it."""
    known = [image.overlap for image in scored.images if image is not None]
    labels = iter(assign_all_labels(known, mapping, taus, scored.protocol) if known else ())
    return [x if x is None else replace(x, labels=next(labels)) for x in scored.images]


def join_images(scored: ScoredSet, images: list[ImageTables | None]) -> Labelled:
    """Join the images that have labels, where the protocol allows it, for metrics that look at all of them at once."""
    known = [image for image in images if image is not None]
    if not known or not can_join(scored.protocol):
        return Labelled(images)
    parts = [image.assigned for image in known]
    labels = Labels(*(np.concatenate([getattr(one, name) for one in parts], axis=1) for name in ("every", "chosen")))
    joined = join_tables(tuple(image.overlap for image in known), len(scored.classes))
    places = np.array([at for at, image in enumerate(images) if image is not None])
    return Labelled(images, SetTables(scored.protocol, scored.classes, labels=labels, joined=joined), places)


def compute_terms(images: Labelled, compute: Compute, together: bool = False) -> Joined:
    """Compute the terms of all images, under each other; ``together`` tells that a function takes all at once."""
    if not together or images.joined is None:
        return _join_by_name([None if image is None else compute(image) for image in images.each])
    try:
        found = compute(images.joined)
        return {name: (images.places[_require_image(name, terms)], terms) for name, terms in found.items()}
    except UserError as error:
        raise UserError(f"metric {compute.__module__}.{compute.__name__}, together=True: {error}") from error


def list_groups(breakdown: Sequence[str], classes: ClassList) -> Groups:
    """The groups of a breakdown by any of "class", "size" and "kind" (things or stuff)."""
    groups: Groups = {}
    if "kind" in breakdown:
        things = np.array(classes.things, bool)
        groups |= {f"kind.{name}": _is_kind(things, value) for name, value in (("things", True), ("stuff", False))}
    if "size" in breakdown:
        groups |= {f"size.{name}": _is_size(*bounds) for name, bounds in SIZES.items()}
    if "class" in breakdown:
        groups |= {f"class.{word}": _is_class(index) for index, word in enumerate(make_class_words(classes.names))}
    return groups


def make_class_words(names: Sequence[str]) -> list[str]:
    """The class names as words of a metric's name: other characters become "_", equal words get their index."""
    plain = [re.sub(r"[^A-Za-z0-9_+-]", "_", name) for name in names]
    return [f"{word}_{at}" if plain.count(word) > 1 else word for at, word in enumerate(plain)]


def name_within_group(metric: str, group: str) -> str:
    """The name of a metric for one group: ``recall>0.5`` in "kind.things" is ``recall.kind.things>0.5``."""
    name, relation, bound = metric.partition(">")
    return f"{name}.{group}{relation}{bound}"


Computed = tuple[Metric, str | Strategy, float | None, tuple[str, ...], Joined]
"""A metric, the mapping and threshold of its name, the images, and the terms of all."""


def _compute_all(scored: ScoredSet) -> Iterator[Computed]:
    """Compute the terms of every image: metrics of labels mapping by mapping, between the others as registered."""
    by, labelled = scored.protocol, {}
    if scored.images:
        labelled = {
            mapping: join_images(scored, label(scored, mapping, [find_threshold(mapping, by)]))
            for mapping in _read_mappings(by)
        }
    for metrics in _split_runs(select_metrics(by.metrics)):
        for mapping, images in labelled.items() if metrics[0].mapping == "labels" else ():
            for metric in metrics:
                terms = compute_terms(images, metric.compute, metric.together)
                yield metric, mapping, find_threshold(mapping, by), scored.image_ids, terms
        for metric in metrics if metrics[0].mapping != "labels" else ():
            ids = scored.truth_ids if metric.of_truth else scored.image_ids
            items: Sequence[ImageTables | None] = scored.truths if metric.of_truth else scored.images
            yield metric, metric.mapping, None, ids, compute_terms(Labelled(items), metric.compute)


def _read_mappings(by: Protocol) -> Sequence[str | Strategy]:
    """The mappings that a metric of labels reads."""
    return by.mapping if any(metric.mapping == "labels" for metric in select_metrics(by.metrics)) else ()


def _split_runs(metrics: Sequence[Metric]) -> Iterator[list[Metric]]:
    """Metrics of labels that stand side by side in the registry together, every other alone."""
    run: list[Metric] = []
    for metric in metrics:
        if run and not run[-1].mapping == metric.mapping == "labels":
            yield run
            run = []
        run.append(metric)
    if run:
        yield run


def _require_image(name: str, terms: Terms) -> Int64[np.ndarray, " u"]:
    """Require a function that takes all images at once to say which image each term is of; else UserError."""
    if terms.image is None or len(terms.image) != len(terms):
        raise UserError(f"{name} does not say which image a term is of; give make_terms image=pixels.image, or {ALONE}")
    return terms.image


def _join_by_name(parts: Sequence[dict[str, Terms] | None]) -> Joined:
    names = next((part for part in parts if part), {})
    return {name: join_terms([part[name] if part else None for part in parts]) for name in names}


def _is_kind(things: np.ndarray, value: bool) -> Callable[[Terms], np.ndarray]:
    return lambda terms: (terms.classes >= 0) & (things[terms.classes] == value)


def _is_size(low: float, high: float) -> Callable[[Terms], np.ndarray]:
    return lambda terms: (terms.share > 0) & (terms.share >= low) & (terms.share < high)


def _is_class(index: int) -> Callable[[Terms], np.ndarray]:
    return lambda terms: terms.classes == index
