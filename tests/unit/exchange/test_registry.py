"""A kind is told by looking: each place is of one kind, and what fits two or none is one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.commands.import_ import USAGE
from bench.errors import UsageError, UserError
from bench.exchange.choices import SHARED
from bench.exchange.registry import MODULES, load_kind, tell_kind
from tests.unit.exchange.drawn import coded, write_json

ONE = coded(np.eye(2, dtype=bool))


def array(**names: Any) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        np.savez(folder / "a.npz", **names)
        return folder

    return make


def picture(name: str, kind: str = "L") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).parent.mkdir(exist_ok=True)
        Image.new(kind, (2, 2)).save(folder / name)
        return folder

    return make


def content(what: Any, name: str = "a.json") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        if name.endswith(".json"):
            return write_json(folder / name, what)
        (folder / name).write_text(what)
        return folder / name

    return make


PLACES = {
    "coco": [content([{"image_id": 1, "category_id": 1, "segmentation": ONE}]),
             content({"images": [], "categories": [], "annotations": [{"image_id": 1, "segmentation": []}]}),
             content({"licenses": [{"name": "x"}], "annotations": [{"image_id": 1, "segmentation": []}]})],
    "coco-panoptic": [content({"annotations": [{"image_id": 1, "segments_info": []}]})],
    "lvis": [content({"images": [{"id": 1, "neg_category_ids": []}], "annotations": [{"id": 1, "segmentation": []}]})],
    "label-maps": [picture("a.png"), picture("train/a.png", "P"), picture("a.tif", "I;16")],
    "cityscapes": [picture("x_000000_000001_labelIds.png")],
    "detectron2": [content([{"file_name": "a.jpg", "category_id": 1, "segmentation": ONE}])],
    "transformers": [array(segmentation=np.zeros((2, 2))), array(segmentation=np.zeros((2, 2)), segments_info="[]")],
    "mask-generation": [array(masks=np.zeros((1, 2, 2)), scores=np.ones(1)),
                        content({"rle_mask": [ONE], "scores": [1]}),
                        content([{"segmentation": ONE, "predicted_iou": 1.0}])],
    "labelme": [content({"shapes": [], "imageHeight": 2, "imageWidth": 2})],
    "label-studio": [content([{"id": 1, "data": {"image": "a.jpg"}, "annotations": []}]),
                     content([{"image": "a.jpg", "tag": [{"rle": [], "brushlabels": ["x"], "original_width": 2}]}])],
    "words": [content({"a": ["dog"]}), content([{"image_id": "a", "words": ["dog"]}])],
    "masks-csv": [content("image,mask,word\n", "a.csv"), content("id\tpath\tlabel\tscore\n", "a.tsv")],
}  # fmt: skip


@pytest.mark.parametrize(("name", "place"), [(name, place) for name, places in PLACES.items() for place in places])
def test_each_place_is_of_its_kind_and_of_no_other(tmp_path: Path, name: str, place: Callable[[Path], Path]) -> None:
    assert tell_kind(place(tmp_path))[0] == name


def test_all_kinds_are_told_here() -> None:
    assert list(PLACES) == list(MODULES)
    assert all(load_kind(name).title for name in MODULES)


def test_the_page_names_every_kind_and_every_choice() -> None:
    page = (Path(__file__).resolve().parents[3] / "EXCHANGE.md").read_text(encoding="utf-8")
    for name in MODULES:
        kind = load_kind(name)
        assert f"| `{name}` |" in page and all(f"{key}=" in page for key in kind.options), name
        assert kind.write is None or re.search(rf"^\| `{name}` \|.*\| yes \|$", page, re.MULTILINE)
    assert [key for key in SHARED if f"{key}=" not in page + USAGE] == []


def test_two_kinds_none_and_a_misspelt_one_are_one_line(tmp_path: Path) -> None:
    both = content([{"image_id": 1, "category_id": 1, "words": ["dog"]}])(tmp_path)
    with pytest.raises(UserError, match=r"several kinds fit: coco \(.*\); words \(.*\); say which: zgs import KIND"):
        tell_kind(both)
    (tmp_path / "b.json").write_text('{"images": [], "annotations": [{"segmentation": [')
    with pytest.raises(UserError, match="b.json: ends in the middle, after .* \\(half a file"):
        tell_kind(tmp_path / "b.json")
    for what in ("[]", '{"images": []}', "3"):
        (tmp_path / "b.json").write_text(what)
        with pytest.raises(UserError, match="of no kind that can be told by looking; say which"):
            tell_kind(tmp_path / "b.json")
    picture("m/a.png")(tmp_path)
    picture("m/b.png", "RGB")(tmp_path)
    with pytest.raises(UserError, match="looking; .*/m/b.png is a picture of mode RGB, no label map; say which"):
        tell_kind(tmp_path / "m")
    with pytest.raises(UserError, match="no such file or folder"):
        tell_kind(tmp_path / "none")
    with pytest.raises(UsageError, match="cocoo: no kind of predictions \\(did you mean 'coco'\\?\\)"):
        load_kind("cocoo")
    (tmp_path / "c.json").write_text('{"format": "zgs-predictions/1", "images": []}')
    with pytest.raises(UserError, match="is in the open format already"):
        tell_kind(tmp_path / "c.json")
