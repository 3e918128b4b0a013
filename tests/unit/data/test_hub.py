"""Hugging Face data sets as the library itself writes them: the same labels whichever way; traps are one line."""

from __future__ import annotations

import io
from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import Image

from bench.data.hub import Hub
from bench.errors import BadSample, UserError
from bench.records import BACKGROUND, UNTOLD, VOID
from tests.unit.data.hub_sets import (
    FEATURES,
    LAYOUT,
    LIST,
    MAPS,
    OBJECTS,
    WAYS,
    as_image,
    palette,
    rows,
    save,
    save_parquet,
    table,
)
from tests.unit.data.prepare import picture, png


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def read(tmp_path: Path, text: str = LAYOUT, **options: str) -> Hub:
    (tmp_path / "list.csv").write_text(LIST)
    (tmp_path / "mine.yaml").write_text(text)
    return Hub(tmp_path / "set", tmp_path / "mine.yaml", **options)


def refused(tmp_path: Path, text: str = LAYOUT, **options: str) -> str:
    with pytest.raises(UserError) as told:
        read(tmp_path, text, **options)
    assert "\n" not in str(told.value) and not isinstance(told.value, BadSample)
    return str(told.value)


@pytest.mark.thinned(2)
@pytest.mark.parametrize("way", WAYS)
def test_numbers_are_those_that_were_stored_whichever_way(way: str, tmp_path: Path) -> None:
    WAYS[way](tmp_path / "set")
    data = read(tmp_path, LAYOUT + "id: key\nobjects: instance\n")
    split = "all" if way in ("disk", "bytes", "rows") else "validation"
    assert (data.name, data.split, data.list_ids(), data.classes.name) == ("mine", split, ("b8", "b9"), "list")
    for n, image_id in enumerate(("b9", "b8")):
        sample = data.load(image_id)
        expected = np.select([MAPS[n] == 0, MAPS[n] == 255], [BACKGROUND, VOID], MAPS[n].astype(int) - 1)
        assert (sample.truth == expected).all() and (sample.image == picture(*MAPS[n].shape, n)).all()
        assert (data.load_truth(image_id).truth == expected).all()
        thing = np.isin(expected, (0, 2))
        assert ((sample.instances == UNTOLD) == (thing & (OBJECTS[n] == 0))).all()
        assert ((sample.instances == -1) == ~thing).all()
        told = thing & (OBJECTS[n] > 0)
        pairs = set(zip(sample.instances[told].tolist(), OBJECTS[n][told].tolist(), strict=True))
        assert len(pairs) == len(set(OBJECTS[n][told].tolist())), "one number for one object"


def test_the_fingerprint_is_of_contents_and_meanings(tmp_path: Path) -> None:
    prints = {}
    for way in ("disk", "dict", "parquet", "bytes", "imagefolder"):
        WAYS[way](tmp_path / way / "set")
        prints[way] = read(tmp_path / way).fingerprint
    assert len(set(prints.values())) == 1, prints
    assert read(tmp_path / "disk", LAYOUT.replace("void: 255", "void: [255, 9]")).fingerprint != prints["disk"]
    assert read(tmp_path / "disk", LAYOUT + "id: key\n").fingerprint != prints["disk"]
    changed = table().map(lambda row: row, features=table().features).select([1, 0])
    changed.save_to_disk(str(tmp_path / "other/set"))
    assert read(tmp_path / "other").fingerprint != prints["disk"]


@pytest.mark.parametrize("name", ["parquet", "imagefolder"])
def test_a_folder_with_the_name_of_a_format_is_that_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named as it is typed in the folder above it, where `load_dataset` reads other files."""
    WAYS[name](tmp_path / name)
    other = {"parquet": tmp_path / "other.parquet", "imagefolder": tmp_path / "other.png"}[name]
    table().select([0]).to_parquet(str(other)) if name == "parquet" else other.write_bytes(png(MAPS[0]))
    (tmp_path / "list.csv").write_text(LIST)
    (tmp_path / "mine.yaml").write_text(LAYOUT + "id: key\n")
    monkeypatch.chdir(tmp_path)
    assert Hub(Path(name), tmp_path / "mine.yaml").list_ids() == ("b8", "b9")


def test_rows_are_numbered_where_no_column_holds_ids(tmp_path: Path) -> None:
    save(tmp_path / "set")
    assert read(tmp_path).list_ids() == ("0", "1")
    assert read(tmp_path, subset="first:1").subset == "first:1" and read(tmp_path, shard="2/2").list_ids() == ("1",)
    with pytest.raises(UserError, match="image '2' is not in"):
        read(tmp_path).load("2")


CASTS = {
    "L": "makes brightness of the numbers of palettes",
    "I": "makes brightness of the numbers of palettes",
    "RGB": "makes colours of the numbers of palettes",
    "1": "leaves nothing of the numbers but black and white",
    "P": "gives the colours of RGB pictures numbers of a palette of its own",
    "I;16": "Pillow refuses for palettes",
}


@pytest.mark.parametrize("mode", CASTS)
def test_a_column_that_is_cast_to_a_mode_is_refused(mode: str, tmp_path: Path) -> None:
    table().cast_column("annotation", datasets.Image(mode=mode)).save_to_disk(str(tmp_path / "set"))
    line = refused(tmp_path)
    assert f"column 'annotation' is cast to Image(mode='{mode}'), which {CASTS[mode]}: make" in line
    assert line.endswith("make it again from the files with cast_column('annotation', Image())")


def test_casts_do_what_the_refusal_says() -> None:
    grey, colours = Image.fromarray(np.uint8([[1, 2, 3]])), Image.fromarray(np.uint8([[[1, 1, 1], [2, 2, 2]]]))
    palette = grey.copy()
    palette.putpalette([200 - 3 * i for i in range(60)])
    with pytest.raises(ValueError, match="conversion not supported"):
        palette.convert("I;16")
    assert not np.asarray(grey.convert("1")).any() and set(np.asarray(colours.convert("P")).flat) == {0}
    assert (np.asarray(grey.convert("P")) == [[1, 2, 3]]).all(), "numbers of grey stay"
    assert all((np.asarray(palette.convert(mode)) > 100).all() for mode in ("L", "I"))
    assert np.asarray(palette.convert("RGB")).tolist()[0][0] == [191, 188, 185]


def test_what_the_cast_would_have_done(tmp_path: Path) -> None:
    """The fault that is refused: through the cast the library itself gives shades, none of which is the number."""
    cast = table().cast_column("annotation", datasets.Image(mode="L"))
    assert (np.asarray(cast[0]["annotation"]) != MAPS[0]).mean() > 0.5
    assert (np.asarray(table()[0]["annotation"]) == MAPS[0]).all()


def test_shades_that_were_saved_are_no_class(tmp_path: Path) -> None:
    cast = table().cast_column("annotation", datasets.Image(mode="L"))
    shades = [np.asarray(row["annotation"]) for row in cast]
    again = [row | {"annotation": {"bytes": png(s), "path": None}} for row, s in zip(rows(), shades, strict=True)]
    datasets.Dataset.from_list(again, features=datasets.Features(FEATURES)).save_to_disk(str(tmp_path / "set"))
    with pytest.raises(
        BadSample, match="/annotation: label .* is none of mine's .1 cat … 3 dog, background 0, void 255"
    ):
        read(tmp_path).load("0")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            LAYOUT.replace("annotation", "anotation"),
            "no column 'anotation' (label:) (did you mean 'annotation'?); there",
        ),
        (LAYOUT + "objects: objects\n", "no column 'objects' (objects:)"),
        (
            LAYOUT.replace("label: annotation", "label: key"),
            "column 'key' (label:) holds Value('string'); needs label maps",
        ),
        (LAYOUT.replace("label: annotation", "label: [a]"), "mine.yaml: label=['a']: needs the name of a column"),
        (
            LAYOUT.replace("label: annotation\n", ""),
            "mine.yaml: label is missing; a layout needs image, label, classes",
        ),
        (LAYOUT + "masks: x\n", "no such key 'masks'"),
        (LAYOUT.replace("255", "3"), "void=3 is also 'dog'"),
    ],
)
def test_a_wrong_layout_is_one_line(tmp_path: Path, text: str, reason: str) -> None:
    save(tmp_path / "set")
    assert reason in refused(tmp_path, text)


def test_splits_and_places(tmp_path: Path) -> None:
    datasets.DatasetDict({"train": table(), "test": table()}).save_to_disk(str(tmp_path / "set"))
    assert "data.split=all: " in refused(tmp_path) and "has train, test; name one" in refused(tmp_path)
    assert "(did you mean 'test'?); name one" in refused(tmp_path, split="tets")
    assert read(tmp_path, split="test").split == "test"
    assert "has no configurations" in refused(tmp_path, split="test", config="x")
    for root, reason in (
        ("nobody/nothing", "fetch it: hf download nobody/nothing --repo-type dataset"),
        (str(tmp_path / "none"), "does not exist; name a folder, or a data set of the hub"),
        (str(tmp_path / "mine.yaml"), "is a file; name the folder it lies in"),
        (None, "data.root is not set"),
    ):
        with pytest.raises(UserError, match=reason):
            Hub(root, tmp_path / "mine.yaml")


def test_what_is_no_data_set_or_half_of_one_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    assert "no Hugging Face data set that can be read" in refused(tmp_path)
    save(tmp_path / "two/set")
    arrow = next((tmp_path / "two/set").glob("*.arrow"))
    arrow.write_bytes(arrow.read_bytes()[:300])
    assert "no Hugging Face data set that can be read" in refused(tmp_path / "two")


def test_masks_of_another_size_and_kind_are_skips(tmp_path: Path) -> None:
    broken = rows(as_image)
    broken[0]["annotation"]["bytes"] = palette(MAPS[0].T.copy())
    stream = io.BytesIO()
    Image.fromarray(MAPS[1]).save(stream, "JPEG")
    broken[1]["annotation"]["bytes"] = stream.getvalue()
    broken.append(broken[0] | {"annotation": None, "key": "c"})
    datasets.Dataset.from_list(broken, features=datasets.Features(FEATURES)).save_to_disk(str(tmp_path / "set"))
    data = read(tmp_path)
    for image_id, reason in (
        ("0", "mask is 2x4 but its image is 4x2"),
        ("1", "labels in JPEG"),
        ("2", "file is empty"),
    ):
        with pytest.raises(BadSample, match=reason):
            data.load(image_id)


def test_rows_that_are_no_rectangle_and_ids_that_stand_twice(tmp_path: Path) -> None:
    numbers = datasets.Sequence(datasets.Sequence(datasets.Value("int32")))
    table(lambda values: values.tolist()[:1] + [[1]], numbers).save_to_disk(str(tmp_path / "set"))
    with pytest.raises(BadSample, match="rows of unequal length"):
        read(tmp_path).load("0")
    twice = [row | {"key": "a"} for row in rows(as_image)]
    datasets.Dataset.from_list(twice, features=datasets.Features(FEATURES)).save_to_disk(str(tmp_path / "b/set"))
    assert "column 'key': id 'a' stands twice" in refused_ids(tmp_path / "b")


def refused_ids(tmp_path: Path) -> str:
    return refused(tmp_path, LAYOUT + "id: key\n")


def test_a_snapshot_in_the_hubs_cache_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "hub"
    snapshot = cache / "datasets--owner--small/snapshots/0123456789abcdef0123456789abcdef01234567"
    save_parquet(snapshot)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs/main").write_text(snapshot.name)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", str(cache))
    (tmp_path / "list.csv").write_text(LIST)
    (tmp_path / "mine.yaml").write_text(LAYOUT)
    data = Hub("owner/small", tmp_path / "mine.yaml")
    assert data.list_ids() == ("0", "1") and data.load("0").truth is not None
