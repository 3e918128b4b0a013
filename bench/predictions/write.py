"""Section 3.4's outcome on disk, written image by image: PREDICTIONS.md describes the format."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from jaxtyping import Float32

from bench.errors import UserError
from bench.predictions import inline, rle
from bench.predictions.index import FORMAT, LINES
from bench.predictions.parse import Described
from bench.records import Prediction

AnyPrediction = Prediction | tuple[Prediction, Described | None]


@dataclass(frozen=True, eq=False)
class ImageEntry:
    """One image as the files hold it: its JSON value in one line, and the rows of the .npz for it."""

    line: str
    embeddings: Float32[np.ndarray, "n d"] | None
    true_embeddings: Float32[np.ndarray, "k d"] | None


def write_predictions(
    path: Path | str,
    predictions: Iterable[AnyPrediction],
    about: Mapping[str, str] | None = None,
    embedder: str | None = None,
    inlined: bool = False,
) -> Path:
    """Write ``path`` (.json, or .jsonl with one image a line) and, where there are embeddings, the .npz beside it.

    ``inlined``: embeddings stand in ``path`` itself, and there is no .npz.

    A prediction may come with what the system says of the true segments. ``about`` is free text facts (variant, models)
    for readers; ``embedder`` names the model whose space the embeddings are of. Same predictions, same bytes. One image
    is in memory at a time; each file is written under another name and renamed, the predictions last, so that what is
    there is whole. Returns ``path``.
    """
    pairs = (prediction if isinstance(prediction, tuple) else (prediction, None) for prediction in predictions)
    return write_entries(path, (make_entry(*pair) for pair in pairs), about, embedder, inlined)


def make_entry(prediction: Prediction, described: Described | None) -> ImageEntry:
    """Take a prediction and what is said of the true segments, return their entry: the same bytes wherever it lies."""
    line = json.dumps(_make_image_entry(prediction, described))
    return ImageEntry(
        line,
        _convert_to_float32(prediction.embeddings),
        _convert_to_float32(described.embeddings if described else None),
    )


def write_entries(
    path: Path | str,
    entries: Iterable[ImageEntry],
    about: Mapping[str, str] | None,
    embedder: str | None,
    inlined: bool = False,
) -> Path:
    """Write entries that are made already, as `write_predictions` does."""
    path = Path(path)
    head: dict[str, Any] = {"format": FORMAT, "about": dict(about or {}), "embeddings": None}
    target = path.with_suffix(".npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_replacement(target) as (archive, keep), _open_temporary(path) as images:
            if _write_images(images, archive, entries, path.suffix in LINES, inlined):
                place = {"inline": True} if inlined else {"file": target.name, "sha256": _hash_stream(archive)}
                head["embeddings"] = place | ({"model": embedder} if embedder else {})
                if not inlined:
                    keep()
            images.seek(0)
            _write_whole(path, head, images)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"{path}: cannot be written ({reason}); free some space or choose another folder") from error
    return path


def _hash_stream(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    stream.seek(0)
    shutil.copyfileobj(stream, _Sink(digest))
    return digest.hexdigest()


def _write_images(
    images: BinaryIO, archive: BinaryIO, entries: Iterable[ImageEntry], lines: bool, inlined: bool
) -> bool:
    """Write one line an image, so that two runs can be compared with diff; returns whether there were embeddings."""
    embedded = False
    with zipfile.ZipFile(archive, "w") as vectors:
        for position, entry in enumerate(entries):
            line = _put_inline(entry) if inlined else entry.line
            images.write((b"" if lines or not position else b",\n") + line.encode() + b"\n" * lines)
            for key, rows in ((f"{position}", entry.embeddings), (f"{position}.oracle", entry.true_embeddings)):
                embedded = embedded or rows is not None
                if rows is not None and not inlined:
                    _add_array(vectors, key, rows)
    return embedded


def _put_inline(entry: ImageEntry) -> str:
    """Put the embeddings of an image into its JSON value."""
    image = json.loads(entry.line)
    inline.add_rows(image["segments"], entry.embeddings)
    inline.add_rows(image.get("oracle") or (), entry.true_embeddings)
    return json.dumps(image)


def _write_whole(path: Path, head: dict[str, Any], images: BinaryIO) -> None:
    with open_replacement(path) as (stream, keep):
        text = json.dumps(head)
        stream.write((text + "\n" if path.suffix in LINES else text[:-1] + ', "images": [\n').encode())
        shutil.copyfileobj(images, stream)
        stream.write(b"" if path.suffix in LINES else b"\n]}\n")
        keep()


def _make_image_entry(prediction: Prediction, oracle: Described | None) -> dict[str, Any]:
    _, height, width = prediction.masks.shape
    coded = zip(prediction.texts, rle.encode(prediction.masks), strict=True)
    segments: list[dict[str, Any]] = [
        {"text": text, "segmentation": {"size": [height, width], "counts": counts}} for text, counts in coded
    ]
    for segment, score in zip(segments, () if prediction.scores is None else prediction.scores, strict=False):
        segment["score"] = float(score)
    entry = {
        "image_id": prediction.image_id,
        "height": height,
        "width": width,
        "heap_ids": None if prediction.heap_ids is None else [int(node) for node in prediction.heap_ids],
        "segments": segments,
    }
    if oracle is not None:
        entry["oracle"] = [{"class": c, "text": t} for c, t in zip(oracle.classes, oracle.texts, strict=True)]
    return entry


def _convert_to_float32(embeddings: np.ndarray | None) -> np.ndarray | None:
    return None if embeddings is None else np.ascontiguousarray(embeddings, np.float32)


def _add_array(archive: zipfile.ZipFile, key: str, rows: np.ndarray) -> None:
    """Add an array as np.savez does; a fixed date gives the same bytes for the same predictions."""
    with archive.open(zipfile.ZipInfo(f"{key}.npy"), "w", force_zip64=True) as stream:
        np.lib.format.write_array(stream, rows, allow_pickle=False)


class _Sink:
    """A digest that can be copied to."""

    def __init__(self, digest: Any) -> None:
        self.write = digest.update


@contextlib.contextmanager
def _open_temporary(path: Path) -> Iterator[BinaryIO]:
    part = path.with_name(f".{path.name}.{os.getpid()}.images")
    try:
        with part.open("w+b") as stream:
            yield stream
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def open_replacement(path: Path) -> Iterator[tuple[BinaryIO, Any]]:
    """Open a stream and a function that says that it is to become ``path`` when all went well."""
    part, kept = path.with_name(f".{path.name}.{os.getpid()}.part"), []
    try:
        with part.open("w+b") as stream:
            yield stream, lambda: kept.append(True)
            stream.flush()
            os.fsync(stream.fileno())
        if kept:
            part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
