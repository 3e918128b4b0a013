"""Section 4.1, said beside the numbers: texts that a mapping finds no class for, with the nearest example.

A score of 0 may be a finding or a slip of the pen ("Cat" where the class is "cat"): a note tells them apart.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from bench.data.class_tables import ClassTable
from bench.data.combined import reduce_text
from bench.data.files import compose
from bench.mapping.base import Strategy
from bench.mapping.choose import find_similarity_of, make_strategy
from bench.mapping.exact import Exact
from bench.mapping.labels import assign_labels, find_threshold
from bench.mapping.no_class import describe_silent_texts, is_silent, list_silent_words
from bench.mapping.table import Table
from bench.protocol import Protocol
from bench.records import ClassList, Overlap, TrueSegmentTexts

_TRIED = 20
"""Texts, the most frequent first, that are compared with all names letter by letter."""


def describe_texts(
    images: Sequence[Overlap], truths: Sequence[TrueSegmentTexts], classes: ClassList, score: Protocol,
    table: ClassTable | None = None,
) -> list[str]:  # fmt: skip
    """Describe what a reader must know of texts under a protocol; ``table`` knows other names of classes."""
    words = list_silent_words(score.no_class, classes)
    texts = Counter(
        text for item in images for text in item.texts if text.strip() and not is_silent(text, words)
    )  # fmt: skip
    remarks = describe_silent_texts(images, truths, words)
    for mapping in score.mapping:
        if isinstance(mapping, Exact):
            remarks += _describe_names(texts, classes, table)
        elif isinstance(mapping, Table):
            remarks += _describe_table(texts, mapping)
        if not isinstance(mapping, Exact | Table):
            remarks += _describe_unlabelled(images, mapping, classes, score)
    return remarks


def describe_absent_classes(images: Iterable[Overlap], classes: ClassList) -> list[str]:
    """Describe in a note that most classes occur in no image: the list, or what its numbers mean, may be wrong."""
    present = {int(c) for item in images for c in item.truth_classes}
    absent = [name for at, name in enumerate(classes.names) if at not in present]
    if 2 * len(absent) <= len(classes):
        return []
    return [f"{len(absent)} of {len(classes)} classes occur in no image of the split, e.g. {absent[0]!r}"]


def _describe_names(texts: Counter[str], classes: ClassList, table: ClassTable | None) -> Iterator[str]:
    names = {compose(name) for name in classes.names}
    aliases = _find_owners(zip(classes.names, classes.aliases, strict=False), names)
    others = {} if classes.aliases or table is None else _find_owners(
        ((row.name, (row.readable, *row.aliases)) for row in table.rows), names
    )  # fmt: skip
    total = texts.total()
    hits = sum(count for text, count in texts.items() if compose(text) in names or compose(text) in aliases)
    for owners, hint in ((aliases, ""), (others, ": data.names=aliases counts them")):
        used = Counter({text: count for text, count in texts.items() if compose(text) in owners})
        if used:
            example = used.most_common(1)[0][0]
            kind = "aliases" if owners is aliases else "other names"
            yield (
                f"exact: {used.total()} of {total} texts are {kind} of a class, e.g. {example!r} of "
                f"{owners[compose(example)]!r}{hint}"
            )
    rest = Counter({t: n for t, n in texts.items() if not {compose(t)} & (names | set(aliases) | set(others))})
    slip, near = _find_nearest(rest, [*classes.names, *aliases])
    if total and (2 * hits < total or slip):
        yield f"exact: {hits} of {total} texts are class names{near}"


def _find_owners(pairs: Iterable[tuple[str, tuple[str, ...]]], names: set[str]) -> dict[str, str]:
    return {compose(text): name for name, texts in pairs for text in texts if compose(text) not in names}


def _describe_table(texts: Counter[str], table: Table) -> Iterator[str]:
    total, hits = texts.total(), sum(count for text, count in texts.items() if table.find_class(text) >= 0)
    slip, near = _find_nearest(table.list_missing(texts.elements()), list(table.words))
    if total and (2 * hits < total or slip):
        yield f"table: {hits} of {total} texts have a class in the table{near}"


def _find_nearest(texts: Counter[str], names: Sequence[str]) -> tuple[bool, str]:
    """Find whether a text differs from a name by a slip alone, and the nearest pair as half a sentence."""
    known = {reduce_text(name): name for name in reversed(names)}
    for text, _ in texts.most_common():
        if reduce_text(text) in known:
            return True, f"; {text!r} is nearly {known[reduce_text(text)]!r}"
    for text, _ in texts.most_common(_TRIED):
        close = difflib.get_close_matches(text, names, n=1, cutoff=0.75)
        if close:
            return False, f"; {text!r} is near {close[0]!r}"
    return False, ""


def _describe_unlabelled(
    images: Sequence[Overlap], mapping: str | Strategy, classes: ClassList, score: Protocol
) -> Iterator[str]:  # fmt: skip
    """Describe in a note that no segment has a class: how near the nearest of them comes."""
    tau = find_threshold(mapping, score)
    known = [item for item in images if len(item.areas)]
    if not known or any((assign_labels(item, mapping, [tau], score).every >= 0).any() for item in known):
        return
    name = make_strategy(mapping, score.rounding).name.partition("(")[0]
    remark = f"{name}: none of {sum(len(item.areas) for item in known)} segments has a class"
    rows = find_similarity_of(mapping)
    pairs = [_find_best(item, getattr(item, rows)) for item in known] if rows else []
    if pairs and tau is not None:
        value, text, at = max(pairs)
        remark += f"; the nearest is {text!r} to {classes.names[at]!r}, {value:.2f} where {tau:g} is asked for"
    yield remark


def _find_best(item: Overlap, rows: np.ndarray) -> tuple[float, str, int]:
    segment, at = np.unravel_index(int(rows.argmax()), rows.shape)
    return float(rows[segment, at]), item.texts[segment] if item.texts else "?", int(at)
