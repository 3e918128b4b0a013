"""Pictures of class numbers: mmsegmentation's with and without a zero label, Cityscapes', panoptic ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.errors import UserError
from bench.exchange.formats.cityscapes import EVALUATED
from bench.exchange.registry import tell_kind
from tests.unit.exchange.drawn import classes_file, masks_of, read, read_noted, write_json

THREE = {1: "cat", 2: "dog", 3: "sky"}


def picture(path: Path, values: list[list[int]], kind: type = np.uint8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(values, kind)).save(path)
    return path


def test_reduced_maps_count_from_1_and_others_from_first(tmp_path: Path) -> None:
    """The same prediction as mmsegmentation writes it with reduce_zero_label (0 is none) and without."""
    picture(tmp_path / "reduced/a.png", [[0, 1, 1, 3]])
    picture(tmp_path / "plain/a.png", [[255, 0, 0, 2]])
    said = str(classes_file(tmp_path, THREE))
    reduced, plain = (
        read("label-maps", tmp_path / "reduced", classes=said),
        read("label-maps", tmp_path / "plain", classes=said, first="0"),
    )
    assert reduced == plain
    assert {text: mask[0].tolist() for text, mask in masks_of(reduced[0]).items()} == {
        "cat": [[False, True, True, False]], "sky": [[False, False, False, True]],
    }  # fmt: skip


def test_maps_that_read_alike_either_way_are_told(tmp_path: Path) -> None:
    said = str(classes_file(tmp_path, THREE))
    picture(tmp_path / "m/a.png", [[0, 1, 2]])
    assert any(
        "no map holds 3 ('sky'), the last class" in note
        for note in read_noted("label-maps", tmp_path / "m", classes=said)[1]
    )
    picture(tmp_path / "m/b.png", [[0, 3, 2]])
    assert read_noted("label-maps", tmp_path / "m", classes=said)[1] == []
    assert read_noted("label-maps", tmp_path / "m", classes=said, first="1")[1] == []


def test_arrays_are_label_maps_where_no_picture_is(tmp_path: Path) -> None:
    """Whole numbers in any type of NumPy; beside pictures arrays are something else, as logits."""
    said = str(classes_file(tmp_path, THREE))
    picture(tmp_path / "m/a.png", [[0, 1, 1, 3]])
    (as_picture,) = read("label-maps", tmp_path / "m", classes=said)
    for name, values in (("int", np.array([[0, 1, 1, 3]])), ("float", np.array([[[0, 1, 1, 3.0]]], np.float32))):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "a.npy", values)
        assert read("label-maps", tmp_path / name, classes=said) == [as_picture]
    assert tell_kind(tmp_path / "int") == ("label-maps", "a folder of arrays")
    np.save(tmp_path / "m/a.npy", np.zeros((3, 1, 4), np.float32))
    assert read("label-maps", tmp_path / "m", classes=said) == [as_picture]
    np.save(tmp_path / "int/a.npy", np.array([[0, 1.5]]))
    (one,) = read("label-maps", tmp_path / "int", classes=said)
    assert "not all whole numbers, e.g. 1.5" in one.faults[0]
    np.save(tmp_path / "int/a.npy", np.zeros((3, 2, 4), np.float32))
    with pytest.raises(UserError, match=r"of no kind .*int/a.npy is no array \[h, w\]"):
        tell_kind(tmp_path / "int")


@pytest.mark.parametrize("number", [4, 254])
def test_a_number_without_a_class_is_a_fault(tmp_path: Path, number: int) -> None:
    """254: void of transformers' processors that reduce labels and ignore 255."""
    place = picture(tmp_path / "m/a.png", [[0, 1, 1], [0, number, number]])
    (one,) = read("label-maps", tmp_path / "m", classes=str(classes_file(tmp_path, THREE)))
    (fault,) = one.faults
    assert fault.startswith(f"{place}: 2 pixels, the first x=1 y=1: category {number} is none of the 3 classes of ")
    (one,) = read("label-maps", tmp_path / "m", classes=str(classes_file(tmp_path, THREE)), void=f"255,{number}")
    assert not one.faults


def test_what_is_outside_can_be_said(tmp_path: Path) -> None:
    picture(tmp_path / "m/folder/a.png", [[0, 7, 300]], np.uint16)
    said = str(classes_file(tmp_path, {0: "cat", 300: "dog"}))
    (one,) = read("label-maps", tmp_path / "m", classes=said, background="7")
    assert (one.image_id, [s.text for s in one.segments]) == ("a", ["cat", "dog"])
    with pytest.raises(UserError, match="background=0: is also 'cat'"):
        read("label-maps", tmp_path / "m", classes=said, background="0")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no label map"):
        read("label-maps", tmp_path / "empty", classes=said)
    Image.new("RGB", (2, 2), (1, 2, 3)).save(tmp_path / "m/b.png")
    assert "colours, not class numbers" in read("label-maps", tmp_path / "m", classes=said)[0].faults[0]


def test_cityscapes_ids_and_train_ids_are_one_prediction(tmp_path: Path) -> None:
    ids, train = sorted(EVALUATED), range(19)
    name = "lindau_000000_000019"
    picture(tmp_path / f"a/lindau/{name}_gtFine_labelIds.png", [[*ids, 0, 9]])
    picture(tmp_path / f"b/{name}_pred_labelTrainIds.png", [[*train, 255, 254]])
    one, notes = read_noted("cityscapes", tmp_path / "a")
    assert one == read("cityscapes", tmp_path / "b") and one[0].image_id == name
    assert [s.text for s in one[0].segments] == list(EVALUATED.values())
    assert notes == ["ids that Cityscapes does not score (16 of 0 to 34) are pixels of no segment"]
    picture(tmp_path / f"a/{name}_labelTrainIds.png", [[0]])
    with pytest.raises(UserError, match="holds both .* say which: numbers=ids or train"):
        read("cityscapes", tmp_path / "a")
    assert len(read("cityscapes", tmp_path / "a", numbers="train")) == 1


def panoptic(folder: Path, colours: list[list[list[int]]], infos: list[dict[str, int]]) -> Path:
    content = {
        "images": [{"id": 5, "file_name": "a.jpg", "height": 1, "width": 4}],
        "categories": [{"id": number, "name": name} for number, name in THREE.items()],
        "annotations": [{"image_id": 5, "file_name": "a.png", "segments_info": infos}],
    }
    picture(folder / "p/a.png", colours)  # type: ignore[arg-type]
    return write_json(folder / "p.json", content)


COLOURS = [[[0, 0, 0], [1, 2, 3], [1, 2, 3], [9, 0, 0]]]
BIG = 1 + 2 * 256 + 3 * 65536


def test_colours_are_ids(tmp_path: Path) -> None:
    place = panoptic(tmp_path, COLOURS, [{"id": BIG, "category_id": 2}, {"id": 9, "category_id": 2, "iscrowd": 1}])
    (one,), notes = read_noted("coco-panoptic", place)
    assert [mask.tolist() for mask in masks_of(one)["dog"]] == [[[False, True, True, False]], [[False] * 3 + [True]]]
    assert notes == ["1 segments are marked as crowd: read as any other (the first: a)"]
    assert read("coco-panoptic", tmp_path) == [one], "the folder of the only json"


def test_a_picture_of_another_size_than_its_list_says_is_counted(tmp_path: Path) -> None:
    place = panoptic(tmp_path, COLOURS, [{"id": BIG, "category_id": 2}, {"id": 9, "category_id": 2}])
    assert read_noted("coco-panoptic", place)[1] == []
    place.write_text(place.read_text().replace('"width": 4', '"width": 8'))
    (note,) = read_noted("coco-panoptic", place)[1]
    assert note.startswith("1 images have masks of another size than their list says") and "(the first: a)" in note


PANOPTIC = {
    "holds the segment 9, which is not in segments_info": [{"id": BIG, "category_id": 2}],
    f"segment {BIG}: stands there twice": [{"id": BIG, "category_id": 2}] * 2 + [{"id": 9, "category_id": 1}],
    "segment 77: has no pixel": [{"id": i, "category_id": 2} for i in (BIG, 9, 77)],
    "segment 9: category 4 is none of": [{"id": BIG, "category_id": 2}, {"id": 9, "category_id": 4}],
}


@pytest.mark.parametrize("said", PANOPTIC)
def test_picture_and_list_have_to_agree(tmp_path: Path, said: str) -> None:
    """Overlapping segments cannot be written: an id that stands there twice is how tools try to."""
    place = panoptic(tmp_path, COLOURS, PANOPTIC[said])
    (one,) = read("coco-panoptic", place)
    assert one.faults[0].startswith(f"{place}: image 5") and said in one.faults[0]


def test_a_picture_that_is_missing_or_grey_is_told(tmp_path: Path) -> None:
    place = panoptic(tmp_path, COLOURS, [])
    picture(tmp_path / "p/a.png", [[1, 2]])
    assert "ids of segments are colours of an RGB PNG, but this is L" in read("coco-panoptic", place)[0].faults[0]
    (tmp_path / "p/a.png").unlink()
    assert "file is missing" in read("coco-panoptic", place)[0].faults[0]
    with pytest.raises(UserError, match="maps=.*: no such folder"):
        read("coco-panoptic", place, maps=str(tmp_path / "no"))
