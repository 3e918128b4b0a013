"""PC-59 and PC-459: every layout gives the same set, no wrong order or shift passes, every pitfall is one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.cli import main
from bench.data.prepared import Prepared
from bench.prepare.orders import map_to_459
from bench.prepare.orders import order_by_459 as by459_order
from tests.unit.prepare import make
from tests.unit.prepare.make import IDS, WIDE, context_tree, own59, save_mat, save_png, save_tiff, truth

pytestmark = pytest.mark.usefixtures("blank_sheet")
LABELS = Path(__file__).parents[4] / "shared" / "labels"


def prepare(name: str, tree: Path, to: Path, *more: str) -> int:
    return main(["prepare", name, "--from", str(tree), "--to", str(to), "--partial", *more])


def refused(name: str, tree: Path, to: Path, capsys, *more: str) -> str:
    capsys.readouterr()
    assert prepare(name, tree, to, *more) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("zgs: ")]
    assert len(lines) == 1 and not (to / "zgs.json").exists()
    return lines[0]


def about(to: Path) -> dict:
    return json.loads((to / "zgs.json").read_text())


def test_the_map_between_59_and_459_and_the_second_order() -> None:
    assert tuple(map_to_459().values()) == WIDE and tuple(map_to_459()) == tuple(range(1, 60))
    assert tuple(WIDE[i - 1] for i in by459_order()) == tuple(sorted(WIDE))
    assert [i for i, own in enumerate(by459_order(), 1) if i == own] == [1, 56, 57, 58, 59]


@pytest.mark.skipif(not LABELS.is_dir(), reason="no label lists beside the repository")
def test_the_map_is_the_one_of_the_label_files() -> None:
    rows = [line.split("\t") for line in (LABELS / "pascal_context_59_map.tsv").read_text().splitlines()[1:]]
    assert {int(row[0]): int(row[2]) for row in rows} == map_to_459()
    assert {int(row[4]): int(row[0]) for row in rows} == dict(enumerate(by459_order(), 1))


@pytest.mark.slow
def test_every_layout_gives_the_same_59_classes(tmp_path: Path) -> None:
    found = {}
    for layout in make.LAYOUTS:
        tree = context_tree(tmp_path / layout, layout)
        assert prepare("pascal_context_59", tree, tmp_path / f"to-{layout}") == 0
        found[layout] = about(tmp_path / f"to-{layout}")
    assert len({entry["fingerprint"] for entry in found.values()}) == 1
    assert {layout: entry["source"]["label_order"] for layout, entry in found.items()} == {
        "archive": "own, from 1",
        "mat": "459, from 1",
        "mmseg": "by459, from 1",
        "detectron": "by459, from 0",
        "tiff": "459, from 0",
    }
    data = Prepared(tmp_path / "to-detectron", "pascal_context_59")
    assert all(np.array_equal(data.load(i).truth, own59(i) - 1) for i in IDS)
    assert found["mmseg"]["background"] == "context" and found["mmseg"]["class_list"] == "context59"
    assert "VOC's own masks agree on" in found["mmseg"]["source"]["how"]


def test_459_classes_from_mat_and_from_masks_less_one(tmp_path: Path) -> None:
    for layout in ("mat", "tiff"):
        prepare("pascal_context_459", context_tree(tmp_path / layout, layout), tmp_path / f"to-{layout}")
    assert about(tmp_path / "to-mat")["fingerprint"] == about(tmp_path / "to-tiff")["fingerprint"]
    data = Prepared(tmp_path / "to-mat", "pascal_context_459", exclude=())
    assert all(np.array_equal(data.load(i).truth, truth(i) - 1) for i in IDS)
    counts = about(tmp_path / "to-mat")["histogram"]
    assert counts["unknown"]["pixels"] == sum(int((truth(i) == 431).sum()) for i in IDS)
    assert counts["background"]["pixels"] == 0 and len(counts) == 461


@pytest.mark.thinned(3)
@pytest.mark.parametrize("layout", ["archive", "mmseg", "detectron"])
def test_without_voc_masks_the_order_is_asked_for(layout: str, tmp_path: Path, capsys) -> None:
    tree = context_tree(tmp_path / "from", layout, voc=False)
    line = refused("pascal_context_59", tree, tmp_path / "to", capsys)
    assert "--voc VOCdevkit" in line and "--order own" in line and "--order by459" in line
    order = "own" if layout == "archive" else "by459"
    assert prepare("pascal_context_59", tree, tmp_path / "to", "--order", order) == 0
    assert "zgs: WARNING: label order: " + order in capsys.readouterr().err, "nothing has confirmed it"
    data = Prepared(tmp_path / "to", "pascal_context_59")
    assert all(np.array_equal(data.load(i).truth, own59(i) - 1) for i in IDS)
    assert "no VOC masks at hand" in about(tmp_path / "to")["source"]["how"]


def test_voc_masks_from_elsewhere_tell_the_order(tmp_path: Path, capsys) -> None:
    tree = context_tree(tmp_path / "from", "mmseg", voc=False)
    make.voc_tree(tmp_path / "voc", IDS[2:4])
    assert prepare("pascal_context_59", tree, tmp_path / "to", "--voc", str(tmp_path / "voc")) == 0
    assert "n=2 images" in about(tmp_path / "to")["source"]["how"]
    assert "WARNING" not in capsys.readouterr().err


@pytest.mark.parametrize(("layout", "wrong"), [("archive", "by459"), ("mmseg", "own"), ("detectron", "own")])
def test_a_wrong_order_that_was_told_is_contradicted(layout: str, wrong: str, tmp_path: Path, capsys) -> None:
    tree = context_tree(tmp_path / "from", layout)
    line = refused("pascal_context_59", tree, tmp_path / "to", capsys, "--order", wrong)
    assert "VOC's masks say that the order is" in line and "which was ruled out" in line


def test_an_unknown_order_fits_nothing(tmp_path: Path, capsys) -> None:
    tree = context_tree(tmp_path / "from", "archive")
    for image_id in IDS:
        labels = own59(image_id)
        save_png(tree / "59_context_labels" / f"{image_id}.png", np.where(labels, 60 - labels, 0))
    assert "speak clearly for no known order" in refused("pascal_context_59", tree, tmp_path / "to", capsys)
    line = refused("pascal_context_59", tree, tmp_path / "to", capsys, "--order", "own")
    said = "say what they are: --first 0 or 1 (number of the first class), without VOC masks in the folder: "
    assert said in line, "what was said is not asked for again"


@pytest.mark.slow
def test_zeros_in_mat_files_ask_which_number_is_first(tmp_path: Path, capsys) -> None:
    tree = context_tree(tmp_path / "from", "mat", voc=False)
    assert prepare("pascal_context_459", tree, tmp_path / "plain") == 0  # none: the publisher's, nothing to ask
    for image_id in IDS:
        save_mat(tree / "trainval" / f"{image_id}.mat", truth(image_id) - 1)
    assert "--first 0 or 1" in refused("pascal_context_459", tree, tmp_path / "to", capsys)
    assert prepare("pascal_context_459", tree, tmp_path / "to", "--first", "0") == 0
    assert about(tmp_path / "to")["fingerprint"] == about(tmp_path / "plain")["fingerprint"]


def wrapped_png(tree: Path) -> None:
    for image_id in IDS:
        save_png(tree / "masks" / f"{image_id}.png", truth(image_id))


def wrapped_mat(tree: Path) -> None:
    for image_id in IDS:
        save_mat(tree / "masks" / f"{image_id}.mat", truth(image_id) % 256, dtype=np.uint8)


def wrapped_and_widened(tree: Path) -> None:
    for image_id in IDS:
        save_tiff(tree / "masks" / f"{image_id}.tif", truth(image_id) % 256)


def narrow(tree: Path) -> None:
    for image_id in IDS:
        save_png(tree / "masks" / f"{image_id}.png", own59(image_id))


def colours(tree: Path) -> None:
    for image_id in IDS:
        (tree / "masks").mkdir(exist_ok=True)
        Image.new("RGB", (24, 18), (192, 128, 0)).save(tree / "masks" / f"{image_id}.png")


def parts(tree: Path) -> None:
    for image_id in IDS:
        save_mat(tree / "masks" / f"{image_id}.mat", truth(image_id), key="anno")


def truncated(tree: Path) -> None:
    for image_id in IDS:
        save_mat(tree / "masks" / f"{image_id}.mat", truth(image_id))
        path = tree / "masks" / f"{image_id}.mat"
        path.write_bytes(path.read_bytes()[:180])


def beyond(tree: Path) -> None:
    for image_id in IDS:
        save_mat(tree / "masks" / f"{image_id}.mat", truth(image_id) + 5)


@pytest.mark.thinned(3)
@pytest.mark.parametrize("voc", [True, False])
@pytest.mark.parametrize(
    ("name", "damage", "reason"),
    [
        ("pascal_context_459", wrapped_png, "459 classes wrapped to 8 bits"),
        ("pascal_context_59", wrapped_png, "459 classes wrapped to 8 bits"),
        ("pascal_context_459", wrapped_mat, "LabelMap has 8 bits"),
        ("pascal_context_459", wrapped_and_widened, "hold no number above 255: the 459 classes were cut to 8 bits"),
        ("pascal_context_59", wrapped_and_widened, "hold no number above 255: the 459 classes were cut to 8 bits"),
        ("pascal_context_459", narrow, "hold 59 classes, not 459; use PASCAL-Context's .mat files"),
        ("pascal_context_59", colours, "colours, not class numbers"),
        ("pascal_context_59", parts, "has no LabelMap, so it is not PASCAL-Context's (PASCAL-Part's"),
        ("pascal_context_59", truncated, ".mat: cannot be decoded"),
        ("pascal_context_459", beyond, "masks hold"),
    ],
)
def test_masks_that_are_refused(name: str, damage, reason: str, voc: bool, tmp_path: Path, capsys) -> None:
    tree = context_tree(tmp_path / "from", "detectron", voc)
    damage(tree)
    line = refused(name, tree, tmp_path / "to", capsys, "--masks", str(tree / "masks"))
    assert reason in line and str(tree / "masks") in line


def test_one_truncated_mat_among_good_ones_is_named(tmp_path: Path) -> None:
    tree = context_tree(tmp_path / "from", "mat")
    path = tree / "trainval" / f"{IDS[0]}.mat"
    path.write_bytes(path.read_bytes()[:150])
    assert prepare("pascal_context_59", tree, tmp_path / "to") == 3
    assert about(tmp_path / "to")["missing"] == [IDS[0]]
    assert str(path) in about(tmp_path / "to")["source"]["left_out"][IDS[0]]


@pytest.mark.slow
def test_several_mask_folders_ask_and_mat_files_go_first(tmp_path: Path, capsys) -> None:
    tree = context_tree(tmp_path / "from", "mmseg")
    make.archive(tree)
    line = refused("pascal_context_59", tree, tmp_path / "to", capsys)
    assert "several folders of masks" in line and "choose with --masks" in line
    assert prepare("pascal_context_59", tree, tmp_path / "a", "--masks", str(tree / "59_context_labels")) == 0
    make.mat(tree)
    assert prepare("pascal_context_59", tree, tmp_path / "b") == 0
    assert about(tmp_path / "b")["source"]["layout"] == "trainval/*.mat"


def test_what_is_missing_is_said_with_what_to_do(tmp_path: Path, capsys) -> None:
    tree = context_tree(tmp_path / "from", "detectron")
    (tree / "pascalcontext_val.txt").rename(tree / "other.lst")
    line = refused("pascal_context_59", tree, tmp_path / "to", capsys)
    assert "holds no list of val" in line and "VOC2010/ImageSets/Main/val.txt" in line and "--list" in line
    assert prepare("pascal_context_59", tree, tmp_path / "named", "--list", str(tree / "other.lst")) == 0
    empty = context_tree(tmp_path / "empty", "archive")
    for path in (empty / "59_context_labels").iterdir():
        path.unlink()
    (empty / "trainval.tar.gz").write_bytes(b"")
    line = refused("pascal_context_59", empty, tmp_path / "to", capsys)
    assert "holds no mask of val" in line and "unpack it first (tar xf trainval.tar.gz)" in line
    assert "holds no SegmentationClass" in refused(
        "pascal_context_59", tree, tmp_path / "to", capsys, "--voc", str(empty / "59_context_labels"),
        "--list", str(tree / "other.lst"),
    )  # fmt: skip
