"""Section 4.1, texts that mean no class: a system that says "background" of a segment says that it is none of them.

Such a text counts as an empty one does: its similarity to every class is 0, so that under TT (and whatever else reads
texts) its segment stays unlabelled, and a true segment so described is a miss. Case, marks and spaces do not matter. A
word that is a text of the class list stays a class. ST and the mappings by overlap read no text and change nothing,
and an answer of a mapping table stands. The published implementation has no such rule: ``score=reference`` lists none.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from bench.data.combined import reduce_text
from bench.records import ClassList, Overlap, TrueSegmentTexts

Record = TypeVar("Record", Overlap, TrueSegmentTexts)


def list_silent_words(words: Iterable[str], classes: ClassList) -> frozenset[str]:
    """List the words as `plain` texts, without those that are a name or an alias of a class."""
    named = {reduce_text(text) for group in classes.texts for text in group}
    return frozenset(map(reduce_text, words)) - named


def silence_texts(records: Sequence[Record], words: frozenset[str]) -> list[Record]:
    """Silence texts that mean no class: the same records with rows of zeros for them."""
    return [_silence(record, words) for record in records]


def is_silent(text: str, words: frozenset[str]) -> bool:
    """Whether a text means no class."""
    return reduce_text(text) in words


def count_silent_words(records: Iterable[Overlap | TrueSegmentTexts], words: frozenset[str]) -> Counter[str]:
    """Count how often each of the words was said, as `plain` texts."""
    texts = (reduce_text(text) for record in records for text in record.texts)
    return Counter(text for text in texts if text in words)


def describe_silent_texts(
    images: Iterable[Overlap], truths: Iterable[TrueSegmentTexts], words: frozenset[str]
) -> list[str]:
    """Describe to a reader how many segments say which word, and how many true ones are so described."""
    said, described = count_silent_words(images, words), count_silent_words(truths, words)
    remarks = [f"{said.total()} segments say {_list_words(said)}: no class (score.no_class)"] if said else []
    if described:
        remarks.append(
            f"{described.total()} true segments are described as {_list_words(described)}: no class, so a miss each"
        )
    return remarks


def join_words(words: Iterable[str]) -> str:
    """Join a list of such words as it can stand in a metric's name, whatever its order."""
    listed = sorted(set(map(reduce_text, words)))
    joined = "+".join(listed)
    if not listed or (joined != "none" and re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_+]*", joined) and len(joined) <= 60):
        return joined or "none"
    return f"{len(listed)}words.{hashlib.sha256(repr(listed).encode()).hexdigest()[:8]}"


def _silence(record: Record, words: frozenset[str]) -> Record:
    if record.tt is None or not words:
        return record
    silent = np.array([is_silent(text, words) for text in record.texts], bool)
    if not silent.any():
        return record
    return replace(record, tt=np.where(silent[:, None], np.float32(0), record.tt))


def _list_words(counts: Counter[str]) -> str:
    several = len(counts) > 1
    return ", ".join(f"{word} ({count})" if several else word for word, count in counts.most_common())
