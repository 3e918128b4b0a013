"""Section 4.1 for a predictions file: similarities beside the overlap tables, and the records of the true segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float32

from bench.data.base import suggest_nearest
from bench.errors import UserError
from bench.mapping.similarity import SegmentToText, TextToText, compute_own_similarity
from bench.overlap.table import merge_objects
from bench.predictions.parse import Described, Faults, check_vectors
from bench.predictions.source import PredictionFile
from bench.records import Overlap, TrueSegmentTexts
from bench.run.context import RunContext
from bench.run.tables import Tables


@dataclass(frozen=True)
class SimilarityModels:
    """Who measures similarities of a file's texts and embeddings to the class names; nothing is loaded before."""

    context: RunContext
    file: PredictionFile
    raw: bool = False

    def round_by(self, rounding: int | None) -> SimilarityModels:
        """Make the measures of a protocol: without rounding identical strings keep the cosine that they have."""
        raw = rounding is None
        return self if raw == self.raw else replace(self, raw=raw)

    @property
    def names(self) -> tuple[str, ...]:
        """The class names."""
        return self.context.classes.names

    @property
    def aliases(self) -> tuple[tuple[str, ...], ...]:
        """Other names of each class; empty where there are none."""
        return self.context.classes.aliases

    @cached_property
    def tt(self) -> TextToText:
        """Equation 5."""
        return TextToText(self.context.give_encoder("tt"), self.names, self.aliases, self.raw)

    @cached_property
    def st(self) -> SegmentToText:
        """Equation 6."""
        return SegmentToText(self.context.give_encoder("st"), self.names, aliases=self.aliases)

    def prefetch(self, lists: Iterable[Sequence[str]]) -> None:
        """Encode the texts of all images and of the classes at once: one pass through the model."""
        said = ([text for text in texts if text.strip()] for texts in lists)
        self.tt.sentence.prefetch([*said, self.tt.texts])  # type: ignore[attr-defined]

    def compare_segments(self, item: Overlap) -> Float32[np.ndarray, "n c"]:
        """Compare an image's segments with the class names: ST rows."""
        vectors = self.file.read_embeddings(item.image_id) if len(item.areas) else None
        if vectors is None:
            return np.zeros((0, len(self.names)), np.float32)
        return self.compare(vectors, item.image_id, len(item.areas))

    def compare(self, vectors: np.ndarray, image_id: str, n: int) -> Float32[np.ndarray, "n c"]:
        """Compare embeddings with the class names: ST rows. UserError where not finite or of another space."""
        where, dim, faults = self.file.describe_place(image_id), self.st.vectors.shape[1], Faults()
        check_vectors(faults, where, vectors, n)
        if not faults and vectors.shape[1] != dim:
            own, model = vectors.shape[1], self.context.settings["models"]["clip_name"]
            faults.append(f"{where}: embeddings of {own} numbers, but those of {model} have {dim}; choose models=…")
        if faults:
            raise UserError(faults[0])
        return self.st(vectors, image_id)

    def compare_own_texts(self, item: Overlap) -> Float32[np.ndarray, " n"]:
        """Compare an image's segments with their own texts: `clipscore.own_text`'s cosines."""
        vectors = self.file.read_embeddings(item.image_id) if len(item.areas) else None
        return np.zeros(0, np.float32) if vectors is None else compute_own_similarity(self.st.clip, vectors, item.texts)

    def read_true_segments(self, tables: Mapping[str, Overlap]) -> dict[str, Described]:
        """Read what the file says of true segments, by image; empty where it says nothing of any.

        Raises UserError for a class that the image does not have, before any model is loaded.
        """
        answers = {image_id: self.file.read_true_segments(image_id) for image_id in tables if image_id in self.file}
        described = {image_id: one for image_id, one in answers.items() if one is not None}
        for image_id, one in described.items():
            for fault in find_misplaced(
                one, tables[image_id].truth_classes, self.names, self.file.describe_place(image_id)
            ):
                raise UserError(fault)
        return described


def find_misplaced(described: Described, true: Iterable[int], names: tuple[str, ...], where: str) -> Iterator[str]:
    """Find each class that a file describes and that the image does not have, as a fault."""
    present = {names[c] for c in true}
    for name in (name for name in described.classes if name not in present):
        kind = "is not in the image" if name in names else f"is no class{suggest_nearest(name, names)}"
        yield f"{where}: oracle: {name!r} {kind}; describe what is there"


def add_similarities(models: SimilarityModels, tables: Tables, rows: Sequence[str]) -> list[Overlap]:
    """Add to the tables the similarities asked for, measured once for all protocols; other mappings read none."""
    items, none = list(tables.tables.values()), [None] * len(tables.tables)
    if "tt" in rows:
        models.prefetch(item.texts for item in items)
    tt = tables.make_once(("tt", models.raw), lambda: [models.tt(i.texts) for i in items]) if "tt" in rows else none
    st = tables.make_once("st", lambda: [models.compare_segments(i) for i in items]) if "st" in rows else none
    return [replace(item, tt=one, st=other) for item, one, other in zip(items, tt, st, strict=True)]


def make_oracles(
    models: SimilarityModels, tables: Tables, described: Mapping[str, Described], rows: Sequence[str]
) -> list[TrueSegmentTexts]:  # fmt: skip
    """Make a record of the true segments of each image, in one piece a class; none where the file describes none.

    A true segment that the file does not describe has an empty text: a miss that is counted, never a smaller n.
    """
    if not described:
        return []
    by_text = "tt" in rows
    if by_text:
        models.prefetch(one.texts for one in described.values())
    embedded = "st" in rows and all(one.embeddings is not None for one in described.values())
    return tables.make_once(
        ("oracles", models.raw, by_text, embedded),
        lambda: [
            _make_oracle(models, merge_objects(item), described.get(image_id), by_text, embedded)
            for image_id, item in tables.tables.items()
        ],
    )


def _make_oracle(
    models: SimilarityModels, item: Overlap, described: Described | None, by_text: bool, embedded: bool
) -> TrueSegmentTexts:  # fmt: skip
    names, true = models.names, item.truth_classes
    present = [names[c] for c in true]
    texts = dict(zip(described.classes, described.texts, strict=True)) if described else {}
    st = None
    if embedded:
        st = np.zeros((len(true), len(names)), np.float32)
        if described is not None and described.embeddings is not None and len(described.classes):
            rows = models.compare(described.embeddings, item.image_id, len(described.classes))
            st[[present.index(name) for name in described.classes]] = rows
    ordered = tuple(texts.get(name, "") for name in present)
    areas = item.counts[:, :-2].sum(axis=0)
    return TrueSegmentTexts(item.image_id, true, areas, models.tt(ordered) if by_text else None, st, ordered)
