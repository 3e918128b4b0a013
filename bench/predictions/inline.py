"""Predictions on disk: embeddings that stand in the JSON itself, beside the text of each segment."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float32

from bench.errors import UserError
from bench.predictions.archive import WIDEST

KEY = "embedding"
"""Of a segment, or of what is said of a true one: base64 of float32 (little endian), or a list of numbers."""
_BYTES = 4


def add_rows(entries: Iterable[dict[str, Any]], rows: Float32[np.ndarray, "n d"] | None) -> None:
    """Add to each of n segments its embedding, exactly; nothing where there are none."""
    for entry, row in zip(entries, rows if rows is not None else (), strict=rows is not None):
        entry[KEY] = base64.b64encode(np.ascontiguousarray(row, "<f4").tobytes()).decode("ascii")


def have_rows(entries: Any) -> bool:
    """Whether any of some segments has an embedding of its own."""
    return isinstance(entries, list) and any(isinstance(each, Mapping) and KEY in each for each in entries)


def read_rows(where: str, entries: list[Any]) -> Float32[np.ndarray, "n d"]:
    """Read the embeddings of n segments. Raises UserError where one is missing, damaged or of another length."""
    rows = [_read_row(f"{where}, segment {at}", each) for at, each in enumerate(entries)]
    for at, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise UserError(f"{where}, segment {at}: 'embedding' has {len(row)} numbers, segment 0 has {len(rows[0])}")
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)


def _read_row(where: str, entry: Any) -> Float32[np.ndarray, " d"]:
    value = entry.get(KEY) if isinstance(entry, Mapping) else None
    if value is None:
        raise UserError(f"{where}: 'embedding' is missing; give all segments of an image one")
    row = _decode(where, value) if isinstance(value, str) else _convert(where, value)
    if not 0 < len(row) <= WIDEST:
        raise UserError(f"{where}: 'embedding' has {len(row)} numbers; from 1 to {WIDEST} are read")
    return row


def _decode(where: str, text: str) -> Float32[np.ndarray, " d"]:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UserError(f"{where}: 'embedding' is no base64 ({error})") from error
    if len(content) % _BYTES:
        raise UserError(f"{where}: 'embedding' has {len(content)} bytes, which are no float32 numbers")
    return np.frombuffer(content, "<f4").astype(np.float32)


def _convert(where: str, values: Any) -> Float32[np.ndarray, " d"]:
    if not isinstance(values, list) or not all(type(each) in (int, float) for each in values):
        raise UserError(f"{where}: 'embedding' should be a list of numbers, or base64 of float32")
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is told as that
        return np.array(values, np.float64).astype(np.float32)
