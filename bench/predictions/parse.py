"""Predictions on disk, second look: one image's entry as a record, and every fault by image and segment."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from bench.data.files import composed
from bench.data.headers import claimed
from bench.data.images import MAX_PIXELS, read_labels
from bench.errors import BadSample
from bench.predictions import rle
from bench.predictions.beside import beside
from bench.records import Prediction
from bench.text.characters import broken

MAX_BYTES = 1 << 30
"""Masks of one image, a byte a pixel and segment."""
_LARGEST = float(np.finfo(np.float32).max)
_LAST_ID = int(np.iinfo(np.int32).max)
_KINDS = {str: "a text", int: "a whole number", list: "a list", dict: "an object"}


@dataclass(frozen=True, eq=False)
class Described:
    """What a system says of the true segments of an image (TGQ): class name and text of each, perhaps embeddings."""

    classes: tuple[str, ...]
    texts: tuple[str, ...]
    embeddings: Float32[np.ndarray, "k d"] | None = None


@dataclass
class Parsed:
    """``prediction`` is None where there are ``faults``."""

    prediction: Prediction | None
    oracle: Described | None
    faults: list[str] = field(default_factory=list)


class Faults(list[str]):
    """Collects what is wrong while reading goes on."""

    def get(self, entry: object, key: str, kind: type, where: str, instead: Any) -> Any:
        """The value of a key, or ``instead`` with a fault noted."""
        if not isinstance(entry, dict):
            self.append(f"{where}: should be an object with {key!r} but is {type(entry).__name__}")
        elif key not in entry:
            self.append(f"{where}: {key!r} is missing")
        elif type(entry[key]) is not kind:  # exact, for True is an int to isinstance
            self.append(f"{where}: {key!r} should be {_KINDS[kind]} but is {entry[key]!r:.40}")
        else:
            return entry[key]
        return instead


def parse_image(
    where: str,
    entry: dict[str, Any],
    folder: Path,
    vectors: np.ndarray | None = None,
    oracle_vectors: np.ndarray | None = None,
) -> Parsed:
    """The record of an entry; ``where`` names file and image, ``folder`` is where label maps are looked for."""
    faults = Faults()
    height, width = (faults.get(entry, key, int, where, 1) for key in ("height", "width"))
    segments = faults.get(entry, "segments", list, where, [])
    if min(height, width) < 1 or height * width > MAX_PIXELS:
        faults.append(f"{where}: height {height!r:.20} and width {width!r:.20} are no picture's")
    if faults:  # what the masks should be like is not known
        return Parsed(None, None, list(faults))
    if len(segments) * height * width > MAX_BYTES:
        most = MAX_BYTES // (height * width)
        faults.append(f"{where}: {len(segments)} segments of {height}x{width} pixels; at most {most} of this size")
        segments = []
    places = [f"{where}, segment {position}" for position in range(len(segments))]
    texts = tuple(faults.get(s, "text", str, place, "") for s, place in zip(segments, places, strict=True))
    faults += [
        f"{place}: 'text' holds half a character" for place, text in zip(places, texts, strict=True) if broken(text)
    ]
    if entry.get("label_map") is not None:
        faults.get(entry, "label_map", str, where, None)
    read = _from_map if isinstance(entry.get("label_map"), str) else _from_codes
    masks = read(faults, where, entry, segments, (height, width), folder)
    check_vectors(faults, where, vectors, len(segments))
    scores = _scores(faults, segments, places)
    nodes = _heap_ids(faults, entry, where, len(segments))
    oracle = _oracle(faults, where, entry, oracle_vectors)
    if faults:
        return Parsed(None, None, list(faults))
    return Parsed(Prediction(composed(str(entry["image_id"])), masks, texts, vectors, nodes, scores), oracle)


def _from_codes(
    faults: Faults, where: str, entry: dict[str, Any], segments: list[Any], size: tuple[int, int], folder: Path
) -> np.ndarray:
    """Masks from COCO's run lengths, one a segment; a faulty one stays empty."""
    masks = np.zeros((len(segments), *size), bool)
    for position, segment in enumerate(segments):
        place = f"{where}, segment {position}"
        coded = faults.get(segment, "segmentation", dict, place, None)
        counts = None if coded is None else coded.get("counts")
        if coded is None:
            continue
        if coded.get("size") != list(size):
            faults.append(
                f"{place}: mask of size {coded.get('size')!r:.40} in a picture of {list(size)} (height, width)"
            )
        elif not isinstance(counts, str | list):
            faults.append(f"{place}: counts must be COCO's text or a list of run lengths")
        else:
            try:
                masks[position] = rle.decode(counts, *size)
            except (ValueError, TypeError) as error:
                faults.append(f"{place}: mask cannot be read ({error})")
    return masks


def _from_map(
    faults: Faults, where: str, entry: dict[str, Any], segments: list[Any], size: tuple[int, int], folder: Path
) -> np.ndarray:
    """Masks from a picture whose values are the ids of the segments; 0 belongs to none."""
    masks = np.zeros((len(segments), *size), bool)
    ids = [faults.get(s, "id", int, f"{where}, segment {position}", -1) for position, s in enumerate(segments)]
    seen: set[int] = set()
    for position, value in enumerate(ids):
        if value == 0 or value > _LAST_ID or value in seen:
            wrong = "is 0 or stands there twice" if value <= _LAST_ID else "is larger than any in a picture"
            faults.append(f"{where}, segment {position}: id {value!r:.20} {wrong}")
        seen |= {value} if value > 0 else set()
    try:
        path = beside(folder, entry["label_map"])
        shape = claimed(path)
        labels = read_labels(path) if shape in (size, None) else np.zeros((0, 0), np.int32)
    except BadSample as error:
        faults.append(f"{where}: label map: {error}")
        return masks
    shape = shape or labels.shape
    if shape != size:  # as its header says: what is too large is never unpacked
        faults.append(f"{where}: label map of size {list(shape)} in a picture of {list(size)} (height, width)")
        return masks
    unknown = np.setdiff1d(labels, np.array([0, *(value for value in ids if abs(value) <= _LAST_ID)], np.int64))
    if len(unknown):
        told = ", ".join(map(str, unknown[:5]))
        faults.append(f"{where}: label map holds {told}, but no segment has such an id (0 is for unlabelled pixels)")
    for mask, value in zip(masks, ids, strict=True):
        mask[:] = labels == value
    return masks


def _scores(faults: Faults, segments: list[Any], places: list[str]) -> Float32[np.ndarray, " n"] | None:
    """All segments have a score, or none has."""
    given = [segment.get("score") if isinstance(segment, dict) else None for segment in segments]
    if all(value is None for value in given):
        return None
    for value, place in zip(given, places, strict=True):
        if value is None:
            faults.append(f"{place}: 'score' is missing; give all segments of an image one, or none")
        elif type(value) not in (int, float) or not abs(value) <= _LARGEST:
            faults.append(f"{place}: 'score' should be a finite number but is {value!r:.40}")
    return None if faults else np.array(given, np.float32)


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


def _heap_ids(faults: Faults, entry: dict[str, Any], where: str, n: int) -> tuple[int, ...] | None:
    if entry.get("heap_ids") is None:
        return None
    nodes = faults.get(entry, "heap_ids", list, where, [])
    if len(nodes) != n or not all(type(node) is int and node >= 0 for node in nodes):
        faults.append(f"{where}: heap_ids must be one whole number for each of the {n} segments")
        return None
    return tuple(nodes)


def _oracle(faults: Faults, where: str, entry: dict[str, Any], vectors: np.ndarray | None) -> Described | None:
    if entry.get("oracle") is None:
        return None
    told = faults.get(entry, "oracle", list, where, [])
    places = [f"{where}, true segment {position}" for position in range(len(told))]
    classes, texts = (
        tuple(faults.get(one, key, str, place, "") for one, place in zip(told, places, strict=True))
        for key in ("class", "text")
    )
    seen: set[str] = set()
    for place, name, text in zip(places, classes, texts, strict=True):
        halves = [key for key, it in (("class", name), ("text", text)) if broken(it)]
        faults += [f"{place}: {key!r} holds half a character" for key in halves]
        faults += [f"{place}: class {name!r} stands there twice"] if name in seen else []
        seen.add(name)
    check_vectors(faults, f"{where}, true segments", vectors, len(told))
    return None if faults else Described(classes, texts, vectors)
