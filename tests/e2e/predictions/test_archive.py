"""Embeddings in an npz: each bounded by the segments of its image before a byte of it is unpacked."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.predictions.archive import WIDEST, Archive
from bench.predictions.source import PredictionFile
from tests.e2e.commands.theirs import IMAGES, write


def archive(path: Path, **arrays: np.ndarray) -> Archive:
    np.savez_compressed(path, **arrays)
    return Archive(path, "p.json")


def npy(array: np.ndarray, shape: str | None = None) -> bytes:
    """An array as NumPy writes it, with another shape in its header."""
    stream = io.BytesIO()
    np.save(stream, array)
    told = f"{array.shape}"
    content = stream.getvalue()
    if shape is None:
        return content
    at = content.index(told.encode())
    return content[:at] + shape.encode() + content[at + len(told) :].replace(b" " * (len(shape) - len(told)), b"", 1)


def test_what_fits_is_read(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).random((3, 5))
    for dtype in (np.float16, np.float32, np.float64):
        assert (archive(tmp_path / "a.npz", **{"0": rows.astype(dtype)}).read("0", 3) == rows.astype(dtype)).all()
    assert archive(tmp_path / "b.npz", **{"0": np.zeros((0, 5), np.float32)}).read("0", 0).shape == (0, 5)
    widest = archive(tmp_path / "c.npz", **{"0": np.zeros((1, WIDEST), np.float32)})
    assert widest.read("0", 1).shape == (1, WIDEST) and "0" in widest and "1" not in widest


def test_a_member_that_unpacks_to_more_than_its_segments_may_have_is_not_unpacked(tmp_path: Path) -> None:
    large = archive(tmp_path / "a.npz", **{"0": np.zeros((40, WIDEST), np.float32)})
    assert (tmp_path / "a.npz").stat().st_size < 10_000, "a thousandth of what it unpacks to"
    with pytest.raises(ValueError, match="2621568 bytes when unpacked, for 2 segments"):
        large.read("0", 2)


def test_another_shape_or_type_is_told_from_the_header_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("0.npy", npy(np.zeros((2, 5), np.float32), "(2000000000, 5)"))
        file.writestr("1.npy", npy(np.zeros((2, 5), np.float32), "(2, 5000)"))
        file.writestr("2.npy", npy(np.zeros((2, 5), np.int64)))
    found = Archive(path, "p.json")
    assert found.read("0", 2).shape == (2_000_000_000, 5) and found.read("0", 2).strides == (0, 0), "no memory"
    with pytest.raises(ValueError, match="says \\[2, 5000\\], which is more than it holds"):
        found.read("1", 2)
    assert found.read("2", 2).dtype == np.int64


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="an array of Python objects"):
        archive(tmp_path / "a.npz", **{"0": np.array([[{}, []]], object)}).read("0", 1)


def test_each_fault_is_one_line_that_names_the_file(tmp_path: Path, capsys: Any) -> None:
    file = write(tmp_path / "p.json", IMAGES, embeddings={"file": "a.npz"})
    rows = {"0": np.ones((2, 4), np.float32), "1": np.zeros((9, 50_000), np.float32), "2": np.ones((1, 4))}
    np.savez_compressed(tmp_path / "a.npz", **rows)
    (fault,) = PredictionFile(file).list_faults()
    assert f"{tmp_path / 'a.npz'}: embeddings '1' cannot be read (1800128 bytes when unpacked" in fault
    whole = (tmp_path / "a.npz").read_bytes()
    for content in (b"", b"PK\x05\x06", whole[:-30], whole[: len(whole) // 2], b"\x93NUMPY" + bytes(90)):
        (tmp_path / "a.npz").write_bytes(content)
        (fault,) = PredictionFile(file).list_faults()
        assert f"{tmp_path / 'a.npz'}: embeddings of p.json cannot be read" in fault


def test_a_damaged_member_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    archive(path, **{"0": np.random.default_rng(0).random((4, 50)).astype(np.float32)})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError):
        Archive(path, "p.json").read("0", 4)
