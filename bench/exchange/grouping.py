"""Results of a long list brought together by image, in the order in which images come first, in little memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np

from bench.errors import UserError
from bench.exchange.image_names import Id
from bench.exchange.json_files import stream_list
from bench.exchange.notes import Notes


class Result(Protocol):
    """One result: the image that it is of."""

    image_id: Id


R = TypeVar("R", bound=Result)


def group_by_image(
    path: Path, kind: type[R], notes: Notes, key: str = "image_id"
) -> Iterator[tuple[Id, list[tuple[int, R]]]]:
    """Group the results of a file by image: its id, called ``key`` there, and each result with its place in the file.

    The file is read twice: first for the ids alone, then, where the results of each image stand together, from front
    to back. Where they do not, results are fetched by their places. Raises UserError for a damaged file, and where an
    id is a number here and a text there.
    """
    ids, together = _read_ids(path, key)
    notes.expected = int(ids.max()) + 1 if len(ids) else 0
    if together:
        yield from _group_neighbours(path, kind)
    else:
        yield from _fetch_groups(path, kind, ids)


def _read_ids(path: Path, key: str) -> tuple[np.ndarray, bool]:
    """Read for each result the place of its image among all images, and whether those of an image are neighbours."""
    image_of: Any = msgspec.defstruct("ImageOf", [("image_id", Id)], rename={"image_id": key})
    places: dict[Id, int] = {}
    numbers, together, last = [], True, -1
    for batch in stream_list(path, image_of):
        for result in batch:
            place = places.setdefault(result.image_id, len(places))
            together &= place in (last, len(places) - 1)
            last = place
            numbers.append(place)
    _check_types(path, places, numbers)
    return np.array(numbers, np.int64), together


def _check_types(path: Path, places: dict[Id, int], numbers: list[int]) -> None:
    for image_id, place in places.items():
        if isinstance(image_id, str) and image_id.isascii() and image_id.isdigit() and int(image_id) in places:
            other = places[int(image_id)]
            at, before = sorted((numbers.index(place), numbers.index(other)), reverse=True)
            raise UserError(
                f"{path}: image {image_id} is the number {image_id} and the text {image_id!r}, in the results "
                f"{before} and {at}; write one of both everywhere"
            )


def _group_neighbours(path: Path, kind: type[R]) -> Iterator[tuple[Id, list[tuple[int, R]]]]:
    results = enumerate(result for batch in stream_list(path, kind) for result in batch)
    for image_id, group in groupby(results, key=lambda pair: pair[1].image_id):
        yield image_id, list(group)


def _fetch_groups(path: Path, kind: type[R], images: np.ndarray) -> Iterator[tuple[Id, list[tuple[int, R]]]]:
    """Fetch the results of one image after the other by their places in bytes."""
    offsets, lengths = _find_places(path)
    order = np.argsort(images, kind="stable")
    firsts: Any = np.flatnonzero(np.append(True, np.diff(images[order]) > 0)) if len(order) else []
    decode: Any = msgspec.json.Decoder(kind)
    with path.open("rb") as stream, _say_place(path) as at:
        for group in np.split(order, firsts[1:]) if len(order) else ():
            found = []
            for at.place in group.tolist():
                stream.seek(offsets[at.place])
                found.append((at.place, decode.decode(stream.read(lengths[at.place]))))
            yield found[0][1].image_id, found


def _find_places(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Find where each result begins in the file, and how many bytes it has."""
    raw = [np.zeros(0, np.int64)]
    for batch in stream_list(path, msgspec.Raw):
        raw.append(np.array([memoryview(one).nbytes for one in batch], np.int64))
    lengths = np.concatenate(raw)
    offsets, at = np.zeros(len(lengths), np.int64), 0
    with path.open("rb") as stream:
        window, base = b"", 0
        for place, length in enumerate(lengths.tolist()):
            while (begin := window.find(b"{", at - base)) < 0 or begin + length > len(window):
                window, base = window[at - base :], at
                fresh = stream.read(max(1 << 20, len(window)))
                if not fresh:
                    raise UserError(f"{path}: was changed while it was read; run the command again")
                window += fresh
            offsets[place], at = base + begin, base + begin + length
    return offsets, lengths


class _At:
    place = 0


@contextlib.contextmanager
def _say_place(path: Path) -> Iterator[_At]:
    """Name the result of which the decoder says that it cannot be read."""
    at = _At()
    try:
        yield at
    except msgspec.DecodeError as error:
        raise UserError(f"{path}: result {at.place}: {error}") from error
