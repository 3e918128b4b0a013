"""Results by image: neighbours or scattered, the same groups; one id of two types is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UserError
from bench.exchange import json_files
from bench.exchange.formats.coco_results import CocoResult
from bench.exchange.grouping import group_by_image
from bench.exchange.notes import Notes


@given(st.lists(st.integers(0, 4), max_size=30), st.sampled_from([20, 1 << 20]))
def test_groups_are_those_of_a_dictionary(tmp_path_factory: Any, ids: list[int], chunk: int) -> None:
    path = tmp_path_factory.mktemp("g") / "r.json"
    path.write_text(json.dumps([{"image_id": i, "category_id": at, "bbox": [1, 2]} for at, i in enumerate(ids)]))
    wanted: dict[int, list[tuple[int, int]]] = {}
    for at, image_id in enumerate(ids):
        wanted.setdefault(image_id, []).append((at, at))
    before, json_files.CHUNK = json_files.CHUNK, chunk
    try:
        found = {
            i: [(at, one.category_id) for at, one in group] for i, group in group_by_image(path, CocoResult, Notes())
        }
    finally:
        json_files.CHUNK = before
    assert found == wanted and list(found) == list(wanted)


def test_an_id_that_is_a_number_and_a_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps([{"image_id": i, "category_id": 1} for i in (8, 7, "7", 9)]))
    with pytest.raises(UserError, match="image 7 is the number 7 and the text '7', in the results 1 and 2"):
        list(group_by_image(path, CocoResult, Notes()))


def test_a_scattered_file_names_the_damaged_result(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    rows: list[dict[str, Any]] = [{"image_id": i, "category_id": 1} for i in (1, 2, 1)]
    rows[2]["category_id"] = "dog"
    path.write_text(json.dumps(rows))
    with pytest.raises(UserError, match="result 2: .*`int`, got `str`"):
        list(group_by_image(path, CocoResult, Notes()))
