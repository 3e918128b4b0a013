"""Section 4 for one image: the overlap table and the similarity rows, from which every score is arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.overlap.table import make_overlap
from bench.records import Oracle, Overlap, Sample
from bench.store.files import Entry, from_entry, to_entry
from bench.store.keys import content_digest
from bench.store.stages import item_name

if TYPE_CHECKING:
    from bench.run.context import Builder


def tables(builder: Builder, sample: Sample) -> tuple[Overlap, Oracle]:
    """The stored records of an image, made where they are missing. The oracle of a variant that has none is empty."""
    shelf, item = builder.overlaps, f"{item_name(sample)}-{content_digest(sample.truth, sample.instances)}"

    def make(_: list[str]) -> dict[str, Entry]:
        return {"overlap": to_entry(_overlap(builder, sample)), "oracle": to_entry(_oracle(builder, sample))}

    found = builder.store.fill(shelf, item, ["overlap", "oracle"], make)
    return from_entry(Overlap, found["overlap"]), from_entry(Oracle, found["oracle"])


def _overlap(builder: Builder, sample: Sample) -> Overlap:
    prediction = builder.pipeline.predict(sample)
    assert prediction.embeddings is not None, "our own predictions carry embeddings"
    tt = builder.text_to_text(prediction.texts)
    return make_overlap(prediction, sample, tt, builder.segment_to_text(prediction.embeddings, sample.image_id))


def _oracle(builder: Builder, sample: Sample) -> Oracle:
    if not builder.has_oracle:
        none = np.zeros(0, np.int32)
        return Oracle(sample.image_id, none, none.astype(np.int64), None, None)
    captions, embeddings, masks, classes = builder.pipeline.oracle(sample)
    return Oracle(
        sample.image_id,
        classes,
        masks.sum(axis=(1, 2), dtype=np.int64),
        builder.text_to_text(captions.texts),
        builder.segment_to_text(embeddings.vectors, sample.image_id),
        captions.texts,
    )
