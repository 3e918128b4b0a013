"""Section 4.3, the only step that looks at pixels: predicted segments against ground truth as one small table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float32, Int32, Int64, UInt16

from bench.errors import BadSample, UserError
from bench.records import BACKGROUND, VOID, Overlap, Prediction, Sample
from bench.resize import nearest

_GROUP = 10
"""Segments numbered at a time: tables of 2^10 entries for each atom stay small."""


def make_overlap(
    prediction: Prediction,
    sample: Sample,
    tt: Float32[np.ndarray, "n c"] | None = None,
    st: Float32[np.ndarray, "n c"] | None = None,
) -> Overlap:
    """Count the pixels that each atom of the prediction shares with each ground-truth segment.

    Masks of another size are brought to that of the ground truth by nearest neighbour (index floor(i * in / out)).
    The k columns are the classes present in the image, ascending (a class in its objects, by number, where the
    sample has ``instances``), then background, then void. An atom that the resizing loses keeps a row of zeros.

    Raises BadSample without ground truth, UserError where masks, texts and similarities do not fit together.
    """
    truth = _truth(prediction, sample)
    _check_similarities(prediction.image_id, tt, st, len(prediction), None)
    ids, membership = _atoms(prediction.masks)
    columns, classes = _columns(truth, sample)
    width = len(classes) + 2
    joint = nearest(ids, truth.shape) * width
    joint += columns
    return Overlap(
        image_id=prediction.image_id,
        counts=np.bincount(joint.ravel(), minlength=len(membership) * width).reshape(-1, width),
        membership=membership,
        truth_classes=classes,
        areas=np.array([np.count_nonzero(mask) for mask in prediction.masks], np.int64),
        tt=tt,
        st=st,
        texts=prediction.texts,
        scores=prediction.scores,
    )


def merge_objects(record: Overlap) -> Overlap:
    """The same table with one column a class: the objects of a class are added up (section 4.3 knows no objects)."""
    classes, starts = np.unique(record.truth_classes, return_index=True)
    if len(classes) == len(record.truth_classes):
        return record
    counts = np.add.reduceat(record.counts, [*starts, *(len(record.truth_classes) + np.arange(2))], axis=1)
    return replace(record, counts=counts, truth_classes=classes)


def validate(record: Overlap, classes: int | None = None) -> None:
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


def _truth(prediction: Prediction, sample: Sample) -> Int64[np.ndarray, "h w"]:
    masks = prediction.masks
    if sample.truth is None:
        raise BadSample(f"image {sample.image_id} has no ground truth: nothing to score")
    if masks.ndim != 3 or len(masks) != len(prediction.texts):
        raise UserError(f"image {prediction.image_id}: masks {masks.shape} but {len(prediction.texts)} texts")
    if sample.truth.size == 0 or (len(masks) and masks[0].size == 0):
        raise UserError(f"image {prediction.image_id}: masks {masks.shape}, ground truth {sample.truth.shape}: empty")
    if sample.truth.min() < VOID:
        raise BadSample(f"image {sample.image_id}: label {int(sample.truth.min())} in the ground truth is no class")
    return sample.truth.astype(np.int64)


def _columns(
    truth: Int64[np.ndarray, "h w"], sample: Sample
) -> tuple[Int64[np.ndarray, "h w"], Int32[np.ndarray, " k"]]:
    """For each pixel its column of the table, and the class of each of the first k columns."""
    objects = np.zeros(truth.shape, np.int64) if sample.instances is None else sample.instances.astype(np.int64) + 1
    if objects.shape != truth.shape or objects.min() < 0:
        raise BadSample(f"image {sample.image_id}: its objects {objects.shape} do not fit its labels {truth.shape}")
    most = int(objects.max()) + 1
    code = np.where(truth >= 0, truth * most + objects, 0)
    present, column = np.flatnonzero(np.bincount(code[truth >= 0])), np.zeros(int(code.max()) + 1, np.int64)
    column[present] = np.arange(len(present))
    return np.where(truth >= 0, column[code], len(present) + BACKGROUND - truth), (present // most).astype(np.int32)


def _atoms(masks: Bool[np.ndarray, "n h w"]) -> tuple[Int64[np.ndarray, "h w"], Bool[np.ndarray, "a n"]]:
    """Number the sets of segments that cover a pixel, some segments at a time, so that any n stays exact."""
    shape = masks.shape[1:] if masks.shape[0] else (1, 1)
    ids, steps = np.zeros(shape, np.int64), []
    for start in range(0, len(masks), _GROUP):
        group = masks[start : start + _GROUP]
        ids <<= len(group)
        ids += _code(group)
        ids, codes = _renumber(ids)
        bits = (codes[:, None] >> np.arange(len(group))) & 1
        steps.append((start, codes >> len(group), bits.astype(bool)))
    atom = np.arange(int(ids.max()) + 1)
    membership = np.zeros((len(atom), len(masks)), bool)
    for start, before, bits in reversed(steps):  # from the last atoms back to those that they were cut from
        membership[:, start : start + bits.shape[1]] = bits[atom]
        atom = before[atom]
    return ids, membership


def _code(group: Bool[np.ndarray, "g h w"]) -> UInt16[np.ndarray, "h w"]:
    """One number for each set of segments: segment i is bit i."""
    code = np.zeros(group.shape[1:], np.uint16)
    for mask in group[::-1]:
        code += code
        code |= mask
    return code


def _renumber(codes: Int64[np.ndarray, "h w"]) -> tuple[Int64[np.ndarray, "h w"], Int64[np.ndarray, " a"]]:
    """For each pixel the position of its code among those that occur, and these, ascending."""
    if codes.max() > 8 * codes.size:  # a table would be larger than sorting is slow
        present, ids = np.unique(codes, return_inverse=True)
        return ids.reshape(codes.shape), present
    present = np.flatnonzero(np.bincount(codes.ravel()))
    position = np.zeros(int(present[-1]) + 1, np.int64)
    position[present] = np.arange(len(present))
    return position[codes], present
