"""A label map gives the table that its masks give, bit for bit, and run lengths give the map or the masks they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.overlap.table import make_overlap
from bench.predictions import rle
from bench.predictions.parse import parse_image
from bench.records import BACKGROUND, VOID, LabelMap, Overlap, Prediction, Sample

ARRAYS = ("counts", "membership", "truth_classes", "areas")


def labels_of(draw: np.random.Generator, n: int, size: tuple[int, int]) -> np.ndarray:
    """Labels 0 to n in blocks, some of which do not occur."""
    coarse = draw.integers(0, n + 1, ((size[0] + 2) // 3, (size[1] + 2) // 3))
    return np.kron(coarse, np.ones((3, 3)))[: size[0], : size[1]].astype(np.int32)


def sample_of(draw: np.random.Generator, size: tuple[int, int], classes: int, objects: bool = False) -> Sample:
    truth = draw.choice([*draw.integers(0, classes, 4), BACKGROUND, VOID], size).astype(np.int16)
    instances = draw.integers(-1, 3, size).astype(np.int16) if objects else None
    return Sample("x", np.zeros((*size, 3), np.uint8), truth, instances=instances)


def count_plainly(masks: np.ndarray, sample: Sample) -> dict[str, np.ndarray]:
    """The definition, pixel by pixel: rows are the sets of segments, columns the classes, background and void."""
    h, w = sample.truth.shape
    size = masks.shape[1:]
    classes = sorted({int(value) for value in sample.truth.ravel() if value >= 0})
    columns = [*classes, BACKGROUND, VOID]
    own = {tuple(masks[:, y, x].tolist()) for y in range(size[0]) for x in range(size[1])}
    counts = {pattern: [0] * len(columns) for pattern in own}
    for y in range(h):
        for x in range(w):
            pattern = tuple(masks[:, y * size[0] // h, x * size[1] // w].tolist())
            counts[pattern][columns.index(int(sample.truth[y, x]))] += 1
    return {"counts": counts, "classes": np.array(classes), "areas": masks.sum(axis=(1, 2))}


def same(one: Overlap, other: Overlap) -> None:
    for name in ARRAYS:
        left, right = getattr(one, name), getattr(other, name)
        assert left.dtype == right.dtype and left.shape == right.shape and (left == right).all(), name
    assert one.texts == other.texts


@pytest.mark.parametrize("n", [0, 1, 3, 10, 11, 23])
@pytest.mark.parametrize(("own", "true"), [((14, 17), (14, 17)), ((14, 17), (28, 34)), ((14, 17), (7, 8))])
def test_a_label_map_gives_the_table_of_its_masks(n: int, own: tuple[int, int], true: tuple[int, int]) -> None:
    for seed in range(4):
        draw = np.random.default_rng([seed, n])
        labelled = LabelMap("x", labels_of(draw, n, own), tuple("abc"[i % 3] for i in range(n)))
        sample = sample_of(draw, true, 5)
        masks = labelled.unpack()
        assert (masks.masks == (labelled.labels[None] == np.arange(1, n + 1)[:, None, None])).all()
        table, plain = make_overlap(labelled, sample), count_plainly(masks.masks, sample)
        same(table, make_overlap(masks, sample))
        assert table.truth_classes.tolist() == plain["classes"].tolist()
        assert table.areas.tolist() == plain["areas"].tolist()
        assert {tuple(m): c for m, c in zip(table.membership.tolist(), table.counts.tolist(), strict=True)} == plain[
            "counts"
        ]


@pytest.mark.parametrize("objects", [False, True])
def test_class_numbers_too_large_for_a_table_are_counted_alike(objects: bool) -> None:
    for seed in range(4):
        draw = np.random.default_rng(seed)
        labelled, sample = (
            LabelMap("x", labels_of(draw, 6, (9, 9)), ("t",) * 6),
            sample_of(draw, (9, 9), 30_000, objects),
        )
        table = make_overlap(labelled, sample)
        same(table, make_overlap(labelled.unpack(), sample))
        for column, name in enumerate(table.truth_classes):
            if not objects:
                assert table.counts[:, column].sum() == (sample.truth == name).sum()
        assert table.counts[:, -2:].sum(axis=0).tolist() == [
            (sample.truth == code).sum() for code in (BACKGROUND, VOID)
        ]


def test_an_image_that_is_all_void_has_no_class() -> None:
    sample = Sample("x", np.zeros((2, 3, 3), np.uint8), np.full((2, 3), VOID, np.int16))
    table = make_overlap(LabelMap("x", np.array([[1, 1, 0], [0, 0, 0]], np.int32), ("a",)), sample)
    assert table.truth_classes.tolist() == [] and table.counts.tolist() == [[0, 4], [0, 2]]


@pytest.mark.parametrize("overlapping", [False, True])
def test_run_lengths_become_a_map_exactly_where_nothing_overlaps(overlapping: bool) -> None:
    for seed in range(20):
        draw = np.random.default_rng(seed)
        labels = labels_of(draw, 7, (11, 8))
        masks = labels[None] == np.arange(1, 8)[:, None, None]
        if overlapping:
            masks[2] |= masks.any(axis=0) & (draw.random((11, 8)) < 0.5)
            masks[2, 0, 0] = masks[3, 0, 0] = True
        painted = rle.paint([rle.read_runs(code, 11, 8) for code in rle.encode(masks)], 11, 8)
        assert painted is None if overlapping else (painted == labels).all()


def test_plain_runs_with_empty_ones_become_a_map() -> None:
    codes = [rle.read_runs(counts, 2, 3) for counts in ([0, 1, 0, 1, 4], [2, 0, 1, 2, 1], [6], [5, 1])]
    assert rle.paint(codes, 2, 3).T.ravel().tolist() == [1, 1, 0, 2, 2, 4]
    assert rle.paint([], 2, 3).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert rle.paint([np.array([0, 6]), np.array([3, 1, 2])], 2, 3) is None


@pytest.mark.parametrize("largest", [255, 65_535])
def test_both_ways_of_an_entry_are_the_same_prediction(tmp_path: Path, largest: int) -> None:
    draw = np.random.default_rng(largest)
    labels = labels_of(draw, 5, (12, 9))
    ids = draw.choice(np.arange(1, largest + 1), 5, replace=False).tolist()
    numbers = np.array([0, *ids])[labels].astype(np.uint8 if largest < 256 else np.uint16)
    Image.fromarray(numbers).save(tmp_path / "m.png")
    masks = labels[None] == np.arange(1, 6)[:, None, None]
    coded = [{"text": "t", "segmentation": {"size": [12, 9], "counts": counts}} for counts in rle.encode(masks)]
    entry = {"image_id": "x", "height": 12, "width": 9, "segments": coded}
    mapped = entry | {"label_map": "m.png", "segments": [{"text": "t", "id": value} for value in ids]}
    for one in (entry, mapped):
        parsed = parse_image("here", one, tmp_path)
        assert isinstance(parsed.segments, LabelMap) and (parsed.segments.labels == labels).all()
        assert isinstance(parsed.prediction, Prediction) and (parsed.prediction.masks == masks).all()
        assert parsed.segments.size == parsed.prediction.size == (12, 9)
    coded[0]["segmentation"] = coded[1]["segmentation"]
    overlapping = parse_image("here", entry, tmp_path).segments
    assert isinstance(overlapping, Prediction) and (overlapping.masks == masks[[1, 1, 2, 3, 4]]).all()


def test_ids_that_no_16_bits_hold_are_found(tmp_path: Path) -> None:
    numbers = np.array([[0, 70_000, 2], [2_000_000_000, 2, 0]], np.int32)
    Image.fromarray(numbers).save(tmp_path / "m.tif")
    segments = [{"text": "t", "id": value} for value in (2_000_000_000, 2, 70_000)]
    entry = {"image_id": "x", "height": 2, "width": 3, "label_map": "m.tif", "segments": segments}
    assert parse_image("here", entry, tmp_path).segments.labels.tolist() == [[0, 3, 2], [1, 2, 0]]
    (fault,) = parse_image("here", entry | {"segments": segments[:2]}, tmp_path).faults
    assert "label map holds 70000, but no segment has such an id" in fault
