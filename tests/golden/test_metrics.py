"""Golden vectors of section 4: reassignment, IoU, recall and TGQ, by the reference and by the paper.

Two faults of the reference are in the vectors, are rebuilt here, and are not in `bench`: the wrong column in `it` +
argmax, and that its recall under "argmax" goes on counting where "union" stopped (hits and classes of both together).
"""

from __future__ import annotations

import numpy as np
import pytest

from bench.metrics import recall
from bench.metrics.iou import compute_iou
from bench.overlap.arithmetic import count_class_pixels
from bench.records import Overlap, TrueSegmentTexts
from bench.score.presets import make_protocol as preset
from tests.golden import golden
from tests.golden.score_vectors import (
    EXACT,
    MATRIX,
    POLICY,
    SUMMED_IN_FLOAT32,
    THRESHOLDS,
    Vectors,
    curve_of,
    represented,
    spread,
)
from tests.unit.metrics.measure import (
    allseg_curve,
    count_labels,
    count_truths,
    image_of,
    pooled_of,
)

pytestmark = pytest.mark.golden


@pytest.fixture(scope="module", params=golden.seeds("metrics"))
def vectors(request: pytest.FixtureRequest) -> Vectors:
    return Vectors(request.param)


@pytest.mark.thinned(7)
@pytest.mark.parametrize("kind", ["voc", "ctx"])
@pytest.mark.parametrize("mode", ["tt", "it", "itfix"])
@pytest.mark.parametrize("name", THRESHOLDS)
def test_every_image_and_class_equals_the_reference(vectors: Vectors, kind: str, mode: str, name: str) -> None:
    key, tau = f"{kind}_{mode}_{name}", THRESHOLDS[name]
    visited = 0
    for rep in ("argmax",) if mode == "itfix" else ("union", "argmax"):
        for index, item in enumerate(vectors.overlaps(kind)):
            expected = {part: vectors.arrays[f"{key}_{part}_{rep}"][index] for part in PARTS}
            labels = [represented(vectors, item, kind, mode, one, tau) for one in ("union", rep)]
            if rep == "union":
                np.testing.assert_array_equal(
                    labels[1], vectors.arrays[f"{key}_assigned_class"][index][: len(item.areas)]
                )
            else:
                places_of = vectors.arrays[f"{key}_argmax_segment"][index]
                np.testing.assert_array_equal(places(labels[1], len(places_of)), places_of)
            compare_iou(item, labels[1], kind, expected)
            curve = curve_of(item, labels, rep, kind)
            np.testing.assert_allclose(curve, expected["recall_curve"], **EXACT)
            np.testing.assert_allclose(curve.mean(), expected["recall_image"], **EXACT)
            visited += 1
    assert visited == len(vectors.arrays[f"gt_{kind}"]) * (1 if mode == "itfix" else 2)


def places(label: np.ndarray, size: int) -> np.ndarray:
    segments = np.full(size, -1)
    segments[label[label >= 0]] = np.flatnonzero(label >= 0)
    return segments


def compare_iou(item: Overlap, label: np.ndarray, kind: str, expected: dict[str, np.ndarray]) -> None:
    one = count_class_pixels(item, label[None], POLICY[kind])
    size = len(expected["evaluated"])
    np.testing.assert_array_equal(spread(one, one.evaluated[0], size, 0) > 0, expected["evaluated"])
    iou = np.where(one.evaluated[0], one.iou[0], np.nan)
    np.testing.assert_allclose(spread(one, iou, size), expected["iou_class"], **EXACT)
    image = image_of(item, labels=label[None], background=POLICY[kind])
    mean = pooled_of(compute_iou, [image], "iou.image.union").value()
    np.testing.assert_allclose(mean, expected["iou_image"], **EXACT)


PARTS = ("iou_class", "evaluated", "iou_image", "recall_curve", "recall_image")


@pytest.mark.parametrize("kind", ["voc", "ctx"])
@pytest.mark.parametrize("mode", ["tt", "it"])
@pytest.mark.parametrize("name", THRESHOLDS)
def test_best_single_segment_recall_equals_the_reference(vectors: Vectors, kind: str, mode: str, name: str) -> None:
    key, overlaps = f"{kind}_{mode}_{name}", vectors.overlaps(kind)
    labels = [represented(vectors, o, kind, mode, "union", THRESHOLDS[name])[None] for o in overlaps]
    curves = np.vstack([allseg_curve(*pair, background=POLICY[kind]) for pair in zip(overlaps, labels, strict=True)])
    np.testing.assert_allclose(curves, vectors.arrays[f"{key}_allseg_recall_curve"], **EXACT)
    overall, curve = vectors.json["overall"][key], curves.mean(axis=0)
    np.testing.assert_allclose(curve, vectors.arrays[f"{key}_allseg_recall_curve_overall"], **EXACT)
    assert curve[50] == pytest.approx(overall["allseg_recall_T0.50"], abs=1e-9)
    assert np.trapezoid(curve, recall.IOU_THRESHOLDS) == pytest.approx(overall["allseg_recall_area"], abs=1e-9)


@pytest.mark.parametrize("kind", ["voc", "ctx"])
@pytest.mark.parametrize(("mapping", "union", "argmax"), [("tt", "tt", "tt"), ("st", "it", "itfix")])
def test_numbers_of_the_set_equal_the_reference(
    vectors: Vectors, kind: str, mapping: str, union: str, argmax: str
) -> None:
    """Through the path a run takes, all thresholds at once."""
    rows = {}
    for rep in ("union", "argmax"):
        protocol = preset("reference", background=POLICY[kind], representative=rep)
        rows |= count_labels(vectors.overlaps(kind), mapping, list(THRESHOLDS.values()), protocol, vectors.classes)
    recalls = {"recall.mean101.union", "recall.mean101.argmax", "recall.mean101.allseg"}
    assert set(rows) == {"iou.image.union", "iou.image.argmax"} | recalls
    for at, name in enumerate(THRESHOLDS):
        value = {metric: row[at].value() for metric, row in rows.items()}
        all_of, best_of = (vectors.json["overall"][f"{kind}_{mode}_{name}"] for mode in (union, argmax))
        together = 2 * best_of["recall_mean_over_iou_thresholds_argmax"] - value["recall.mean101.union"]
        expected = {
            "iou.image.union": all_of["iou_union"],
            "iou.image.argmax": best_of["iou_argmax"],
            "recall.mean101.union": all_of["recall_mean_over_iou_thresholds_union"],
            "recall.mean101.argmax": together,
            "recall.mean101.allseg": all_of["allseg_recall_avgthres"],
        }
        assert value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("kind", ["voc", "ctx"])
@pytest.mark.parametrize(("mode", "mapping"), [("tt", "tt"), ("it", "st")])
def test_papers_recall_equals_the_independent_numbers(vectors: Vectors, kind: str, mode: str, mapping: str) -> None:
    paper = preset("paper", background=POLICY[kind])
    taus = list(THRESHOLDS.values())
    rows = count_labels(vectors.overlaps(kind), mapping, taus, paper, vectors.classes)["recall>0.5"]
    for row, name in zip(rows, THRESHOLDS, strict=True):
        overall = vectors.json["overall"][f"{kind}_{mode}_{name}"]
        assert row.value() == pytest.approx(overall["independent_paper_recall_at_0.5_union_pooled"], abs=1e-9)
        mean = overall["independent_paper_recall_at_0.5_union_mean_over_images"]
        assert np.nanmean(row.each()) == pytest.approx(mean, abs=1e-9)


@pytest.mark.parametrize("kind", ["voc", "ctx"])
def test_text_generation_quality(vectors: Vectors, kind: str) -> None:
    """The reference rounds the share of each image to float32; with that rounding the numbers are its own."""
    oracles, overall = vectors.oracles(kind), vectors.json["overall"][f"{kind}_tgq"]
    (macro,) = (
        row
        for name, row in count_truths(oracles, "tt", preset("reference"), vectors.classes).items()
        if name == "tgq.macro>=0.5"
    )
    shares = macro.each().astype(np.float32)
    np.testing.assert_array_equal(shares, vectors.arrays[f"{kind}_tgq_image"].astype(np.float32))
    assert shares.mean(dtype=np.float64) == pytest.approx(overall["tgq_sbert_ge_0.5_mean_over_images"], abs=1e-9)
    assert macro.value() == pytest.approx(shares.mean(dtype=np.float64), abs=1e-7)
    micro = count_truths(oracles, "tt", preset("paper"), vectors.classes)
    paper = overall["independent_paper_tgq_gt_0.5_pooled_over_segments"]
    assert micro["tgq.micro>0.5"].value() == pytest.approx(paper, abs=1e-9)
    own = np.concatenate([item.tt[np.arange(len(item.classes)), item.classes] for item in oracles])
    assert (own >= 0.5).mean() == pytest.approx(overall["independent_ge_0.5_pooled_over_segments"], abs=1e-9)
    expected = overall["clip_text_similarity_mean_over_images"]
    assert mean_cosine(oracles) == pytest.approx(expected, abs=SUMMED_IN_FLOAT32)


def mean_cosine(oracles: list[TrueSegmentTexts]) -> float:
    """As production makes it, with the reference's rounding of each image's mean."""
    cosine = count_truths(oracles, "tt", preset("reference"))["tgq.macro.cosine"].each().astype(np.float32)
    return float(cosine.mean(dtype=np.float64))


def test_float32_sums_of_other_seeds_need_the_wider_tolerance_and_keep_it() -> None:
    """Sums as the reference makes them, over 50 drawn sets: 1e-9 is too narrow for some of them, 1e-7 for none."""
    errors = []
    for seed in range(50):
        random = np.random.default_rng(seed)
        drawn = [random.uniform(0, 1, random.integers(2, 9)).astype(np.float32) for _ in range(12)]
        oracles = [
            TrueSegmentTexts(
                f"{i:02}", np.arange(len(own), dtype=np.int32), np.ones(len(own), np.int64), np.diag(own), None
            )
            for i, own in enumerate(drawn)
        ]
        reference = np.mean([np.add.accumulate(own)[-1] / np.float32(len(own)) for own in drawn], dtype=np.float64)
        errors.append(abs(mean_cosine(oracles) - reference))
    assert 1e-9 < max(errors) < SUMMED_IN_FLOAT32


def test_thresholds_and_classes_of_the_images(vectors: Vectors) -> None:
    np.testing.assert_allclose(recall.IOU_THRESHOLDS, vectors.arrays["iou_thresholds"], rtol=0, atol=1e-12)
    for kind in POLICY:
        found = [np.isin(np.arange(len(vectors.names)), item.truth_classes) for item in vectors.overlaps(kind)]
        np.testing.assert_array_equal(found, vectors.arrays[f"{kind}_class_in_image"])


@pytest.mark.thinned(3)
@pytest.mark.parametrize("kind", ["voc", "ctx"])
@pytest.mark.parametrize("mode", ["tt", "it"])
@pytest.mark.parametrize("name", THRESHOLDS)
@pytest.mark.parametrize("rep", ["union", "argmax"])
def test_recall_at_one_iou_threshold_equals_the_reference(
    vectors: Vectors, kind: str, mode: str, name: str, rep: str
) -> None:
    """Over images as the reference writes it, and over classes as it computes it and never writes it."""
    overall, at, hits, counted = vectors.json["overall"][f"{kind}_{mode}_{name}"], [], 0.0, 0.0
    for item in vectors.overlaps(kind):
        labels = [represented(vectors, item, kind, mode, one, THRESHOLDS[name]) for one in ("union", rep)]
        one = count_class_pixels(item, labels[1][None], POLICY[kind])
        at.append(curve_of(item, labels, rep, kind)[50])
        hits += spread(one, (one.iou[0] >= 0.5) & one.evaluated[0], len(vectors.names), 0)
        counted += spread(one, one.evaluated[0], len(vectors.names), 0)
    key = f"recall_at_0.5_{rep}_mean_over_"
    assert np.mean(at) == pytest.approx(overall[f"{key}images"], abs=1e-9)
    classes = np.mean((hits / np.maximum(counted, 1))[counted > 0])
    assert classes == pytest.approx(overall[f"{key}classes_(computed_but_never_written)"], abs=1e-9)


def test_no_number_is_left_out(vectors: Vectors) -> None:
    """Every number of the json is one that a test above compares."""
    each = {f"{start}_{rep}{end}" for rep in ("union", "argmax") for start, end in (
        ("iou", ""), ("recall_mean_over_iou_thresholds", ""), ("recall_at_0.5", "_mean_over_images"),
        ("recall_at_0.5", "_mean_over_classes_(computed_but_never_written)"),
    )}  # fmt: skip
    each |= {f"allseg_recall_{part}" for part in ("T0.50", "avgthres", "area")}
    each |= {f"independent_paper_recall_at_0.5_union_{part}" for part in ("pooled", "mean_over_images")}
    tgq = {"tgq_sbert_ge_0.5_mean_over_images", "clip_text_similarity_mean_over_images"}
    tgq |= {"independent_paper_tgq_gt_0.5_pooled_over_segments", "independent_ge_0.5_pooled_over_segments"}
    for key, numbers in vectors.json["overall"].items():
        assert set(numbers) <= (tgq if key.endswith("tgq") else each), key


def test_no_array_is_left_out(vectors: Vectors) -> None:
    """Every array is an input or one that a test above compares."""
    modes = [(mode, rep) for mode in ("tt", "it") for rep in ("union", "argmax")] + [("itfix", "argmax")]
    known = {"iou_thresholds", *(f"{kind}_{part}" for kind in POLICY for part in ("class_in_image", "tgq_image"))}
    for key in (f"{kind}_{{}}_{name}_" for kind in POLICY for name in THRESHOLDS):
        known |= {key.format(mode) + f"{part}_{rep}" for mode, rep in modes for part in PARTS}
        known |= {key.format(mode) + "argmax_segment" for mode in ("tt", "it", "itfix")}
        curves = ("assigned_class", "allseg_recall_curve", "allseg_recall_curve_overall")
        known |= {key.format(mode) + part for mode in ("tt", "it") for part in curves}
    inputs = {"gt_voc", "gt_ctx"} | {
        f"{what}_{i:02}" for what in ("seg", *MATRIX.values()) for i in range(len(vectors.arrays["gt_voc"]))
    }
    assert vectors.arrays.keys() == known | inputs
