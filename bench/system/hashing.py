"""What a file holds as one number: two files with the same hash are the same file; no part of the paper."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_SMALL = 1 << 20
"""Bytes of a file that is read at once; a larger one takes a buffer that is made for it alone."""


def hash_file(path: str | Path) -> str:
    """Read a whole file and return its sha256 in hexadecimal; raises OSError where it cannot be read."""
    with open(path, "rb") as stream:
        if 0 < os.fstat(stream.fileno()).st_size <= _SMALL:
            return hashlib.sha256(stream.read()).hexdigest()
        return hashlib.file_digest(stream, "sha256").hexdigest()
