"""Section 4.3, the only step that looks at pixels: predicted segments against ground truth as one small table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float32, Int16, Int32, Int64, Integer

from bench.errors import BadSample, UserError
from bench.overlap.regions import SPARSE, cut_regions, renumber, take_meanings
from bench.records import BACKGROUND, UNTOLD, VOID, LabelMap, Overlap, Prediction, Sample


def make_overlap(
    prediction: Prediction | LabelMap,
    sample: Sample,
    tt: Float32[np.ndarray, "n c"] | None = None,
    st: Float32[np.ndarray, "n c"] | None = None,
) -> Overlap:
    """Count the pixels that each atom of the prediction shares with each ground-truth segment.

    Masks of another size are brought to that of the ground truth by nearest neighbour (index floor(i * in / out)).
    The k columns are the classes present in the image, ascending (a class in its objects, by number, where the
    sample has ``instances``, and last its pixels of several objects that nobody told apart), then background, then
    void. An atom that the resizing loses keeps a row of zeros.

    Raises BadSample without ground truth, UserError where masks, texts and similarities do not fit together, and
    StrayNumber where a picture that was not looked at when it was read holds a number that stands for nothing.
    """
    truth = _check_truth(prediction, sample)
    _check_similarities(prediction.image_id, tt, st, len(prediction), None)
    pictures = [truth] if sample.instances is None else [truth, _check_objects(sample, truth.shape)]
    regions, runs = cut_regions(prediction, pictures)
    rows, (labels, *objects) = len(regions.membership), (picture.reshape(-1)[runs.first] for picture in pictures)
    labels = take_meanings(None if sample.coded is None else sample.coded.meanings, labels, VOID)
    columns, classes, untold = _number_columns(rows, labels, *objects)
    # sums of whole numbers, which float64 holds exactly below 2^53
    counts = np.bincount(regions.ids * len(classes) + columns, runs.lengths, rows * len(classes))
    counts = counts.astype(np.int64).reshape(rows, len(classes))
    present = (classes >= 0) & counts.any(axis=0)  # a class that no pixel has is no column
    outside = [counts[:, classes == code].sum(axis=1, keepdims=True) for code in (BACKGROUND, VOID)]
    return Overlap(
        image_id=prediction.image_id,
        counts=np.concatenate([counts[:, present], *outside], axis=1),
        membership=regions.membership,
        truth_classes=classes[present],
        areas=regions.areas,
        tt=tt,
        st=st,
        texts=prediction.texts,
        scores=prediction.scores,
        untold=untold[present] if untold[present].any() else None,
    )


def drop_untold(record: Overlap) -> Overlap:
    """Make void of the pixels of objects that nobody told apart: of true segments that is what is known."""
    if record.untold is None:
        return record
    counts = record.counts[:, np.append(~record.untold, [True, True])]
    counts[:, -1] += record.counts[:, :-2][:, record.untold].sum(axis=1)
    return replace(record, counts=counts, truth_classes=record.truth_classes[~record.untold], untold=None)


def merge_objects(record: Overlap) -> Overlap:
    """Merge the columns of a class's objects into one (section 4.3 knows no objects)."""
    classes, starts = np.unique(record.truth_classes, return_index=True)
    if len(classes) == len(record.truth_classes) and record.untold is None:
        return record
    counts = np.add.reduceat(record.counts, [*starts, *(len(record.truth_classes) + np.arange(2))], axis=1)
    return replace(record, counts=counts, truth_classes=classes, untold=None)


def fold_void(record: Overlap, background: bool) -> Overlap:
    """Fold void into the table: the void pixels as those of the first label: of ``background``, else of class 0.

    So they count for tools that know no void and get maps with the first label in its place.
    """
    counts = record.counts.copy()
    void, counts[:, -1] = record.counts[:, -1], 0
    first = [-2] if background else np.flatnonzero(record.truth_classes == 0)
    if len(first) == 1 or not void.any():
        counts[:, first] += void[:, None]
        return replace(record, counts=counts)
    classes = np.insert(record.truth_classes, 0, 0)  # void is one more object of class 0, or all that there is of it
    untold = None if record.untold is None else np.insert(record.untold, 0, False)
    return replace(record, counts=np.insert(counts, 0, void, axis=1), truth_classes=classes, untold=untold)


def check_table(record: Overlap, classes: int | None = None) -> None:
    """Raise UserError where the parts of a record do not fit together, or do not fit a list of that many classes."""
    where, n, k = f"image {record.image_id}", len(record.areas), len(record.truth_classes)
    if record.counts.shape != (len(record.membership), k + 2) or record.membership.shape[1] != n:
        raise UserError(f"{where}: counts {record.counts.shape} do not fit {n} segments and {k} true segments")
    if classes is not None and k and int(record.truth_classes.max()) >= classes:
        raise UserError(f"{where}: true class {int(record.truth_classes.max())}, but the list has {classes} classes")
    _check_similarities(record.image_id, record.tt, record.st, n, classes)


def check_rows(rows: Float32[np.ndarray, "n c"], n: int, classes: int | None, where: str) -> None:
    """Raise UserError unless the similarities are n rows of finite numbers, one column for each class."""
    if rows.ndim != 2 or len(rows) != n or (classes is not None and rows.shape[1] != classes):
        raise UserError(f"{where}: shape {rows.shape}, expected ({n}, {'c' if classes is None else classes})")
    if not np.isfinite(rows).all():
        bad = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
        raise UserError(f"{where}: segment {bad} holds NaN or infinity; recompute its embedding")


def _check_similarities(
    image_id: str, tt: np.ndarray | None, st: np.ndarray | None, n: int, classes: int | None
) -> None:
    for name, rows in (("tt", tt), ("st", st)):
        if rows is not None:
            check_rows(rows, n, classes, f"image {image_id}, {name} similarity")


def _check_truth(prediction: Prediction | LabelMap, sample: Sample) -> Integer[np.ndarray, "h w"]:
    """Check that there are labels, of the size of masks: these, or the numbers that stand for them."""
    if isinstance(prediction, Prediction):
        _check_masks(prediction)
    truth = sample.truth if sample.coded is None else sample.coded.numbers
    if truth is None:
        raise BadSample(f"image {sample.image_id} has no ground truth: nothing to score")
    if truth.size == 0 or (len(prediction) and 0 in prediction.size):
        raise UserError(f"image {prediction.image_id}: masks {prediction.size}, truth {truth.shape}: empty")
    if sample.coded is None and truth.min() < VOID:
        raise BadSample(f"image {sample.image_id}: label {int(truth.min())} in the ground truth is no class")
    return truth


def _check_masks(prediction: Prediction) -> None:
    masks = prediction.masks
    if masks.ndim != 3 or len(masks) != len(prediction.texts):
        raise UserError(f"image {prediction.image_id}: masks {masks.shape} but {len(prediction.texts)} texts")


def _number_columns(
    rows: int, truth: Integer[np.ndarray, " r"], objects: Int16[np.ndarray, " r"] | None = None
) -> tuple[Int64[np.ndarray, " r"], Int32[np.ndarray, " m"], Bool[np.ndarray, " m"]]:
    """Number all runs: for each the place of its class, or of its object of one, and for each place the class.

    Places are in ascending order, and not all occur; the last answer tells which stand for several objects. ``rows``
    are those of the table that they become columns of.
    """
    code, most, several = truth.astype(np.int64), 1, None
    if objects is not None:
        several = int(objects.max()) + 2  # the last number of a class is that of objects that nobody told apart
        most = several + 1
        number = np.where(objects == UNTOLD, several, objects.astype(np.int64) + 1)  # from 1 on, 0 for none
        code = np.where(code >= 0, code * most + number, code)
    low, high = int(code.min()), int(code.max())
    if rows * (high + 1 - low) > SPARSE * code.size:  # number those that occur, for a table of all is too large
        places, numbers = renumber(code - low)
        numbers = numbers + low
    else:
        places, numbers = code - low, np.arange(low, high + 1)
    untold = (numbers >= 0) & (numbers % most == several) if several is not None else np.zeros(len(numbers), bool)
    return places, np.where(numbers >= 0, numbers // most, numbers).astype(np.int32), untold


def _check_objects(sample: Sample, shape: tuple[int, ...]) -> Int16[np.ndarray, "h w"]:
    """Check the numbers of objects. Raises `BadSample` where they do not fit the labels."""
    objects = sample.instances
    assert objects is not None, "the caller has looked"
    if objects.shape != shape or objects.min() < UNTOLD:
        raise BadSample(f"image {sample.image_id}: its objects {objects.shape} do not fit its labels {shape}")
    return objects
