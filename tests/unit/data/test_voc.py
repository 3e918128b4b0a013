"""PASCAL VOC 2012: class numbers, layout and every way a tree can be wrong."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.data.voc import Voc, open_voc
from bench.errors import BadSample, UsageError, UserError
from bench.records import BACKGROUND, VOID

MASK = np.array([[0, 1, 20, 255], [15, 15, 0, 255], [16, 11, 18, 0]], dtype=np.uint8)
BOTH = "2of1449@75118762"
"""The first eight digits of sha256 over "2007_a", a line break, "2007_b"."""
SAMPLE = Path(__file__).parents[4] / "shared" / "sample" / "voc2012"


def save_mask(path: Path, values: np.ndarray) -> None:
    picture = Image.frombytes("P", (values.shape[1], values.shape[0]), values.astype(np.uint8).tobytes())
    picture.putpalette([(5 * i) % 256 for i in range(768)])
    picture.save(path)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "VOCdevkit" / "VOC2012"
    for folder in ("ImageSets/Segmentation", "JPEGImages", "SegmentationClass"):
        (root / folder).mkdir(parents=True)
    (root / "ImageSets/Segmentation/val.txt").write_text("2007_b\n2007_a\n\n2007_b \n")
    (root / "ImageSets/Segmentation/train.txt").write_text("2007_c\n")
    for image_id in ("2007_a", "2007_b"):
        Image.new("RGB", (4, 3), "green").save(root / "JPEGImages" / f"{image_id}.jpg")
        save_mask(root / "SegmentationClass" / f"{image_id}.png", MASK)
    return root


def test_numbers_become_classes_background_and_void(tree: Path) -> None:
    data = Voc(tree)
    truth = data.load("2007_a").truth
    assert truth is not None and truth.dtype == np.int16
    b, v = BACKGROUND, VOID
    assert truth.tolist() == [[b, 0, 19, v], [14, 14, b, v], [15, 10, 17, b]]
    assert data.list_ids() == ("2007_a", "2007_b") and data.split == "val"
    assert (data.classes.names[14], data.classes.names[19], len(data.classes)) == ("person", "tvmonitor", 20)


def test_names_as_published_and_readable(tree: Path) -> None:
    own, readable = Voc(tree).classes, Voc(tree, names="readable").classes
    changed = {a: b for a, b in zip(own.names, readable.names, strict=True) if a != b}
    assert changed == {"diningtable": "dining table", "pottedplant": "potted plant", "tvmonitor": "tv monitor"}
    assert (own.name, readable.name) == ("voc20", "voc20+readable") and all(own.things)
    aliases = Voc(tree, names="aliases").classes
    assert (aliases.name, aliases.names) == ("voc20+aliases", readable.names) and not own.aliases
    assert "houseplant" in aliases.aliases[aliases.names.index("potted plant")]
    with pytest.raises(UsageError, match="did you mean 'readable'"):
        Voc(tree, names="readible")


def test_root_may_be_any_of_three_folders(tree: Path) -> None:
    fingerprints = {Voc(root).fingerprint for root in (tree, tree.parent, tree.parents[1])}
    assert len(fingerprints) == 1


def test_fingerprint_follows_masks_and_not_the_subset(tree: Path) -> None:
    before = Voc(tree).fingerprint
    assert Voc(tree, subset="first:1").fingerprint == before
    save_mask(tree / "SegmentationClass/2007_b.png", MASK[::-1])
    assert Voc(tree).fingerprint != before


def test_a_shard_of_the_publisher_s_layout(tree: Path) -> None:
    first, second = Voc(tree, shard="1/2"), open_voc(tree, shard="2/2")
    assert isinstance(second, Voc) and (first.list_ids(), second.list_ids()) == (("2007_a",), ("2007_b",))
    assert second.subset == f"{BOTH},shard:2/2" and second.fingerprint == Voc(tree).fingerprint


def test_a_list_shorter_than_the_published_one_stands_in_the_name(tree: Path) -> None:
    assert Voc(tree).subset == BOTH and re.fullmatch("1of1464@[0-9a-f]{8}", str(Voc(tree, split="train").subset))
    assert Voc(tree, subset="first:1").subset == f"{BOTH},first:1"
    whole = "".join(f"2007_{i:06}\n" for i in range(1449))
    (tree / "ImageSets/Segmentation/val.txt").write_text(whole)
    (tree / "ImageSets/Segmentation/trainaug.txt").write_text("2007_c\n")
    assert Voc(tree).subset is None and Voc(tree, split="trainaug").subset is None


def test_orientation_tag_is_not_applied(tree: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (4, 3), (128, 0, 0)).save(tree / "JPEGImages/2007_a.jpg", exif=exif)
    assert Voc(tree).load("2007_a").image.shape == (3, 4, 3)


def damage_size(root: Path) -> None:
    save_mask(root / "SegmentationClass/2007_a.png", MASK[:2])


def damage_value(root: Path) -> None:
    save_mask(root / "SegmentationClass/2007_a.png", np.where(MASK == 16, 21, MASK))


def damage_colour(root: Path) -> None:
    Image.new("RGB", (4, 3), (128, 0, 0)).save(root / "SegmentationClass/2007_a.png")


def damage_mask_missing(root: Path) -> None:
    (root / "SegmentationClass/2007_a.png").unlink()


def damage_image_missing(root: Path) -> None:
    (root / "JPEGImages/2007_a.jpg").unlink()


def damage_sixteen_bit(root: Path) -> None:
    Image.fromarray(np.full((3, 4), 256, np.uint16)).save(root / "SegmentationClass/2007_a.png")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (damage_size, "mask is 4x2 but its image is 4x3"),
        (damage_value, "label 21 is none"),
        (damage_colour, "saved as RGB"),
        (damage_mask_missing, "SegmentationClass/2007_a.png: file is missing"),
        (damage_image_missing, "JPEGImages/2007_a.jpg: file is missing"),
        (damage_sixteen_bit, "label 256 is none"),
    ],
)
def test_one_bad_image_is_a_skip_and_the_others_stay(tree: Path, damage, reason: str) -> None:
    damage(tree)
    data = Voc(tree)
    for load in (data.load, data.load_truth):
        with pytest.raises(BadSample, match=reason):
            load("2007_a")
    assert data.load("2007_b").size == (3, 4) and data.fingerprint


def test_missing_layout_split_and_id(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ImageSets/Segmentation"):
        Voc(tree / "JPEGImages")
    with pytest.raises(UserError, match="does not exist"):
        Voc(tmp_path / "nowhere")
    with pytest.raises(UserError, match="data.root is not set"):
        Voc(None)
    with pytest.raises(UserError, match="there are train, val .did you mean 'val'"):
        Voc(tree, split="vall")
    with pytest.raises(UserError, match="did you mean '2007_a'"):
        Voc(tree).load("2007_aa")
    (tree / "ImageSets/Segmentation/val.txt").write_text("\n")
    with pytest.raises(UserError, match="holds no id"):
        Voc(tree)


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="no sample of real VOC photographs beside the repository")
def test_real_photographs() -> None:
    data = Voc(SAMPLE)
    samples = [data.load(image_id) for image_id in data.list_ids()]
    assert all(s.truth is not None and s.truth.shape == s.size for s in samples)
    seen = {data.classes.names[c] for s in samples for c in np.unique(s.truth) if c >= 0}
    # 2007_000042 shows trains, 2007_000061 a boat and 2007_000332 horse and rider, as the publisher's lists say.
    assert {"train", "boat", "horse", "person"} <= seen and all((s.truth == VOID).any() for s in samples)


def test_endings_in_any_case_and_names_in_both_forms(tree: Path) -> None:
    lists = tree / "ImageSets/Segmentation/val.txt"
    first = sorted(lists.read_text().split())[0]
    before = Voc(tree).load(first).truth
    (tree / f"JPEGImages/{first}.jpg").rename(tree / "JPEGImages/cafe\u0301.JPG")
    (tree / f"SegmentationClass/{first}.png").rename(tree / "SegmentationClass/caf\u00e9.Png")
    lists.write_text(lists.read_text().replace(first, "caf\u00e9"))
    (tree / "ImageSets/Segmentation/._val.txt").touch()
    data = Voc(tree)
    assert (data.load("caf\u00e9").truth == before).all() and "caf\u00e9" in data.list_ids() == data.list_split_ids()
    with pytest.raises(UserError, match="there are ((?![.]_val).)*$"):
        Voc(tree, split="tset")
