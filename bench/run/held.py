"""Section 4.3 for `bench.Scorer`: predictions and truths held in memory stand where a file, data and a store do else.

`zgs score` reads a predictions file and a data set; here both are what a script has given. From there on the code is
the same: `bench.run.score_protocol` cannot tell which of the two it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import numpy as np
from jaxtyping import Float32

from bench.predictions.source import PredictionFile
from bench.records import ClassList
from bench.run.context import RunContext
from bench.run.score_records import ScoreRequest, ScoringContext
from bench.run.similarities import SimilarityModels


@dataclass(frozen=True)
class HeldData:
    """What scoring asks of a data set: its classes, and what its numbers are named by."""

    classes: ClassList
    name: str = "own"
    split: str = "all"
    subset: None = None


@dataclass
class HeldPredictions:
    """What scoring asks of a predictions file: the embeddings of each image; nothing is said of true segments."""

    vectors: dict[str, np.ndarray | None] = field(default_factory=dict)
    head: ClassVar[dict[str, Any]] = {}

    def __contains__(self, image_id: object) -> bool:
        return image_id in self.vectors

    def has_embeddings(self, image_id: str) -> bool:
        """Whether an image has embeddings."""
        return self.vectors[image_id] is not None

    def read_embeddings(self, image_id: str) -> np.ndarray | None:
        """Read the embeddings of an image."""
        return self.vectors[image_id]

    def read_true_segments(self, image_id: str) -> None:
        """Read what is said of true segments: nothing, so that there is no TGQ, as for a file without "oracle"."""

    def describe_place(self, image_id: str) -> str:
        """Describe where an image stands."""
        return image_id


@dataclass
class HeldEncoder:
    """A model's text side that keeps in memory what it has encoded; each text has the same bits in any company."""

    model: Callable[[], Callable[[Sequence[str]], np.ndarray]]
    known: dict[str, np.ndarray] = field(default_factory=dict)

    def prefetch(self, lists: Iterable[Sequence[str]]) -> None:
        """Encode all texts that are not known, in one pass through the model."""
        if missing := sorted({text for texts in lists for text in texts} - self.known.keys()):
            self.known |= zip(missing, self.model()(missing), strict=True)

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "n d"]:
        """Encode one row a text."""
        self.prefetch([texts])
        return np.stack([self.known[text] for text in texts])

    encode_text = encode


class HeldContext(RunContext):
    """A run's context whose data are held in memory, and whose texts are encoded without a store."""

    def __init__(self, settings: dict[str, Any], classes: ClassList) -> None:
        super().__init__(settings)
        self.dataset = HeldData(classes)  # type: ignore[assignment]
        self._held = {
            "tt": HeldEncoder(lambda: self.load_model("sentence").encode),
            "st": HeldEncoder(lambda: self.load_model("clip").encode_text),
        }

    def give_encoder(self, rows: str) -> Any:
        """Give the text side of the model behind "tt" or "st"."""
        return self._held[rows]


def make_held_scoring(settings: dict[str, Any], classes: ClassList) -> tuple[ScoringContext, HeldPredictions]:
    """Make what scoring needs around it, and the predictions that it will read, still without any image."""
    context, held = HeldContext(settings, classes), HeldPredictions()
    file = cast(PredictionFile, held)
    request = ScoreRequest(file, (), chosen=True)
    return ScoringContext(context, SimilarityModels(context, file), request, []), held
