"""JSON as large tools write it: a long list streamed piece by piece in little memory, and whole small files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bench.errors import UserError

T = TypeVar("T")
CHUNK = 4 << 20
"""Bytes that are read at a time."""
LONGEST = 1 << 28
"""Bytes of one element of a list at most; longer ones are no result of an image."""
_NEXT = re.compile(rb"\}\s*,\s*\{")
_BETWEEN = re.compile(r"[ \t\r\n,]*")
_BLANK = b" \t\r\n"
BOM = b"\xef\xbb\xbf"
"""What some systems write before UTF-8."""


def read_json(path: Path) -> Any:
    """Read a small file. Raises UserError where it is none, or half of one."""
    try:
        return msgspec.json.decode(path.read_bytes().removeprefix(BOM))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{path}: {describe_damage(path, error)}") from error


def describe_damage(path: Path, error: Exception) -> str:
    """Describe in half a sentence why a file is no JSON."""
    if "truncated" in str(error):
        size = path.stat().st_size if path.exists() else 0
        return f"ends in the middle, after {size:,} bytes (half a file?); copy it or write it again"
    return f"is no JSON ({str(error)[:120]}); NaN and single quotes are none, write it with json.dump"


def starts_list(path: Path) -> bool:
    """Whether the first sign of a file is that of a JSON list."""
    try:
        with path.open("rb") as stream:
            return stream.read(4096).removeprefix(BOM).lstrip(_BLANK)[:1] == b"["
    except OSError:
        return False


def describe_first(path: Path) -> dict[str, Any] | None:
    """Read what tells a file's kind: the first object of a list, or an object whose lists are cut to their first.

    None for what is neither, and for a damaged file, of which nothing is told here. Of a long list only the beginning
    is read.
    """
    try:
        if path.suffix.lower() != ".json" or not path.is_file():
            return None
        state = path.stat()
        return _describe_first(path, state.st_mtime_ns, state.st_size)
    except OSError:
        return None


@lru_cache(maxsize=8)  # every kind asks
def _describe_first(path: Path, _changed: int, _size: int) -> dict[str, Any] | None:
    try:
        with path.open("rb") as stream:
            begin = stream.read(CHUNK).removeprefix(BOM).lstrip(_BLANK)
        if begin[:1] == b"[":
            first = _read_first(begin)
            return first if isinstance(first, dict) else None
        parts = msgspec.json.decode(path.read_bytes().removeprefix(BOM), type=dict[str, msgspec.Raw])
        return {key: _cut_to_first(bytes(raw)) for key, raw in parts.items()}
    except (OSError, ValueError, RecursionError, msgspec.DecodeError):
        return None


def _cut_to_first(text: bytes) -> Any:
    if text[:1] != b"[":
        return msgspec.json.decode(text)
    return [_read_first(text)] if text[1:].lstrip(_BLANK)[:1] != b"]" else []


def _read_first(text: bytes) -> Any:
    """Read the first element of a list."""
    found, _ = json.JSONDecoder().raw_decode(text[1 : CHUNK + 1].decode("utf-8", "replace").lstrip())
    return found


def stream_list(path: Path, kind: type[T], decoder: msgspec.json.Decoder[list[T]] | None = None) -> Iterator[list[T]]:
    """Stream the objects of a JSON list in batches, in order, each decoded as ``kind`` (a type of msgspec).

    A chunk is cut behind an object that another follows. Whether a place is such a one is told by decoding: inside of
    a text or of an inner list the piece would not be whole. Raises UserError that names the file and the first object
    which is damaged or has not the fields of ``kind``, by its place from 0.
    """
    decode, done = decoder or msgspec.json.Decoder(list[kind]), 0  # type: ignore[valid-type]
    try:
        for piece, decoded in _cut_list(path, decode):
            try:
                batch = decode.decode(piece) if decoded is None else decoded
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise UserError(_describe_fault(path, piece, error, done)) from error
            done += len(batch)
            yield batch
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error


def _cut_list(path: Path, decoder: msgspec.json.Decoder[list[T]]) -> Iterator[tuple[bytes, list[T] | None]]:
    """Cut a file with a list of objects into pieces that are lists of whole objects, decoded where that was tried."""
    with path.open("rb") as stream:
        kept = stream.read(CHUNK).removeprefix(BOM).lstrip(_BLANK)
        if not kept.startswith(b"["):
            raise UserError(f"{path}: should be a list of results, [{{…}}, …]")
        kept = kept[1:]
        while fresh := stream.read(max(CHUNK, len(kept))):
            kept += fresh
            end, batch = _decode_to_last(kept, decoder)
            end = end or _find_cut(kept)
            if end:
                yield b"[" + kept[:end] + b"]", batch
                kept = kept[end:].lstrip(_BLANK)[1:]  # what follows is a comma
            elif len(kept) > LONGEST:
                raise UserError(f"{path}: holds an object of more than {LONGEST:,} bytes; write one for each segment")
        yield b"[" + kept, None


def _decode_to_last(text: bytes, decoder: msgspec.json.Decoder[list[T]]) -> tuple[int, list[T] | None]:
    """Decode all objects up to the last that another seems to follow: its end, and the objects; 0 where that fails."""
    at = len(text)
    for _ in range(64):
        if (at := text.rfind(b"}", 0, at)) < 0:
            break
        if _NEXT.match(text, at):
            try:
                return at + 1, decoder.decode(b"[" + text[: at + 1] + b"]")
            except (msgspec.DecodeError, UnicodeDecodeError):
                break  # damaged, or no such place: `_find_cut` looks closer
    return 0, None


def _find_cut(text: bytes) -> int:
    """Find the end of the last whole object that another follows; 0 where there is none."""
    end = len(text)
    for _ in range(64):
        at = text.rfind(b"}", 0, end)
        if at < 0:
            return 0
        if _NEXT.match(text, at) and _is_whole(b"[" + text[: at + 1] + b"]"):
            return at + 1
        end = at
    cuts = [match.start() + 1 for match in _NEXT.finditer(text)]  # rare: long inner lists of objects
    return next((cut for cut in reversed(cuts) if _is_whole(b"[" + text[:cut] + b"]")), 0)


def _is_whole(text: bytes) -> bool:
    """Whether a piece is cut at the right place; one that is damaged before its end counts, its reader will tell."""
    try:
        msgspec.json.decode(text, type=list[msgspec.Raw])
    except msgspec.DecodeError as error:
        place = re.search(r"\(byte ([0-9]+)\)", str(error))
        return place is not None and int(place[1]) < len(text) - 1
    return True


def _describe_fault(path: Path, piece: bytes, error: Exception, done: int) -> str:
    """Describe the first object of a piece that cannot be read: its place in the list, and its image."""
    match = re.fullmatch(r"(.*) - at `\$\[([0-9]+)\](.*)`", str(error))
    if match:
        said, at, field = match[1], int(match[2]), match[3].lstrip(".")
        return f"{path}: result {done + at}{_name_image(piece, at)}: {field or 'it'}: {_translate(said)}"
    if missing := re.fullmatch(r"(.*)`\$\[([0-9]+)\]`", str(error)):
        return f"{path}: result {done + int(missing[2])}{_name_image(piece, int(missing[2]))}: {_translate(missing[1])}"
    whole = _count_whole(piece)
    if "truncated" in str(error):
        return f"{path}: ends in the middle of result {done + whole} (half a file?); copy it or write it again"
    hint = "NaN and Infinity are none" if re.search(rb"\b(NaN|Infinity)\b", piece) else "write it with json.dump"
    return f"{path}: result {done + whole} is no JSON ({str(error)[:120]}); {hint}"


def _count_whole(piece: bytes) -> int:
    """Count the objects of a damaged list that are whole."""
    done, at, text, decoder = 0, 1, piece.decode("latin-1"), json.JSONDecoder(parse_constant=_refuse)
    try:
        while True:
            begin, (_, at) = at, decoder.raw_decode(text, at)
            msgspec.json.decode(text[begin:at].encode("latin-1"))
            done, at = done + 1, _BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
    except (ValueError, RecursionError, msgspec.DecodeError):
        return done


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _name_image(piece: bytes, at: int) -> str:
    try:
        entry = msgspec.json.decode(msgspec.json.decode(piece, type=list[msgspec.Raw])[at])
        return f" (image {entry['image_id']!r:.60})"
    except (msgspec.DecodeError, KeyError, TypeError, IndexError):
        return ""


def _translate(said: str) -> str:
    """Say in our words what msgspec says of a type."""
    return said.replace("Object missing required field", "lacks the field").replace("Expected", "should be").strip(" -")
