"""A user's own labelled folder: layouts, what the numbers mean, and every way it can be wrong."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import ANY

import numpy as np
import pytest
from PIL import Image

from bench.data.folder import Folder, folder
from bench.data.labelled import LabelledFolder
from bench.data.layout import find_files
from bench.errors import BadSample, UsageError, UserError
from bench.records import BACKGROUND, VOID
from tests.unit.data.prepare import picture

SAMPLE = Path(__file__).parents[4] / "shared" / "sample"
MASK = np.array([[0, 1, 2, 255], [3, 3, 0, 2]], np.uint8)
FIVE = """images: img/{id}.jpg
masks: ann/{id}.png
classes: classes.txt
background: 0
void: 255
"""


def save(path: Path, values: np.ndarray, palette: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, values)
        return
    image = Image.fromarray(values, mode="P") if palette else Image.fromarray(values)
    if palette:
        image.putpalette([(7 * i) % 256 for i in range(768)])
    image.save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two images with masks and a list of three classes; the layout is mine.yaml."""
    base = tmp_path / "data"
    for name in ("a", "b"):
        save(base / f"img/{name}.jpg", picture(2, 4))
        save(base / f"ann/{name}.png", MASK, palette=True)
    (base / "classes.txt").write_text("cat\nsky\ntv monitor\n")
    (tmp_path / "mine.yaml").write_text(FIVE)
    return base


def read(root: Path, text: str = FIVE, **options: str) -> LabelledFolder:
    layout = root.parent / "mine.yaml"
    layout.write_text(text)
    data = folder(root, layout=layout, **options)
    assert isinstance(data, LabelledFolder)
    return data


def test_five_lines_of_yaml(root: Path) -> None:
    data = read(root)
    b, v = BACKGROUND, VOID
    assert data.load("a").truth.tolist() == [[b, 0, 1, v], [2, 2, b, 1]] and data.load("a").truth.dtype == np.int16
    assert data.ids() == ("a", "b") and data.classes.names == ("cat", "sky", "tv monitor")
    assert (data.name, data.split, data.classes.name) == ("mine", "all", "mine3")
    assert read(root, subset="first:1").ids() == ("a",) and read(root, subset="first:1").subset == "first:1"
    assert isinstance(folder(root), Folder), "without a layout it is a folder of photographs"


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
        assert data.remarks() == (f"{root.parent / 'mine.yaml'}: classes: 2 numbers, 1 and 3, are 'water': one class",)
    with pytest.raises(UserError, match="void=3 is also 'water'"):
        read(root, FIVE.replace("classes.txt", "{1: water, 2: sky, 3: water}").replace("255", "3"))


def test_hidden_files_and_folders_are_no_data(root: Path) -> None:
    for name in (".ipynb_checkpoints/a-checkpoint", "._a", "__MACOSX/a", ".hidden/x/c"):
        save(root / f"img/{name}.jpg", picture(2, 4))
        save(root / f"ann/{name}.png", MASK)
    (root / "img/Thumbs.db").touch()
    assert read(root).ids() == ("a", "b") == read(root, FIVE.replace("{id}.jpg", "{id}.*")).ids()
    (root / ".own").mkdir()
    (root / "img").rename(root / ".own/img")
    assert read(root, FIVE.replace("img/", ".own/img/")).ids() == ("a", "b"), "where the layout itself names it"


def test_endings_in_any_case(root: Path) -> None:
    (root / "ann/b.png").rename(root / "ann/b.PNG")
    (root / "img/a.jpg").rename(root / "img/a.JPG")
    data = read(root)
    assert data.ids() == ("a", "b") and data.load("a").size == data.load("b").size == (2, 4)
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
    assert data.ids() == ("b", composed) and data.load(composed).size == (2, 4)
    (root / "val.txt").write_text(f"{decomposed}\n")
    assert read(root, subset=f"file:{root / 'val.txt'}").ids() == (composed,)
    assert read(root, FIVE + "ids: val.txt\n").ids() == (composed,)
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
    assert data.remarks() == (told,)


def test_what_orientation_cannot_tell_is_as_stored_and_said(root: Path) -> None:
    for name, tag, size in (("a", 6, (2, 4)), ("b", 3, (2, 4)), ("c", 6, (3, 3))):
        exif = Image.Exif()
        exif[0x0112] = tag
        Image.fromarray(picture(*size)).save(root / f"img/{name}.jpg", exif=exif)
    save(root / "ann/c.png", MASK[:1, :1].repeat(3, 0).repeat(3, 1))
    data = read(root)
    assert data.load("a").size == (2, 4)
    told = "pictures with an orientation tag:"
    assert data.remarks() == (
        f"{told} 1 taken as stored, for their masks have the stored size, the first 'a'",
        f"{told} 2 taken as stored, though the sizes of their masks cannot tell, the first 'b'",
    )


def test_any_depth_any_ending_and_a_name_of_its_own(root: Path) -> None:
    save(root / "img/town/c.png", picture(2, 4))
    save(root / "ann/town/c_labels.png", MASK)
    for name in ("a", "b"):
        (root / f"ann/{name}.png").rename(root / f"ann/{name}_labels.png")
    data = read(root, FIVE.replace(".jpg", ".*").replace("{id}.png", "{id}_labels.png") + "name: my town\n")
    assert data.ids() == ("a", "b", "town/c") and data.load("town/c").size == (2, 4) and data.name == "my_town"
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


def spoil(root: Path, what: str) -> None:
    path = root / "ann/a.png"
    if what == "size":
        save(path, MASK[:1])
    elif what == "value":
        save(path, np.where(MASK == 3, 44, MASK).astype(np.uint8))
    elif what == "colour":
        save(path, picture(2, 4))
    elif what == "no mask":
        path.unlink()
    elif what == "no image":
        (root / "img/a.jpg").unlink()
    elif what == "cut":
        path.write_bytes(path.read_bytes()[:40])


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("size", "ann/a.png: mask is 4x1 but its image .*img/a.jpg is 4x2"),
        ("value", r"ann/a.png: label 44 is none of mine's \(1 cat … 3 tv monitor, background 0, void 255\)"),
        ("colour", "ann/a.png: .*saved as RGB"),
        ("no mask", "ann/a.png: file is missing"),
        ("no image", "img/a.jpg: file is missing"),
        ("cut", "ann/a.png: "),
    ],
)
def test_one_bad_image_is_a_skip_and_counts(root: Path, what: str, reason: str) -> None:
    spoil(root, what)
    data = read(root)
    assert data.ids() == ("a", "b") and data.fingerprint
    for load in (data.load, data.load_truth):
        with pytest.raises(BadSample, match=reason):
            load("a")
    assert data.load("b").size == data.load_truth("b").size == (2, 4)
    assert np.array_equal(data.load_truth("b").truth, data.load("b").truth) and not data.load_truth("b").image.any()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (MASK + np.float32(0.5), "labels are float32 and not all whole numbers, e.g. 0.5"),
        (np.where(MASK == 3, np.nan, MASK), "labels are float64 and not all whole numbers, e.g. nan"),
        (MASK.astype(complex), "needs whole numbers .* holds complex128"),
        (np.stack([MASK, MASK]), r"holds uint8 \[2, 2, 4\]"),
        (MASK.astype(np.int64) - (1 << 40), "label -2147483647 is none"),
        (MASK.astype(np.uint64) + (1 << 40), "label 2147483647 is none"),
    ],
)
def test_arrays_that_are_no_label_map(root: Path, values: np.ndarray, reason: str) -> None:
    save(root / "ann/a.npy", values)
    data = read(root, FIVE.replace("{id}.png", "{id}.npy"))
    with pytest.raises(BadSample, match=reason):
        data.load("a")
    with pytest.raises(BadSample, match="b.npy: file is missing"):
        data.load("b")
    (root / "ann/a.npy").write_bytes(b"no array")
    with pytest.raises(BadSample, match="no array that can be read"):
        data.load("a")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("masks: ann/{id}.png\n", ""), "mine.yaml: masks is missing"),
        (("void", "viod"), "no such key 'viod' .did you mean 'void'"),
        (("img/{id}.jpg", "img/a.jpg"), "images=img/a.jpg: needs a path below data.root with {id} once"),
        (("img/{id}.jpg", "../{id}.jpg"), "needs a path below data.root"),
        (("img/{id}.jpg", "/img/{id}.jpg"), "needs a path below data.root"),
        (("img/{id}.jpg", "pic/{id}.jpg"), "no file fits images: pic/{id}.jpg"),
        (("ann/{id}.png", "ann/{id}.tif"), "no file fits masks: ann/{id}.tif"),
        (("classes.txt", "clases.txt"), "classes=clases.txt: no such file below .* or beside the layout"),
        (("classes.txt", "[cat, 5]"), "classes: 2: 5 is no class"),
        (("classes.txt", "{cat: 1}"), "classes: cat: 1 is no class; swap them: needs a number"),
        (("classes.txt", "{1: cat, 255: sky}"), "void=255 is also 'sky'"),
        (("classes.txt", "{0: cat}"), "background=0 is also 'cat'"),
        (("void: 255", "void: 0"), "void=0 is also 'background'"),
        (("void: 255", "void: none"), "void=none: needs a whole number from -32768 to 65535"),
        (("void: 255", "void: -40000"), "void=-40000: needs a whole number"),
        (("void: 255", "void: 0255"), "void=0255: needs a whole number .* as it is usually written"),
        (("void: 255", "void: 255\nvoid: 254"), "line 6: 'void' stands there twice"),
        (("classes.txt", "{1: cat, 1: dog}"), "line 3: 1 stands there twice; keep one"),
        (("classes.txt", "{010: cat}"), r"classes: number 010 \(10 or 8\?\): write it without the leading 0"),
        (("classes.txt", "{1_000: cat}"), "classes: 1_000: 'cat' is no class"),
        (("classes.txt", "5"), "classes=5: needs a list, a mapping NUMBER: NAME, or a file; a class list holds"),
        (("void: 255", "ids: val.txt"), "ids=val.txt: no such file"),
        ((FIVE, "- a\n- b\n"), "should hold lines KEY: VALUE"),
        ((FIVE, "a: [1\n"), "no yaml"),
    ],
)
def test_a_faulty_layout_is_one_clear_line(root: Path, change: tuple[str, str], reason: str) -> None:
    with pytest.raises(UserError, match=reason) as told:
        read(root, FIVE.replace(*change))
    assert "\n" not in str(told.value) and not isinstance(told.value, BadSample)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1: cat\nsky\n", "'sky' has no number"),
        ("1: cat\n1: sky\n", "a number stands twice"),
        ("70000: cat\n", "70000: 'cat' is no class"),
        ("\n", "holds no class"),
    ],
)
def test_a_faulty_list_of_classes(root: Path, text: str, reason: str) -> None:
    (root / "classes.txt").write_text(text)
    with pytest.raises(UserError, match=f"classes.txt.*{reason}"):
        read(root)


def test_two_files_of_one_id(root: Path) -> None:
    save(root / "img/a.png", picture(2, 4))
    with pytest.raises(UserError, match="a.jpg and .*a.png have the same id 'a'"):
        read(root, FIVE.replace(".jpg", ".*"))


def test_ids_that_lie_nowhere_are_skips_and_an_unknown_one_is_named(root: Path) -> None:
    (root.parent / "val.txt").write_text("b\nz\n")
    data = read(root, FIVE + "ids: val.txt\n")
    assert data.ids() == ("b", "z")
    with pytest.raises(BadSample, match="z.jpg: file is missing|z.png: file is missing"):
        data.load("z")
    with pytest.raises(UserError, match="'a' is not in mine"):
        data.load("a")


def test_options_it_does_not_have(root: Path) -> None:
    with pytest.raises(UserError, match="data.layout=.*none.yaml: cannot be read"):
        folder(root, layout=root / "none.yaml")
    with pytest.raises(UsageError, match="split"):
        read(root, split="val")
    with pytest.raises(UserError, match="data.root is not set"):
        folder(None, layout=root.parent / "mine.yaml")


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="no sample of real labelled photographs beside the repository")
def test_real_masks_of_pascal_context_name_what_voc_names() -> None:
    """The same photographs in both sets: where VOC sees a class, Context names it alike, so the order is VOC's."""
    context, pascal = (
        folder(SAMPLE / name, layout=Path(__file__).with_name(f"{name}.yaml")) for name in ("pascal_context", "voc2012")
    )
    shared = sorted(set(context.ids()) & set(pascal.ids()))
    agreed = {}
    for image_id in shared:
        one, two = context.load(image_id).truth, pascal.load(image_id).truth
        both = (one >= 0) & (two >= 0)
        agreed[image_id] = (one[both] == two[both]).mean()
    assert len(context.ids()) == len(pascal.ids()) == 8
    # A cow and a boat. In the third the annotators differ: an armchair is a chair for VOC and a sofa for Context.
    assert agreed == {"2008_000073": ANY, "2008_000107": 0, "2008_000120": ANY}
    assert agreed["2008_000073"] > 0.98 and agreed["2008_000120"] > 0.98
