"""Section 4.4, data: whether a prepared set is what `zgs prepare` left, by the checksums that it left beside it.

Each row has a digest of its id, image bytes and label map, which is compared when an image is loaded; the digests in
their order make the set's fingerprint. It stands in ``zgs.json``, which has checksums of the Arrow files and of itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.system.hashing import hash_file

DIGEST = "digest"
"""The column; sets of earlier versions have none."""


def hash_row(image_id: str, image: bytes, label: np.ndarray, objects: np.ndarray | None = None) -> bytes:
    """Hash one row by sha256; arrays go in with their shape, as little-endian 16-bit numbers.

    ``objects`` only where the set has any: the hash of a set without objects is that of earlier versions.
    """
    arrays = [label] if objects is None else [label, objects]
    parts = [f"{array.shape}".encode() + np.ascontiguousarray(array, "<u2").tobytes() for array in arrays]
    hashed = [hashlib.sha256(part).digest() for part in (image_id.encode(), image, *parts)]
    return hashlib.sha256(b"".join(hashed)).digest()


def hash_ids(ids: Iterable[str]) -> str:
    """Hash the ids of all rows in their order: digests go by content and tell no id that changed on disk."""
    lengths = (f"{len(image_id)}:{image_id}" for image_id in ids)
    return hashlib.sha256("".join(lengths).encode("utf-8", "surrogateescape")).hexdigest()


def has_digests(table: Any) -> bool:
    """Whether a set was prepared with a digest for each row."""
    return DIGEST in table.column_names


def has_digests_of(table: Any, about: Mapping[str, Any]) -> bool:
    """Whether ids and digests of all rows are those that were prepared; True of a set that has none."""
    if not has_digests(table):
        return True
    if "ids" in about and hash_ids(table["image_id"]) != about["ids"]:
        return False
    digests = [bytes(digest or b"") for digest in table[DIGEST]]
    return hashlib.sha256(b"".join(digests)).hexdigest() == about["fingerprint"]


def hash_arrow_files(folder: Path) -> dict[str, str]:
    """Hash the files that hold the rows: checksums by name."""
    hashes = {}
    for path in sorted(folder.glob("*.arrow")):
        hashes[path.name] = hash_file(path)
    return hashes


def check_files(folder: Path, about: Mapping[str, Any], remedy: str) -> None:
    """Raise UserError for the first file of rows that is not as it was written, to the last byte."""
    known = about.get("files")
    if known is None:
        return
    hashes = hash_arrow_files(folder)
    for name in sorted({*known, *hashes}):
        if known.get(name) != hashes.get(name):
            raise UserError(f"{folder / name}: not as it was prepared (its checksum does not fit); {remedy}")
