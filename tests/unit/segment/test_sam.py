"""Masks of SAM and SAM 2 as a segmenter: transformers' own, painted so that each pixel is of one part."""

import shutil
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image

from bench.errors import UserError
from bench.models.sam import CLASSES, Masks, Sam
from bench.records import Sample
from bench.segment.sam import SamMasks, paint_masks
from data_prep.random_models import make_dino, make_sam, make_sam2

ALL = (-1000.0, -1.0, 1.0)
"""Thresholds that drop nothing."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sam")
    make_sam(root / "sam", tiny=True)
    make_sam2(root / "sam2", tiny=True)
    make_dino(root / "dino", tiny=True)
    return root


@cache
def load(source: str, dtype: str = "float32") -> Sam:
    """Load a model once; who asks it leaves it as it is."""
    return Sam(source, dtype=dtype)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize(("family", "size"), [("sam", (40, 56)), ("sam", (48, 48)), ("sam2", (48, 48))])
def test_masks_are_those_of_transformers_pipeline(folders: Path, family: str, size: tuple[int, int]) -> None:
    source, picture = str(folders / family), noise(*size)
    theirs = transformers.pipeline("mask-generation", source, device="cpu")
    for points, pred_iou, stability, overlap in ((3, *ALL), (3, -1000, -1, 0.9), (2, 0.0, 0.5, 1.0)):
        options = {"pred_iou_thresh": pred_iou, "stability_score_thresh": stability, "crops_nms_thresh": overlap}
        told = theirs(Image.fromarray(picture), points_per_crop=points, **options)["masks"]
        ours = load(source).generate_masks(picture, points, pred_iou, stability, overlap)
        assert len(ours) == len(told) and all(np.array_equal(a, b) for a, b in zip(ours, told, strict=True))
        assert stability > -1 or len(ours)


@pytest.mark.thinned(2)
@pytest.mark.parametrize("size", [(30, 90), (90, 30), (50, 50)])
@pytest.mark.parametrize("family", ["sam", "sam2"])
def test_points_are_spread_over_the_whole_image(folders: Path, family: str, size: tuple[int, int]) -> None:
    sam = load(str(folders / family))
    given = next(Masks(model=sam.model, image_processor=sam.processor).preprocess(
        Image.fromarray(noise(*size)), points_per_crop=2))  # fmt: skip
    rows, columns = given.get("reshaped_input_sizes", torch.tensor([[64, 64]]))[0].tolist()
    expected = [[x * columns, y * rows] for y in (0.25, 0.75) for x in (0.25, 0.75)]
    np.testing.assert_allclose(given["input_points"][0, :, 0], expected, rtol=1e-6)


def test_a_smaller_mask_lies_on_a_larger_one_and_of_equals_the_better() -> None:
    masks = np.zeros((4, 4, 6), bool)
    masks[0, 1, 1], masks[1, :3, :3], masks[2, 2:, 2:4], masks[3, 2:, 3:5] = True, True, True, True
    np.testing.assert_array_equal(
        paint_masks(masks, (4, 6)),
        [[2, 2, 2, 0, 0, 0], [2, 1, 2, 0, 0, 0], [2, 2, 3, 3, 4, 0], [0, 0, 3, 3, 4, 0]],
    )


@pytest.mark.thinned(3)
@pytest.mark.parametrize("family", ["sam", "sam2"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_every_pixel_is_of_one_part_and_no_mask_is_one_part(folders: Path, family: str, dtype: str) -> None:
    sam, sample = load(str(folders / family), dtype), Sample("a", noise(30, 44))
    tree = SamMasks(sam, 2, *ALL)(sample)
    assert len(tree.heap_ids) > 2 and (tree.make_masks().sum(0) == 1).all()
    again = SamMasks(sam, 2, *ALL)(sample)
    assert np.array_equal(tree.leaves, again.leaves) and tree.heap_ids == again.heap_ids
    whole = SamMasks(sam, 4)(sample)  # random weights rate no mask at 0.88
    assert whole.heap_ids == (0,) and not whole.leaves.any()


def test_number_of_points_and_thresholds_reach_the_model() -> None:
    asked: list[tuple[float, ...]] = []

    def generate_masks(image: np.ndarray, *options: float) -> np.ndarray:
        asked.append(options)
        return np.zeros((0, *image.shape[:2]), bool)

    SamMasks(SimpleNamespace(generate_masks=generate_masks), 7, 0.1, 0.2, 0.3)(Sample("a", noise(4, 6)))  # type: ignore[arg-type]
    assert asked == [(7, 0.1, 0.2, 0.3)]


def test_what_is_wrong_with_weights_is_one_line(folders: Path, tmp_path: Path, monkeypatch: Any) -> None:
    with pytest.raises(UserError, match="holds a vit model: give one of type sam or sam2") as told:
        Sam(str(folders / "dino"))
    assert "\n" not in str(told.value)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError) as told:
        Sam(str(tmp_path / "empty"))
    assert "\n" not in str(told.value) and "empty" in str(told.value)
    shutil.copytree(folders / "sam", tmp_path / "bare", ignore=shutil.ignore_patterns("preprocessor_config.json"))
    with pytest.raises(UserError, match="SAM's image processor") as told:
        Sam(str(tmp_path / "bare"))
    assert "\n" not in str(told.value)
    monkeypatch.setitem(CLASSES, "sam2", "Sam2Older")
    with pytest.raises(UserError, match="has no Sam2Older: pip install"):
        Sam(str(folders / "sam2"))
