"""Label Studio's brush: run lengths of the bytes of an RGBA picture, packed into bits (the format rle-pack).

The first 32 bits are how many bytes the picture has, then 5 bits the width of a value less one, then four times 4 bits
the widths of a length less one. Then, until all bytes are there: a bit, whether one value is repeated, 2 bits which of
the four widths, the length less one, and the value, or as many values as the length says.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, UInt8

from bench.data.images import MAX_PIXELS

_HEAD = 32 + 5 + 4 * 4


def decode_brush(packed: Sequence[int], height: int, width: int) -> Bool[np.ndarray, "h w"]:
    """Decode the mask of a brush: where the opacity of the picture is above 0. Raises ValueError for other bytes."""
    if not all(type(byte) is int and 0 <= byte < 256 for byte in packed):
        raise ValueError("rle should be bytes, whole numbers from 0 to 255")
    pixels = height * width
    if not 0 < pixels <= MAX_PIXELS:
        raise ValueError(f"a picture of {width}x{height}")
    values = _unpack(np.frombuffer(bytes(packed), np.uint8), 4 * pixels)
    return values.reshape(height, width, 4)[:, :, 3] > 0


def _unpack(packed: UInt8[np.ndarray, " b"], expected: int) -> UInt8[np.ndarray, " n"]:
    """Unpack the bytes of a picture. Raises ValueError where they are not ``expected`` or end too early."""
    bits = _Bits(packed)
    total, word = bits.take(32), bits.take(5) + 1
    widths = [bits.take(4) + 1 for _ in range(4)]
    if total != expected or word != 8:
        raise ValueError(f"rle of {total} values of {word} bits, but the picture has {expected} of 8")
    values, done = np.zeros(total, np.uint8), 0
    while done < total:
        repeated = bits.take(1)
        length = 1 + bits.take(widths[bits.take(2)])
        if done + length > total:
            raise ValueError("rle runs past the end of the picture")
        values[done : done + length] = bits.take(word) if repeated else bits.take_words(length, word)
        done += length
    return values


class _Bits:
    """Bits of bytes, the highest first."""

    def __init__(self, packed: UInt8[np.ndarray, " b"]) -> None:
        self._bits, self._at = np.unpackbits(packed), 0
        self._bytes = packed.tobytes()

    def take(self, count: int) -> int:
        """Take a number of up to 32 bits."""
        first, self._at = self._at, self._at + count
        if self._at > len(self._bits):
            raise ValueError("rle ends too early (half a file?)")
        last = (self._at + 7) // 8
        word = int.from_bytes(self._bytes[first // 8 : last], "big")
        return word >> (8 * last - self._at) & ((1 << count) - 1)

    def take_words(self, length: int, width: int) -> UInt8[np.ndarray, " length"]:
        """Take a number of bytes that stand one after the other."""
        first, self._at = self._at, self._at + length * width
        if self._at > len(self._bits):
            raise ValueError("rle ends too early (half a file?)")
        return np.packbits(self._bits[first : self._at])
