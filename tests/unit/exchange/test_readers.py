"""Where readers of the same file differ: what EXCHANGE.md says of the libraries that are here, asked of them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from pycocotools import mask as coco
from pycocotools.coco import COCO
from skimage.draw import polygon
from skimage.transform import resize

from bench.exchange.polygons import fill_polygons
from bench.exchange.runs import decode_counts
from bench.predictions.proportions import describe_misfit
from bench.resize import resize_nearest
from tests.unit.exchange.drawn import read, write_json

SIZE = (9, 11)
SQUARE = [1.0, 1.0, 3.0, 1.0, 3.0, 3.0, 1.0, 3.0]


def test_a_square_of_four_corners() -> None:
    """pycocotools' corners lie between pixels, those of scikit-image and Pillow are pixels."""
    picture, marked = Image.new("1", SIZE[::-1]), np.zeros(SIZE, bool)
    ImageDraw.Draw(picture).polygon(SQUARE, fill=1, outline=1)
    marked[polygon(SQUARE[1::2], SQUARE[::2], SIZE)] = True
    own = {fill: decode_counts(fill_polygons([SQUARE], SIZE, fill), SIZE) for fill in ("coco", "pixels")}
    assert own["coco"].sum() == 4 and own["coco"][1:3, 1:3].all()
    assert (own["pixels"] == marked).all() and (own["pixels"] == np.asarray(picture)).all() and marked.sum() == 9


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 8)), min_size=3, max_size=6))
def test_polygons_are_filled_as_their_tools_fill_them(points: list[tuple[int, int]]) -> None:
    flat = [float(value) for point in points for value in point]
    (coded,) = coco.frPyObjects([flat], *SIZE)
    found = decode_counts(fill_polygons([flat], SIZE, "coco"), SIZE)
    assert found.sum() == coco.area(coded) and fill_polygons([flat], SIZE, "coco") == coded["counts"].decode()
    picture = Image.new("1", SIZE[::-1])
    ImageDraw.Draw(picture).polygon(flat, fill=1, outline=1)
    assert (decode_counts(fill_polygons([flat], SIZE, "pixels"), SIZE) == np.asarray(picture)).all()


def test_several_polygons_are_their_union_and_what_lies_outside_is_cut_off() -> None:
    other = [8.0, 5.0, 40.0, 5.0, 40.0, 90.0, 8.0, 90.0]
    for fill, pixels in (("coco", 4 + 4 * 3), ("pixels", 9 + 4 * 3)):
        assert decode_counts(fill_polygons([SQUARE, other, SQUARE], SIZE, fill), SIZE).sum() == pixels


def test_nearest_neighbours_are_floors_here_and_in_torch_and_centres_elsewhere() -> None:
    row = np.arange(4, dtype=np.uint8)[None]
    assert resize_nearest(row, (1, 2)).tolist() == [[0, 2]]
    assert torch.nn.functional.interpolate(torch.tensor(row)[None, None].float(), (1, 2)).tolist() == [[[[0, 2]]]]
    assert np.asarray(Image.fromarray(row).resize((2, 1), Image.Resampling.NEAREST)).tolist() == [[1, 3]]
    assert resize(row, (1, 2), order=0, preserve_range=True, anti_aliasing=False).tolist() == [[1, 3]]


def test_masks_of_a_picture_that_was_turned_are_told_when_they_are_scored() -> None:
    """labelme draws on a photograph as its tag turns it; label maps are mostly of the pixels as they are stored."""
    assert "turned?" in str(describe_misfit((640, 480), (480, 640)))


def test_results_of_pycocotools_are_compressed_and_never_a_crowd(tmp_path: Path) -> None:
    """Its `loadRes` fails on polygons and on plain run lengths, and sets ``iscrowd`` to 0; here all three are read."""
    lists = {
        "images": [{"id": 1, "file_name": "a.jpg", "height": 4, "width": 5}],
        "categories": [{"id": 1, "name": "x"}],
    }
    compressed = coco.encode(np.eye(4, 5, dtype=np.uint8, order="F"))
    compressed["counts"] = compressed["counts"].decode()
    forms = {"plain": {"size": [4, 5], "counts": [0, 20]}, "polygon": [SQUARE], "compressed": compressed}
    place = write_json(tmp_path / "l.json", lists)
    for name, form in forms.items():
        results = [{"image_id": 1, "category_id": 1, "segmentation": form, "score": 1.0, "iscrowd": 1}]
        (image,) = read("coco", write_json(tmp_path / "r.json", results), images=str(place))
        assert len(image.segments) == 1 and not image.faults
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO(place)
            if name != "compressed":
                with pytest.raises((TypeError, AttributeError)):
                    truth.loadRes(results)
            else:
                assert truth.loadRes(results).loadAnns([1])[0]["iscrowd"] == 0


def test_pillow_resizes_one_label_map_in_two_ways() -> None:
    """512 x 683 to 384 x 512: a pixel in five is another's, by the mode alone. Nothing is resized by Pillow here."""
    labels = np.random.default_rng(0).integers(0, 256, (512, 683))
    small = [
        np.asarray(Image.fromarray(labels.astype(kind)).resize((512, 384), Image.Resampling.NEAREST)).astype(int)
        for kind in (np.uint8, np.uint16)
    ]
    assert (small[0] != small[1]).mean() == pytest.approx(0.19, abs=0.02)
