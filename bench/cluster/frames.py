"""Results one behind the other in a file that grows on a shared disk, whole or not at all; no part of the paper."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

LENGTH, DIGEST = 8, 32
"""Bytes before a result: how long it is, and its sha256."""


def append_frame(file: BinaryIO, value: Any) -> None:
    """Append a result, and see that it is on the disk."""
    content = pickle.dumps(value)
    file.write(len(content).to_bytes(LENGTH, "big") + hashlib.sha256(content).digest() + content)
    file.flush()
    os.fsync(file.fileno())


class FrameReader:
    """Reads what has been appended since the last time."""

    def __init__(self, path: Path) -> None:
        self.path, self._at = path, 0

    def read(self) -> Iterator[Any]:
        """Read the results that are whole; one that is still being written is left for the next time."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._at)
                content = file.read()
        except FileNotFoundError:
            return
        while len(content) >= LENGTH + DIGEST:
            end = LENGTH + DIGEST + int.from_bytes(content[:LENGTH], "big")
            own = content[LENGTH + DIGEST : end]
            if len(content) < end or hashlib.sha256(own).digest() != content[LENGTH : LENGTH + DIGEST]:
                return
            self._at += end
            content = content[end:]
            yield pickle.loads(own)
