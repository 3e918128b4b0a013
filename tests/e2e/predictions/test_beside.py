"""Files that predictions name: plain ones beside them, looked at before they are read, and part of the store's key."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from bench.errors import BadSample, UserError
from bench.predictions.beside import find_beside
from bench.predictions.source import PredictionFile
from bench.run.tables import make_tables
from bench.store.files import Store
from bench.store.identity import Identity
from tests.e2e.commands.theirs import write
from tests.unit.data.png import png_header

SEGMENTS = [{"text": "cat", "id": 7}]


def named(folder: Path, name: Any) -> Path:
    image = {"image_id": "a", "height": 2, "width": 4, "label_map": name, "segments": SEGMENTS}
    return write(folder / "p.json", [image])


def test_a_plain_file_below_the_folder(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    Image.fromarray(np.array([[7, 7, 0, 0]] * 2, np.uint8)).save(tmp_path / "maps/a.png")
    assert find_beside(tmp_path, "maps/a.png") == tmp_path / "maps/a.png"
    (tmp_path / "inside.png").symlink_to(tmp_path / "maps/a.png")
    assert find_beside(tmp_path, "inside.png").read_bytes() == (tmp_path / "maps/a.png").read_bytes()
    assert PredictionFile(named(tmp_path, "inside.png"))["a"].masks.sum() == 4


def test_what_is_no_plain_file_below_the_folder_is_never_opened(tmp_path: Path) -> None:
    folder, outside = tmp_path / "p", tmp_path / "outside.png"
    folder.mkdir()
    Image.fromarray(np.full((2, 4), 7, np.uint8)).save(outside)
    (folder / "link.png").symlink_to(outside)
    (folder / "device.png").symlink_to("/dev/zero")
    (folder / "dir.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    for name, told in {
        "../outside.png": "below the folder of the predictions",
        "dir.png/../../outside.png": "below the folder of the predictions",
        str(outside): "below the folder of the predictions",
        "link.png": "a link that leads out of the folder",
        "device.png": "a link that leads out of the folder",
        "dir.png": "is no plain file",
        "pipe.png": "is no plain file",
        "": "is no file's name",
        "a\0.png": "is no file's name",
        "a\ud800.png": "is no file's name",
        "none.png": "file is missing",
    }.items():
        with pytest.raises(BadSample, match=told):
            find_beside(folder, name)
        (fault,) = PredictionFile(named(folder, name)).list_faults()
        assert "image 0 (a): label map: " in fault and told in fault, name
    path = write(folder / "q.json", [], embeddings={"file": "pipe.png"})
    (fault,) = PredictionFile(path).list_faults()
    assert "pipe.png: embeddings of q.json cannot be read (is no plain file)" in fault


def test_a_map_of_another_size_is_refused_from_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.png").write_bytes(png_header(9000, 9000) + bytes(8))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("it was decoded"))
    (fault,) = PredictionFile(named(tmp_path, "m.png")).list_faults()
    assert "(a): label map of size [9000, 9000] in a picture of [2, 4] (height, width)" in fault


@pytest.mark.parametrize("key", ['"label_map"', '"label\\u005fmap"', '"\\u006cabel_map"', '"label_ma\\u0070"'])
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_a_map_is_in_the_key_however_its_name_is_spelt(
    key: str, ending: str, tmp_path: Path, voc: Path  # noqa: F811
) -> None:  # fmt: skip
    image = {"image_id": "a", "height": 2, "width": 4, "label_map": "m.png", "segments": SEGMENTS}
    path = write(tmp_path / f"p.{ending}", [image])
    path.write_text(path.read_text().replace('"label_map"', key))
    assert json.loads(path.read_text().splitlines()[-1]) and key in path.read_text()
    data, store = {"_target_": "bench.data.voc.open_voc", "root": str(voc)}, Store(tmp_path / "store")
    for width in (4, 2):
        labels = np.zeros((2, 4), np.uint8)
        labels[:, : width // 2] = 7
        Image.fromarray(labels).save(tmp_path / "m.png")
        table = make_tables(PredictionFile(path), ["a"], data, Identity("f", "s"), store).tables["a"]
        assert table.areas.tolist() == [width], "of the map as it is now"


def test_ids_are_numbers_that_a_picture_can_hold(tmp_path: Path) -> None:
    Image.fromarray(np.array([[7, 7, 0, 0]] * 2, np.uint8)).save(tmp_path / "m.png")
    image = {"image_id": "a", "height": 2, "width": 4, "label_map": "m.png"}
    segments = [{"text": "x", "id": value} for value in (7, 7, 0, 10**12)]
    faults = list(PredictionFile(write(tmp_path / "p.json", [{**image, "segments": segments}])).list_faults())
    assert [fault.partition(", ")[2].partition(" is ")[0] for fault in faults] == [
        "segment 1: id 7", "segment 2: id 0", "segment 3: id 1000000000000",
    ]  # fmt: skip
    with pytest.raises(UserError, match="and 2 more faults"):
        PredictionFile(tmp_path / "p.json")["a"]
