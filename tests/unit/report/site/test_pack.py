"""Data files of the report site: exact numbers, and no text that could be more than a text."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from bench.report.site.image_files import decode_map, encode_map, encode_picture
from bench.report.site.pack import pack, pack_places, unpack, write_script


@given(st.lists(st.one_of(st.integers(-(2**31) + 1, 2**31 - 1), st.floats(allow_nan=False, allow_infinity=False))))
def test_every_number_comes_back(values: list[float]) -> None:
    assert unpack(pack(values)).tolist() == values


KINDS = [([0, 255], "u1"), ([256], "u2"), ([-1], "i4"), ([70000], "i4"), ([0.5], "f8"), ([2.0], "u1"), ([1e20], "f8")]


@pytest.mark.parametrize(("values", "kind"), [*KINDS, ([], "u1")])
def test_the_smallest_type_is_taken(values: list[float], kind: str) -> None:
    assert pack(values)["type"] == kind


@given(st.lists(st.floats(-1, 1, width=32)))
def test_rounded_similarities_are_millionths_that_divide_to_the_same_float(values: list[float]) -> None:
    rounded = np.round(np.array(values, np.float64), 6)
    packed = pack_places(rounded, 6)
    assert (unpack(packed) / packed["scale"]).tolist() == rounded.tolist()
    raw = pack_places(np.array(values), None)
    assert unpack(raw).tolist() == values and raw["scale"] == 1


TEXT = "</script><img src=x onerror=alert(1)> \u2028\u2029 <!-- 猫 \U0001f600 \"' \\"


def test_a_text_cannot_end_its_script(tmp_path: Path) -> None:
    source = write_script(tmp_path / "a" / "x.js", "x", [TEXT]).read_text(encoding="utf-8")
    assert source.startswith('zgs.take("x",') and source.endswith(");\n") and source.count("\n") == 1
    assert not set("<>&\u2028\u2029") & set(source)
    assert json.loads(source[len('zgs.take("x",') : -3]) == [TEXT]


@given(arrays.arrays(np.int16, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(-2, 4)))
def test_label_maps_come_back(labels: np.ndarray) -> None:
    encoded = json.loads(json.dumps(encode_map(labels)))
    np.testing.assert_array_equal(decode_map(encoded, unpack), labels)


def test_pictures_are_no_larger_than_they_are_shown() -> None:
    def read(encoded: dict[str, Any]) -> Image.Image:
        return Image.open(io.BytesIO(base64.b64decode(encoded["data"])))

    drawing = np.arange(96 * 64 * 3, dtype=np.uint8).reshape(64, 96, 3)
    encoded = encode_picture(drawing)
    assert (encoded["type"], encoded["width"]) == ("image/png", 96)
    np.testing.assert_array_equal(np.asarray(read(encoded)), drawing)
    encoded = encode_picture(np.zeros((1000, 2000, 3), np.uint8))
    assert (encoded["type"], encoded["width"]) == ("image/jpeg", 640) and read(encoded).size == (640, 320)
