"""A user's own labelled folder: layouts, what the numbers mean, and every way it can be wrong."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import ANY

import numpy as np
import pytest
from PIL import Image

from bench.data.folder import Folder, open_folder
from bench.data.layout import find_files
from bench.errors import BadSample, UserError
from bench.records import BACKGROUND, UNTOLD, VOID
from tests.unit.data.labelled_folder import FIVE, MASK, read, save
from tests.unit.data.prepare import picture

SAMPLE = Path(__file__).parents[4] / "shared" / "sample"


def test_five_lines_of_yaml(root: Path) -> None:
    data = read(root)
    b, v = BACKGROUND, VOID
    assert data.load("a").truth.tolist() == [[b, 0, 1, v], [2, 2, b, 1]] and data.load("a").truth.dtype == np.int16
    assert data.list_ids() == ("a", "b") and data.classes.names == ("cat", "sky", "tv monitor")
    assert (data.name, data.split, data.classes.name) == ("mine", "all", "mine3")
    assert read(root, subset="first:1").list_ids() == ("a",) and read(root, subset="first:1").subset == "first:1"
    assert isinstance(open_folder(root), Folder), "without a layout it is a folder of photographs"


@pytest.mark.parametrize(
    ("classes", "background", "places"),
    [
        ("[cat, sky, tv]", "0", {1: "cat", 3: "tv"}),  # 0 is taken, so that names count from 1
        ("[other, cat, sky, tv]", "", {0: "other", 3: "tv"}),
        ("{3: tv, 1: cat, 2: sky, 0: other}", "", {0: "other", 1: "cat", 3: "tv"}),
        ("{1: cat, 2: sky, 3: tv}", "0", {1: "cat", 2: "sky", 3: "tv"}),
    ],
)
def test_what_the_numbers_mean_is_one_rule(root: Path, classes: str, background: str, places: dict[int, str]) -> None:
    data = read(root, f"images: img/{{id}}.jpg\nmasks: ann/{{id}}.png\nclasses: {classes}\n"
                      f"background: {background}\nvoid: 255")  # fmt: skip
    truth = data.load("a").truth
    assert all(data.classes.names[truth[number == MASK][0]] == name for number, name in places.items())
    assert (truth[MASK == 255] == VOID).all() and ((truth[MASK == 0] == BACKGROUND).all() == (background == "0"))


@pytest.mark.parametrize("text", ["1: cat\n2: sky\n3: tv\n", "3:\ttv\n1: cat\n2 : sky\n"])
def test_numbered_lines(root: Path, text: str) -> None:
    (root / "classes.txt").write_text(text)
    assert read(root).classes.names == ("cat", "sky", "tv")


def test_a_csv_and_a_table_of_ours_bring_readable_names(root: Path) -> None:
    (root.parent / "list.csv").write_text("id,name,readable,aliases,thing\n1,c,cat,kitten,true\n2,s,,,false\n3,t,,,\n")
    data = read(root, FIVE.replace("classes.txt", "list.csv"), names="aliases")
    assert data.classes.texts == (("cat", "kitten"), ("s",), ("t",)) and data.classes.things == (True, False, True)
    assert data.classes.name == "list+aliases"
    data = read(root, FIVE.replace("classes.txt", "voc20"))
    assert data.classes.name == "voc20" and data.load("a").truth[0].tolist() == [BACKGROUND, 0, 1, VOID]


def test_masks_of_other_kinds_mean_the_same(root: Path) -> None:
    want = read(root).load("a").truth
    (root / "one.txt").write_text("a\n")
    wide = np.where(MASK == 255, 1000, MASK.astype(np.uint16))
    for suffix, values in (("npy", wide), ("npy", wide.astype(np.int64)), ("tif", wide), ("png", wide)):
        save(root / f"wide/a.{suffix}", values)
        text = FIVE.replace("ann/{id}.png", f"wide/{{id}}.{suffix}").replace("255", "[255, 1000]")
        assert (read(root, text + "ids: one.txt\n").load("a").truth == want).all(), suffix
    save(root / "grey/a.png", MASK)
    assert (read(root, FIVE.replace("ann/", "grey/") + "ids: one.txt\n").load("a").truth == want).all()


def test_words_of_a_layout_are_as_they_are_written(root: Path) -> None:
    """YAML 1.1 would read false, null, 750 seconds of a clock, and a date."""
    data = read(root, FIVE.replace("classes.txt", "{1: no, 2: null, 3: 12:30, 4: 2012-01-02, '5': on}"))
    assert data.classes.names == ("no", "null", "12:30", "2012-01-02", "on")
    assert read(root, FIVE + "ids: null\nname: ~\n").name == "mine", "a key may still have no value"


@pytest.mark.parametrize(
    ("kind", "suffix"), [(np.int8, "npy"), (np.int16, "npy"), (np.float32, "npy"), (np.int32, "tif")]
)
def test_void_below_zero(root: Path, kind: type, suffix: str) -> None:
    want = read(root).load("a").truth
    for name in ("a", "b"):
        save(root / f"ann/{name}.{suffix}", np.where(MASK == 255, -1, MASK.astype(np.int16)).astype(kind))
    text = FIVE.replace("{id}.png", f"{{id}}.{suffix}")
    assert (read(root, text.replace("255", "-1")).load("a").truth == want).all()
    with pytest.raises(BadSample, match="label -1 is none of mine's .*; never scored. then void: -1"):
        read(root, text).load("a")


def test_several_numbers_of_one_class(root: Path) -> None:
    for classes in ("{1: water, 2: sky, 3: water}", "[water, sky, water]"):
        data = read(root, FIVE.replace("classes.txt", classes))
        assert data.classes.names == ("water", "sky")
        assert data.load("a").truth.tolist() == [[BACKGROUND, 0, 1, VOID], [0, 0, BACKGROUND, 1]]
        assert data.list_remarks() == (
            f"{root.parent / 'mine.yaml'}: classes: 2 numbers, 1 and 3, are 'water': one class",
        )
    with pytest.raises(UserError, match="void=3 is also 'water'"):
        read(root, FIVE.replace("classes.txt", "{1: water, 2: sky, 3: water}").replace("255", "3"))


def test_hidden_files_and_folders_are_no_data(root: Path) -> None:
    for name in (".ipynb_checkpoints/a-checkpoint", "._a", "__MACOSX/a", ".hidden/x/c"):
        save(root / f"img/{name}.jpg", picture(2, 4))
        save(root / f"ann/{name}.png", MASK)
    (root / "img/Thumbs.db").touch()
    assert read(root).list_ids() == ("a", "b") == read(root, FIVE.replace("{id}.jpg", "{id}.*")).list_ids()
    (root / ".own").mkdir()
    (root / "img").rename(root / ".own/img")
    assert read(root, FIVE.replace("img/", ".own/img/")).list_ids() == ("a", "b"), "where the layout itself names it"


def test_endings_in_any_case(root: Path) -> None:
    (root / "ann/b.png").rename(root / "ann/b.PNG")
    (root / "img/a.jpg").rename(root / "img/a.JPG")
    data = read(root)
    assert data.list_ids() == ("a", "b") and data.load("a").size == data.load("b").size == (2, 4)
    save(root / "ann/b.png", MASK)
    with pytest.raises(UserError, match="b.PNG and .*b.png have the same id 'b'; keep one"):
        read(root)


def test_a_file_of_another_ending_is_named(root: Path) -> None:
    (root / "img/a.jpg").rename(root / "img/a.jpeg")
    with pytest.raises(BadSample, match="img/a.jpg: file is missing; a.jpeg is there: name its ending"):
        read(root).load("a")
    (root / "img/b.jpg").rename(root / "img/b.jpeg")
    with pytest.raises(UserError, match="no file fits images: img/{id}.jpg; .*img/a.jpeg is there: name its ending"):
        read(root)


def test_ids_in_two_normal_forms_are_one(root: Path) -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    (root / "img/a.jpg").rename(root / f"img/{composed}.jpg")
    (root / "ann/a.png").rename(root / f"ann/{decomposed}.png")
    data = read(root)
    assert data.list_ids() == ("b", composed) and data.load(composed).size == (2, 4)
    (root / "val.txt").write_text(f"{decomposed}\n")
    assert read(root, subset=f"file:{root / 'val.txt'}").list_ids() == (composed,)
    assert read(root, FIVE + "ids: val.txt\n").list_ids() == (composed,)
    (root / f"b{decomposed}").mkdir()
    (root / "ann").rename(root / f"b{decomposed}/ann")
    assert read(root, FIVE.replace("ann/", f"b{composed}/ann/")).load(composed).size == (2, 4)
    save(root / f"img/{decomposed}.jpg", picture(2, 4))
    with pytest.raises(UserError, match="have the same id 'caf"):
        read(root)


@pytest.mark.parametrize(("tag", "rotations"), [(6, -1), (8, 1)])
def test_a_picture_is_turned_where_its_mask_has_the_turned_size(root: Path, tag: int, rotations: int) -> None:
    stored = np.rot90(picture(2, 4), -rotations)
    exif = Image.Exif()
    exif[0x0112] = tag
    Image.fromarray(stored).save(root / "img/a.png", exif=exif)
    (root / "img/a.jpg").unlink()
    data = read(root, FIVE.replace("{id}.jpg", "{id}.*"))
    assert np.array_equal(data.load("a").image, picture(2, 4)) and data.load("a").truth.shape == (2, 4)
    assert data.load_truth("a").size == (2, 4) and np.array_equal(data.load_truth("a").truth, data.load("a").truth)
    told = "pictures with an orientation tag: 1 turned as it says, for their masks have the turned size, the first 'a'"
    assert data.list_remarks() == (told,)


def test_what_orientation_cannot_tell_is_as_stored_and_said(root: Path) -> None:
    for name, tag, size in (("a", 6, (2, 4)), ("b", 3, (2, 4)), ("c", 6, (3, 3))):
        exif = Image.Exif()
        exif[0x0112] = tag
        Image.fromarray(picture(*size)).save(root / f"img/{name}.jpg", exif=exif)
    save(root / "ann/c.png", MASK[:1, :1].repeat(3, 0).repeat(3, 1))
    data = read(root)
    assert data.load("a").size == (2, 4)
    told = "pictures with an orientation tag:"
    assert data.list_remarks() == (
        f"{told} 1 taken as stored, for their masks have the stored size, the first 'a'",
        f"{told} 2 taken as stored, though the sizes of their masks cannot tell, the first 'b'",
    )


def test_any_depth_any_ending_and_a_name_of_its_own(root: Path) -> None:
    save(root / "img/town/c.png", picture(2, 4))
    save(root / "ann/town/c_labels.png", MASK)
    for name in ("a", "b"):
        (root / f"ann/{name}.png").rename(root / f"ann/{name}_labels.png")
    data = read(root, FIVE.replace(".jpg", ".*").replace("{id}.png", "{id}_labels.png") + "name: my town\n")
    assert data.list_ids() == ("a", "b", "town/c") and data.load("town/c").size == (2, 4) and data.name == "my_town"
    assert sorted(find_files(root, "{id}/c.png")) == ["img/town"] and find_files(root, "img/*/{id}.png").keys() == {"c"}


def test_fingerprint_follows_files_and_meanings(root: Path) -> None:
    first = read(root).fingerprint
    assert first == read(root, subset="first:1").fingerprint == read(root, FIVE + "name: other\n").fingerprint
    assert first != read(root, FIVE.replace("classes.txt", "[cat, sky, tv]")).fingerprint
    save(root / "ann/b.png", MASK[:, ::-1])
    assert first != read(root).fingerprint


def test_pixels_are_taken_as_stored(root: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture(2, 4)).save(root / "img/a.jpg", exif=exif)
    assert read(root).load("a").size == (2, 4)


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="no sample of real labelled photographs beside the repository")
def test_real_masks_of_pascal_context_name_what_voc_names() -> None:
    """The same photographs in both sets: where VOC sees a class, Context names it alike, so the order is VOC's."""
    context, pascal = (
        open_folder(SAMPLE / name, layout=Path(__file__).with_name(f"{name}.yaml"))
        for name in ("pascal_context", "voc2012")
    )
    shared = sorted(set(context.list_ids()) & set(pascal.list_ids()))
    agreed = {}
    for image_id in shared:
        one, two = context.load(image_id).truth, pascal.load(image_id).truth
        both = (one >= 0) & (two >= 0)
        agreed[image_id] = (one[both] == two[both]).mean()
    assert len(context.list_ids()) == len(pascal.list_ids()) == 8
    # A cow and a boat. In the third the annotators differ: an armchair is a chair for VOC and a sofa for Context.
    assert agreed == {"2008_000073": ANY, "2008_000107": 0, "2008_000120": ANY}
    assert agreed["2008_000073"] > 0.98 and agreed["2008_000120"] > 0.98


def test_objects_of_a_file_beside(root: Path) -> None:
    """Numbers of things tell objects apart; a thing without one is of several, stuff has none, and sizes must fit."""
    (root.parent / "list.csv").write_text("id,name,readable,aliases,thing\n1,cat,,,true\n2,sky,,,false\n3,dog,,,true\n")
    text = FIVE.replace("classes.txt", "list.csv") + "objects: inst/{id}.png\n"
    plain = read(root).fingerprint
    for name in ("a", "b"):
        save(root / "inst" / f"{name}.png", np.array([[0, 70, 2, 5], [9, 0, 0, 3]], np.uint8))
    data = read(root, text)
    cat, dog = (int(data.load("a").instances[place]) for place in ((0, 1), (1, 0)))
    assert cat >= 0 and dog >= 0 and cat != dog and MASK[0, 1] == 1 and MASK[1, :2].tolist() == [3, 3]
    assert data.load("a").instances.tolist() == [[-1, cat, -1, -1], [dog, UNTOLD, -1, -1]]
    assert data.fingerprint != plain and read(root).fingerprint == plain
    save(root / "inst/a.png", np.array([[0, 70], [2, 5], [9, 0], [0, 3]], np.uint8))
    assert data.fingerprint != read(root, text).fingerprint
    with pytest.raises(BadSample, match="a.png: objects are 2x4 but the mask is 4x2"):
        read(root, text).load("a")
    (root / "inst/b.png").unlink()
    with pytest.raises(BadSample, match="b.png: file is missing"):
        read(root, text).load("b")
