"""Sections 3.1 to 3.3, what stages return, looked at before it is kept: sizes, rows, finite numbers, texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.records import Captions, Embeddings, SegmentTree
from bench.resize import has_same_proportions

Width = Callable[[], int | None]
"""The dimension of CLIP's joint space, asked for when CLIP is loaded; None where the encoder has no CLIP."""


def check_tree(who: str, tree: Any, image: tuple[int, int], resizes: bool = False) -> None:
    """Raises UserError that names the segmenter unless its leaves lie in the image and each has one node of the tree.

    `image` is height and width. Leaves of another size are those of a copy only where the segmenter ``resizes``: of
    padded ones the size alone does not tell.
    """
    if not isinstance(tree, SegmentTree):
        raise UserError(f"{who}: gave {_describe_kind(tree)} for over-segments; return bench.records.SegmentTree")
    leaves, ids = tree.leaves, tree.heap_ids
    if not isinstance(leaves, np.ndarray) or leaves.dtype != np.int16 or leaves.ndim != 2 or not leaves.size:
        kind = f"{leaves.dtype} {list(leaves.shape)}" if isinstance(leaves, np.ndarray) else _describe_kind(leaves)
        raise UserError(f"{who}: its leaves: {kind}; give a NumPy array of int16, [height, width]")
    if not has_same_proportions(leaves.shape, image):
        raise UserError(
            f"{who}: its leaves are {leaves.shape[0]}x{leaves.shape[1]} (height x width), the image is "
            f"{image[0]}x{image[1]}; give masks of the image, or of a copy of its proportions"
        )
    if leaves.shape != image and not resizes:
        raise UserError(
            f"{who}: its leaves are {leaves.shape[0]}x{leaves.shape[1]} (height x width), the image is "
            f"{image[0]}x{image[1]}; give masks of the image, or write `resizes = True` in the class where they are "
            "those of the whole image made larger or smaller, with no border"
        )
    if not 0 <= leaves.min() <= leaves.max() < len(ids):
        raise UserError(
            f"{who}: its leaves are numbered {leaves.min()} to {leaves.max()}, and heap_ids has {len(ids)} nodes; "
            f"number them from 0, one node each"
        )
    if len(set(ids)) < len(ids) or min(ids) < 0:
        raise UserError(f"{who}: heap_ids has a node twice or one below 0; the root is 0, its children 1 and 2")


def check_embeddings(who: str, embeddings: Any, rows: int, width: int | None) -> None:
    """Raises UserError that names the variant unless there is a finite float32 row of that width for each segment."""
    if not isinstance(embeddings, Embeddings):
        raise UserError(f"{who}: gave {_describe_kind(embeddings)} for embeddings; return bench.records.Embeddings")
    for name in ("vectors", "saliency", "weight"):
        _check_array(who, name, getattr(embeddings, name), rows, 2)
    if width is not None and embeddings.vectors.shape[1] != width:
        own = embeddings.vectors.shape[1]
        raise UserError(f"{who}: gave embeddings of {own} numbers, but CLIP's joint space has {width}; end in it")


def check_captions(who: str, captions: Any, rows: int) -> None:
    """Raises UserError that names the captioner unless each segment has a text, finite features and a score."""
    if not isinstance(captions, Captions):
        raise UserError(f"{who}: gave {_describe_kind(captions)} for texts; return bench.records.Captions")
    if len(captions.texts) != rows:
        raise UserError(f"{who}: gave {len(captions.texts)} texts for {rows} embeddings; give one each")
    for at, text in enumerate(captions.texts):
        if not isinstance(text, str):
            raise UserError(
                f"{who}: text {at} is {_describe_kind(text)}; give a text, an empty one if there is nothing to say"
            )
    _check_array(who, "features", captions.features, rows, 2)
    _check_array(who, "scores", captions.scores, rows, 1)


def check_tokens(who: str, tokens: Any) -> None:
    """Raises UserError that names the variant unless the trunk's tokens are finite float32 numbers, a row each."""
    _check_array(who, "tokens of the trunk", tokens, None, 2)


def _check_array(who: str, name: str, array: Any, rows: int | None, dimensions: int) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        kind = f"an array of {array.dtype}" if isinstance(array, np.ndarray) else _describe_kind(array)
        raise UserError(f"{who}: its {name}: {kind}; give a NumPy array of float32")
    if array.ndim != dimensions or (rows is not None and len(array) != rows):
        wanted = f"[{'tokens' if rows is None else rows}{', width' * (dimensions == 2)}]"
        raise UserError(f"{who}: its {name}: the shape is {list(array.shape)}, not {wanted}")
    wrong = np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))
    if len(wrong):
        raise UserError(
            f"{who}: {len(wrong)} of {len(array)} rows of its {name} hold NaN or infinity, the first is row "
            f"{wrong[0]}; nothing of them was kept"
        )


def _describe_kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
