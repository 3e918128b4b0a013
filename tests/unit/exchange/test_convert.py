"""Texts by a table, and nothing else: shipped tables name classes that exist, one's own are checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.data.class_tables import list_tables as list_class_tables
from bench.data.class_tables import load_class_table
from bench.errors import UserError
from bench.exchange.convert import convert, find_renames, list_tables, load_table
from bench.exchange.notes import Notes
from bench.predictions.source import PredictionFile
from tests.unit.predictions.theirs import IMAGES, write


@pytest.mark.parametrize("name", list_tables())
def test_a_shipped_table_is_of_two_class_lists(name: str) -> None:
    table = load_table(name)
    origin, target = name.split("_to_")
    answers = [answer for answer in table.values() if answer]
    assert len(answers) == len(set(answers)) > 10, "an exact match is one class to one"
    assert set(answers) <= {row.name for row in load_class_table(target).rows}
    places = {"coco": "coco133", "ade150": "ade150"}
    if places[origin] in list_class_tables():
        names = {row.name for row in load_class_table(places[origin]).rows}
        assert set(table) <= names if origin == "coco" else len(set(table) - names) == 0


def test_texts_change_and_all_else_stays(tmp_path: Path) -> None:
    """Masks, order, the head with its unread keys; a text without an answer is emptied or kept, and counted."""
    file = PredictionFile(write(tmp_path / "p.json", IMAGES, more={"a": 1}))
    table = {"aeroplane": "plane", "cat": None, "person": "man"}
    for rest, bird in (("empty", ""), ("keep", "bird")):
        notes = Notes()
        convert(file, tmp_path / "q.jsonl", table, rest, notes)
        head, *images = map(json.loads, (tmp_path / "q.jsonl").read_text().splitlines())
        assert head["more"] == {"a": 1} and "images" not in head
        assert [[s["text"] for s in image["segments"]] for image in images] == [
            ["plane", "puppy" if bird else ""], ["", "man"], [bird],
        ]  # fmt: skip
        for before, after in zip(IMAGES, images, strict=True):
            assert [s["segmentation"] for s in before["segments"]] == [s["segmentation"] for s in after["segments"]]
        assert notes.list_lines()[:2] == [
            "2 segments have the name of a class of the other list",
            "1 segments are of a class that the other list lacks: now without a text",
        ]
        assert notes.list_lines()[2].startswith("2 segments have a text that the table lacks: ")
        assert notes.list_lines()[2].endswith("most often 'puppy' (1), 'bird' (1)")


def test_a_table_of_ones_own_is_checked(tmp_path: Path) -> None:
    own = tmp_path / "t.yaml"
    own.write_text("no: yes\ncat:\ndog: ~\n")
    assert load_table(str(own)) == {"no": "yes", "cat": None, "dog": None}, "words stay words"
    for text, said in (
        ("- a\n", "should be lines NAME: NAME"),
        ("a: [b]\n", "needs two names"),
        ("3: b\n", "needs two"),
    ):
        own.write_text(text)
        with pytest.raises(UserError, match=said):
            load_table(str(own))
    with pytest.raises(UserError, match="no such file, and no table \\(did you mean 'coco_to_voc20'"):
        load_table("coco_to_voc")
    assert find_renames("coco_to_voc20", "readable")["pottedplant"] == "potted plant"
    assert find_renames("coco_to_voc20", "own") == find_renames(str(own), "readable") == {}
