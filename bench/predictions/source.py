"""Predictions on disk as a mapping from image id to `Prediction`, each read when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import BadSample, UserError
from bench.predictions.archive import Archive
from bench.predictions.beside import find_beside
from bench.predictions.index import Place, read_index
from bench.predictions.inline import read_rows
from bench.predictions.parse import Described, ParsedImage, parse_image
from bench.records import Prediction
from bench.system.hashing import hash_file
from bench.text.characters import has_half_character
from bench.text.escape import escape_for_terminal


class PredictionFile(Mapping[str, Prediction]):
    """The predictions of a .json or .jsonl file, in its order.

    Raises `UserError` for a file that cannot be read or of another kind; ``file[image_id]`` raises it for whatever is
    wrong with that image, naming file, image and segment. ``faults`` tells of all faults at once.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._index = read_index(self.path)
        self.head = self._index.head

    def __getitem__(self, image_id: str) -> Prediction:
        self._stop_at_first_fault()
        prediction = require_sound(self._parse(image_id)).prediction
        assert prediction is not None, "a sound entry has one"
        return prediction

    def __iter__(self) -> Iterator[str]:
        self._stop_at_first_fault()
        return iter(self._index.places)

    def __len__(self) -> int:
        return len(self._index.places)

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._index.places

    def find_place(self, image_id: str) -> Place:
        """Find where an image stands in the file."""
        return self._index.places[image_id]

    def read_texts(self, image_id: str) -> tuple[str, ...]:
        """Read the texts of an image, without its masks; raises `UserError` where one is missing."""
        entry = read_entry(self.path, self.find_place(image_id))
        segments = entry.get("segments")
        texts = [s.get("text") if isinstance(s, dict) else None for s in segments] if isinstance(segments, list) else []
        wrong = next((i for i, text in enumerate(texts) if not isinstance(text, str) or has_half_character(text)), None)
        if wrong is not None or not isinstance(segments, list):
            place = self.describe_place(image_id)
            raise UserError(f"{place}, segment {wrong or 0}: 'text' is missing or broken; see zgs score --check")
        return tuple(str(text) for text in texts)

    def read_scores(self, image_id: str) -> list[float | None]:
        """Read the scores of a sound image's segments as the file has them, in 64 bits; None for each without one."""
        segments = read_entry(self.path, self.find_place(image_id))["segments"]
        return [None if segment.get("score") is None else float(segment["score"]) for segment in segments]

    def read_size(self, image_id: str) -> tuple[int, int]:
        """Read height and width of the masks of an image without faults."""
        entry = read_entry(self.path, self.find_place(image_id))
        return int(entry["height"]), int(entry["width"])

    def read_true_segments(self, image_id: str) -> Described | None:
        """Read what the file says of the true segments of an image."""
        entry = read_entry(self.path, self.find_place(image_id))
        if entry.get("oracle") is None:
            return None
        entry |= {"segments": [], "heap_ids": None, "label_map": None}  # those of the image were read with its masks
        vectors = self._read_described(image_id)
        parsed = parse_image(self.describe_place(image_id), entry, self.path.parent, None, vectors)
        return require_sound(parsed).oracle

    def read_embeddings(self, image_id: str) -> np.ndarray | None:
        """Read the embeddings of an image's segments, without its masks."""
        place = self.find_place(image_id)
        if self.is_inline:
            return self._read_inline(image_id, "segments") if self.has_embeddings(image_id) else None
        return self._fetch_vectors(str(place.position), place.segments)

    def has_embeddings(self, image_id: str) -> bool:
        """Whether there are embeddings of an image's segments, without reading them."""
        place = self.find_place(image_id)
        if self.is_inline:
            return place.embedded or not place.segments
        return self._archive is not None and str(place.position) in self._archive

    def list_faults(self) -> Iterator[str]:
        """List everything that is wrong with the file, image by image."""
        yield from map(escape_for_terminal, self._index.faults)
        try:
            self._archive  # noqa: B018
        except UserError as error:
            yield str(error)
            return
        for image_id in self._index.places:
            try:
                yield from map(escape_for_terminal, self._parse(image_id).faults)
            except UserError as error:  # of embeddings
                yield str(error)

    def find_unembedded(self) -> Iterator[str]:
        """Find embeddings that some images lack or that differ in width: no fault of the format, but ST stops there."""
        some, first = any(map(self.has_embeddings, self._index.places)), None
        for image_id in self._index.places:
            rows = self.read_embeddings(image_id)
            if rows is not None and len(rows):
                first = first or rows.shape[1]
                if rows.shape[1] != first:
                    widths = f"embeddings of {rows.shape[1]} numbers, but those of other images have {first}"
                    yield f"{self.describe_place(image_id)}: {widths}"
            elif rows is None and some and self.read_texts(image_id):
                place = self.describe_place(image_id)
                yield f"{place}: has no embeddings, but other images have; ST needs those of all"

    def find_unscored(self) -> Iterator[str]:
        """Find images whose segments have no score: no fault of the format, but overlap=highest_score stops there."""
        for image_id in self._index.places:
            prediction = self._parse(image_id).segments
            if prediction is not None and len(prediction) and prediction.scores is None:
                yield f"{self.describe_place(image_id)}: score.overlap=highest_score needs a 'score' for each segment"

    def describe_place(self, image_id: str) -> str:
        """Describe where an image stands, for messages: file and image."""
        return describe_place(self.path, self.find_place(image_id), image_id)

    def _stop_at_first_fault(self) -> None:
        if self._index.faults:
            raise UserError(self._index.faults[0])

    def _parse(self, image_id: str) -> ParsedImage:
        place = self.find_place(image_id)
        vectors = self.read_embeddings(image_id), self._read_described(image_id)
        return parse_image(self.describe_place(image_id), read_entry(self.path, place), self.path.parent, *vectors)

    def _read_described(self, image_id: str) -> np.ndarray | None:
        place = self.find_place(image_id)
        if self.is_inline:
            return self._read_inline(image_id, "oracle") if place.true_embedded else None
        return self._fetch_vectors(f"{place.position}.oracle", place.described)

    def _read_inline(self, image_id: str, key: str) -> np.ndarray:
        """Read the embeddings that stand in an image's own entry, of its segments or its true segments."""
        entry = read_entry(self.path, self.find_place(image_id))
        return read_rows(self.describe_place(image_id) + ", true segments" * (key == "oracle"), entry.get(key) or [])

    @property
    def is_inline(self) -> bool:
        """Whether embeddings stand in the file itself."""
        options = self.head.get("embeddings")
        return isinstance(options, dict) and options.get("inline") is True

    def _fetch_vectors(self, key: str, rows: int) -> np.ndarray | None:
        archive = self._archive
        if archive is None or key not in archive:
            return None
        try:
            vectors = archive.read(key, rows)
        except ValueError as error:
            raise UserError(f"{archive.path}: embeddings {key!r} cannot be read ({error})") from error
        if vectors.ndim != 2 or len(vectors) != rows or not np.issubdtype(vectors.dtype, np.floating):
            return vectors  # zeros that stand for its shape and type
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is told as that
            return vectors.astype(np.float32)

    @cached_property
    def _archive(self) -> Archive | None:
        """The npz beside the file, opened and not read; None where there is none."""
        options = self.head.get("embeddings")
        if options is None or self.is_inline:
            return None
        if not isinstance(options, dict) or not isinstance(options.get("file"), str) or not Path(options["file"]).name:
            raise UserError(f"{self.path}: embeddings: 'file' is missing; name the npz beside it, or say inline: true")
        if not isinstance(options.get("model", ""), str | None):
            raise UserError(f"{self.path}: embeddings: 'model' should be a text but is {options['model']!r:.40}")
        if halves := [key for key in ("file", "model") if has_half_character(str(options.get(key)))]:
            raise UserError(f"{self.path}: embeddings: {halves[0]!r} holds half a character")
        name = Path(options["file"]).name
        try:
            path = find_beside(self.path.parent, name)
            same = options.get("sha256") is None or hash_file(path) == options["sha256"]
        except (BadSample, OSError) as error:
            place = self.path.parent / name
            reason = str(error).removeprefix(f"{place}: ")
            hint = "; copy it there under this name: the predictions name it" if reason == "file is missing" else ""
            raise UserError(f"{place}: embeddings of {self.path.name} cannot be read ({reason}){hint}") from error
        if not same:
            raise UserError(f"{path}: not the embeddings that {self.path.name} was written with; write both again")
        return Archive(path, self.path.name)


def read_entry(path: Path, place: Place) -> dict[str, Any]:
    """Read one image of a file as JSON, by its byte offset."""
    try:
        entry: dict[str, Any] = json.loads(read_bytes(path, place).decode("utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: was changed while it was read; run the command again") from error
    return entry


def read_bytes(path: Path, place: Place) -> bytes:
    """Read one image of a file as it stands there. Raises UserError where the file was changed since it was indexed."""
    try:
        with path.open("rb") as stream:
            stream.seek(place.offset)
            content = stream.read(place.length)
    except OSError as error:
        raise UserError(f"{path}: predictions cannot be read ({error.strerror})") from error
    if len(content) < place.length:
        raise UserError(f"{path}: became shorter while it was read; run the command again")
    return content


def describe_place(path: Path, place: Place, image_id: str) -> str:
    """Describe where an image stands, for messages: file and image."""
    return f"{path}: image {place.position} ({image_id})"


def require_sound(parsed: ParsedImage) -> ParsedImage:
    """Require what was read of an image to have no fault. Raises UserError with its first fault where there is one."""
    if parsed.segments is None:
        more = len(parsed.faults) - 1
        rest = f" (and {more} more faults in this image; `zgs score FILE --check` lists all)" if more else ""
        raise UserError(parsed.faults[0] + rest)
    return parsed
