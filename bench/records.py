"""What flows between the stages: read this file first.

A stage is a function from records to records; it knows neither the disk nor Hydra nor the other stages.

    Sample ─▶ segment ─▶ SegmentTree ─▶ encode ─▶ Embeddings ─▶ caption ─▶ Captions ─▶ merge ─▶ Prediction
    Prediction + Sample ─▶ overlap ─▶ Overlap ─▶ every score, without touching a pixel or a model again

Letters in shapes: h, w image pixels; n segments (nodes of the tree); d dimension of CLIP's joint space;
l masked layers; k ground-truth segments; c classes; r regions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32, Int16, Int32, Int64, Integer, UInt8

BACKGROUND = -1
"""A pixel that belongs to no class of the list (VOC id 0, PASCAL-Context "other"). How it counts is a score policy."""
VOID = -2
"""A pixel that is never scored (VOC id 255)."""
UNTOLD = -2
"""In `Sample.instances`: a pixel of several objects that nobody told apart (COCO's crowds, Cityscapes' groups)."""


@dataclass(frozen=True)
class ClassList:
    """The classes of a data set: ``names[i]`` is the text of class ``i``, ``things[i]`` tells things from stuff.

    ``aliases[i]`` are further texts of class ``i`` (empty: no class has any). Its similarity is the maximum over all.
    """

    name: str
    names: tuple[str, ...]
    things: tuple[bool, ...]
    aliases: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if len(self.names) != len(self.things):
            raise ValueError(f"class list {self.name}: {len(self.names)} names but {len(self.things)} thing flags")
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"class list {self.name}: names repeat")
        if self.aliases and len(self.aliases) != len(self.names):
            raise ValueError(f"class list {self.name}: {len(self.names)} names but {len(self.aliases)} alias sets")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """All texts of each class, its name first."""
        return tuple((name, *more) for name, more in zip(self.names, self.aliases or ((),) * len(self), strict=True))


@dataclass(frozen=True, eq=False)
class CodedLabels:
    """The labels of an image as a file of bytes has them, and the label that each byte stands for; below VOID: none.

    What counting needs: it looks at few pixels, and nobody at all of them.
    """

    numbers: UInt8[np.ndarray, "h w"]
    meanings: Int16[np.ndarray, " k"]


@dataclass(frozen=True, eq=False)
class Sample:
    """One image with what is known of it.

    ``truth`` holds a class index, `BACKGROUND` or `VOID` for each pixel and is None where an image has no labels.
    ``instances`` tells the objects of one class apart by number (-1: no object, as for stuff; `UNTOLD`: of several);
    None where nobody drew them. ``coded`` are the labels in place of ``truth`` where only counting will look at them.
    """

    image_id: str
    image: UInt8[np.ndarray, "h w 3"]
    truth: Int16[np.ndarray, "h w"] | None = None
    captions: tuple[str, ...] = ()
    instances: Int16[np.ndarray, "h w"] | None = None
    coded: CodedLabels | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.image.shape[0], self.image.shape[1]


@dataclass(frozen=True, eq=False)
class SegmentTree:
    """Section 3.1: the over-segments of an image, leaves of a binary tree in heap numbering.

    The root is 0 and the children of node i are 2i+1 and 2i+2, so siblings and parents need no pointers.
    ``leaves`` gives for each pixel a position in ``heap_ids``; its size is the size the CRF worked at.
    """

    leaves: Int16[np.ndarray, "h w"]
    heap_ids: tuple[int, ...]

    def mask(self, positions: tuple[int, ...]) -> Bool[np.ndarray, "h w"]:
        """Mark the union of some leaves, given by their positions in ``heap_ids``."""
        return np.isin(self.leaves, positions)

    def make_masks(self) -> Bool[np.ndarray, "n h w"]:
        """Make one mask for each leaf, in the order of ``heap_ids``."""
        return self.leaves[None] == np.arange(len(self.heap_ids), dtype=self.leaves.dtype)[:, None, None]


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Section 3.2: segments in CLIP's joint space, not normalised.

    ``saliency`` is S of equation 2 and ``weight`` w of equation 4, a column for each masked layer
    (0 columns where a variant has none).
    """

    vectors: Float32[np.ndarray, "n d"]
    saliency: Float32[np.ndarray, "n l"]
    weight: Float32[np.ndarray, "n l"]

    def take(self, rows: Sequence[int]) -> Embeddings:
        """Take some rows, in the order given."""
        rows = list(rows)  # NumPy reads a tuple as an index into several dimensions
        return Embeddings(self.vectors[rows], self.saliency[rows], self.weight[rows])

    @staticmethod
    def concat(parts: Sequence[Embeddings]) -> Embeddings:
        """Join the rows of several records under each other; needs at least one."""
        return Embeddings(
            np.concatenate([p.vectors for p in parts]),
            np.concatenate([p.saliency for p in parts]),
            np.concatenate([p.weight for p in parts]),
        )


@dataclass(frozen=True, eq=False)
class Captions:
    """Section 3.3: a text for each segment, and CLIP's text embedding of "Image of a {text}." (not normalised).

    ``scores`` is the cosine between that text embedding and the segment's embedding.
    """

    texts: tuple[str, ...]
    features: Float32[np.ndarray, "n d"]
    scores: Float32[np.ndarray, " n"]

    def take(self, rows: Sequence[int]) -> Captions:
        """Take some rows, in the order given."""
        rows = list(rows)
        return Captions(tuple(self.texts[i] for i in rows), self.features[rows], self.scores[rows])

    @staticmethod
    def concat(parts: Sequence[Captions]) -> Captions:
        """Join the rows of several records under each other; needs at least one."""
        texts = tuple(text for part in parts for text in part.texts)
        return Captions(texts, np.concatenate([p.features for p in parts]), np.concatenate([p.scores for p in parts]))


@dataclass(frozen=True, eq=False)
class Prediction:
    """Section 3.4: the named segments of an image, of our method or of any other system.

    Masks may overlap and may leave pixels uncovered; they may have another size than the ground truth (scoring
    resizes them with nearest neighbour). ``embeddings`` and ``scores`` (how sure the system is of a segment, any
    scale) are None for systems that have none.
    """

    image_id: str
    masks: Bool[np.ndarray, "n h w"]
    texts: tuple[str, ...]
    embeddings: Float32[np.ndarray, "n d"] | None = None
    heap_ids: tuple[int, ...] | None = None
    scores: Float32[np.ndarray, " n"] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the masks in pixels."""
        return self.masks.shape[1], self.masks.shape[2]


@dataclass(frozen=True, eq=False)
class LabelMap:
    """A prediction whose segments nowhere overlap, as one picture: what scoring needs, without n masks.

    ``labels`` is 0 where no segment is, else the position of the pixel's segment plus 1. With ``meanings`` it holds
    bytes in their place, each of which stands for one of these; below 0: for none.
    """

    image_id: str
    labels: Integer[np.ndarray, "h w"]
    texts: tuple[str, ...]
    embeddings: Float32[np.ndarray, "n d"] | None = None
    heap_ids: tuple[int, ...] | None = None
    scores: Float32[np.ndarray, " n"] | None = None
    meanings: Integer[np.ndarray, " k"] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.labels.shape[0], self.labels.shape[1]

    def unpack(self) -> Prediction:
        """Unpack the prediction, with a mask for each segment."""
        labels = self.labels if self.meanings is None else self.meanings[self.labels]
        masks = np.zeros((len(self), *self.size), bool)
        for position, mask in enumerate(masks):
            np.equal(labels, position + 1, out=mask)
        return Prediction(self.image_id, masks, self.texts, self.embeddings, self.heap_ids, self.scores)


@dataclass(frozen=True, eq=False)
class Overlap:
    """All that scoring needs of one image: a contingency table and the similarity rows.

    Rows of ``counts`` are regions: disjoint sets of pixels covered by the same segments (the atoms of the algebra that
    the masks generate), so that unions of overlapping segments are exact; ``membership`` tells which segments cover a
    region (one region may be covered by none).
    Columns are the k ground-truth segments, then background, then void. A ground-truth segment is an object where
    the data set has objects, else all pixels of a class; ``truth_classes`` is its class, so a class may stand there
    several times, in one piece. Unit: pixels of the ground truth. ``tt`` and ``st`` are similarities of segments to
    class names (section 4.1) and None where the text or the embedding does not exist. ``areas`` are in pixels of the
    prediction's own size. ``untold`` marks the columns that are several objects of their class which nobody told apart
    (None: there is none): pixels of the class like any other, and no true segment.
    """

    image_id: str
    counts: Int64[np.ndarray, "r {len(truth_classes)}+2"]
    membership: Bool[np.ndarray, "r n"]
    truth_classes: Int32[np.ndarray, " k"]
    areas: Int64[np.ndarray, " n"]
    tt: Float32[np.ndarray, "n c"] | None = None
    st: Float32[np.ndarray, "n c"] | None = None
    texts: tuple[str, ...] = field(default=())
    scores: Float32[np.ndarray, " n"] | None = None
    untold: Bool[np.ndarray, " k"] | None = None


@dataclass(frozen=True, eq=False)
class TrueSegmentTexts:
    """Section 4.3, Text Generation Quality: what the method says of each ground-truth segment of one image.

    ``classes`` is the true class of each of the k segments, ``tt`` and ``st`` the similarity rows of its text and of
    its embedding to all class names, ``areas`` its pixels.
    """

    image_id: str
    classes: Int32[np.ndarray, " k"]
    areas: Int64[np.ndarray, " k"]
    tt: Float32[np.ndarray, "k c"] | None
    st: Float32[np.ndarray, "k c"] | None
    texts: tuple[str, ...] = field(default=())
