"""Section 4.1, how near a predicted segment is to each class name: text to text (TT) and segment to text (ST).

``names`` are the texts of the class list; a class with ``aliases`` is as near as the nearest of its texts. Both give
one row for each segment and one column for each class. The texts of the classes are encoded once for each mapping
object, so make one object and call it for every image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from jaxtyping import Float, Float32

from bench.errors import UserError

PROMPT = "Image of a {}."
Aliases = tuple[tuple[str, ...], ...]
"""Further texts of each class; empty where no class has any."""


class TextEncoder(Protocol):
    """A sentence encoder: texts to vectors."""

    def encode(self, texts: Sequence[str], /) -> Float32[np.ndarray, "n d"]: ...


class ClassEncoder(Protocol):
    """CLIP's text side: texts to vectors of the joint space, not normalised."""

    def encode_text(self, texts: Sequence[str], /) -> Float32[np.ndarray, "n d"]: ...


@dataclass(frozen=True)
class TextToText:
    """TT: cosine between sentence embeddings of the predicted text and of the bare class name.

    ``raw`` leaves identical strings the cosine that they have, as the reference does (``score.rounding=null``).
    """

    sentence: TextEncoder
    names: tuple[str, ...]
    aliases: Aliases = ()
    raw: bool = False

    @cached_property
    def texts(self) -> list[str]:
        """All t texts of all classes."""
        return [text for group in _group_texts(self.names, self.aliases) for text in group]

    @cached_property
    def vectors(self) -> Float32[np.ndarray, "t d"]:
        """The texts of the classes, encoded once."""
        return self.sentence.encode(self.texts)

    def __call__(self, texts: Sequence[str]) -> Float32[np.ndarray, "n c"]:
        """Identical strings have exactly 1 unless raw; an empty text has 0 to every class (`count_empty` counts)."""
        known = [text for text in dict.fromkeys(texts) if text.strip()]
        rows = np.zeros((len(texts), len(self.texts)), np.float32)
        if known:
            near = dict(zip(known, compute_cosine(self.sentence.encode(known), self.vectors), strict=True))
            for row, text in zip(rows, texts, strict=True):
                row[:] = near.get(text, 0.0)
        if self.raw:
            return _take_nearest_text(rows, _group_texts(self.names, self.aliases))
        same = np.array([[text == name for name in self.texts] for text in texts], bool).reshape(rows.shape)
        return _take_nearest_text(np.where(same, np.float32(1), rows), _group_texts(self.names, self.aliases))


@dataclass(frozen=True)
class SegmentToText:
    """ST: cosine between the segment's embedding and CLIP's embedding of the class name in a prompt."""

    clip: ClassEncoder
    names: tuple[str, ...]
    prompt: str = PROMPT
    aliases: Aliases = ()

    @cached_property
    def vectors(self) -> Float32[np.ndarray, "t d"]:
        """The t texts of all classes in the prompt, encoded once."""
        texts = [text for group in _group_texts(self.names, self.aliases) for text in group]
        return self.clip.encode_text([self.prompt.format(text) for text in texts])

    def __call__(self, embeddings: Float32[np.ndarray, "n d"], image_id: str = "?") -> Float32[np.ndarray, "n c"]:
        """Raises UserError naming image and segment where an embedding holds NaN or infinity."""
        wrong = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
        if len(wrong):
            raise UserError(f"image {image_id}: the embedding of segment {wrong[0]} holds NaN; delete and recompute it")
        return _take_nearest_text(compute_cosine(embeddings, self.vectors), _group_texts(self.names, self.aliases))


def _group_texts(names: tuple[str, ...], aliases: Aliases) -> list[tuple[str, ...]]:
    """Group all texts of each class, its name first."""
    return [(name, *more) for name, more in zip(names, aliases or [()] * len(names), strict=True)]


def _take_nearest_text(rows: Float32[np.ndarray, "n t"], groups: list[tuple[str, ...]]) -> Float32[np.ndarray, "n c"]:
    """Take the nearest of each class's texts: the maximum of their columns, row by row."""
    begins = np.cumsum([0, *map(len, groups)])[:-1]
    return np.maximum.reduceat(rows, begins, axis=1) if groups else rows


def compute_own_similarity(
    clip: ClassEncoder, embeddings: Float32[np.ndarray, "n d"], texts: Sequence[str], prompt: str = PROMPT
) -> Float32[np.ndarray, " n"]:
    """Compute the cosine of each segment's embedding and that of its own text in the prompt; 0 for an empty text."""
    known = [text for text in dict.fromkeys(texts) if text.strip()]
    if not known:
        return np.zeros(len(texts), np.float32)
    table = compute_cosine(embeddings, clip.encode_text([prompt.format(text) for text in known]))
    place = {text: at for at, text in enumerate(known)}
    return np.array([table[row, place[t]] if t in place else 0 for row, t in enumerate(texts)], np.float32)


def compute_cosine(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "c d"]) -> Float32[np.ndarray, "n c"]:
    """Compute the cosine of each row of a with each row of b; 0 where a row is zero.

    In float64, so that a row's result does not depend on the rows beside it within float32.
    """
    doubled = (np.asarray(x, np.float64) for x in (a, b))
    left, right = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in doubled)
    return np.clip(left @ right.T, -1, 1).astype(np.float32)


def count_empty(texts: Sequence[str]) -> int:
    """Count the texts that say nothing."""
    return sum(not text.strip() for text in texts)
