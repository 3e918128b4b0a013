"""Section 3, what a run is put together from, by what each part can do: any class that fits may stand in its place.

Stages are functions of records (`bench.records`). The other parts have their interfaces where they live: data sets in
`bench.data.base`, executors in `bench.run.executor`, trackers in `bench.tracking.base`. mypy holds every option of
``conf/`` against its interface (tests/unit/settings/test_interfaces.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from bench.merge.base import Describe, Embed, Merged
from bench.records import Captions, Embeddings, Prediction, Sample, SegmentTree

if TYPE_CHECKING:
    from torch import Tensor

    from bench.models.groupvit import Groups
    from bench.models.text_tower import TextTower


class ClipModel(Protocol):
    """CLIP: images and texts in one joint space of ``dim`` numbers."""

    @property
    def dim(self) -> int:
        """The dimension of the joint space."""
        ...

    @property
    def text(self) -> TextTower:
        """The text tower."""
        ...

    def tokenize_raw(self, text: str) -> list[int]:
        """Tokenize token ids of one text with start and end token, without padding."""
        ...

    def encode_text(self, texts: Sequence[str]) -> Float32[np.ndarray, "n d"]:
        """Embed n texts: float32 [n, d], not normalised."""
        ...


class DinoModel(Protocol):
    """DINO: an image to dense features."""

    def compute_features(
        self, image: UInt8[np.ndarray, "h w 3"]
    ) -> tuple[Float32[np.ndarray, "f d"], tuple[int, int], UInt8[np.ndarray, "lh lw 3"]]:
        """Compute unit features in row-major order; with them their grid (height, width) and the image as loaded."""
        ...


class LanguageModel(Protocol):
    """A language model of transformers with its tokenizer, which ZeroCap steers token by token."""

    model: Any
    tokenizer: Any


class SentenceModel(Protocol):
    """A sentence encoder."""

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "n d"]:
        """Embed n texts: float32 [n, d], of unit length."""
        ...


class GroupVitModel(Protocol):
    """GroupViT: groups of an image and texts in one space."""

    @property
    def scale(self) -> float:
        """The temperature by which cosines are multiplied before a softmax."""
        ...

    def group(self, picture: Tensor) -> Groups:
        """Group the pixels of a picture [3, h, w] of 0..255."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Embed n texts: float32 [n, d], of unit length."""
        ...


class SamModel(Protocol):
    """SAM or SAM 2: masks of whatever an image shows."""

    def generate_masks(
        self, image: UInt8[np.ndarray, "h w 3"], points: int, pred_iou: float, stability: float, overlap: float
    ) -> Bool[np.ndarray, "n h w"]:
        """Generate the masks of an image, best first."""
        ...


class Segmenter(Protocol):
    """Section 3.1. Leaves are of the image's size, unless it says ``resizes = True``."""

    def __call__(self, sample: Sample, /) -> SegmentTree:
        """Cut an image into a tree of over-segments."""
        ...


class Encoder(Protocol):
    """Section 3.2. Where it has ``compute_trunk`` (`bench.encode.trunk`) it is also given those tokens."""

    def __call__(self, sample: Sample, masks: Bool[np.ndarray, "n h w"], /) -> Embeddings:
        """Embed n segments of an image in CLIP's joint space."""
        ...


class Captioner(Protocol):
    """Section 3.3."""

    def __call__(self, embeddings: Embeddings, /) -> Captions:
        """Describe each embedding by a text."""
        ...


class Merger(Protocol):
    """Section 3.4."""

    def __call__(self, tree: SegmentTree, embed: Embed, describe: Describe, /) -> Merged:
        """Merge siblings that agree; ``embed`` and ``describe`` give what merged segments need anew."""
        ...


class Baseline(Protocol):
    """A whole system in place of sections 3.1 to 3.4, which may know the class names."""

    def __call__(self, sample: Sample, names: Sequence[str], has_background: bool, /) -> Prediction:
        """Predict the named segments of an image; ``has_background``: the class list has a background beside names."""
        ...
