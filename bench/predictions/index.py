"""Predictions on disk, first look: where each image stands in the file, in constant memory and without its masks.

A file is read once from front to back, one image in memory at a time; afterwards every image is read by its byte
offset, so that no worker reads the whole file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from bench.data.files import compose
from bench.errors import UserError
from bench.predictions.inline import have_rows
from bench.text.characters import has_half_character

FORMAT = "zgs-predictions/1"
LINES = (".jsonl", ".ndjson")
"""Endings of files with one JSON value a line; the first line is the head."""
_CHUNK = 1 << 20
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Place:
    """Where an image stands: its position in the list, its bytes in the file, and what other files hold of it.

    ``segments`` and ``described`` (true segments) are how many rows its embeddings may have; ``label_map`` is the name
    of its label map, as the entry was parsed; ``embedded`` and ``true_embedded`` say whether segments and true segments
    have embeddings of their own in the file.
    """

    position: int
    offset: int
    length: int
    segments: int = 0
    described: int = 0
    label_map: str | None = None
    embedded: bool = False
    true_embedded: bool = False


@dataclass
class Index:
    """``head`` is what a file says beside its images; ``faults`` are those that were seen on the way."""

    head: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def read_index(path: Path) -> Index:
    """Find all images of a file. Raises UserError where it cannot be read to its end or is of another format."""
    index = Index()
    try:
        with path.open("rb") as stream:
            start = len(_BOM) if stream.read(len(_BOM)) == _BOM else 0
            stream.seek(start)
            entries = (
                _read_lines(path, stream, index) if path.suffix.lower() in LINES else _read_document(stream, index)
            )
            for position, (offset, raw) in enumerate(entries):
                _note_image(path, index, Place(position, offset, len(raw)), raw)
    except OSError as error:
        raise UserError(f"{path}: predictions cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not a JSON file ({error})") from error
    index.faults += _check_head(path, index.head)
    if index.head.get("format") != FORMAT:
        raise UserError(
            f'{path}: not predictions that can be scored; the file must say "format": "{FORMAT}" '
            "(what another tool wrote: zgs import)"
        )
    return index


def _check_head(path: Path, head: dict[str, Any]) -> list[str]:
    about = head.get("about", {})
    if not isinstance(about, dict):
        return [f"{path}: 'about' should be an object"]
    texts = [(key, value) for key, value in about.items() if isinstance(value, str)]
    return [f"{path}: 'about.{key}' holds half a character" for key, value in texts if has_half_character(key + value)]


def _note_image(path: Path, index: Index, place: Place, raw: bytes) -> None:
    where = f"{path}: image {place.position}"
    try:
        entry = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        index.faults.append(f"{where}: cannot be read as JSON ({error})")
        return
    image_id = entry.get("image_id") if isinstance(entry, dict) else None
    if not isinstance(entry, dict):
        index.faults.append(f"{where}: should be an object with 'image_id' but is {type(entry).__name__}")
    elif "image_id" not in entry:
        index.faults.append(f"{where}: 'image_id' is missing")
    elif not isinstance(image_id, str):
        index.faults.append(f"{where}: 'image_id' should be a text but is {image_id!r:.40}")
    elif has_half_character(image_id):
        index.faults.append(f"{where}: 'image_id' holds half a character: {image_id!r:.40}")
    elif compose(image_id) in index.places:
        index.faults.append(f"{where}: image {image_id!r} stands there twice; keep one")
    else:
        segments, described = (
            len(entry[key]) if isinstance(entry.get(key), list) else 0 for key in ("segments", "oracle")
        )
        named = entry["label_map"] if isinstance(entry.get("label_map"), str) else None
        inlined = {"embedded": have_rows(entry.get("segments")), "true_embedded": have_rows(entry.get("oracle"))}
        known = replace(place, segments=segments, described=described, label_map=named, **inlined)
        index.places[compose(image_id)] = known


def _read_lines(path: Path, stream: BinaryIO, index: Index) -> Iterator[tuple[int, bytes]]:
    """Read the lines after the first, which is the head; empty lines say nothing."""
    offset, head = stream.tell(), True
    for line in stream:
        if line.strip():
            if head:
                entry = json.loads(line.decode("utf-8"))
                index.head, head = (entry if isinstance(entry, dict) else {}), False
                if index.head.get("format") != FORMAT:
                    return
            else:
                yield offset, line
        offset += len(line)


def _read_document(stream: BinaryIO, index: Index) -> Iterator[tuple[int, bytes]]:
    """Read the elements of "images" in a JSON object; its other keys go to the head."""
    text = _Window(stream)
    if text.peek() != "{":
        return
    separator = text.skip()
    while separator != "}" and text.peek() != "}":
        key = text.read_value()
        text.take(":")
        if key == "images" and text.peek() == "[":
            text.skip()
            yield from _read_elements(text)
            index.head["images"] = True
        else:
            index.head[str(key)] = text.read_value()
        separator = text.take(",}")
    if index.head.get("format") == FORMAT and index.head.get("images") is not True:
        what = "is missing" if "images" not in index.head else "should be a list"
        index.faults.append(f"{stream.name}: 'images' {what}")


def _read_elements(text: _Window) -> Iterator[tuple[int, bytes]]:
    separator = text.skip() if text.peek() == "]" else ","
    while separator == ",":
        _, offset, raw = text.take_value()
        yield offset, raw
        separator = text.take(",]")


class _Window:
    """A window over a file. One character stands for one byte (Latin-1), so that positions are byte offsets."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.text, self.at, self.base = stream, "", 0, stream.tell()
        self.decoder = json.JSONDecoder()

    def read_more(self) -> bool:
        """Read further ahead, twice as far each time, and let go of what was read; False at the end of the file."""
        kept = self.text[self.at :]
        fresh = self.stream.read(max(_CHUNK, len(kept)))
        if fresh:
            self.base, self.text, self.at = self.base + self.at, kept + fresh.decode("latin-1"), 0
        return bool(fresh)

    def peek(self) -> str:
        """Peek at the next character that is no space, "" at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
                self.at += 1
            if self.at < len(self.text) or not self.read_more():
                return self.text[self.at : self.at + 1]

    def skip(self) -> str:
        """Take the next character."""
        char = self.peek()
        self.at += 1
        return char

    def take(self, chars: str) -> str:
        """Take the next character, which must be one of some."""
        char = self.peek()
        if not char or char not in chars:
            raise ValueError(f"expected one of {chars} at byte {self.base + self.at}, found {char or 'the end'}")
        return self.skip()

    def take_value(self) -> tuple[Any, int, bytes]:
        """Take a JSON value; what it is, its byte offset, its bytes."""
        self.peek()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if not self.read_more():
                    said = error.msg.removesuffix(" starting at")
                    raise ValueError(f"{said} at byte {self.base + error.pos}") from None
                continue
            if end + len("e+1") > len(self.text) and self.read_more():  # a number may go on
                continue
            raw, offset = self.text[self.at : end].encode("latin-1"), self.base + self.at
            self.at = end
            return value, offset, raw

    def read_value(self) -> Any:
        """Take a JSON value and read its text as what it is."""
        return json.loads(self.take_value()[2].decode("utf-8"))
