"""Data files of the report site: exact numbers, and no text that could be more than a text."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from bench.report.site.image_files import decode_map, encode_map, shrink_map, write_picture
from bench.report.site.pack import narrow, narrow_places, read_sheet, write_script, write_sheet


@given(st.lists(st.one_of(st.integers(-(2**31) + 1, 2**31 - 1), st.floats(allow_nan=False, allow_infinity=False))))
def test_every_number_comes_back(values: list[float]) -> None:
    assert narrow(values).tolist() == values


KINDS = [([0, 255], "u1"), ([256], "u2"), ([-1], "i4"), ([70000], "i4"), ([0.5], "f8"), ([2.0], "u1"), ([1e20], "f8")]


@pytest.mark.parametrize(("values", "kind"), [*KINDS, ([], "u1")])
def test_the_smallest_type_is_taken(values: list[float], kind: str) -> None:
    assert narrow(values).dtype.str[1:] == kind


@given(st.lists(st.floats(-1, 1, width=32)))
def test_rounded_similarities_are_millionths_that_divide_to_the_same_float(values: list[float]) -> None:
    rounded = np.round(np.array(values, np.float64), 6)
    places = narrow_places(rounded, 6)
    assert (places["values"] / places["scale"]).tolist() == rounded.tolist()
    raw = narrow_places(np.array(values), None)
    assert raw["values"].tolist() == values and raw["scale"] == 1


TEXT = "</script><img src=x onerror=alert(1)> \u2028\u2029 <!-- 猫 \U0001f600 \"' \\"


def test_a_text_cannot_end_its_script(tmp_path: Path) -> None:
    source = write_script(tmp_path / "a" / "x.js", "x", [TEXT]).read_text(encoding="utf-8")
    assert source.startswith('zgs.take("x",') and source.endswith(");\n") and source.count("\n") == 1
    assert not set("<>&\u2028\u2029") & set(source)
    assert json.loads(source[len('zgs.take("x",') : -3]) == [TEXT]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@given(JSON, st.lists(st.lists(st.integers(-(2**31), 2**31 - 1)), max_size=4))
def test_a_sheet_holds_any_text_and_any_column_and_ends_in_its_own_place(value: Any, columns: list[list[int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_sheet(Path(folder) / "x.css", [value, *map(narrow, columns)])
        rule = path.read_bytes()
        first, *others = read_sheet(path)
    assert first == value and [each.tolist() for each in others] == columns
    assert rule.isascii() and rule.count(b"{--") == 1 and not set(b"\\\n\r\f") & set(rule[:-1])
    assert re.fullmatch(rb":host\{(--[a-z]+-\d+:'[^']*';)*\}\n", rule)


def test_a_long_value_is_cut_into_what_a_browser_takes(tmp_path: Path) -> None:
    column = np.random.default_rng(0).integers(2**31, size=300_000).astype("<i4")  # which nothing deflates
    path = write_sheet(tmp_path / "x.css", ["猫" * 250_000, column])
    parts = re.findall(r"--(\w+-\d+):'([^']*)'", path.read_text())
    assert [name for name, _ in parts] == ["json-0", "json-1", "bytes-0", "bytes-1"]
    assert max(len(part) for _, part in parts) == 1_000_000
    text, read = read_sheet(path)
    assert text == "猫" * 250_000 and np.array_equal(read, column)


@given(arrays.arrays(np.int16, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(-2, 4)))
def test_label_maps_come_back(labels: np.ndarray) -> None:
    np.testing.assert_array_equal(decode_map(encode_map(labels)), labels)


@pytest.mark.parametrize(("width", "kind", "runs"), [(254, "u1", 8), (255, "u1", 8), (256, "u2", 8), (700, "u2", 8)])
def test_long_runs_are_cut_where_that_makes_a_map_smaller(width: int, kind: str, runs: int) -> None:
    labels = np.repeat(np.array([[0, 1]] * 4, np.int16), width, axis=1)
    encoded = encode_map(labels)
    np.testing.assert_array_equal(decode_map(encoded), labels)
    assert (encoded["runs"].dtype.str[1:], len(encoded["runs"])) == (kind, runs)
    mostly_short = np.concatenate([np.arange(900) % 2, np.zeros(600, int), np.arange(900) % 2])[None]
    encoded = encode_map(mostly_short)
    np.testing.assert_array_equal(decode_map(encoded), mostly_short)
    assert encoded["runs"].dtype == np.uint8 and len(encoded["runs"]) == 900 + 2 + 900


def test_a_large_map_is_kept_at_the_size_of_its_picture() -> None:
    large = np.arange(12, dtype=np.int32).reshape(3, 4).repeat(400, axis=0).repeat(400, axis=1)  # 1200 x 1600
    small = shrink_map(large)
    np.testing.assert_array_equal(small, np.arange(12).reshape(3, 4).repeat(160, axis=0).repeat(160, axis=1))
    assert shrink_map(small) is small and shrink_map(np.zeros((1, 5000), int)).shape == (1, 640)


def test_pictures_are_no_larger_than_they_are_shown(tmp_path: Path) -> None:
    drawing = np.arange(96 * 64 * 3, dtype=np.uint8).reshape(64, 96, 3)
    assert write_picture(drawing, tmp_path / "a") == {"file": "a.png", "width": 96}
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), drawing)
    assert write_picture(np.zeros((1000, 2000, 3), np.uint8), tmp_path / "b") == {"file": "b.jpg", "width": 640}
    assert Image.open(tmp_path / "b.jpg").size == (640, 320)
