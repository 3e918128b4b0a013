"""The overlap table against pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.data.toyscenes import ToyScenes
from bench.errors import BadSample, UserError
from bench.overlap.table import check_table, fold_void, make_overlap, merge_objects
from bench.records import BACKGROUND, VOID, Overlap, Prediction, Sample
from tests.unit.metrics.make import case, picture, resized


@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_counts_equal_pixels(seed: int, overlapping: bool) -> None:
    one = case(seed, overlapping=overlapping, n=seed)
    record, truth = one.overlap, one.sample.truth
    columns = [*record.truth_classes, BACKGROUND, VOID]
    assert record.truth_classes.tolist() == sorted(set(truth[truth >= 0].tolist()))
    masks = np.stack([resized(mask, truth.shape) for mask in one.prediction.masks] or [np.zeros(truth.shape, bool)])
    for pattern in np.unique(masks.reshape(len(masks), -1).T, axis=0):
        atom = (masks == pattern[:, None, None]).all(axis=0)
        place = np.flatnonzero((record.membership == pattern[: seed or 0]).all(axis=1))
        assert len(place) == 1, "one row for each set of segments"
        assert record.counts[place[0]].tolist() == [int((atom & (truth == value)).sum()) for value in columns]
    assert record.counts.sum() == truth.size
    assert record.areas.tolist() == one.prediction.masks.sum(axis=(1, 2)).tolist()


def test_thirty_overlapping_segments_are_exact() -> None:
    """More segments than are numbered at a time, and more sets of them than a table could hold."""
    one = case(3, overlapping=True, n=30)
    record = one.overlap
    assert len(np.unique(record.membership, axis=0)) == len(record.membership)
    for segment, mask in enumerate(one.prediction.masks):
        expected = [
            (resized(mask, one.sample.truth.shape) & (one.sample.truth == c)).sum() for c in record.truth_classes
        ]
        assert record.counts[record.membership[:, segment]].sum(axis=0)[:-2].tolist() == expected


def test_many_atoms_of_many_segments() -> None:
    masks = np.random.default_rng(0).random((40, 60, 80)) < 0.5
    record = make_overlap(Prediction("x", masks, ("a",) * 40), picture(np.zeros((60, 80))))
    assert len(record.membership) == 60 * 80
    assert (record.membership.sum(axis=0) == masks.sum(axis=(1, 2))).all()


def test_no_segment_is_one_uncovered_atom() -> None:
    record = make_overlap(Prediction("x", np.zeros((0, 9, 9), bool), ()), picture(np.array([[0, 2], [-1, -2]])))
    assert record.membership.shape == (1, 0)
    assert record.counts.tolist() == [[1, 1, 1, 1]]


def test_one_pixel_segment_survives_and_can_be_lost_in_resizing() -> None:
    mask = np.zeros((1, 4, 4), bool)
    mask[0, 1, 1] = True
    kept = make_overlap(Prediction("x", mask, ("a",)), picture(np.zeros((4, 4))))
    lost = make_overlap(Prediction("x", mask, ("a",)), picture(np.zeros((2, 2))))
    assert kept.counts[kept.membership[:, 0]].sum() == 1
    assert lost.counts[lost.membership[:, 0]].sum() == 0
    assert lost.areas.tolist() == [1], "areas are those of the prediction's own size"


def test_what_does_not_fit_is_named() -> None:
    one = case(1, n=3)
    with pytest.raises(BadSample, match="no ground truth"):
        make_overlap(one.prediction, Sample("q", one.sample.image))
    with pytest.raises(BadSample, match="label -3"):
        make_overlap(one.prediction, picture(np.full((4, 4), -3)))
    with pytest.raises(UserError, match=r"shape \(2, 5\), expected \(3, c\)"):
        make_overlap(one.prediction, one.sample, one.tt[:2], None)
    with pytest.raises(UserError, match="2 texts"):
        make_overlap(Prediction("x", one.prediction.masks, ("a", "b")), one.sample)
    bad = one.st.copy()
    bad[1, 2] = np.nan
    with pytest.raises(UserError, match=r"image 0001, st similarity: segment 1 holds NaN"):
        make_overlap(one.prediction, one.sample, one.tt, bad)
    with pytest.raises(UserError, match="true class 7"):
        check_table(
            make_overlap(Prediction("x", np.zeros((0, 2, 2), bool), ()), picture(np.full((2, 2), 7))), classes=5
        )


@pytest.mark.parametrize("seed", range(6))
def test_objects_are_columns_and_add_up_to_their_class(seed: int) -> None:
    one = case(seed, overlapping=True)
    objects = np.random.default_rng(seed).integers(-1, 3, one.sample.truth.shape).astype(np.int16)
    record = make_overlap(one.prediction, replace(one.sample, instances=objects), one.tt, one.st)
    truth = one.sample.truth
    pairs = sorted({(c, o) for c, o in zip(truth.ravel().tolist(), objects.ravel().tolist(), strict=True) if c >= 0})
    assert record.truth_classes.tolist() == [c for c, _ in pairs]
    expected = [((truth == c) & (objects == o)).sum() for c, o in pairs]
    assert record.counts.sum(axis=0).tolist() == [*expected, (truth == BACKGROUND).sum(), (truth == VOID).sum()]
    whole = one.overlap
    assert (merge_objects(record).counts == whole.counts).all()
    assert merge_objects(record).truth_classes.tolist() == whole.truth_classes.tolist()
    check_table(record, 5)


def test_numbers_of_objects_change_nothing_and_must_fit() -> None:
    truth = np.array([[0, 0, 1, 1]], np.int16)
    prediction = Prediction("x", truth[None] == 0, ("a",))

    def table(*objects: int) -> Overlap:
        return make_overlap(prediction, replace(picture(truth), instances=np.array([objects], np.int16)))

    first, again = table(0, 1, 0, 0), table(5, 9, 7, 7)
    assert first.truth_classes.tolist() == [0, 0, 1] and (first.counts == again.counts).all()
    with pytest.raises(BadSample, match="objects"):
        table(0, 1, 0, -3)


def test_drawn_scenes_know_their_objects() -> None:
    sample = ToyScenes(subset="first:1").load("test-0000")
    record = make_overlap(Prediction("x", np.ones((1, 128, 128), bool), ("a",)), sample)
    classes = ToyScenes().classes
    repeated = {c for c in record.truth_classes.tolist() if (record.truth_classes == c).sum() > 1}
    assert repeated and all(classes.things[c] for c in repeated)


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_void_as_the_first_label_is_the_table_of_maps_that_have_it_there(seed: int, background: bool) -> None:
    one = case(seed, overlapping=True)
    truth = np.where(one.sample.truth == VOID, BACKGROUND if background else 0, one.sample.truth)
    before = one.overlap.counts.copy()
    folded, drawn = fold_void(one.overlap, background), replace(one, sample=picture(truth)).overlap
    assert folded.truth_classes.tolist() == drawn.truth_classes.tolist() and (folded.counts == drawn.counts).all()
    assert (one.overlap.counts == before).all()
