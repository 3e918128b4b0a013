"""Prepared sets: what is read, what is checked, and every way a folder can be wrong."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow
import pytest
from PIL import Image

from bench.data.base import make_full_name
from bench.data.prepared import Prepared, is_prepared
from bench.data.subsets import describe_partial
from bench.data.voc import open_voc
from bench.errors import BadSample, UsageError, UserError
from bench.records import BACKGROUND, VOID
from tests.unit.data.prepare import COLUMNS, picture, png, prepared

LABELS = np.array([[0, 1, 59, 65535], [15, 15, 0, 2], [42, 45, 52, 20]])
IDS = tuple(f"2008_{i:06d}" for i in range(5))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five images of one set; do not change it."""
    return prepared(tmp_path_factory.mktemp("made") / "pc59", {i: np.roll(LABELS, n, 1) for n, i in enumerate(IDS)})


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """The same, to be damaged."""
    return Path(shutil.copytree(made, tmp_path / "pc59"))


def read(root: Path, **options: Any) -> Prepared:
    return Prepared(root, "pascal_context_59", **options)


def change(root: Path, **about: Any) -> None:
    path = root / "zgs.json"
    told = json.loads(path.read_text()) | about
    path.write_text(json.dumps({k: v for k, v in told.items() if v is not None}))


def test_images_classes_and_what_the_numbers_mean(made: Path) -> None:
    data = read(made)
    sample = data.load(IDS[0])
    b, v = BACKGROUND, VOID
    assert sample.truth is not None and sample.truth.dtype == np.int16
    assert sample.truth.tolist() == [[b, 0, 58, v], [14, 14, b, 1], [41, 44, 51, 19]]
    assert (sample.image == picture(3, 4)).all() and sample.size == (3, 4)
    assert [data.classes.names[i] for i in (14, 41, 58)] == ["person", "curtain", "wood"]
    assert (data.name, data.split, data.subset, data.classes.name) == ("pascal_context_59", "val", None, "context59")
    assert data.fingerprint == "sha256:0f0f" and data.background == "context" and data.list_ids() == IDS


def test_the_table_is_memory_mapped(made: Path) -> None:
    before = pyarrow.total_allocated_bytes()
    data = read(made)
    assert data._arrow.cache_files and Path(data._arrow.cache_files[0]["filename"]).is_relative_to(made)
    assert pyarrow.total_allocated_bytes() - before < sum(f.stat().st_size for f in (made / "dataset").iterdir())


def test_names_and_subsets(made: Path) -> None:
    data = read(made, names="aliases", subset="first:2")
    assert data.classes.name == "context59+aliases" and data.list_ids() == IDS[:2] and data.subset == "first:2"
    assert "television" in data.classes.texts[19] and data.fingerprint == read(made).fingerprint
    with pytest.raises(UsageError, match="data.names=short"):
        read(made, names="short")


def test_fewer_images_than_were_published_stand_in_the_name(copy: Path) -> None:
    change(copy, published=5)
    assert read(copy).subset is None
    change(copy, published=5105)
    told = describe_partial(None, tuple(read(copy).list_ids()), 5105)
    assert told and re.fullmatch("5of5105@[0-9a-f]{8}", told) and read(copy).subset == told
    assert read(copy, subset="first:2").subset == f"{told},first:2"
    assert make_full_name(read(copy, shard="1/2")) == f"pascal_context_59:val[{told},shard:1/2]"


def test_shards_are_disjoint_whole_and_named(made: Path) -> None:
    shards = [read(made, shard=f"{k}/3") for k in (1, 2, 3)]
    assert sorted(i for shard in shards for i in shard.list_ids()) == sorted(IDS)
    assert [len(shard.list_ids()) for shard in shards] == [2, 2, 1] and shards[0].subset == "shard:1/3"
    both = read(made, subset="random:3:1", shard="2/2")
    assert both.list_ids() == read(made, subset="random:3:1").list_ids()[1::2] and both.subset == "random:3:1,shard:2/2"
    with pytest.raises(UsageError, match="needs k/n"):
        read(made, shard="4/3")


def test_unknown_of_the_459_is_left_out_unless_asked_for(tmp_path: Path) -> None:
    root = prepared(tmp_path, {"a": np.array([[431, 459, 0, 397]])}, "pascal_context_459")
    without = Prepared(root, "pascal_context_459", exclude=["unknown"])
    assert without.load("a").truth.tolist() == [[BACKGROUND, 457, BACKGROUND, 396]]
    assert without.classes.name == "context459-unknown" and len(without.classes) == 458
    assert without.classes.names[457] == "wool"
    scored = Prepared(root, "pascal_context_459")
    assert scored.load("a").truth.tolist() == [[430, 458, BACKGROUND, 396]] and scored.classes.name == "context459"
    assert Prepared(root, "pascal_context_459", exclude="unknown").classes == without.classes
    with pytest.raises(UsageError, match="did you mean 'unknown'"):
        Prepared(root, "pascal_context_459", exclude=["unkown"])


def test_an_orientation_tag_is_not_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture(3, 4)).save(tmp_path / "a.jpg", exif=exif)
    row = {"image_id": "a", "image": {"bytes": (tmp_path / "a.jpg").read_bytes(), "path": None}}
    replace(prepared(tmp_path / "set", {"a": LABELS}), [row | {"label": png(LABELS.astype(np.uint16)), "licence": ""}])
    assert read(tmp_path / "set").load("a").image.shape == (3, 4, 3)


def replace(root: Path, rows: list[dict[str, Any]]) -> None:
    """Other rows under the same zgs.json."""
    shutil.rmtree(root / "dataset")
    datasets.Dataset.from_list(rows, features=datasets.Features(COLUMNS)).save_to_disk(str(root / "dataset"))


@pytest.mark.parametrize(
    ("image", "label", "reason"),
    [
        (png(picture(3, 4))[:60], png(LABELS.astype(np.uint16)), "pc59/2008_000001: cannot be decoded"),
        (png(picture(3, 4)), png(LABELS.astype(np.uint16))[:50], "2008_000001: "),
        (png(picture(3, 4)), b"", "file is empty"),
        (png(picture(3, 4)), png(LABELS[:2].astype(np.uint16)), "label map is 4x2 but its image is 4x3"),
        (png(picture(3, 4)), png((LABELS + 1).astype(np.uint16)), "label 60 is none of context59's"),
        (png(picture(3, 4)), png(picture(3, 4)), "colours, not class numbers"),
    ],
)
def test_one_bad_image_is_a_skip_and_the_others_stay(copy: Path, image: bytes, label: bytes, reason: str) -> None:
    good = {"image": {"bytes": png(picture(3, 4)), "path": None}, "label": png(LABELS.astype(np.uint16))}
    bad = {"image": {"bytes": image, "path": None}, "label": label}
    replace(copy, [{"image_id": i, "licence": "", **(bad if i == IDS[1] else good)} for i in IDS])
    data = read(copy)
    for load in (data.load, data.load_truth):
        with pytest.raises(BadSample, match=reason):
            load(IDS[1])
    assert data.load(IDS[0]).size == (3, 4)


def truncate(root: Path) -> None:
    path = next((root / "dataset").glob("*.arrow"))
    path.write_bytes(path.read_bytes()[:100])


def lose_arrow(root: Path) -> None:
    next((root / "dataset").glob("*.arrow")).unlink()


def lose_table(root: Path) -> None:
    shutil.rmtree(root / "dataset")


def lose_about(root: Path) -> None:
    (root / "zgs.json").unlink()


def lose_all(root: Path) -> None:
    shutil.rmtree(root)


def empty(root: Path) -> None:
    lose_all(root)
    root.mkdir()


def cut_about(root: Path) -> None:
    (root / "zgs.json").write_text('{"format": 1,')


def listed_about(root: Path) -> None:
    (root / "zgs.json").write_text("[1]")


def lose_column(root: Path) -> None:
    table = datasets.load_from_disk(str(root / "dataset")).remove_columns("label")
    table.save_to_disk(str(root / "other"))
    shutil.rmtree(root / "dataset")
    (root / "other").rename(root / "dataset")


def repeat(root: Path) -> None:
    table = datasets.load_from_disk(str(root / "dataset"))
    replace(root, [table[0], *table.select(range(4))])


MAKE = "zgs prepare pascal_context_59 --from FOLDER --to "


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lose_all, f"does not exist; make it with: {MAKE}"),
        (empty, f"holds no prepared data set; make it with: {MAKE}"),
        (lose_about, f"is half prepared .*{MAKE}"),
        (cut_about, f"zgs.json: damaged .*{MAKE}"),
        (listed_about, "zgs.json: damaged"),
        (lambda root: change(root, fingerprint=None), "zgs.json: damaged .'fingerprint'"),
        (lambda root: change(root, images="5"), "images is '5'"),
        (lambda root: change(root, format=3), "format 3, but this zgs reads 1 and 2"),
        (lambda root: change(root, name="voc"), "holds voc, not pascal_context_59; use data=voc"),
        (lambda root: change(root, class_list="context60"), "class table 'context60'"),
        (lambda root: change(root, images=6), "5 images but zgs.json says 6; prepare it again"),
        (truncate, "dataset: damaged or half written"),
        (lose_arrow, "dataset: damaged or half written"),
        (lose_table, "dataset: damaged or half written"),
        (lose_column, "lacks the column label"),
        (repeat, "1 ids stand twice"),
    ],
)
def test_a_folder_that_is_not_whole_is_one_clear_line(copy: Path, damage, reason: str) -> None:
    damage(copy)
    with pytest.raises(UserError, match=reason) as told:
        read(copy)
    assert not isinstance(told.value, BadSample) and "\n" not in str(told.value)


def test_another_split_says_where_to_look(made: Path) -> None:
    with pytest.raises(
        UserError, match="holds the split val, not train; use data.split=val, or data.root=.*pc59_train"
    ) as told:
        read(made, split="train")
    assert f"zgs prepare pascal_context_59 --split train --from FOLDER --to {made}_train" in str(told.value)
    with pytest.raises(UserError, match="did you mean '2008_000001'"):
        read(made).load("2008_00001")


def test_voc_reads_a_prepared_folder_as_well_as_the_publisher_s(tmp_path: Path) -> None:
    root = prepared(tmp_path / "voc", {"2007_a": np.array([[0, 1, 20, 65535]])}, "voc")
    data = open_voc(root, names="readable")
    assert isinstance(data, Prepared) and is_prepared(root) and (data.name, data.background) == ("voc", "voc")
    assert data.load("2007_a").truth.tolist() == [[BACKGROUND, 0, 19, VOID]]
    assert data.classes.name == "voc20+readable"
    lose_about(root)
    with pytest.raises(UserError, match="half prepared.*zgs prepare voc"):
        open_voc(root)
    with pytest.raises(UserError, match="ImageSets/Segmentation.*zgs prepare voc --from FOLDER --to "):
        open_voc(tmp_path / "none")
