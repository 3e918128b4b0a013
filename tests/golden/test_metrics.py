"""Golden vectors of section 4: reassignment, IoU, recall and TGQ, by the reference and by the paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.evaluate import recall
from bench.evaluate.assign import assign, nearest, representatives
from bench.evaluate.iou import Tally, image_counts, tally
from bench.evaluate.metrics import oracle_rows, segment_rows
from bench.evaluate.overlap import overlap
from bench.evaluate.protocol import Score, preset
from bench.records import BACKGROUND, VOID, Oracle, Overlap, Prediction, Sample
from tests.golden import golden

pytestmark = pytest.mark.golden
THRESHOLDS = {"none": None, "0.1": 0.1, "0.3": 0.3, "0.5": 0.5}
POLICY = {"voc": "voc", "ctx": "context"}
MATRIX = {"tt": "text_text", "it": "segment_text"}
EXACT = {"rtol": 0, "atol": 1e-9}


class Vectors:
    """One seed, with its images as the records of this project."""

    def __init__(self, seed: str) -> None:
        self.arrays, self.json = golden.load("metrics", seed)
        self.names = self.json["class_names"]
        self.columns = [self.json["similarity_columns"].index(name) for name in self.names]

    def truth(self, kind: str) -> np.ndarray:
        ids, maps = self.json[f"{kind}_ids"], self.arrays[f"gt_{kind}"]
        truth = np.full(maps.shape, BACKGROUND, np.int16)
        for index, name in enumerate(self.names):
            truth[maps == ids[name]] = index
        if kind == "voc":
            truth[maps == ids["amb"]] = VOID
        return truth

    def overlaps(self, kind: str) -> list[Overlap]:
        return [self._overlap(i, truth) for i, truth in enumerate(self.truth(kind))]

    def _overlap(self, index: int, truth: np.ndarray) -> Overlap:
        name = f"{index:02}"
        segments = self.arrays[f"seg_{name}"]
        texts = tuple(self.json["captions"][index])
        prediction = Prediction(name, segments == np.arange(len(texts))[:, None, None], texts)
        tt, st = (self.arrays[f"{matrix}_{name}"][:, self.columns] for matrix in MATRIX.values())
        return overlap(prediction, Sample(name, np.zeros((*truth.shape, 3), np.uint8), truth), tt, st)

    def oracles(self, kind: str) -> list[Oracle]:
        found = []
        for index, entry in enumerate(self.json["tgq"]):
            pairs = [p for p in zip(entry[f"{kind}_gt_cls"], entry["similarity"], strict=True) if p[0] in self.names]
            classes = np.array([self.names.index(name) for name, _ in pairs], np.int32)
            rows = np.zeros((len(pairs), len(self.names)), np.float32)
            rows[np.arange(len(pairs)), classes] = [value for _, value in pairs]
            found.append(Oracle(f"{index:02}", classes, np.ones(len(pairs), np.int64), rows, None))
        return found


@pytest.fixture(scope="module", params=golden.seeds("metrics"))
def vectors(request: pytest.FixtureRequest) -> Vectors:
    return Vectors(request.param)


def score(kind: str, **changes: Any) -> Score:
    return preset("reference", background=POLICY[kind], resamples=0, **changes)


def spread(item: Tally, values: np.ndarray, size: int, fill: float = np.nan) -> np.ndarray:
    row = np.full(size, fill)
    row[item.classes] = values
    return row


def faulty(item: Overlap, matrix: np.ndarray, columns: list[int], tau: float | None) -> np.ndarray:
    """The reference's slip in `it` + argmax: a class's place in the filtered list, read in the unfiltered table."""
    label = nearest(item.st, None)[0]
    label = np.where(assign(item.st, tau, None) >= 0, label, -1)
    wrong = np.append(matrix[:, : len(columns)], np.zeros((len(matrix), 1), np.float32), axis=1)
    similarity = wrong[np.arange(len(label)), label]
    chosen = representatives(label, similarity, item.areas)
    return np.where(similarity >= np.float32(-np.inf if tau is None else tau), chosen, -1).astype(np.int32)


def represented(vectors: Vectors, item: Overlap, mode: str, kind: str, tau: float | None) -> np.ndarray:
    if mode == "it" and kind == "argmax":
        return faulty(item, vectors.arrays[f"segment_text_{item.image_id}"], vectors.columns, tau)
    similarity = item.tt if mode == "tt" else item.st
    label = assign(similarity, tau, None)
    if kind == "union":
        return label
    return np.where(label >= 0, representatives(*nearest(similarity, None), item.areas), -1).astype(np.int32)


@pytest.mark.parametrize("kind", ["voc", "ctx"])
@pytest.mark.parametrize("mode", ["tt", "it", "itfix"])
@pytest.mark.parametrize("name", THRESHOLDS)
def test_every_image_and_class_equals_the_reference(vectors: Vectors, kind: str, mode: str, name: str) -> None:
    key, size, tau = f"{kind}_{mode}_{name}", len(vectors.names), THRESHOLDS[name]
    visited = 0
    for rep in ("union", "argmax"):
        for index, item in enumerate(vectors.overlaps(kind)):
            if f"{key}_iou_class_{rep}" not in vectors.arrays:
                continue
            expected = {part: vectors.arrays[f"{key}_{part}_{rep}"][index] for part in PARTS}
            label = represented(vectors, item, mode, rep, tau)
            if rep == "argmax":
                segments = np.full(size, -1)
                segments[label[label >= 0]] = np.flatnonzero(label >= 0)
                np.testing.assert_array_equal(segments, vectors.arrays[f"{key}_argmax_segment"][index])
            else:
                np.testing.assert_array_equal(label, vectors.arrays[f"{key}_assigned_class"][index, : len(label)])
            one = tally(item, label[None], POLICY[kind])
            np.testing.assert_array_equal(spread(one, one.evaluated[0], size, 0) > 0, expected["evaluated"])
            iou = np.where(one.evaluated[0], one.iou[0], np.nan)
            np.testing.assert_allclose(spread(one, iou, size), expected["iou_class"], **EXACT)
            np.testing.assert_allclose(_ratio(image_counts(one)), expected["iou_image"], **EXACT)
            np.testing.assert_allclose(recall.reference_curve(one)[0], expected["recall_curve"], **EXACT)
            np.testing.assert_allclose(_ratio(recall.reference_counts(one)), expected["recall_image"], **EXACT)
            visited += 1
    assert visited == (12 if mode == "itfix" else 24)


PARTS = ("iou_class", "evaluated", "iou_image", "recall_curve", "recall_image")


def _ratio(counts: tuple[np.ndarray, np.ndarray]) -> float:
    return float(counts[0][0] / counts[1][0]) if counts[1][0] else np.nan


@pytest.mark.parametrize("kind", ["voc", "ctx"])
@pytest.mark.parametrize("mode", ["tt", "it"])
@pytest.mark.parametrize("name", THRESHOLDS)
def test_best_single_segment_recall_equals_the_reference(vectors: Vectors, kind: str, mode: str, name: str) -> None:
    key, overlaps = f"{kind}_{mode}_{name}", vectors.overlaps(kind)
    curves = np.stack(
        [
            recall.allseg_curve(o, represented(vectors, o, mode, "union", THRESHOLDS[name]), POLICY[kind])
            for o in overlaps
        ]
    )
    np.testing.assert_allclose(curves, vectors.arrays[f"{key}_allseg_recall_curve"], **EXACT)
    overall, curve = vectors.json["overall"][key], curves.mean(axis=0)
    np.testing.assert_allclose(curve, vectors.arrays[f"{key}_allseg_recall_curve_overall"], **EXACT)
    assert curve[50] == pytest.approx(overall["allseg_recall_T0.50"], abs=1e-9)
    assert np.trapezoid(curve, recall.IOU_THRESHOLDS) == pytest.approx(overall["allseg_recall_area"], abs=1e-9)


@pytest.mark.parametrize("kind", ["voc", "ctx"])
@pytest.mark.parametrize(("mode", "mapping"), [("tt", "tt"), ("it", "st"), ("itfix", "st")])
@pytest.mark.parametrize("rep", ["union", "argmax"])
def test_numbers_of_the_set_equal_the_reference(vectors: Vectors, kind: str, mode: str, mapping: str, rep: str) -> None:
    """Through the public path, all thresholds at once; `it` is compared where the slip has no effect."""
    if (mode == "it" and rep == "argmax") or (mode == "itfix" and rep == "union"):
        return
    rows = segment_rows(vectors.overlaps(kind), mapping, list(THRESHOLDS.values()), score(kind, representative=rep), 7)
    assert set(rows) == {f"iou.image.{rep}", f"recall.mean101.{rep}", "recall.mean101.allseg"}
    for at, name in enumerate(THRESHOLDS):
        overall = vectors.json["overall"][f"{kind}_{mode}_{name}"]
        value = {metric: row[at].value() for metric, row in rows.items()}
        assert value[f"iou.image.{rep}"] == pytest.approx(overall[f"iou_{rep}"], abs=1e-9)
        expected = overall[f"recall_mean_over_iou_thresholds_{rep}"]
        assert value[f"recall.mean101.{rep}"] == pytest.approx(expected, abs=1e-9)
        if mode != "itfix":
            assert value["recall.mean101.allseg"] == pytest.approx(overall["allseg_recall_avgthres"], abs=1e-9)


@pytest.mark.parametrize("kind", ["voc", "ctx"])
@pytest.mark.parametrize(("mode", "mapping"), [("tt", "tt"), ("it", "st")])
def test_papers_recall_equals_the_independent_numbers(vectors: Vectors, kind: str, mode: str, mapping: str) -> None:
    paper = preset("paper", background=POLICY[kind])
    rows = segment_rows(vectors.overlaps(kind), mapping, list(THRESHOLDS.values()), paper, 7)["recall>0.5"]
    for row, name in zip(rows, THRESHOLDS, strict=True):
        overall = vectors.json["overall"][f"{kind}_{mode}_{name}"]
        assert row.value() == pytest.approx(overall["independent_paper_recall_at_0.5_union_pooled"], abs=1e-9)
        mean = overall["independent_paper_recall_at_0.5_union_mean_over_images"]
        assert np.nanmean(row.each()) == pytest.approx(mean, abs=1e-9)


@pytest.mark.parametrize("kind", ["voc", "ctx"])
def test_text_generation_quality(vectors: Vectors, kind: str) -> None:
    """The reference averages in float32, so its own numbers carry about 1e-8."""
    oracles, overall = vectors.oracles(kind), vectors.json["overall"][f"{kind}_tgq"]
    macro = oracle_rows(oracles, "tt", preset("reference"))
    np.testing.assert_allclose(macro["tgq.macro>=0.5"].each(), vectors.arrays[f"{kind}_tgq_image"], atol=1e-7)
    assert macro["tgq.macro>=0.5"].value() == pytest.approx(overall["tgq_sbert_ge_0.5_mean_over_images"], abs=1e-7)
    micro = oracle_rows(oracles, "tt", preset("paper"))
    paper = overall["independent_paper_tgq_gt_0.5_pooled_over_segments"]
    assert micro["tgq.micro>0.5"].value() == pytest.approx(paper, abs=1e-9)
    assert paper < overall["independent_ge_0.5_pooled_over_segments"], "the vectors hold ties at 0.5"
