"""Arrays in npz files of other tools: each looked at before it is unpacked, and nothing unpickled."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.booleans import describe_odd_bytes
from bench.data.files import is_hidden
from bench.data.headers import compute_size, read_array_header
from bench.errors import BadSample

LARGEST = 1 << 30
"""Bytes of one array: what masks of one image may take."""


class Arrays:
    """The arrays of an npz by name; opened by `open_arrays`."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self._zip = path, archive
        self.names = [info.filename.removesuffix(".npy") for info in archive.infolist()]

    def read(self, name: str) -> np.ndarray:
        """Read an array. Raises BadSample where it is too large, damaged, or holds Python objects or odd booleans."""
        info = self._zip.getinfo(f"{name}.npy")
        try:
            with self._zip.open(info) as stream:
                shape, dtype = read_array_header(stream)
            if max(compute_size(shape, dtype), info.file_size) > LARGEST:
                raise ValueError(f"shape {list(shape)} is more than {LARGEST:,} bytes")
            with self._zip.open(info) as stream:
                array: np.ndarray = np.lib.format.read_array(stream, allow_pickle=False)
            if fault := describe_odd_bytes(array):
                raise ValueError(fault)
            return array
        except Exception as error:  # zipfile and its decompressors raise each their own
            raise BadSample(f"{self.path}: array {name!r} cannot be read ({str(error)[:120]})") from error

    def read_text(self, name: str) -> str:
        """Read a text that was saved as an array of one."""
        array = self.read(name)
        if array.dtype.kind not in "US" or array.size != 1:
            raise BadSample(f"{self.path}: {name!r} should be one text (json) but is {array.dtype} {list(array.shape)}")
        value = array.reshape(-1)[0]
        return value.decode("utf-8") if isinstance(value, bytes) else str(value)


@contextmanager
def open_arrays(path: Path) -> Iterator[Arrays]:
    """Open an npz. Raises BadSample for a file that is none."""
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:  # BadZipFile, OSError, struct.error
        raise BadSample(f"{path}: no npz that can be read ({str(error)[:120]}); write it with np.savez") from error
    with archive:
        yield Arrays(path, archive)


def list_archives(path: Path) -> list[Path]:
    """List the npz files of a place: the file itself, or all below a folder."""
    if path.is_file():
        return [path] if path.suffix.lower() == ".npz" else []
    return sorted(file for file in path.rglob("*.npz") if not is_hidden(file.relative_to(path)))


def name_arrays(path: Path) -> set[str]:
    """Name the arrays of the first npz of a place; empty where there is none that can be read."""
    files = list_archives(path)
    try:
        with open_arrays(files[0]) as arrays:
            return set(arrays.names)
    except (BadSample, IndexError):
        return set()
