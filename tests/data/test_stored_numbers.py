"""Label files as tools write them: the numbers stored, never what a viewer makes of them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.data.images import read_labels
from bench.errors import BadSample
from tests.data.test_images import encoded, palette_picture, png

VALUES = np.array([[0, 1, 7, 255], [3, 3, 0, 20]], np.uint8)


def tiff(data: bytes, width: int, bits: int, sample: int = 1, photometric: int = 1) -> bytes:
    """A row of grey, written by hand. ``sample``: 1 unsigned, 2 signed, 3 floating; ``photometric`` 0: min is white."""
    tags = [(256, 4, width), (257, 4, 1), (258, 3, bits), (259, 3, 1), (262, 3, photometric), (273, 4, 8), (277, 3, 1),
            (278, 4, 1), (279, 4, len(data)), (339, 3, sample)]  # fmt: skip
    body = b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags))
    for tag, kind, value in tags:
        body += struct.pack("<HHIHH" if kind == 3 else "<HHII", tag, kind, 1, value, *[0] * (kind == 3))
    return body + struct.pack("<I", 0)


def labels(tmp_path: Path, content: bytes) -> np.ndarray:
    path = tmp_path / "mask"
    path.write_bytes(content)
    found = read_labels(path)
    assert found.dtype == np.int32
    return found


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_channels_that_agree_are_the_number(mode: str, kind: str, tmp_path: Path) -> None:
    assert np.array_equal(labels(tmp_path, encoded(Image.fromarray(VALUES).convert(mode), kind)), VALUES)


@pytest.mark.parametrize(("kind", "mode"), [("BMP", "RGB"), ("PPM", "RGB"), ("PPM", "L")])
def test_other_lossless_formats(kind: str, mode: str, tmp_path: Path) -> None:
    assert np.array_equal(labels(tmp_path, encoded(Image.fromarray(VALUES).convert(mode), kind)), VALUES)


@pytest.mark.parametrize("transparent", [None, 7, bytes([255, 0, 255, 9])])
def test_a_palette_with_transparency_keeps_its_indices(transparent: int | bytes | None, tmp_path: Path) -> None:
    more = {} if transparent is None else {"transparency": transparent}
    assert np.array_equal(labels(tmp_path, encoded(palette_picture(VALUES), "PNG", **more)), VALUES)


@pytest.mark.parametrize(
    ("content", "values"),
    [
        (tiff(np.array([0, -1, 5], np.int8).tobytes(), 3, 8, 2), [0, -1, 5]),
        (tiff(np.array([0, 255, 5], np.uint8).tobytes(), 3, 8), [0, 255, 5]),
        (tiff(np.array([0, -1, 300], np.int16).tobytes(), 3, 16, 2), [0, -1, 300]),
        (tiff(np.array([0, 65535, 300], np.uint16).tobytes(), 3, 16), [0, 65535, 300]),
        (tiff(np.array([0, -1, 70000], np.int32).tobytes(), 3, 32, 2), [0, -1, 70000]),
        (tiff(np.array([0, 2**32 - 1, 70000], np.uint32).tobytes(), 3, 32), [0, 2**31 - 1, 70000]),
        (tiff(np.array([0, 2, 300], np.float32).tobytes(), 3, 32, 3), [0, 2, 300]),
        (tiff(np.array([0, 1, 3], np.uint8).tobytes(), 3, 8, photometric=0), [0, 1, 3]),
        (tiff(np.array([0, 1, 3], np.uint16).tobytes(), 3, 16, photometric=0), [0, 1, 3]),
        (tiff(b"\x01\x5f", 4, 4), [0, 1, 5, 15]),
        (tiff(b"\x01\x5f", 4, 4, photometric=0), [0, 1, 5, 15]),
        (tiff(b"\x1b", 4, 2), [0, 1, 2, 3]),
        (tiff(b"\x60", 4, 1), [0, 1, 1, 0]),
        (tiff(b"\x60", 4, 1, photometric=0), [0, 1, 1, 0]),
    ],
)
def test_numbers_of_tiff_are_those_stored(content: bytes, values: list[int], tmp_path: Path) -> None:
    assert labels(tmp_path, content).tolist() == [values]


def half_transparent() -> bytes:
    return encoded(Image.fromarray(np.dstack([VALUES] * 3 + [np.where(VALUES, 255, 0).astype(np.uint8)])), "PNG")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (encoded(Image.new("RGB", (3, 2), (128, 0, 0)), "PNG"), r"pixel x=0 y=0 is \(128, 0, 0\); use the publisher"),
        (encoded(Image.new("RGBA", (3, 2), (1, 1, 2, 255)), "PNG"), "colours, not class numbers"),
        (half_transparent(), "partly transparent"),
        (encoded(Image.new("CMYK", (3, 2)), "TIFF"), "this is CMYK: colours"),
        (tiff(np.array([0, 1.5], np.float32).tobytes(), 2, 32, 3), "not all whole numbers, e.g. 1.5"),
        (tiff(np.array([0, np.nan], np.float32).tobytes(), 2, 32, 3), "not all whole numbers, e.g. nan"),
        (png(1, 1, 16, 2, b"\0" + struct.pack(">HHH", 300, 300, 300)), "16-bit RGB, of which only 8 bits can be read"),
        (png(1, 1, 16, 4, b"\0" + struct.pack(">HH", 300, 65535)), "of which only 8 bits can be read"),
        (encoded(Image.fromarray(VALUES).convert("RGB"), "WEBP", lossless=True), "labels in WEBP, a lossy format"),
        (encoded(Image.fromarray(VALUES), "GIF"), "labels in GIF, .* renumbers"),
        (encoded(Image.fromarray(VALUES), "JPEG"), "labels in JPEG, a lossy format"),
        (encoded(Image.fromarray(VALUES), "TIFF", compression="jpeg"), "labels in TIFF, a lossy"),
    ],
)
def test_what_is_no_number_is_one_line(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BadSample, match=reason) as told:
        labels(tmp_path, content)
    assert "\n" not in str(told.value) and "mask: " in str(told.value)


def test_what_pillow_writes_itself(tmp_path: Path) -> None:
    for mode, kind in (("1", "PNG"), ("I", "TIFF"), ("I;16", "TIFF"), ("F", "TIFF")):
        stream = io.BytesIO()
        image = Image.fromarray(VALUES > 0) if mode == "1" else Image.fromarray(VALUES).convert("I").convert(mode)
        image.save(stream, kind)
        assert np.array_equal(labels(tmp_path, stream.getvalue()), VALUES > 0 if mode == "1" else VALUES), (mode, kind)
