"""The stages of section 3 with the store around them: nothing that was computed once is computed again.

Over-segments are kept for each image; trunk activations for each image and start layer; embeddings for each segment
mask; texts for each embedding. So a second variant reuses whatever lies upstream of the difference, a sweep of the
merging threshold pays only for segments never seen, and oracle segments share everything with predicted ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Bool, Float32

from bench.keys import content_digest
from bench.records import Captions, Embeddings, Sample, SegmentTree
from bench.returned import Width, check_captions, check_embeddings, check_tokens
from bench.store import Shelf, Store, from_entry, to_entry

Rows = TypeVar("Rows", Embeddings, Captions)


def item_name(sample: Sample) -> str:
    """The address of an image in the store: its id and the digest of its pixels."""
    return f"{sample.image_id}-{content_digest(sample.image)}"


@dataclass(frozen=True)
class Shelves:
    """Where each stage's results lie; `trunk` is None for encoders that share nothing between segments."""

    segment: Shelf
    encode: Shelf
    caption: Shelf
    trunk: Shelf | None = None


class StoredStages:
    """`segment`, `embed` and `describe` as the pipeline calls them; `build(name)` makes a stage when first needed.

    ``told`` are the names of the stages for errors, ``width`` gives the dimension of CLIP's joint space.
    """

    def __init__(
        self, store: Store, shelves: Shelves, build: Callable[[str], Any],
        told: Mapping[str, str] | None = None, width: Width = lambda: None,
    ) -> None:  # fmt: skip
        self.store, self.shelves, self._build = store, shelves, build
        self._told, self._width = told or {}, width

    @cached_property
    def _segmenter(self) -> Any:
        return self._build("segment")

    @cached_property
    def _encoder(self) -> Any:
        return self._build("encode")

    @cached_property
    def _captioner(self) -> Any:
        return self._build("caption")

    def segment(self, sample: Sample) -> SegmentTree:
        """Section 3.1."""
        shelf, item = self.shelves.segment, item_name(sample)
        found = self.store.read(shelf, item)
        if "tree" in found:
            self.store.reuse(shelf, item, ["tree"])
            return from_entry(SegmentTree, found["tree"])
        tree = self._segmenter(sample)
        self.store.add(shelf, item, {"tree": to_entry(tree)})
        return tree

    def embed(self, sample: Sample, masks: Bool[np.ndarray, "n h w"]) -> Embeddings:
        """Section 3.2, for the segments not embedded before."""
        names = [content_digest(np.packbits(mask), np.array(mask.shape)) for mask in masks]

        def compute(missing: list[int]) -> Embeddings:
            extra = () if self.shelves.trunk is None else (self._trunk(self.shelves.trunk, sample),)
            made = self._encoder(sample, masks[missing], *extra)
            check_embeddings(self._who("encode"), made, len(missing), self._width())
            return made

        return self._rows(Embeddings, self.shelves.encode, item_name(sample), names, compute)

    def describe(self, sample: Sample, embeddings: Embeddings) -> Captions:
        """Section 3.3, for the embeddings not described before."""
        names = [content_digest(vector) for vector in embeddings.vectors]

        def compute(missing: list[int]) -> Captions:
            made = self._captioner(embeddings.take(missing))
            check_captions(self._who("caption"), made, len(missing))
            return made

        return self._rows(Captions, self.shelves.caption, item_name(sample), names, compute)

    def _who(self, stage: str) -> str:
        return f"{stage}: {self._told.get(stage, '?')}"

    def _trunk(self, shelf: Shelf, sample: Sample) -> Float32[np.ndarray, "t w"]:
        found = self.store.read(shelf, item_name(sample))
        if "trunk" in found:
            self.store.reuse(shelf, item_name(sample), ["trunk"])
            return found["trunk"][0]["tokens"]
        tokens = self._encoder.trunk(sample)
        check_tokens(self._who("encode"), tokens)
        self.store.add(shelf, item_name(sample), {"trunk": ({"tokens": tokens}, {})})
        return tokens

    def _rows(
        self, kind: type[Rows], shelf: Shelf, item: str, names: Sequence[str], compute: Callable[[list[int]], Rows]
    ) -> Rows:
        """One row a name: from the store where it has it, else computed, once for names that repeat, and kept."""
        found = self.store.read(shelf, item)
        missing = [i for i, name in enumerate(names) if name not in found and name not in names[:i]]
        self.store.reuse(shelf, item, found.keys() & set(names))
        if missing or not names:
            computed = compute(missing)
            new = {names[i]: to_entry(computed.take([row])) for row, i in enumerate(missing)}
            self.store.add(shelf, item, new)
            found |= new
            if not names:
                return computed
        return kind.concat([from_entry(kind, found[name]) for name in names])
