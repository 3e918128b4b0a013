"""Section 4.4: a label map as a 16-bit grey PNG, several times as fast as Pillow writes it.

Pillow tries five filters on every row of a picture, which photographs need. In a label map a pixel mostly is what the
one above it is: the filter "up" of the PNG specification (section 9) makes zeros of that, which pack in no time.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from jaxtyping import UInt16

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BITS, _GREY, _UP = 16, 0, 2


def write_png(labels: UInt16[np.ndarray, "h w"]) -> bytes:
    """Write a label map as a PNG of its size, grey of 16 bits; the same map always gives the same bytes."""
    height, width = labels.shape
    rows = np.ascontiguousarray(labels, ">u2").view(np.uint8).reshape(height, 2 * width)
    filtered = np.empty((height, 2 * width + 1), np.uint8)  # the filter's number stands before each row
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, _BITS, _GREY, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(filtered.tobytes(), 1)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_write_chunk(*chunk) for chunk in chunks)


def _write_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
