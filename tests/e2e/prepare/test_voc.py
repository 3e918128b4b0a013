"""PAS-20 from its archive: what is written, and every way the tree can be wrong, in one line."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from datasets import load_from_disk
from PIL import Image

from bench.cli import main
from bench.data.prepared import Prepared
from bench.data.publisher import Split
from bench.data.publishers import PUBLISHERS, sum_ids
from bench.records import BACKGROUND, VOID
from tests.unit.prepare.make import IDS, save_png, truth, voc20, voc_tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return voc_tree(tmp_path / "from")


@pytest.fixture(autouse=True)
def _sheet(request: pytest.FixtureRequest) -> None:
    """Drawn in the first test alone."""
    if request.function is not test_what_is_on_disk_is_what_the_contract_says:
        request.getfixturevalue("blank_sheet")


def prepare(tree: Path, to: Path, *more: str) -> int:
    return main(["prepare", "voc", "--from", str(tree), "--to", str(to), *more])


def refused(tree: Path, to: Path, capsys: pytest.CaptureFixture[str], *more: str, code: int = 1) -> str:
    assert prepare(tree, to, *more) == code
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("zgs: ")]
    assert len(lines) == 1 and not (to / "zgs.json").exists()
    return lines[0]


def test_what_is_on_disk_is_what_the_contract_says(tree: Path, tmp_path: Path) -> None:
    to = tmp_path / "to"
    assert prepare(tree, to, "--partial") == 0
    rows = load_from_disk(str(to / "dataset"))
    assert set(rows.column_names) == {"image_id", "image", "label", "licence", "digest"}
    assert [row["image_id"] for row in rows] == sorted(IDS) and "Flickr" in rows[0]["licence"]
    raw = rows.cast_column("image", type(rows.features["image"])(decode=False))
    total = hashlib.sha256()
    for row in raw:
        source = tree / "VOCdevkit/VOC2012/JPEGImages" / f"{row['image_id']}.jpg"
        assert row["image"]["bytes"] == source.read_bytes()
        label = Image.open(io.BytesIO(row["label"]))
        assert label.format == "PNG" and label.mode.startswith("I;16")
        values = np.array(label).astype(np.uint16)
        expected = voc20(row["image_id"])
        assert np.array_equal(values, np.where(expected == 255, 65535, expected))
        parts = (row["image_id"].encode(), row["image"]["bytes"], f"{values.shape}".encode() + values.tobytes())
        digest = hashlib.sha256(b"".join(hashlib.sha256(p).digest() for p in parts)).digest()
        total.update(digest)
        assert row["digest"] == digest
    about = json.loads((to / "zgs.json").read_text())
    assert about["fingerprint"] == total.hexdigest()
    assert (about["format"], about["name"], about["class_list"], about["split"]) == (1, "voc", "voc20", "val")
    assert (about["images"], about["published"], about["background"], about["missing"]) == (len(IDS), 1449, "voc", [])
    person = [(voc20(i) == 15) for i in IDS]
    assert about["histogram"]["person"] == {
        "pixels": sum(int(p.sum()) for p in person),
        "images": sum(bool(p.any()) for p in person),
    }
    assert about["histogram"]["void"]["pixels"] == sum(int((voc20(i) == 255).sum()) for i in IDS)
    sheet = Image.open(to / "check.png")
    assert len(about["histogram"]) == 22 and sheet.mode == "RGB" and sheet.width > 800


def test_the_reader_of_prepared_sets_takes_it(tree: Path, tmp_path: Path) -> None:
    prepare(tree, tmp_path / "to", "--partial")
    data = Prepared(tmp_path / "to", "voc")
    for image_id in data.list_ids():
        expected = voc20(image_id).astype(int) - 1  # background 0 is -1 there
        found = data.load(image_id).truth
        assert np.array_equal(found, np.where(expected == 254, VOID, expected)) and BACKGROUND == -1


@pytest.mark.slow
def test_processes_and_layout_change_nothing(tree: Path, tmp_path: Path) -> None:
    prepare(tree, tmp_path / "a", "--partial")
    prepare(tree / "VOCdevkit" / "VOC2012", tmp_path / "b", "--partial", "--jobs", "2")
    a, b = (json.loads((tmp_path / f / "zgs.json").read_text()) for f in "ab")
    assert a == b


def test_other_years_in_the_same_devkit_are_not_taken(tree: Path, tmp_path: Path) -> None:
    voc_tree(tree, IDS[:2], year="VOC2010")
    prepare(tree, tmp_path / "to", "--partial")
    assert len(Prepared(tmp_path / "to", "voc").list_ids()) == len(IDS)


def test_a_whole_published_list_needs_no_leave(tree: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setitem(PUBLISHERS["voc"].splits, "val", Split(len(IDS), known=(len(IDS), sum_ids(IDS))))
    assert prepare(tree, tmp_path / "to") == 0
    said = capsys.readouterr().out
    assert "6 images (6 published)" in said and "6 ids, as published; the same ids as in the list known here" in said


def no_list(root: Path) -> None:
    (root / "ImageSets/Segmentation/val.txt").unlink()


def no_layout(root: Path) -> None:
    shutil.rmtree(root / "ImageSets")


def empty_list(root: Path) -> None:
    (root / "ImageSets/Segmentation/val.txt").write_text("\n")


def half_images(root: Path) -> None:
    for image_id in IDS[3:]:
        (root / "JPEGImages" / f"{image_id}.jpg").unlink()
    with tarfile.open(root / "VOCtrainval_11-May-2012.tar", "w"):
        pass


def half_masks(root: Path) -> None:
    (root / "SegmentationClass" / f"{IDS[2]}.png").unlink()


@pytest.mark.parametrize(
    ("damage", "more", "reason"),
    [
        (lambda root: None, (), "6 ids, but voc val has 1,449; give the publisher's list"),
        (no_list, ("--partial",), "val.txt is missing; unpack VOCtrainval_11-May-2012.tar again"),
        (no_layout, ("--partial",), "holds no ImageSets/Segmentation at any depth"),
        (empty_list, ("--partial",), "holds no id; it should hold one image id a line"),
        (lambda root: None, ("--split", "test"), "--split test: voc has train, val, trainval"),
        (lambda root: None, ("--list", "nowhere.txt"), "nowhere.txt does not exist"),
    ],
)
def test_trees_that_are_refused(tree: Path, tmp_path: Path, capsys, damage, more, reason: str) -> None:
    damage(tree / "VOCdevkit/VOC2012")
    assert reason in refused(tree, tmp_path / "to", capsys, *more)


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (half_images, f"3 of 6 ids of val have no image (the first: {IDS[3]}); unpack the archive again"),
        (half_masks, f"1 of 6 ids of val have no mask (the first: {IDS[2]})"),
    ],
)
def test_half_unpacked_is_refused_and_taken_with_leave(
    tree: Path, tmp_path: Path, capsys, monkeypatch, damage, reason
) -> None:
    monkeypatch.setattr("bench.prepare.voc.check_count", lambda *_: ())
    damage(tree / "VOCdevkit/VOC2012")
    line = refused(tree, tmp_path / "to", capsys)
    assert reason in line and ("unpack it first (tar xf VOCtrainval" in line) == (damage is half_images)
    assert prepare(tree, tmp_path / "to", "--partial") == 3
    about = json.loads((tmp_path / "to/zgs.json").read_text())
    assert about["images"] + len(about["missing"]) == len(IDS)
    said = capsys.readouterr().out
    assert f"left out: {len(about['missing'])} ids" in said and f"{about['missing'][0]} (no image or no mask)" in said


def truncated_mask(root: Path) -> Path:
    path = root / "SegmentationClass" / f"{IDS[1]}.png"
    path.write_bytes(path.read_bytes()[:60])
    return path


def truncated_image(root: Path) -> Path:
    path = root / "JPEGImages" / f"{IDS[1]}.jpg"
    path.write_bytes(path.read_bytes()[:-40])
    return path


def colour_mask(root: Path) -> Path:
    path = root / "SegmentationClass" / f"{IDS[1]}.png"
    Image.open(path).convert("RGB").save(path)
    return path


def other_size(root: Path) -> Path:
    save_png(root / "SegmentationClass" / f"{IDS[1]}.png", voc20(IDS[1])[:-1])
    return root / "SegmentationClass" / f"{IDS[1]}.png"


def other_value(root: Path) -> Path:
    save_png(root / "SegmentationClass" / f"{IDS[1]}.png", truth(IDS[1]) * 0 + 224)
    return root / "SegmentationClass" / f"{IDS[1]}.png"


@pytest.mark.thinned(4)
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncated_mask, "cannot be decoded"),
        (truncated_image, "cannot be decoded"),
        (colour_mask, "colours, not class numbers (a palette PNG that was saved as RGB)"),
        (other_size, "mask is 24x17 but its image is 24x18"),
        (other_value, "label 224 is none of VOC's"),
    ],
)
def test_a_damaged_file_is_named(tree: Path, tmp_path: Path, capsys, monkeypatch, damage, reason: str) -> None:
    monkeypatch.setattr("bench.prepare.voc.check_count", lambda *_: ())
    path = damage(tree / "VOCdevkit/VOC2012")
    line = refused(tree, tmp_path / "to", capsys)
    assert f"1 of 6 images cannot be used, the first: {path}" in line and reason in line
    assert prepare(tree, tmp_path / "to", "--partial") == 3
    about = json.loads((tmp_path / "to/zgs.json").read_text())
    assert about["missing"] == [IDS[1]] and reason in about["source"]["left_out"][IDS[1]]


def test_archives_and_files_are_no_folders(tree: Path, tmp_path: Path, capsys) -> None:
    packed = tmp_path / "VOCtrainval_11-May-2012.tar"
    with tarfile.open(packed, "w"):
        pass
    assert "is an archive; unpack it first (tar xf VOCtrainval_11-May-2012.tar)" in refused(
        packed, tmp_path / "t", capsys
    )
    (tmp_path / "voc.zip").write_bytes(b"PK")
    assert "(unzip voc.zip)" in refused(tmp_path / "voc.zip", tmp_path / "t", capsys)
    assert "does not exist" in refused(tmp_path / "nowhere", tmp_path / "t", capsys)
    (tmp_path / "only").mkdir()
    shutil.move(packed, tmp_path / "only")
    assert "unpack it first (tar xf VOCtrainval" in refused(tmp_path / "only", tmp_path / "t", capsys)
