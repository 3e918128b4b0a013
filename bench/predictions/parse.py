"""Predictions on disk, second look: one image's entry as a record, and every fault by image and segment."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from bench.data.files import compose
from bench.data.images import MAX_PIXELS
from bench.predictions.faults import Faults
from bench.predictions.pixels import read_codes, read_map
from bench.records import LabelMap, Prediction
from bench.text.characters import has_half_character

MAX_BYTES = 1 << 30
"""Masks of one image, a byte a pixel and segment."""
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class Described:
    """What a system says of the true segments of an image (TGQ): class name and text of each, perhaps embeddings."""

    classes: tuple[str, ...]
    texts: tuple[str, ...]
    embeddings: Float32[np.ndarray, "k d"] | None = None


@dataclass
class ParsedImage:
    """``segments``, with a mask each only where they overlap, are None where there are ``faults``."""

    segments: Prediction | LabelMap | None
    oracle: Described | None
    faults: list[str] = field(default_factory=list)

    @property
    def prediction(self) -> Prediction | None:
        """The segments with a mask each."""
        return self.segments.unpack() if isinstance(self.segments, LabelMap) else self.segments


def parse_image(
    where: str,
    entry: dict[str, Any],
    folder: Path,
    vectors: np.ndarray | None = None,
    oracle_vectors: np.ndarray | None = None,
    look: bool = True,
) -> ParsedImage:
    """Parse the record of an entry; ``where`` names file and image, ``folder`` is where label maps are looked for.

    Without a ``look`` a label map of bytes stays as it is, and whoever counts its pixels finds what is no segment's id.
    """
    faults = Faults()
    height, width = (faults.get(entry, key, int, where, 1) for key in ("height", "width"))
    segments = faults.get(entry, "segments", list, where, [])
    if min(height, width) < 1 or height * width > MAX_PIXELS:
        faults.append(f"{where}: height {height!r:.20} and width {width!r:.20} are no picture's")
    if faults:  # what the masks should be like is not known
        return ParsedImage(None, None, list(faults))
    if len(segments) * height * width > MAX_BYTES:
        most = MAX_BYTES // (height * width)
        faults.append(f"{where}: {len(segments)} segments of {height}x{width} pixels; at most {most} of this size")
        segments = []
    places = [f"{where}, segment {position}" for position in range(len(segments))]
    texts = tuple(faults.get(s, "text", str, place, "") for s, place in zip(segments, places, strict=True))
    faults += [
        f"{place}: 'text' holds half a character"
        for place, text in zip(places, texts, strict=True)
        if has_half_character(text)
    ]
    if entry.get("label_map") is not None:
        faults.get(entry, "label_map", str, where, None)
    size, name = (height, width), entry.get("label_map")
    pixels: Any
    pixels, meanings = (
        read_map(faults, where, name, segments, size, folder, look)
        if isinstance(name, str)
        else (read_codes(faults, where, segments, size), None)
    )
    check_vectors(faults, where, vectors, len(segments))
    scores = _read_scores(faults, segments, places)
    nodes = _read_heap_ids(faults, entry, where, len(segments))
    oracle = _read_oracle(faults, where, entry, oracle_vectors)
    if faults:
        return ParsedImage(None, None, list(faults))
    parts = compose(str(entry["image_id"])), pixels, texts, vectors, nodes, scores
    return ParsedImage(LabelMap(*parts, meanings) if pixels.ndim == 2 else Prediction(*parts), oracle)


def _read_scores(faults: Faults, segments: list[Any], places: list[str]) -> Float32[np.ndarray, " n"] | None:
    """Read the scores: all segments have one, or none has."""
    scores = [segment.get("score") if isinstance(segment, dict) else None for segment in segments]
    if all(value is None for value in scores):
        return None
    for value, place in zip(scores, places, strict=True):
        if value is None:
            faults.append(f"{place}: 'score' is missing; give all segments of an image one, or none")
        elif type(value) not in (int, float) or not abs(value) <= _LARGEST:
            faults.append(f"{place}: 'score' should be a finite number but is {value!r:.40}")
    return None if faults else np.array(scores, np.float32)


def check_vectors(faults: Faults, where: str, vectors: np.ndarray | None, n: int) -> None:
    """Note whatever is wrong with the embeddings of n segments."""
    if vectors is None:
        return
    if vectors.ndim != 2 or len(vectors) != n:
        faults.append(f"{where}: embeddings have shape {list(vectors.shape)} but there are {n} segments")
    elif not np.issubdtype(vectors.dtype, np.floating):
        faults.append(f"{where}: embeddings are of type {vectors.dtype}; store them as float32")
    else:
        rows = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        faults += [f"{where}, segment {row}: its embedding holds NaN or infinity (in float32)" for row in rows]


def _read_heap_ids(faults: Faults, entry: dict[str, Any], where: str, n: int) -> tuple[int, ...] | None:
    if entry.get("heap_ids") is None:
        return None
    nodes = faults.get(entry, "heap_ids", list, where, [])
    if len(nodes) != n or not all(type(node) is int and node >= 0 for node in nodes):
        faults.append(f"{where}: heap_ids must be one whole number for each of the {n} segments")
        return None
    return tuple(nodes)


def _read_oracle(faults: Faults, where: str, entry: dict[str, Any], vectors: np.ndarray | None) -> Described | None:
    if entry.get("oracle") is None:
        return None
    entries = faults.get(entry, "oracle", list, where, [])
    places = [f"{where}, true segment {position}" for position in range(len(entries))]
    classes, texts = (
        tuple(faults.get(one, key, str, place, "") for one, place in zip(entries, places, strict=True))
        for key in ("class", "text")
    )
    seen: set[str] = set()
    for place, name, text in zip(places, classes, texts, strict=True):
        halves = [key for key, it in (("class", name), ("text", text)) if has_half_character(it)]
        faults += [f"{place}: {key!r} holds half a character" for key in halves]
        faults += [f"{place}: class {name!r} stands there twice"] if name in seen else []
        seen.add(name)
    check_vectors(faults, f"{where}, true segments", vectors, len(entries))
    return None if faults else Described(classes, texts, vectors)
