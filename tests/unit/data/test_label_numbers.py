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
from tests.unit.data.test_images import encoded, palette_picture, png
from tests.unit.data.tiff import tiff

VALUES = np.array([[0, 1, 7, 255], [3, 3, 0, 20]], np.uint8)


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


@pytest.mark.parametrize("colours", [2, 3, 5, 8, 9, 16, 17])
def test_numbers_that_a_short_palette_has_cut_are_refused(colours: int, tmp_path: Path) -> None:
    """Pillow saves 255 beside 3 to 15 colours as a number that none of them has; beside 17 or more as it is."""
    picture = Image.fromarray(np.array([[0, 1, 255]], np.uint8))
    picture.putpalette(list(range(3 * colours)))
    content = encoded(picture, "PNG")
    if colours in (2, 16):  # cut to 1 and 15, which have a colour: nobody can tell
        assert labels(tmp_path, content).tolist() == [[0, 1, colours - 1]]
    elif colours > 16:
        assert labels(tmp_path, content).tolist() == [[0, 1, 255]]
    else:
        with pytest.raises(BadSample, match=rf"holds (3|15), but its palette has {colours} colours"):
            labels(tmp_path, content)


@pytest.mark.parametrize("transparent", [None, 7, bytes([255, 0, 255, 9])])
def test_a_palette_with_transparency_keeps_its_indices(transparent: int | bytes | None, tmp_path: Path) -> None:
    more = {} if transparent is None else {"transparency": transparent}
    assert np.array_equal(labels(tmp_path, encoded(palette_picture(VALUES), "PNG", **more)), VALUES)


def test_whole_numbers_of_a_floating_tiff(tmp_path: Path) -> None:
    content = tiff(np.array([[0, 2, 300]], np.float32), sample_format=3)
    assert labels(tmp_path, content).tolist() == [[0, 2, 300]]


def half_transparent() -> bytes:
    return encoded(Image.fromarray(np.dstack([VALUES] * 3 + [np.where(VALUES, 255, 0).astype(np.uint8)])), "PNG")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (encoded(Image.new("RGB", (3, 2), (128, 0, 0)), "PNG"), r"pixel x=0 y=0 is \(128, 0, 0\); use the publisher"),
        (encoded(Image.new("RGBA", (3, 2), (1, 1, 2, 255)), "PNG"), "colours, not class numbers"),
        (half_transparent(), "partly transparent"),
        (encoded(Image.new("CMYK", (3, 2)), "TIFF"), "this is CMYK: colours"),
        (tiff(np.array([[0, 1.5]], np.float32), sample_format=3), "not all whole numbers, e.g. 1.5"),
        (tiff(np.array([[0, np.nan]], np.float32), sample_format=3), "not all whole numbers, e.g. nan"),
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
