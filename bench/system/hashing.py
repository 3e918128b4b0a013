"""What a file holds as one number: two files with the same hash are the same file; no part of the paper."""

from __future__ import annotations

import hashlib
from pathlib import Path


def hash_file(path: str | Path) -> str:
    """Read a whole file and return its sha256 in hexadecimal; raises OSError where it cannot be read."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
