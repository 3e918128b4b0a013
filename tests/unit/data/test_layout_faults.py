"""What is wrong with a labelled folder, its layout or its class list is one clear line, or a skip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.data.folder import open_folder
from bench.errors import BadSample, UsageError, UserError
from tests.unit.data.labelled_folder import FIVE, MASK, read, save
from tests.unit.data.prepare import picture


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
    assert data.list_ids() == ("a", "b") and data.fingerprint
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
    assert data.list_ids() == ("b", "z")
    with pytest.raises(BadSample, match="z.jpg: file is missing|z.png: file is missing"):
        data.load("z")
    with pytest.raises(UserError, match="'a' is not in mine"):
        data.load("a")


def test_options_it_does_not_have(root: Path) -> None:
    with pytest.raises(UserError, match="data.layout=.*none.yaml: cannot be read"):
        open_folder(root, layout=root / "none.yaml")
    with pytest.raises(UsageError, match="split"):
        read(root, split="val")
    with pytest.raises(UserError, match="data.root is not set"):
        open_folder(None, layout=root.parent / "mine.yaml")
