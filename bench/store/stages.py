"""The stages of section 3 with the store around them: nothing that was computed once is computed again.

Over-segments are kept for each image; trunk activations for each image, an entry a start layer; embeddings for each
segment mask; texts for each embedding. So a second variant reuses whatever lies upstream of the difference, a sweep of
the merging threshold pays only for segments never seen, and oracle segments share everything with predicted ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Bool, Float32

from bench.records import Captions, Embeddings, Sample, SegmentTree
from bench.store.entries import Entry, make_record, make_store_entry
from bench.store.files import Namespace, Store
from bench.store.keys import hash_arrays
from bench.store.returned import Width, check_captions, check_embeddings, check_tokens, check_tree

Rows = TypeVar("Rows", Embeddings, Captions)


def make_item_name(sample: Sample) -> str:
    """Make the address of an image in the store: its id and the digest of its pixels."""
    return f"{sample.image_id}-{hash_arrays(sample.image)}"


def hide_truth(sample: Sample) -> Sample:
    """Hide everything but the image and its id: what no address in the store tells, no stage may read."""
    return Sample(sample.image_id, sample.image)


@dataclass(frozen=True)
class StageNamespaces:
    """Where each stage's results lie; `trunk` is None for encoders that share nothing between segments."""

    segment: Namespace
    encode: Namespace
    caption: Namespace
    trunk: Namespace | None = None


class StoredStages:
    """`segment`, `embed` and `describe` as the pipeline calls them; `build(name)` makes a stage when first needed.

    ``told`` are the names of the stages for errors, ``width`` gives the dimension of CLIP's joint space. What a stage
    is given of an image is in the address of what it gives: labels are shown to a segmenter that says
    ``reads_truth`` (``by_truth``), and to no other stage.
    """

    def __init__(
        self, store: Store, namespaces: StageNamespaces, build: Callable[[str], Any],
        told: Mapping[str, str] | None = None, width: Width = lambda: None, by_truth: bool = False,
    ) -> None:  # fmt: skip
        self.store, self.namespaces, self._build = store, namespaces, build
        self._told, self._width, self._by_truth = told or {}, width, by_truth

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
        """Segment an image (section 3.1), or find its over-segments in the store."""
        namespace, item, shown = self.namespaces.segment, make_item_name(sample), hide_truth(sample)
        if self._by_truth and sample.truth is not None:
            item, shown = f"{item}-{hash_arrays(sample.truth)}", replace(shown, truth=sample.truth)

        def make(_: list[str]) -> dict[str, Entry]:
            tree = self._segmenter(shown)
            resizes = bool(getattr(self._segmenter, "resizes", False))
            check_tree(self._describe_stage("segment"), tree, sample.size, resizes)
            return {"tree": make_store_entry(tree)}

        return make_record(SegmentTree, self.store.fill(namespace, item, ["tree"], make)["tree"])

    def embed(self, sample: Sample, masks: Bool[np.ndarray, "n h w"]) -> Embeddings:
        """Embed segments (section 3.2), those not embedded before."""
        names = [hash_arrays(np.packbits(mask), np.array(mask.shape)) for mask in masks]
        shown = hide_truth(sample)

        def compute(missing: list[int]) -> Embeddings:
            extra = () if self.namespaces.trunk is None else (self._compute_trunk(self.namespaces.trunk, shown),)
            made = self._encoder(shown, masks[missing], *extra)
            check_embeddings(self._describe_stage("encode"), made, len(missing), self._width())
            return made

        return self._fill_rows(Embeddings, self.namespaces.encode, make_item_name(sample), names, compute)

    def describe(self, sample: Sample, embeddings: Embeddings) -> Captions:
        """Describe embeddings (section 3.3), those not described before."""
        names = [hash_arrays(vector) for vector in embeddings.vectors]

        def compute(missing: list[int]) -> Captions:
            made = self._captioner(embeddings.take(missing))
            check_captions(self._describe_stage("caption"), made, len(missing))
            return made

        return self._fill_rows(Captions, self.namespaces.caption, make_item_name(sample), names, compute)

    def _describe_stage(self, stage: str) -> str:
        return f"{stage}: {self._told.get(stage, '?')}"

    def _compute_trunk(self, namespace: Namespace, sample: Sample) -> Float32[np.ndarray, "t w"]:
        """Compute the tokens that enter the start layer, from those of the last layer before it that are kept."""
        item, layer = make_item_name(sample), int(getattr(self._encoder, "start_layer", 1))

        def make(missing: list[str]) -> dict[str, Entry]:
            kept = {int(name): entry[0]["tokens"] for name, entry in self.store.read(namespace, item).items()}
            before = max((each for each in kept if each < layer), default=None)
            tokens = self._encoder.compute_trunk(sample, *([] if before is None else [(before, kept[before])]))
            check_tokens(self._describe_stage("encode"), tokens)
            return {missing[0]: ({"tokens": tokens}, {})}

        return self.store.fill(namespace, item, [str(layer)], make)[str(layer)][0]["tokens"]

    def _fill_rows(
        self,
        kind: type[Rows],
        namespace: Namespace,
        item: str,
        names: Sequence[str],
        compute: Callable[[list[int]], Rows],
    ) -> Rows:
        """Fill one row a name: from the store where it has it, else computed, once for names that repeat, and kept."""

        def make(missing: list[str]) -> dict[str, Entry]:
            computed = compute([names.index(name) for name in missing])
            return {name: make_store_entry(computed.take([row])) for row, name in enumerate(missing)}

        if not names:
            return compute([])
        entries = self.store.fill(namespace, item, names, make)
        return kind.concat([make_record(kind, entries[name]) for name in names])
