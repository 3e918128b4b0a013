"""Section 3.4's outcome on disk: named segments as JSON with COCO RLE, embeddings in an npz beside it.

    {"format": "zgs-predictions/1", "about": {…}, "embeddings": {"file": …, "sha256": …} or null,
     "images": [{"image_id": …, "height": …, "width": …, "heap_ids": [node of each segment] or null,
                 "segments": [{"text": …, "segmentation": {"size": [height, width], "counts": COCO RLE}}]}]}

The npz holds float32 [n, d] under an image's position in the list. Any other system may write such a file;
``about``, ``embeddings`` and ``heap_ids`` may be left out.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.data.images import MAX_PIXELS
from bench.errors import UserError
from bench.records import Prediction
from bench.report import rle

FORMAT = "zgs-predictions/1"
_KINDS = {str: "a text", int: "a whole number", list: "a list", dict: "an object"}


def write_predictions(
    path: Path | str, predictions: Iterable[Prediction], about: Mapping[str, str] | None = None
) -> Path:
    """Write ``path`` (JSON) and, where a prediction has embeddings, ``path`` with the ending .npz.

    ``about`` is free text facts (variant, models) for readers. Same predictions, same bytes. Each file is written
    under another name and renamed, the JSON last, so that what is there is whole. Returns ``path``.
    """
    path = Path(path)
    images: list[str] = []
    vectors: dict[str, np.ndarray] = {}
    for position, prediction in enumerate(predictions):
        images.append(json.dumps(_image(prediction)))
        if prediction.embeddings is not None:
            vectors[str(position)] = np.asarray(prediction.embeddings, dtype=np.float32)
    head: dict[str, Any] = {"format": FORMAT, "about": dict(about or {}), "embeddings": None}
    if vectors:
        stream = io.BytesIO()
        np.savez(stream, **vectors)  # type: ignore[arg-type]
        target = path.with_suffix(".npz")
        head["embeddings"] = {"file": target.name, "sha256": hashlib.sha256(stream.getvalue()).hexdigest()}
        _replace(target, stream.getvalue())
    # One line an image: two runs can be compared with diff.
    text = json.dumps(head)[:-1] + ', "images": [\n' + ",\n".join(images) + "\n]}\n"
    _replace(path, text.encode("ascii"))
    return path


def read_predictions(path: Path | str) -> tuple[Prediction, ...]:
    """All predictions of a file, in its order; the exact inverse of `write_predictions`.

    Raises `UserError` that names the file, the image and the segment for whatever is missing or wrong.
    """
    path = Path(path)
    content = _parsed(path)
    entries = _get(content, "images", list, str(path))
    vectors = _vectors(path, content.get("embeddings"))
    found: dict[str, Prediction] = {}
    for position, entry in enumerate(entries):
        prediction = _prediction(f"{path}: image {position}", entry, vectors.get(str(position)))
        if prediction.image_id in found:
            raise UserError(f"{path}: image {prediction.image_id!r} stands there twice; keep one")
        found[prediction.image_id] = prediction
    return tuple(found.values())


def _image(prediction: Prediction) -> dict[str, Any]:
    _, height, width = prediction.masks.shape
    coded = zip(prediction.texts, rle.encode(prediction.masks), strict=True)
    return {
        "image_id": prediction.image_id,
        "height": height,
        "width": width,
        "heap_ids": None if prediction.heap_ids is None else [int(node) for node in prediction.heap_ids],
        "segments": [
            {"text": text, "segmentation": {"size": [height, width], "counts": counts}} for text, counts in coded
        ],
    }


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise UserError(
            f"{path}: cannot be written ({error.strerror}); free some space or choose another folder"
        ) from error


def _parsed(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: predictions cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UserError(f"{path}: not a JSON file ({error})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f'{path}: not predictions of ours; the file must say "format": "{FORMAT}"')
    return content


def _vectors(path: Path, entry: object) -> dict[str, np.ndarray]:
    if entry is None:
        return {}
    name = _get(entry, "file", str, f"{path}: embeddings")
    beside = path.with_name(Path(name).name)
    try:
        content = beside.read_bytes()
        if hashlib.sha256(content).hexdigest() != _get(entry, "sha256", str, f"{path}: embeddings"):
            raise UserError(f"{beside}: not the embeddings that {path.name} was written with; write both again")
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{beside}: embeddings of {path.name} cannot be read ({error})") from error


def _prediction(where: str, entry: object, vectors: np.ndarray | None) -> Prediction:
    image_id = _get(entry, "image_id", str, where)
    where = f"{where} ({image_id})"
    height, width = _get(entry, "height", int, where), _get(entry, "width", int, where)
    if min(height, width) < 1 or height * width > MAX_PIXELS:
        raise UserError(f"{where}: height {height} and width {width} are no picture's")
    segments = _get(entry, "segments", list, where)
    places = [f"{where}, segment {position}" for position in range(len(segments))]
    texts = tuple(_get(segment, "text", str, place) for segment, place in zip(segments, places, strict=True))
    masks = np.zeros((len(segments), height, width), dtype=bool)
    for position, (segment, place) in enumerate(zip(segments, places, strict=True)):
        masks[position] = _mask(segment, place, height, width)
    if vectors is not None and (vectors.ndim != 2 or len(vectors) != len(segments)):
        raise UserError(f"{where}: embeddings have shape {list(vectors.shape)} but there are {len(segments)} segments")
    return Prediction(image_id, masks, texts, vectors, _heap_ids(entry, where, len(segments)))


def _mask(segment: object, place: str, height: int, width: int) -> np.ndarray:
    coded = _get(segment, "segmentation", dict, place)
    if coded.get("size") != [height, width]:
        raise UserError(f"{place}: mask of size {coded.get('size')} in a picture of {[height, width]} (height, width)")
    counts = coded.get("counts")
    if not isinstance(counts, str | list):
        raise UserError(f"{place}: counts must be COCO's text or a list of run lengths")
    try:
        return rle.decode(counts, height, width)
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(f"{place}: mask cannot be read ({error})") from error


def _heap_ids(entry: object, where: str, n: int) -> tuple[int, ...] | None:
    if not isinstance(entry, dict) or entry.get("heap_ids") is None:
        return None
    nodes = _get(entry, "heap_ids", list, where)
    if len(nodes) != n or not all(type(node) is int and node >= 0 for node in nodes):
        raise UserError(f"{where}: heap_ids must be one whole number for each of the {n} segments")
    return tuple(nodes)


def _get(entry: object, key: str, kind: type, where: str) -> Any:
    if not isinstance(entry, dict):
        raise UserError(f"{where}: should be an object with {key!r} but is {type(entry).__name__}")
    if key not in entry:
        raise UserError(f"{where}: {key!r} is missing")
    if type(entry[key]) is not kind:  # exact, for True is an int to isinstance
        raise UserError(f"{where}: {key!r} should be {_KINDS[kind]} but is {entry[key]!r:.40}")
    return entry[key]
