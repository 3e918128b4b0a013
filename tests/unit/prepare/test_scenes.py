"""ADE20K, Cityscapes, COCO-Stuff, COCO panoptic: what their files mean, traps told by looking, faults in one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.data.prepared import CROWD, NO_SCORE
from bench.data.publishers import PUBLISHERS
from bench.errors import UserError
from bench.prepare.ade20k import list_codings
from bench.prepare.choices import Choices
from bench.prepare.looks import choose_coding
from bench.prepare.object_files import join_objects
from bench.prepare.write import write
from tests.unit.prepare import scenes
from tests.unit.prepare.planned import WRITE, first_fault, group, plan, refused
from tests.unit.prepare.scenes import save


@pytest.mark.parametrize("name", WRITE)
def test_classes_and_objects_are_those_that_were_drawn(name: str, tmp_path: Path) -> None:
    classes, objects = WRITE[name](tmp_path)  # type: ignore[misc]
    made = plan(name, tmp_path)
    assert [item.image_id for item in made.items] == sorted(classes) and made.has_objects == (objects is not None)
    for item in made.items:
        labels, true = made.reader.read_item(item), classes[item.image_id]
        void = 0 if name == "ade20k" else -1
        assert (labels.classes == np.where(true == void, NO_SCORE, true)).all()
        assert (labels.objects is None) == (objects is None)
        if objects is not None:
            drawn = objects[item.image_id]
            assert ((labels.objects == CROWD) == (drawn == -1)).all() and ((labels.objects == 0) == (drawn == 0)).all()
            found = np.where(labels.objects == CROWD, -1, labels.objects.astype(int))
            assert group(found, true) == group(drawn, true)


@pytest.mark.parametrize("name", WRITE)
def test_how_many_there_should_be_is_known_and_half_a_download_is_refused(name: str, tmp_path: Path) -> None:
    WRITE[name](tmp_path)
    published = PUBLISHERS[name].splits["val"].published
    assert f"2 images, but {name} val has {published:,}; unpack the archive again" in refused(
        name, tmp_path, partial=False
    )
    assert "2 ids where" in " ".join(plan(name, tmp_path).remarks)
    some = next(
        path
        for path in sorted(tmp_path.rglob("*"))
        if path.suffix in (".jpg", ".png") and "mg" in str(path) or path.suffix == ".jpg"
    )
    some.unlink()
    assert len(plan(name, tmp_path).items) == 1 and len(plan(name, tmp_path).missing) == 1


@pytest.mark.parametrize("name", WRITE)
def test_an_empty_folder_says_what_was_looked_for(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"")
    line = refused(name, tmp_path)
    assert "at any depth" in line and "x.zip is an archive: unpack it first (unzip x.zip)" in line


def reduce_labels(folder: Path, tail: str = "") -> None:
    """What reduce_zero_label makes of masks: each id less one, 0 as 255."""
    for path in sorted(folder.glob("*.png")):
        values = np.asarray(Image.open(path)).astype(int)
        save(path.with_name(path.stem + tail + ".png"), ((values - 1) % 256).astype(np.uint8))


def test_ade_masks_that_a_converter_shifted_are_told_by_their_numbers(tmp_path: Path) -> None:
    classes, _ = scenes.ade20k(tmp_path)
    masks = tmp_path / "ADEChallengeData2016/annotations/validation"
    reduce_labels(masks)
    made = plan("ade20k", tmp_path)
    assert made.reader.name == "train" and "label order: train; by the numbers in 2 of 2 masks" in made.remarks[1]
    for item in made.items:
        true = classes[item.image_id]
        assert (made.reader.read_item(item).classes == np.where(true == 0, NO_SCORE, true)).all()
    line = refused("ade20k", tmp_path, order="own")
    assert line.startswith("--order own: the numbers in 2 of 2 masks are a converter's (0-149, 255 other)")


def test_ade_masks_that_do_not_tell_ask_and_believe_an_order_with_a_warning(tmp_path: Path) -> None:
    scenes.ade20k(tmp_path)
    shutil.rmtree(tmp_path / "annotations_instance")
    for path in sorted((tmp_path / "ADEChallengeData2016/annotations/validation").glob("*.png")):
        save(path, np.full((scenes.H, scenes.W), 5, np.uint8))
    line = refused("ade20k", tmp_path)
    assert "do not tell what they mean; say --order own (ADE20K's (0 other, 1-150)) or --order train" in line
    made = plan("ade20k", tmp_path, order="train")
    assert any(remark.startswith("WARNING: label order: train; as told by --order; a wrong") for remark in made.remarks)
    assert (made.reader.read_item(made.items[0]).classes == 6).all()


def test_of_many_ade_masks_the_number_for_no_class_tells(tmp_path: Path) -> None:
    """No flag (150) anywhere, so that the numbers fit both; but 0 occurs, and 255 in none of twenty masks."""
    ids = tuple(f"ADE_val_{i:08d}" for i in range(1, 21))
    classes, _ = scenes.ade20k(tmp_path, ids)
    masks = tmp_path / "ADEChallengeData2016/annotations/validation"
    for path in sorted(masks.glob("*.png")):
        values = np.array(Image.open(path))
        save(path, np.where(values == 150, 149, values).astype(np.uint8))
    made = plan("ade20k", tmp_path)
    assert made.reader.name == "own" and "those of no class occur there" in made.remarks[1]
    assert (made.reader.read_item(made.items[3]).classes == NO_SCORE).sum() == (classes[ids[3]] == 0).sum()
    assert any(remark.startswith("WARNING") for remark in plan("ade20k", tmp_path, order="train").remarks)
    (masks / f"{ids[0]}.png").unlink()
    assert "do not tell what they mean" in refused("ade20k", tmp_path)


def test_ade_with_a_converters_folder_beside_it_asks_which(tmp_path: Path) -> None:
    scenes.ade20k(tmp_path)
    own = tmp_path / "ADEChallengeData2016/annotations"
    shutil.copytree(own, own.with_name("annotations_detectron2"))
    line = refused("ade20k", tmp_path)
    assert "several folders of masks of val" in line and line.endswith("choose with --masks")
    assert plan("ade20k", tmp_path, masks=own).has_objects


def test_ade_without_objects_says_what_pq_will_count(tmp_path: Path) -> None:
    scenes.ade20k(tmp_path)
    shutil.rmtree(tmp_path / "annotations_instance")
    made = plan("ade20k", tmp_path)
    assert not made.has_objects and "PQ counts all pixels of a thing in an image as one" in made.remarks[-1]


def test_half_an_archive_of_objects_is_refused_or_said_aloud(tmp_path: Path) -> None:
    scenes.ade20k(tmp_path)
    whole = plan("ade20k", tmp_path)
    files = {item.image_id: item.objects for item in whole.items if item.objects is not None}
    (tmp_path / "annotations_instance/validation/ADE_val_00000002.png").unlink()
    made = plan("ade20k", tmp_path)
    assert made.has_objects and made.remarks[-1].startswith(
        "WARNING: 1 of 2 images have no file in annotations_instance (the first: ADE_val_00000002): their things count"
    )
    full, bare = (labels.objects for labels in map(made.reader.read_item, made.items))
    assert full is not None and bare is not None and (full == whole.reader.read_item(whole.items[0]).objects).all()
    thing = np.isin(made.reader.read_item(made.items[1]).classes, (16, 20, 150))
    assert (bare == np.where(thing, CROWD, 0)).all()
    with pytest.raises(
        UserError, match=r"1 of 2 images have no file in here .*; unpack x.tar again and wholly, move h"
    ):
        join_objects(made.items, dict([files.popitem()]), "here", "x.tar", Choices("ade20k"))


def test_ade_objects_are_held_against_the_labels(tmp_path: Path) -> None:
    """Those of another image, of other classes, and classes beyond the hundred are no objects of this one."""
    scenes.ade20k(tmp_path)
    first, second = sorted((tmp_path / "annotations_instance/validation").glob("*.png"))
    colours = np.array(Image.open(first))
    shutil.copy(second, first)
    mask = tmp_path / "ADEChallengeData2016/annotations/validation/ADE_val_00000001.png"
    assert first_fault("ade20k", tmp_path).startswith(f"{first}: objects of other labels than in {mask} (")
    save(first, np.where(colours[..., :1] == 6, np.uint8([5, 1, 0]), colours))  # one of three classes is another
    made = plan("ade20k", tmp_path)
    labels = made.reader.read_item(made.items[0])
    assert labels.objects is not None and (labels.objects[labels.classes == 16] == CROWD).all()
    assert (labels.objects[(labels.classes == 20) & (colours[..., 1] > 0)] == 2).all()
    save(first, colours * np.uint8([0, 1, 1]))  # no class in red
    assert "objects of other labels than in" in first_fault("ade20k", tmp_path)
    save(first, colours + np.uint8([40, 0, 0]))
    assert "red 140 is none of 100 classes; unpack both archives again, or move" in first_fault("ade20k", tmp_path)


def test_files_of_objects_that_hold_none_are_refused(tmp_path: Path) -> None:
    scenes.ade20k(tmp_path / "from")
    folder = tmp_path / "from/annotations_instance/validation"
    for path in folder.glob("*.png"):
        save(path, np.zeros((scenes.H, scenes.W, 3), np.uint8))
    made = plan("ade20k", tmp_path / "from")
    with pytest.raises(UserError, match=f"{folder}: no object in any of 2 images, though things are in at least 2 of"):
        write(made, tmp_path / "to", 1, partial=True)
    assert not (tmp_path / "to/dataset").exists()


def test_a_mask_of_other_numbers_is_named_and_with_partial_left_for_the_work(tmp_path: Path) -> None:
    scenes.ade20k(tmp_path, tuple(f"ADE_val_{i:08d}" for i in range(1, 21)))
    masks = {path.stem: path for path in sorted((tmp_path / "ADEChallengeData2016/annotations/validation").glob("*"))}
    odd = masks["ADE_val_00000007"]
    save(odd, np.full((scenes.H, scenes.W), 200, np.uint8))
    with pytest.raises(
        UserError, match=f"{odd}: holds 200, and all masks looked into hold 0 to 150, and 200, which is n"
    ):
        choose_coding(list_codings(), masks, None)
    coding, _ = choose_coding(list_codings(), masks, None, partial=True)
    assert coding.name == "own"
    assert first_fault("ade20k", tmp_path).startswith(f"{odd}: label 200 is none of ADE20K's (0 other, 1-150)")


def test_ade_objects_of_another_size_or_mode_are_named(tmp_path: Path) -> None:
    scenes.ade20k(tmp_path)
    path = tmp_path / "annotations_instance/validation/ADE_val_00000001.png"
    save(path, np.zeros((scenes.W, scenes.H, 3), np.uint8))
    assert first_fault("ade20k", tmp_path).startswith(f"{path}: objects are 12x20 but the mask ")
    save(path, np.zeros((scenes.H, scenes.W), np.uint8))
    assert "numbers are expected in the colours of an RGB PNG, but this is PNG L" in first_fault("ade20k", tmp_path)


def test_cityscapes_train_ids_are_taken_where_nothing_else_is_there(tmp_path: Path) -> None:
    classes, _ = scenes.cityscapes(tmp_path)
    order = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    for path in sorted(tmp_path.rglob("*_labelIds.png")):
        true = classes[path.name.removesuffix("_gtFine_labelIds.png")]
        train = np.where(true < 0, 255, np.searchsorted(order, true))
        save(path.with_name(path.name.replace("labelIds", "labelTrainIds")), train.astype(np.uint8))
    assert plan("cityscapes", tmp_path).reader.name == "labelIds"
    for path in sorted(tmp_path.rglob("*_labelIds.png")):
        path.unlink()
    made = plan("cityscapes", tmp_path)
    assert made.reader.name == "labelTrainIds" and "no objects" in made.remarks[-1]
    for item in made.items:
        true = classes[item.image_id]
        assert (made.reader.read_item(item).classes == np.where(true < 0, NO_SCORE, true)).all()


def test_cityscapes_faults(tmp_path: Path) -> None:
    scenes.cityscapes(tmp_path)
    path = next(tmp_path.rglob("munster*_labelIds.png"))
    values = np.array(Image.open(path))
    save(path, np.where(values == 26, 24, values))
    assert "objects of other labels than in" in first_fault("cityscapes", tmp_path)
    save(path, np.where(values == 0, 255, values))
    line = refused("cityscapes", tmp_path)
    assert line.startswith(f"{path}: holds 4 to 29, and 255, and all masks looked into hold 0 to 29, and 255, which is")
    assert "not Cityscapes' labelIds (0-33)" in line
