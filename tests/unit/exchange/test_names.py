"""What numbers and images are called: lists, gaps, patterns, and the data set's own names."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.data.class_tables import load_class_table
from bench.errors import UsageError, UserError
from bench.exchange.choices import make_source, read_classes
from bench.exchange.image_names import ImageNames, choose_numbers, cut_ending
from bench.exchange.records import ForeignImage, Segment
from bench.exchange.registry import load_kind
from tests.unit.exchange.drawn import NAMES, classes_file, coded, write, write_json


def source(folder: Path, dataset: Any = None, kind: str = "label-maps", **choices: str) -> Any:
    return make_source(folder, kind, load_kind(kind), choices, dataset)


def test_first_counts_the_classes_anew(tmp_path: Path) -> None:
    said = str(classes_file(tmp_path))
    assert read_classes(said, None).texts == {1: "cat", 3: "dog", 7: "sky"}
    assert read_classes(said, 0).texts == {0: "cat", 1: "dog", 2: "sky"}
    assert read_classes("voc20", 1).texts == read_classes("voc20", None).texts
    assert read_classes("voc20", None, "readable").texts[16] == "potted plant"
    with pytest.raises(UserError, match="classes=voc21: no such file, and no table \\(did you mean 'voc20'\\?\\)"):
        read_classes("voc21", None)


def test_the_data_set_says_what_nobody_else_says(tmp_path: Path) -> None:
    data = SimpleNamespace(name="voc", table=load_class_table("voc20"), list_ids=lambda: ("2007_000033",))
    assert source(tmp_path, data).classes.texts[1] == "aeroplane"
    assert source(tmp_path, data, first="0").classes.texts[0] == "aeroplane"
    assert source(tmp_path, data, classes=str(classes_file(tmp_path))).classes.texts[1] == "cat"
    lists = write_json(tmp_path / "l.json", {"categories": [{"id": 4, "name": "boat"}], "images": []})
    assert source(tmp_path, data, images=str(lists)).classes.texts == {4: "boat"}


def test_what_was_exported_beside_comes_before_the_data_set_and_after_what_is_said(tmp_path: Path) -> None:
    """Else numbers of our own list were read as those of another: a score near zero and no other sign."""
    data = SimpleNamespace(name="voc", table=load_class_table("voc20"), list_ids=lambda: ("2007_000033",))
    write("label-maps", [], tmp_path / "maps")
    found = source(tmp_path / "maps", data)
    assert found.classes.texts == NAMES and not found.classes.assumed
    assert found.notes.list_lines() == [f"classes={tmp_path}/maps/classes.csv: classes.csv beside it"]
    assert source(tmp_path / "maps", data, classes="coco133").classes.texts[1] == "person"
    assert source(tmp_path / "maps", data, first="0").classes.texts[0] == "aeroplane"
    (tmp_path / "maps/classes.csv").write_text("name,colour\ncat,red\n")
    assert source(tmp_path / "maps", data).classes.assumed, "somebody else's file"
    write("coco", [], tmp_path / "r.json")
    assert source(tmp_path / "r.json", data, "coco").classes.texts == NAMES
    write("coco", [], tmp_path / "not/there/r.json")
    write_json(tmp_path / "not/there/r.images.json", {"images": [], "categories": []})
    with pytest.raises(UserError, match=r"holds numbers of classes \(.*/r.images.json lists none\); say what"):
        source(tmp_path / "not/there/r.json", kind="coco").require_classes()
    assert source(tmp_path / "r.json", data, "coco", classes="voc20").classes.texts[1] == "aeroplane"
    write_json(tmp_path / "annotations.json", {"images": [], "categories": [], "annotations": []})
    (tmp_path / "r.images.json").rename(tmp_path / "annotations.images.json")
    assert source(tmp_path / "annotations.json", data, "coco").classes.assumed, "annotations name their own"
    assert not source(tmp_path).classes


VOC = SimpleNamespace(name="voc", table=load_class_table("voc20"), list_ids=tuple)
ODD = {1: "dog", 2: "dog, on grass", 3: ",", 4: "cat; 'tom' \"x\"", 5: "two\nlines\r\nmore\rend", 6: ".", 7: " dog ",
       8: "# sky", 9: '"', 10: "[a, b", 11: "1", 12: "id,name", 13: "dog;", 14: "Dog", 15: "\u2028ä"}  # fmt: skip


@pytest.mark.parametrize("dataset", [None, VOC])
def test_our_own_list_comes_back_letter_by_letter(tmp_path: Path, dataset: Any) -> None:
    """Read as a publisher's, "dog" and "dog, on grass" were one class, in silence, and "," was none."""
    mask = coded(np.ones((2, 2), bool))["counts"]
    images = [ForeignImage(f"i{number:02}", (2, 2), (Segment(text, mask),)) for number, text in ODD.items()]
    write("label-maps", images, tmp_path / "maps", ODD)
    found = source(tmp_path / "maps", dataset)
    assert found.classes.texts == ODD and len(found.notes.list_lines()) == 1
    by_hand = source(tmp_path / "maps", dataset, classes="voc20")
    assert by_hand.classes.texts[1] == "aeroplane" and by_hand.notes.list_lines() == [
        f"{tmp_path}/maps/classes.csv, which `zgs export` left, calls 15 of its 15 numbers, 1 'dog', otherwise than "
        "classes=: leave that out to read by it"
    ]
    assert list(load_kind("label-maps").read(found)) == images
    assert not [line for line in found.notes.list_lines() if "first=0" in line], "these are its own numbers"
    plain = {number: text for number, text in ODD.items() if text == text.strip() and number != 15}
    write("label-maps", [], tmp_path / "plain", plain)
    assert read_classes(str(tmp_path / "plain/classes.csv"), None).texts == plain, "named by hand, too"


def test_somebodys_list_beside_maps_is_read_as_any_other_and_says_what_was_made_of_it(tmp_path: Path) -> None:
    Image.new("L", (2, 2), 1).save(tmp_path / "a.png")
    (tmp_path / "classes.csv").write_text('id,name\n1,"dog, puppy"\n2,cat\n')
    found = source(tmp_path)
    assert found.classes.texts == {1: "dog", 2: "cat"}
    beside, several, earlier = found.notes.list_lines()
    assert beside.endswith("classes.csv beside it") and "1 of 2 classes have several names, e.g. 'dog'" in several
    assert several.endswith("the first is the name, the other 1 are left out")
    assert earlier.startswith(f"{tmp_path}/classes.csv: 1 of 2 texts are not as they stand there, 'dog, puppy' of 1 is")
    assert earlier.endswith("each cell is one text: export again, or write id,name,aliases as its head and a comma at "
                            "the end of each class")  # fmt: skip
    list(load_kind("label-maps").read(found))
    assert "then say first=0" in found.notes.list_lines()[-1]
    (tmp_path / "classes.csv").write_text("id,name,aliases\n1,dog,puppy\n1,cat,\n")
    with pytest.raises(UserError, match="1 stands for 2 classes"):
        source(tmp_path)


def test_the_remedy_of_an_earlier_exports_list_gives_its_texts_back(tmp_path: Path) -> None:
    """As it was written with the head id,name; a text that is no class as a list is a fault with the same remedy."""
    texts = {1: "cat", 2: "dog, on grass", 3: "grass; dry", 4: "two\nlines"}
    Image.new("L", (2, 2), 1).save(tmp_path / "a.png")
    place = tmp_path / "classes.csv"
    with place.open("w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([("id", "name"), *texts.items()])
    merged = source(tmp_path)
    assert merged.classes.texts[3] == "grass" and "3 'grass; dry'" not in merged.notes.list_lines()[-1]
    assert (
        "2 of 4 texts are not as they stand there, 'grass; dry' of 3 is read as 'grass'; where an"
        in (merged.notes.list_lines()[-1])
    )
    with place.open("w", newline="") as stream:  # as the line says
        csv.writer(stream, lineterminator="\n").writerows(
            [("id", "name", "aliases"), *((*t, "") for t in texts.items())]
        )
    assert source(tmp_path).classes.texts == texts
    place.write_text('id,name\n1,","\n2,dog\n')
    with pytest.raises(
        UserError, match=r"1: ',' is no class; .*; where an earlier `zgs export` left this list, each ce"
    ):
        source(tmp_path)
    place.write_text("id,name\n1,cat\n2,dog\n")
    assert len(source(tmp_path).notes.list_lines()) == 1, "both readings are one"


def test_what_a_file_says_of_its_numbers_comes_before_the_data_set(tmp_path: Path) -> None:
    """Else a file that counts from 1 would be read by a list that counts from 0, each class as its neighbour."""
    data = SimpleNamespace(name="voc", table=load_class_table("voc20"), list_ids=tuple)
    own = {
        "images": [{"id": 1, "file_name": "a.jpg", "height": 2, "width": 2}],
        "categories": [{"id": 2, "name": "boat"}],
    }
    segment = {"image_id": 1, "category_id": 2, "segmentation": {"size": [2, 2], "counts": [0, 4]}}
    place = write_json(tmp_path / "a.json", {**own, "annotations": [segment]})
    for choices, text in (({}, "boat"), ({"classes": "voc20"}, "bicycle")):
        kind = load_kind("coco")
        (image,) = kind.read(make_source(place, "coco", kind, choices, data))  # type: ignore[arg-type]
        assert [segment.text for segment in image.segments] == [text]


WRONG = {
    "first=: counts the classes of a list anew": {"first": "0"},
    "first=one: needs whole numbers": {"first": "one", "classes": "voc20"},
    "first=0,1: needs one whole number": {"first": "0,1", "classes": "voc20"},
    "names=all: known are own, readable": {"names": "all"},
    "faults=go: known are stop, skip": {"faults": "go"},
    "ids={}: needs one {id}": {"ids": "{}"},
    "ids={id}{id}: needs one {id}": {"ids": "{id}{id}"},
    "crowd=drop: no choice of label-maps": {"crowd": "drop"},
    "voids=3: no choice of label-maps (did you mean 'void'?)": {"voids": "3"},
}


@pytest.mark.parametrize("said", WRONG)
def test_a_wrong_choice_is_named(tmp_path: Path, said: str) -> None:
    with pytest.raises(UsageError) as told:
        source(tmp_path, **WRONG[said])
    assert str(told.value).startswith(said)


def test_numbers_become_names() -> None:
    listed = ImageNames(files={7: "val2017/000000000007.jpg", "x": "C:\\photos\\a.b.png"})
    assert (listed.find_name(7), listed.find_name("x"), listed.find_name(8)) == ("000000000007", "a.b", "8")
    assert ImageNames(pattern="COCO_val2014_{id:012d}").find_name(7) == "COCO_val2014_000000000007"
    assert ImageNames(pattern="v/{id}").find_name("a") == "v/a"
    with pytest.raises(UserError, match="image id 'a' is no number; write {id}"):
        ImageNames(pattern="{id:06d}").find_name("a")


def test_names_are_those_of_the_data_set() -> None:
    known = ImageNames(known=frozenset({"000000000139", "000000000285", "city/a", "street/b", "9", "x_9"}))
    assert [known.find_name(i) for i in (139, "139", "000285", 12)] == ["000000000139"] * 2 + ["000000000285", "12"]
    assert known.find_file("/data/val/a.png") == "city/a" and known.find_name(9) == "9"
    assert known.find_name("009") == "009", "both 9 and x_9 end in 9"
    assert cut_ending("a/2007.001.png") == "2007.001" and cut_ending("plain") == "plain"


CITY = ("lindau_000000_000019", "lindau_000001_000019")


def city(tmp_path: Path) -> Any:
    """A prepared data set whose images are called without a publisher's addition."""
    return SimpleNamespace(name="c", table=load_class_table("voc20"), list_ids=lambda: CITY)


def read_city(folder: Path, kind: str, **choices: str) -> tuple[list[str], list[str]]:
    """The names of the images of a place of Cityscapes' predictions, and the notes."""
    made = make_source(folder, kind, load_kind(kind), choices, city(folder))
    return [image.image_id for image in load_kind(kind).read(made)], made.notes.list_lines()


SAID = "2 images are called as the data set's, but for an addition at the end: taken as those (the first: "


def test_files_that_go_on_after_the_name_are_those_images(tmp_path: Path) -> None:
    """mmsegmentation and detectron2 write the names of the publisher's photographs, so do lists of images."""
    mask = {"size": [2, 4], "counts": [0, 8]}
    (tmp_path / "maps").mkdir()
    for name in CITY:
        Image.new("L", (4, 2), 1).save(tmp_path / "maps" / f"{name}_leftImg8bit.png")
    files = [f"/data/leftImg8bit/val/lindau/{name}_leftImg8bit.png" for name in CITY]
    rows = [{"file_name": file, "category_id": 1, "segmentation": mask} for file in files]
    results = [{"image_id": n, "category_id": 1, "segmentation": mask, "score": 1.0} for n in range(2)]
    listed = [{"id": n, "file_name": file, "height": 2, "width": 4} for n, file in enumerate(files)]
    lists = write_json(tmp_path / "l.json", {"images": listed, "categories": [{"id": 1, "name": "boat"}]})
    places: dict[str, tuple[Path, dict[str, str]]] = {
        "label-maps": (tmp_path / "maps", {}),
        "detectron2": (write_json(tmp_path / "sem_seg_predictions.json", rows), {}),
        "coco": (write_json(tmp_path / "r.json", results), {"images": str(lists)}),
    }
    for kind, (place, choices) in places.items():
        names, notes = read_city(place, kind, **choices)
        assert names == list(CITY), kind
        assert any(note.startswith(SAID + f"'{CITY[0]}_leftImg8bit' is '{CITY[0]}'") for note in notes)


def test_an_addition_is_told_from_another_image() -> None:
    known = ImageNames(known=frozenset({"a", "a_b", "v/c", "w/c", "2007_000033", "d_leftImg8bit"}))
    said = {"a_pred": "a", "a_b_pred": "a_b", "a_b": "a_b", "a_1": "a_1", "ab": "ab", "2007_000033_1": "2007_000033_1",
            "c_pred": "c_pred", "2007": "2007", "d": "d_leftImg8bit"}  # fmt: skip
    assert {name: known.find_file(f"x/{name}.png") for name in said} == said


def test_other_names_of_files_are_cut_or_written(tmp_path: Path) -> None:
    """What the message names where no rule finds them does find them."""
    for name in CITY:
        Image.new("L", (4, 2), 1).save(tmp_path / f"{name}_1.png")
    assert read_city(tmp_path, "label-maps")[0] == [f"{name}_1" for name in CITY]
    assert read_city(tmp_path, "label-maps", cut="_1")[0] == list(CITY)
    assert ImageNames(cut="pred_").find_file("pred_a.png") == "a"
    assert ImageNames(pattern="COCO_val2014_{id:012d}").find_file("7.png") == "COCO_val2014_000000000007"
    assert ImageNames(pattern="v/{id}", known=frozenset(("v/a", "b"))).find_file("b.png") == "b"


def test_numbers_of_images_are_their_own_where_all_differ() -> None:
    assert choose_numbers(["000139", "x_12"]) == {"000139": 139, "x_12": 12}
    assert choose_numbers(["a_1", "b_1", "c"]) == {"a_1": 1, "b_1": 2, "c": 3}
