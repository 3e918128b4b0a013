"""Section 4, data: whether a JPEG file can be decoded, asked of a part of it: scoring sees no colour.

Of a file with a single scan of Huffman codes (T.81, annex F) the header can be wrong, or the scan can end too early.
What else is wrong inside the scan libjpeg only warns of, and fills up. So where the scan goes on to the end marker, the
header with an empty scan is decoded exactly when the file is, in a fifth of the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

START, END_OF_IMAGE = b"\xff\xd8", b"\xff\xd9"
_FRAMES, _SCAN, _NOTES, _TABLES = (0xC0, 0xC1), 0xDA, 0xE1, (0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0))
"""Second bytes of the markers of a header: frames of a single scan, the scan, APP1, and what may stand before it."""
_HEAD = 4096
_LEAVES_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""A marker that ends a scan: no stuffed byte, no filling, no restart."""


def shorten_jpeg(data: bytes) -> bytes | None:
    """Shorten a JPEG file to its header and an empty scan; None where that cannot stand for the whole file."""
    start = _find_scan(data)
    end = _LEAVES_SCAN.search(data, start) if start else None
    return data[:start] + END_OF_IMAGE if end and end[0] == END_OF_IMAGE else None


def lacks_notes(path: Path) -> bool:
    """Whether a file is a JPEG whose header, in its first kilobytes, has no place for EXIF or XMP (APP1)."""
    with path.open("rb") as file:
        kinds = [kind for kind, _ in _list_segments(file.read(_HEAD))]
    return _SCAN in kinds and _NOTES not in kinds


def _find_scan(data: bytes) -> int | None:
    """Find where the codes of the first scan begin; None for a file of another form."""
    *before, (last, end) = [(0, 0), *_list_segments(data)]
    kinds = [kind for kind, _ in before[1:]]
    usual = last == _SCAN and all(kind in (*_FRAMES, *_TABLES) for kind in kinds)
    return end if usual and sum(kind in _FRAMES for kind in kinds) == 1 else None


def _list_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """List the kind of each segment of a header and where it ends, up to the first scan's; none of other files."""
    at, kind = len(START), None
    while data[:2] == START and kind != _SCAN and at + 4 <= len(data) and data[at] == 0xFF:
        kind, at = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield kind, at
