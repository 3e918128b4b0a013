"""Words for each image with maps that number them, and a csv of masks and words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.errors import UserError
from tests.unit.exchange.drawn import masks_of, read, read_noted, write_json


def picture(path: Path, values: list[list[int]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(values, np.uint8)).save(path)
    return path


FORMS: dict[str, Any] = {
    "lists": {"a": ["dog", "grass", "sky"]},
    "objects": [{"image_id": "a", "words": ["dog", "grass", "sky"]}],
    "scored": {"a": [{"word": "dog", "score": 0.5}, {"word": "grass", "score": 0.5}, {"word": "sky", "score": 0.5}]},
}


@pytest.mark.parametrize("form", FORMS)
def test_values_are_the_places_of_words(tmp_path: Path, form: str) -> None:
    picture(tmp_path / "maps/a.png", [[0, 1, 1, 255]])
    place = write_json(tmp_path / "w.json", FORMS[form])
    (one,), notes = read_noted("words", place, maps=str(tmp_path / "maps"))
    assert {t: m[0].tolist() for t, m in masks_of(one).items()} == {
        "dog": [[True, False, False, False]], "grass": [[False, True, True, False]],
    }  # fmt: skip
    assert notes == ["1 words have no pixel: left out (the first: a)"]
    assert [s.score for s in one.segments] == [0.5 if form == "scored" else None] * 2
    picture(tmp_path / "maps/a.png", [[1, 2, 2, 0]])
    assert read("words", place, maps=str(tmp_path / "maps"), first="1") == [one]


def test_words_without_masks_and_maps_without_words_are_told(tmp_path: Path) -> None:
    place = write_json(tmp_path / "w.json", FORMS["lists"])
    with pytest.raises(UserError, match="holds words without masks; name the folder of label maps"):
        read("words", place)
    (tmp_path / "maps").mkdir()
    assert "maps/a.png is missing" in read("words", place, maps=str(tmp_path / "maps"))[0].faults[0]
    picture(tmp_path / "maps/a.png", [[0, 3]])
    (one,) = read("words", place, maps=str(tmp_path / "maps"))
    assert one.faults == (f"{place}: image 'a': {tmp_path}/maps/a.png holds 3, but it has 3 words, from 0 on",)
    wrong = write_json(tmp_path / "v.json", {"a": ["dog", 3]})
    assert "should be a list of words" in read("words", wrong, maps=str(tmp_path / "maps"))[0].faults[0]


def test_what_is_no_list_of_words_is_told(tmp_path: Path) -> None:
    """A first number that is none was read as 0, so that every segment had its neighbour's word."""
    picture(tmp_path / "maps/a.png", [[1, 2, 2, 0]])
    maps = str(tmp_path / "maps")
    with pytest.raises(UserError, match="first=one: needs whole numbers"):
        read("words", write_json(tmp_path / "w.json", FORMS["lists"]), maps=maps, first="one")
    with pytest.raises(UserError, match="w.json: should be .*IMAGE"):
        read("words", write_json(tmp_path / "w.json", 7), maps=maps)
    with pytest.raises(UserError, match=r"image_id is \['a'\]; needs the name of an image or its number"):
        read("words", write_json(tmp_path / "w.json", [{"image_id": ["a"], "words": ["dog"]}]), maps=maps)
    np.save(tmp_path / "maps/b.npy", [[2, 2]])
    (one,) = read("words", write_json(tmp_path / "w.json", {"b": ["dog", "grass", "sky"]}), maps=maps)
    assert [(s.text, s.decode(one.size).tolist()) for s in one.segments] == [("sky", [[True, True]])]


def test_lines_of_a_csv_are_segments(tmp_path: Path) -> None:
    picture(tmp_path / "m/1.png", [[255, 0], [0, 0]])
    picture(tmp_path / "m/2.png", [[1, 2], [0, 0]])
    place = tmp_path / "s.csv"
    place.write_text(
        'image_id,mask,text,score\nb.jpg,m/1.png,cat,0.5\na.jpg,m/2.png,"a, b",1\nb.jpg,m/2.png,dog,0.25\n'
    )
    (b, a), notes = read_noted("masks-csv", place)
    assert (b.image_id, a.image_id) == ("b", "a") and [(s.text, s.score) for s in b.segments] == [
        ("cat", 0.5),
        ("dog", 0.25),
    ]
    assert masks_of(a)["a, b"][0].tolist() == [[True, True], [False, False]], "1 and 2 are both the segment's"
    assert notes == [
        f"2 masks hold several numbers: every pixel that is not 0 is the segment's (the first: {place}, line 4 (b))"
    ]


CSV = {
    "line 2 (a): m/9.png": "a,m/9.png,cat,1",
    "should be a name below the folder": "a,../m/1.png,cat,1",
    "score 'high' is no number": "a,m/1.png,cat,high",
    "mask of size [1, 3] in an image of [2, 2]": "a,m/1.png,cat,1\na,m/3.png,cat,1",
}


@pytest.mark.parametrize("said", CSV)
def test_a_fault_names_the_line(tmp_path: Path, said: str) -> None:
    picture(tmp_path / "m/1.png", [[255, 0], [0, 0]])
    picture(tmp_path / "m/3.png", [[255, 0, 0]])
    place = tmp_path / "s.csv"
    place.write_text(f"image,mask,word,score\n{CSV[said]}\n")
    (fault,) = read("masks-csv", place)[0].faults
    assert fault.startswith(f"{place}, line ") and said.replace("m/9", f"{tmp_path}/m/9") in fault
    place.write_text("image,mask\n")
    with pytest.raises(UserError, match="has no column word"):
        read("masks-csv", place)
