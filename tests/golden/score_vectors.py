"""The golden vectors of section 4 as records of this project, and the labels that the reference gives them."""

from __future__ import annotations

from functools import cache

import numpy as np

from bench.mapping.assign import assign, choose_representatives, find_nearest_class
from bench.overlap.arithmetic import ClassPixels, count_class_pixels
from bench.overlap.table import make_overlap
from bench.records import BACKGROUND, VOID, ClassList, Overlap, Prediction, Sample, TrueSegmentTexts
from tests.golden import golden
from tests.unit.metrics.measure import (
    reference_curve,
)

THRESHOLDS = {"none": None, "0.1": 0.1, "0.3": 0.3, "0.5": 0.5}
POLICY = {"voc": "voc", "ctx": "context"}
MATRIX = {"tt": "text_text", "it": "segment_text"}
EXACT = {"rtol": 0, "atol": 1e-9}
SUMMED_IN_FLOAT32 = 1e-7
"""For one number only, the mean cosine of TGQ: the reference adds an image's cosines in float32, where the order of the
terms decides the last bit of a sum near 1 (6e-8), and production adds them in float64. Shares of hits are counts, whose
float32 sums are exact, so they and everything else are held to 1e-9."""


class Vectors:
    """One seed, with its images as the records of this project."""

    def __init__(self, seed: str) -> None:
        self.arrays, self.json = golden.load("metrics", seed)
        self.names = self.json["class_names"]
        self.classes = ClassList("golden", tuple(self.names), (True,) * len(self.names))
        self.columns = [self.json["similarity_columns"].index(name) for name in self.names]
        self.overlaps = cache(self._make_overlaps)

    def faulty_columns(self, kind: str) -> list[int]:
        """A class's place in the filtered list, read in the unfiltered table; in `ctx` the vectors show no shift."""
        names = [i for i, name in enumerate(self.json["similarity_columns"]) if name != "unknown"]
        return names[: len(self.names)] if kind == "voc" else self.columns

    def truth(self, kind: str) -> np.ndarray:
        ids, maps = self.json[f"{kind}_ids"], self.arrays[f"gt_{kind}"]
        truth = np.full(maps.shape, BACKGROUND, np.int16)
        for index, name in enumerate(self.names):
            truth[maps == ids[name]] = index
        if kind == "voc":
            truth[maps == ids["amb"]] = VOID
        return truth

    def _make_overlaps(self, kind: str) -> list[Overlap]:
        return [self._overlap(i, truth) for i, truth in enumerate(self.truth(kind))]

    def _overlap(self, index: int, truth: np.ndarray) -> Overlap:
        name = f"{index:02}"
        segments = self.arrays[f"seg_{name}"]
        texts = tuple(self.json["captions"][index])
        prediction = Prediction(name, segments == np.arange(len(texts))[:, None, None], texts)
        tt, st = (self.arrays[f"{matrix}_{name}"][:, self.columns] for matrix in MATRIX.values())
        return make_overlap(prediction, Sample(name, np.zeros((*truth.shape, 3), np.uint8), truth), tt, st)

    def oracles(self, kind: str) -> list[TrueSegmentTexts]:
        found = []
        for index, entry in enumerate(self.json["tgq"]):
            pairs = [p for p in zip(entry[f"{kind}_gt_cls"], entry["similarity"], strict=True) if p[0] in self.names]
            classes = np.array([self.names.index(name) for name, _ in pairs], np.int32)
            rows = np.zeros((len(pairs), len(self.names)), np.float32)
            rows[np.arange(len(pairs)), classes] = [value for _, value in pairs]
            found.append(TrueSegmentTexts(f"{index:02}", classes, np.ones(len(pairs), np.int64), rows, None))
        return found


def spread(item: ClassPixels, values: np.ndarray, size: int, fill: float = np.nan) -> np.ndarray:
    row = np.full(size, fill)
    row[item.classes] = values
    return row


def faulty(vectors: Vectors, item: Overlap, kind: str, tau: float | None) -> np.ndarray:
    """`it` + argmax as the reference has it: another class's column decides which segment stands for a class."""
    label = assign(item.st, tau, None)
    wrong = vectors.arrays[f"segment_text_{item.image_id}"][:, vectors.faulty_columns(kind)]
    similarity = wrong[np.arange(len(label)), label]
    chosen = choose_representatives(label, similarity, item.areas)
    return np.where(similarity >= np.float32(-np.inf if tau is None else tau), chosen, -1).astype(np.int32)


def represented(vectors: Vectors, item: Overlap, kind: str, mode: str, rep: str, tau: float | None) -> np.ndarray:
    if mode == "it" and rep == "argmax":
        return faulty(vectors, item, kind, tau)
    similarity = item.tt if mode == "tt" else item.st
    label = assign(similarity, tau, None)
    if rep == "union":
        return label
    return np.where(label >= 0, choose_representatives(*find_nearest_class(similarity, None), item.areas), -1).astype(
        np.int32
    )


def curve_of(item: Overlap, labels: list[np.ndarray], rep: str, kind: str) -> np.ndarray:
    """The reference's recall curve of an image; under argmax over the hits and classes of both kinds of labels."""
    parts = [reference_curve(item, label[None], background=POLICY[kind])[0] for label in labels]
    if rep == "union":
        return parts[1]
    n = [count_class_pixels(item, label[None], POLICY[kind]).evaluated.sum() for label in labels]
    return (parts[0] * n[0] + parts[1] * n[1]) / sum(n)
