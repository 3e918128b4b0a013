"""Label maps that are looked at only while they are counted: the same table, and the same words for a fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.data.base import load_coded, load_truth
from bench.data.folder import open_folder
from bench.errors import StrayNumber, UserError
from bench.overlap.table import make_overlap
from bench.predictions.parse import parse_image
from bench.records import LabelMap, Overlap, Sample

LAYOUT = {"images": "{id}.png", "masks": "ann/{id}.png", "void": 0, "name": "three", "classes": ["cat", "dog", "sky"]}


def write(folder: Path, said: np.ndarray, truth: np.ndarray) -> tuple[Any, dict[str, Any]]:
    """A data set of one image, and an entry of three segments with the ids 2, 7 and 9."""
    (folder / "ann").mkdir(exist_ok=True)
    Image.fromarray(np.zeros((*truth.shape, 3), np.uint8)).save(folder / "x.png")
    Image.fromarray(truth).save(folder / "ann/x.png")
    Image.fromarray(said).save(folder / "said.png")
    (folder / "layout.yaml").write_text(json.dumps(LAYOUT))
    segments = [{"text": text, "id": number} for text, number in zip("abc", (2, 7, 9), strict=True)]
    height, width = said.shape
    entry = {"image_id": "x", "height": height, "width": width, "label_map": "said.png", "segments": segments}
    return open_folder(folder, layout=folder / "layout.yaml"), entry


def read(folder: Path, data: Any, entry: dict[str, Any], look: bool) -> tuple[LabelMap, Sample]:
    segments = parse_image("here", entry, folder, look=look).segments
    assert isinstance(segments, LabelMap)
    return segments, (load_truth if look else load_coded)(data, "x")


@pytest.mark.parametrize("size", [(8, 9), (16, 18)])
def test_the_table_is_the_same(size: tuple[int, int], tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    said = draw.choice([0, 2, 7, 9], size).astype(np.uint8)
    data, entry = write(tmp_path, said, draw.integers(0, 4, (8, 9)).astype(np.uint8))
    (prediction, sample), looked = read(tmp_path, data, entry, False), read(tmp_path, data, entry, True)
    assert prediction.meanings is not None and sample.coded is not None and sample.truth is None
    one, other = make_overlap(prediction, sample), make_overlap(*looked)
    for name in ("counts", "membership", "truth_classes", "areas"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert isinstance(one, Overlap) and (prediction.unpack().masks == looked[0].unpack().masks).all()


@pytest.mark.parametrize("which", ["said", "truth"])
def test_one_pixel_without_a_meaning_is_found(which: str, tmp_path: Path) -> None:
    said, truth = np.full((5, 6), 7, np.uint8), np.full((5, 6), 3, np.uint8)
    {"said": said, "truth": truth}[which][3, 4] = 200
    data, entry = write(tmp_path, said, truth)
    with pytest.raises(StrayNumber, match="200"):
        make_overlap(*read(tmp_path, data, entry, False))
    if which == "truth":
        with pytest.raises(UserError, match="label 200 is none of"):
            load_truth(data, "x")
    else:
        assert "label map holds 200" in parse_image("here", entry, tmp_path).faults[0]


def test_a_map_without_segments_or_with_a_faulty_id_is_looked_at(tmp_path: Path) -> None:
    _, entry = write(tmp_path, np.full((5, 6), 7, np.uint8), np.full((5, 6), 3, np.uint8))
    assert "label map holds 7" in parse_image("here", entry | {"segments": []}, tmp_path, look=False).faults[0]
    entry["segments"][0]["id"] = 0
    assert "id 0" in parse_image("here", entry, tmp_path, look=False).faults[0]
    entry["segments"][0]["id"] = 70_000
    found = parse_image("here", entry, tmp_path, look=False).segments
    assert isinstance(found, LabelMap) and found.meanings is None and (found.labels == 2).all()
