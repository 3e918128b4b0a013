"""Label files whose numbers Pillow shows as other shades: what was stored is read, in every container."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from bench.data.images import read_labels
from bench.errors import BadSample

from .tiff import tiff

LABELS = np.array([[0, 1, 3, 2], [3, 3, 0, 1]])


def grey_png(values: np.ndarray, bits: int) -> bytes:
    """A grey PNG of few bits, chunk by chunk."""
    rows = b"".join(
        b"\0" + np.packbits(((row[:, None] >> np.arange(bits)[::-1]) & 1).ravel().astype(np.uint8)).tobytes()
        for row in values
    )
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], bits, 0, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("bits", [2, 4])
def test_grey_of_few_bits_is_not_stretched(bits: int) -> None:
    for data in (grey_png(LABELS, bits), tiff(LABELS, bits=bits), tiff(LABELS, bits=bits, photometric=0)):
        np.testing.assert_array_equal(read_labels("labels", data=data), LABELS)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_tiff_whose_zero_is_white_is_not_inverted(kind: type) -> None:
    stored = np.array([[0, 7, 254]], kind)
    np.testing.assert_array_equal(read_labels("labels", data=tiff(stored, photometric=0)), stored)


@pytest.mark.parametrize("photometric", [0, 1])
def test_a_mask_of_bits_is_itself_whatever_zero_looks_like(photometric: int) -> None:
    mask = np.array([[0, 1, 1, 0]])
    np.testing.assert_array_equal(read_labels("labels", data=tiff(mask, photometric, bits=1)), mask)


def test_signs_are_those_of_the_file() -> None:
    for kind in (np.int8, np.int16, np.int32):
        stored = np.array([[0, 7, -1]], kind)
        np.testing.assert_array_equal(read_labels("labels", data=tiff(stored, sample_format=2)), stored)
    plain = np.array([[0, 200, 255]], np.uint8)
    np.testing.assert_array_equal(read_labels("labels", data=tiff(plain)), plain)


def test_a_number_beyond_any_class_is_refused_and_not_wrapped() -> None:
    with pytest.raises(BadSample, match="holds 4294967295"):
        read_labels("labels", data=tiff(np.array([[0, 7, 2**32 - 1]], np.uint32)))


def test_a_bitmap_of_another_format_is_what_its_writer_put_in() -> None:
    """A portable bitmap says 1 for black: Pillow, which most write it with, turns it both ways."""
    mask, file = np.array([[False, True, True]]), io.BytesIO()
    Image.fromarray(mask).save(file, "PPM")
    np.testing.assert_array_equal(read_labels("labels", data=file.getvalue()), mask)
