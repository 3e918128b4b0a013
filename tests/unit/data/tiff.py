"""A TIFF of one strip, written byte by byte, so that no library has a say in what its numbers mean."""

import struct

import numpy as np


def tiff(values, photometric: int = 1, sample_format: int = 1, bits: int | None = None) -> bytes:
    """Little-endian, uncompressed; ``bits`` below 8 are packed, highest first."""
    array = np.asarray(values)
    height, width = array.shape
    bits = bits or array.itemsize * 8
    if bits < 8:
        digits = (array[..., None] >> np.arange(bits)[::-1]) & 1
        data = np.packbits(digits.reshape(height, -1).astype(np.uint8), axis=1).tobytes()
    else:
        data = array.tobytes()
    # width, height, bits, no compression, what zero means, strip, samples, rows of the strip, its bytes, sample format
    tags = [
        (256, width), (257, height), (258, bits), (259, 1), (262, photometric),
        (273, None), (277, 1), (278, height), (279, len(data)), (339, sample_format),
    ]  # fmt: skip
    begin = 8 + 2 + 12 * len(tags) + 4
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, begin if value is None else value) for tag, value in tags)
    return b"II" + struct.pack("<HIH", 42, 8, len(tags)) + directory + struct.pack("<I", 0) + data
