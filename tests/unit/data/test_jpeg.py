"""What stands for a whole JPEG file: its header with an empty scan, where no other fault can be."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.data.jpeg import lacks_notes, shorten_jpeg

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 64, 3), dtype=np.uint8))


def encode(kind: str = "JPEG", **options: object) -> bytes:
    file = BytesIO()
    PICTURE.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"restart_marker_blocks": 2}, {"subsampling": 0}])
def test_a_single_scan_is_emptied_and_keeps_the_size(options: dict[str, object]) -> None:
    data = encode(**options)
    short = shorten_jpeg(data)
    assert short is not None and len(short) < len(data) / 2 and data.startswith(short[:-2])
    with Image.open(BytesIO(short)) as image:
        image.load()
        assert image.size == PICTURE.size


def test_nothing_stands_for_a_file_that_is_cut_off_has_more_scans_or_is_no_jpeg() -> None:
    data = encode()
    assert [shorten_jpeg(data[:length]) for length in (0, 1, 3, 20, 400, len(data) - 1)] == [None] * 6
    assert shorten_jpeg(encode(progressive=True)) is shorten_jpeg(encode("PNG")) is None
    middle = len(data) * 2 // 3
    assert shorten_jpeg(data[:middle] + b"\xff\xc4" + data[middle:]) is None, "tables inside the scan may be wrong"


def test_notes_are_looked_for_in_the_header_alone(tmp_path: Path) -> None:
    tagged = Image.Exif()
    tagged[0x0112] = 6
    for name, data, lacks in (
        ("plain", encode(), True),
        ("exif", encode(exif=tagged), False),
        ("xmp", encode(xmp=b"<x:xmpmeta/>"), False),
        ("long", encode(icc_profile=bytes(9000)), False),  # its scan is not in the first kilobytes: not known
        ("png", encode("PNG"), False),
    ):
        (tmp_path / name).write_bytes(data)
        assert lacks_notes(tmp_path / name) is lacks, name
