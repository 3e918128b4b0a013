"""Predictions on disk: the npz of embeddings, each member bounded by what its image may have before it is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from bench.data.headers import compute_size, read_array_header
from bench.errors import UserError

WIDEST = 16_384
"""Numbers of one embedding; CLIP's have 512 to 1,280."""
_HEADER = 10_000
"""Bytes that stand before the numbers of an array at most."""
_WIDE = 16
"""Bytes of the widest floating-point number."""


class Archive:
    """The arrays of an npz by name, opened and not read. Raises UserError for a file that is none."""

    def __init__(self, path: Path, of: str) -> None:
        self.path = path
        try:
            if not zipfile.is_zipfile(path):
                raise ValueError("no npz; write one with np.savez")
            self._zip = zipfile.ZipFile(path)
        except Exception as error:  # zipfile raises BadZipFile, struct.error, NotImplementedError and more
            raise UserError(f"{path}: embeddings of {of} cannot be read ({str(error)[:120]})") from error
        self._members = {info.filename.removesuffix(".npy"): info for info in self._zip.infolist()}

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str, rows: int) -> np.ndarray:
        """Read the array ``name``, of ``rows`` embeddings.

        Where the array says that it has other sizes, or is no array of floating-point numbers, only its header is
        read: zeros of its shape and type come back, which take no memory. Raises ValueError for what is too large or
        damaged.
        """
        info = self._members[name]
        most = max(1, rows) * WIDEST * _WIDE + _HEADER
        if info.file_size > most:
            raise ValueError(
                f"{info.file_size} bytes when unpacked, for {rows} segments; at most {WIDEST} numbers each"
            )
        try:
            with self._zip.open(info) as stream:
                shape, dtype = read_array_header(stream)
                if len(shape) != 2 or shape[0] != rows or not np.issubdtype(dtype, np.floating):
                    return np.broadcast_to(np.zeros((), dtype), shape)
            if compute_size(shape, dtype) > info.file_size:
                raise ValueError(f"its header says {list(shape)}, which is more than it holds")
            with self._zip.open(info) as stream:
                array: np.ndarray = np.lib.format.read_array(stream, allow_pickle=False)
                stream.read(1)  # at the end its checksum is compared
                return array
        except Exception as error:  # zipfile and its decompressors raise each their own
            raise ValueError(str(error)[:120] or type(error).__name__) from error
