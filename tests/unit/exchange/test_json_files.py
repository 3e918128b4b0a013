"""A list cut into pieces is the list, wherever the pieces end; damage is told by its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UserError
from bench.exchange import json_files
from bench.exchange.json_files import describe_first, read_json, starts_list, stream_list

TEXTS = st.text('}{[]",\\ a:é', max_size=12)
OBJECTS = st.fixed_dictionaries(
    {"image_id": st.integers(0, 9), "a": TEXTS, "b": st.lists(st.fixed_dictionaries({"c": TEXTS}), max_size=4)},
)


class Wanted(msgspec.Struct):
    image_id: int


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few bytes, so that they end everywhere."""
    monkeypatch.setattr(json_files, "CHUNK", 23)


@given(st.lists(OBJECTS, max_size=12), st.sampled_from([None, 1]), st.sampled_from([(",", ":"), (" , ", " : ")]))
def test_pieces_are_the_list(tmp_path_factory: Any, content: list[Any], indent: int | None, marks: Any) -> None:
    path = tmp_path_factory.mktemp("l") / "a.json"
    path.write_text(json.dumps(content, indent=indent, separators=marks, ensure_ascii=False), encoding="utf-8")
    before, json_files.CHUNK = json_files.CHUNK, 23
    try:
        found = [msgspec.json.decode(raw) for batch in stream_list(path, msgspec.Raw) for raw in batch]
    finally:
        json_files.CHUNK = before
    assert found == content


def raises(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(UserError) as told:
        list(stream_list(path, Wanted))
    return str(told.value)


def test_damage_is_told_by_its_place(tmp_path: Path, small: None) -> None:
    path, one = tmp_path / "r.json", '{"image_id": 1, "x": "yyyyyyyyyyyyyyyyyy"}'
    assert raises(path, f"[{one},{one},{one[:20]}") == (
        f"{path}: ends in the middle of result 2 (half a file?); copy it or write it again"
    )
    assert "result 3 is no JSON" in raises(path, f"[{one},{one},{one},{{'image_id': 2}},{one}]")
    assert "result 2 is no JSON" in raises(path, f'[{one},{one},{{"image_id": 2, "score": NaN}},{one}]')
    assert "result 1 (image 'a'): image_id: should be `int`, got `str`" in raises(path, f'[{one},{{"image_id": "a"}}]')
    assert "result 1: it: lacks the field `image_id`" in raises(path, f"[{one},{{}}]")
    assert "result 0 is no JSON" in raises(path, '[{"image_id": 1, "x": "\\ud800"}, {"image_id": 2}]')
    assert "should be a list of results" in raises(path, '{"a": 1}')


def test_the_beginning_of_a_long_list_is_enough_to_tell_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("\ufeff" + ' [ {"image_id": 1}, half')
    assert starts_list(path) and describe_first(path) == {"image_id": 1}
    path.write_text('{"images": []}')
    assert not starts_list(path) and describe_first(path) == {"images": []}
    path.write_text('{"images": [{"a": 1}, {"b": 2}], "n": {"c": [1, 2]}}')
    assert describe_first(path) == {"images": [{"a": 1}], "n": {"c": [1, 2]}}
    for text in ("", "[", "[1]", "nothing", '{"a": '):
        path.write_text(text)
        assert describe_first(path) is None
    assert describe_first(tmp_path) is None and describe_first(tmp_path / "no.json") is None


def test_half_a_file_and_none_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text, said in (('{"a": 1', "ends in the middle, after 7 bytes"), ("{'a': 1}", "is no JSON")):
        path.write_text(text)
        with pytest.raises(UserError, match=said):
            read_json(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_json(tmp_path / "no.json")
