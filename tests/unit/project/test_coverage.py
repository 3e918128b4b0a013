"""scripts/interval_coverage.py: its worlds are what they claim, its methods as named; twice gives the same."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.score.ends import compute_ends
from bench.score.estimates import estimate

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as Python starts it, its folder first in the path; not under the name of the package `coverage`."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location("coverage_script", ROOT / "scripts" / "interval_coverage.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_worlds_show_classes_as_often_as_they_say(load: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds = importlib.import_module("coverage_worlds")
    assert [len(worlds.list_frequencies(name)) for name in worlds.WORLDS] == [20, 59, 150, 459, 200, 200]
    assert worlds.list_frequencies("Even-200").sum() == pytest.approx(12), "12 classes an image"
    ade = worlds.list_frequencies("ADE-150")
    np.testing.assert_allclose([ade[0], ade[-1], ade.min()], [0.586, 0.028, 0.0015])  # wall, flag, swimming pool
    monkeypatch.setattr(worlds, "IMAGES", 3000)
    world = worlds.make_world("VOC-20", 0.1, 0)
    shown = (world.parts["macro"][1][0] > 0).mean(axis=0)
    assert shown == pytest.approx(worlds.list_frequencies("VOC-20"), abs=0.09) and shown.argmax() == 0
    for name, (top, bottom, *_) in world.parts.items():
        assert top.min() >= 0 and (top <= bottom + 1e-6).all(), name
    again = worlds.make_world("VOC-20", 0.1, 0)
    assert all((again.parts[name][0] == parts[0]).all() for name, parts in world.parts.items())


def test_methods_agree_with_scipys(load: ModuleType) -> None:
    methods = importlib.import_module("coverage_methods")
    draw = np.random.default_rng(0)
    values = draw.beta(1, 4, 40)
    counts = np.stack([values[:, None], np.ones((40, 1))])
    test = methods.Test(counts, methods.make_weights(40, 4000, draw))
    for name, theirs in (("percentile", "percentile"), ("basic", "basic"), ("BCa", "bca")):
        span = stats.bootstrap((values,), np.mean, method=theirs, rng=1, n_resamples=9999).confidence_interval
        assert methods.METHODS[name](test) == pytest.approx((span.low, span.high), abs=0.004), name
    error = stats.sem(values)
    t = stats.t.interval(0.95, 39, values.mean(), error)
    assert methods.METHODS["jackknife, t"](test) == pytest.approx(t, abs=1e-9)
    assert methods.METHODS["studentised"](test) == pytest.approx(t, abs=0.02)
    delta = values.mean() + np.array([-1, 1]) * 1.959964 * error * np.sqrt(39 / 40)
    assert methods.METHODS["delta, normal"](test) == pytest.approx(delta, abs=1e-6)


def test_truths_by_hand(load: ModuleType) -> None:
    find = importlib.import_module("coverage_metrics").find_truths
    pool, shown = np.array([[1.0, 3.0, 2.0, 0.0], [2.0, 4.0, 2.0, 0.0]]), np.array([True, True, False, False])
    truths = find("mIoU", pool, shown, 0.6)
    assert truths == {"expected": 0.6, "seen": pytest.approx(0.625), "all": pytest.approx(0.75)}
    ones = find("mIoU, unseen=one", pool, shown, 0.6)
    assert (ones["seen"], ones["all"]) == (pytest.approx(3.25 / 4), pytest.approx(3.25 / 4))
    zeros = find("SQ, unmatched=zero", np.concatenate([pool, [[2, 4, 2, 1]]]), shown, 0.6)
    assert zeros["all"] == pytest.approx(2.25 / 4)
    frequency = find("fwIoU", np.concatenate([pool, [[1, 3, 4, 0]]]), shown, 0.6)
    assert frequency["seen"] == pytest.approx((0.5 + 3 * 0.75) / 4), "by true pixels of the classes that the set shows"
    assert frequency["all"] == pytest.approx((0.5 + 3 * 0.75 + 4) / 8) and frequency["expected"] == 0.6


@pytest.mark.parametrize("metric", ["fwIoU", "mIoU", "mIoU, unseen=one", "SQ", "SQ, unmatched=zero", "macro area"])
def test_a_set_has_the_value_of_its_sums(load: ModuleType, metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds, methods = importlib.import_module("coverage_worlds"), importlib.import_module("coverage_methods")
    monkeypatch.setattr(worlds, "IMAGES", 40)
    parts = np.stack([part[0] for part in worlds.make_world("VOC-20", 0.6, 1).parts[metric]])[:, :12]
    weights = methods.make_weights(12, 10, np.random.default_rng(0))
    metrics = importlib.import_module("coverage_metrics")
    found = metrics.estimate_own(metric, metrics.make_test(metric, parts, weights))
    sums = parts.sum(axis=1, dtype=float)[:, None]
    assert found.value == pytest.approx(load.compute_values(metric, sums)[0], abs=1e-6)


def test_wilsons_interval_next_to_the_bounds(load: ModuleType) -> None:
    near, ones = importlib.import_module("coverage_near"), np.ones((8, 1))
    assert near.end_by_wilson(estimate(ones, ones), np.inf) == pytest.approx((0.67559, 1), abs=1e-5)
    pixel = estimate(ones - 1e-6 * np.eye(8)[:, :1], ones)
    free, capped = (near.end_by_wilson(pixel, most)[0] for most in (np.inf, 8))
    assert free > 0.9999 and capped < 0.67559
    for name, make in near.NEAR.items():
        top, bottom = make(np.random.default_rng(0), 0.01)
        assert 0.97 < (top.sum(axis=0) / bottom.sum(axis=0)).mean() < 0.995, name


def test_alike_images_away_from_the_bounds(load: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says from which number on intervals reach out: of 60 images at 70 %, but not at 60 %."""
    near, page = importlib.import_module("coverage_near"), importlib.import_module("coverage_page")
    monkeypatch.setattr(near, "AWAY_SIZES", (20, 60))
    lines = pd.DataFrame(near.simulate_away(True, 0))
    assert set(lines["world"]) == {"70 %", "30 %"} and set(lines["kind"]) == {"away"}
    wide = lines.groupby(["n", "method"])["width"].mean().unstack()
    assert wide["the product"][20] > 2 * wide[near.BEFORE][20] and wide["the product"][60] > wide[near.BEFORE][60]
    told = page.list_reaches((30, 60, 90))
    assert told == "of 30 at any number, of 60 above 64 and below 36 %, of 90 above 71 and below 29 %"
    assert "of 200 above 80 and below 20 %, of 1,000 above 91 and below 9 %" in page.FARTHER
    assert told in page.FARTHER and told in " ".join((ROOT / "SCORES.md").read_text(encoding="utf-8").split())
    for n, value, reaches in ((60, 0.7, True), (60, 0.6, False), (90, 0.6, False)):
        alike = estimate(value + 0.001 * (np.arange(n)[:, None] % 2 - 0.5), np.ones((n, 1)))
        low = compute_ends([alike], 0.95)[0][0]
        assert (low < near.end_by_wilson(alike, np.inf)[0] - 0.001) == reaches, (n, value)


def test_the_heaviest_images_of_a_pool(load: ModuleType) -> None:
    """Those that fail, the largest loss first; where few hit, those that hit; a class of few images weighs more."""
    find = importlib.import_module("coverage_near").find_heaviest
    bottom = np.array([[9, 0], [9, 1], [9, 1], [9, 0], [1, 0]], float)
    lost = np.array([[0, 0], [0, 1], [2, 0], [9, 0], [1, 0]], float)
    assert find(bottom - lost, bottom).tolist() == find(lost, bottom).tolist() == [1, 3, 2]


def test_unmarked_rows_that_miss_are_told_with_their_cause(load: ModuleType) -> None:
    page = importlib.import_module("coverage_page")
    lines = make_lines(800, 1000, kind="near", world="99.9 %")
    told = page.describe_unseen(pd.DataFrame([{**line, "heavy": float(at < 780)} for at, line in enumerate(lines)]))
    assert "22.0 % of sets have none of the 3 heaviest; of these 9.1 ± 1.9 % hold the truth" in told
    assert "of the others 100.0 ± 0.1 %" in told and "keep no mark" in told
    assert page.describe_unseen(pd.DataFrame([{**line, "heavy": 1.0} for line in make_lines(950, 1000)])) == ""


def make_lines(held: int, sets: int, stage: int = 1, **more: object) -> list[dict[str, object]]:
    """The product's lines of one row, of which some hold both truths."""
    row = {"kind": "value", "metric": "m", "world": "w", "false": 0.1, "n": 20, "method": "the product", "note": ""}
    shares = [{"expected": float(at < held), "seen": float(at < held)} for at in range(sets)]
    return [{**row, **more, **share, "stage": stage} for share in shares]


def test_a_row_is_judged_by_its_own_sets(load: ModuleType) -> None:
    """Of 100 sets 93 - 2 x 2.55 is the least that luck explains; 85 of 100 is beyond it, 850 of 1,000 clearly so."""
    rule = importlib.import_module("coverage_rule")
    (*_, few) = rule.list_judged(pd.DataFrame(make_lines(85, 100)))
    (*_, many) = rule.list_judged(pd.DataFrame(make_lines(850, 1000)))
    assert few["miss"] == pytest.approx(0.08 / np.sqrt(0.93 * 0.07 / 100)) and rule.BEYOND < few["miss"] < rule.CLEAR
    assert many["miss"] > rule.CLEAR and many["sets"] == 1000
    other = make_lines(95, 100, world="v") + make_lines(85, 100)
    assert [row["share"] for row in rule.list_judged(pd.DataFrame(other))] == [0.95, 0.95, 0.85, 0.85], "not merged"
    falsely = make_lines(85, 100) + make_lines(100, 100, false=0.6)
    assert [row["share"] for row in rule.list_judged(pd.DataFrame(falsely))] == [0.85, 0.85, 1, 1], "nor over false="
    noted = make_lines(50, 100, note="few") + make_lines(100, 100)
    assert [(row["marked"], row["share"]) for row in rule.list_judged(pd.DataFrame(noted))][::2] == [
        (True, 0.5),
        (False, 1),
    ]
    assert rule.list_judged(pd.DataFrame(make_lines(30, 59))) == [], "too few to be judged"
    null = [{**line, "kind": "alike", "real": float(at < 12)} for at, line in enumerate(make_lines(100, 100))]
    (error,) = (row for row in rule.list_judged(pd.DataFrame(null)) if row["what"] == "false differences")
    assert error["miss"] == pytest.approx(0.06 / np.sqrt(0.06 * 0.94 / 100))


def test_rows_that_luck_may_explain_are_simulated_again_and_judged_by_that_alone(load: ModuleType) -> None:
    rule = importlib.import_module("coverage_rule")
    assert [rule.is_undecided(make_lines(held, 100)) for held in (94, 92, 85, 80)] == [False, True, True, False]
    lines = pd.DataFrame(make_lines(85, 100) + make_lines(930, 1000, stage=2) + make_lines(99, 100, world="v"))
    rivals = pd.DataFrame(make_lines(10, 20, method="percentile"))
    kept = rule.keep_judged(pd.concat([lines, rivals]), "the product")
    assert [(row["world"], row["sets"]) for row in rule.list_judged(kept[kept["method"] == "the product"])][::2] == [
        ("w", 1000), ("v", 100),
    ]  # fmt: skip
    assert (kept["method"] == "percentile").sum() == 20
    page = importlib.import_module("coverage_page")
    told = page.describe_faults(rule.list_judged(lines[lines["stage"] == 1]))
    assert "value m w, false=0.1 n=20, seen: 85.0 ± 3.6 (100 sets)" in told[0]
    assert "by more than two standard errors 0: none" in page.describe_faults(rule.list_judged(kept))[0]


@pytest.mark.slow
def test_twice_the_same_bytes(load: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    worlds, near = importlib.import_module("coverage_worlds"), importlib.import_module("coverage_near")
    small = {"WORLDS": ("VOC-20",), "SIZES": (25,), "FALSE": (0.1,), "MEANS": ("image IoU",), "CLASSES": ("mIoU",)}
    for name, value in small.items():
        monkeypatch.setattr(load, name, value)
    for name in ("IMAGES", "SIZES", "WRONG"):
        monkeypatch.setattr(near, name, {"IMAGES": 200, "SIZES": (25,), "WRONG": (0.01,)}[name])
    monkeypatch.setattr(load, "IMAGES", 200)
    monkeypatch.setattr(worlds, "IMAGES", 200)
    monkeypatch.setattr(load, "PAIRED", ("mIoU",))
    for folder in ("a", "b"):
        load.main(["--quick", "--to", str(tmp_path / folder)])
    names = ["coverage.csv", "coverage.md", "coverage.png"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == names
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    table = pd.read_csv(tmp_path / "a" / "coverage.csv")
    assert not table.duplicated(["kind", "metric", "world", "false", "n", "method"]).any()
    assert set(table["kind"]) == {"value", "alike", "apart", "near", "away"}
    assert (table.loc[~table["kind"].isin(["near", "away"]), "sets"] % 24 == 0).all()
    own = table[(table["method"] == "the product") & (table["metric"] == "mIoU")]
    assert (own["holds"] == 1).all() and own["seen"].min() > 0.8
