"""scripts/coverage.py: its worlds are what they claim, its methods are those of their names; twice gives the same."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from scipy import stats

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as Python starts it, its folder first in the path; not under the name of the package `coverage`."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location("coverage_script", ROOT / "scripts" / "coverage.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_worlds_show_classes_as_often_as_they_say(load: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds = importlib.import_module("coverage_worlds")
    assert [len(worlds.list_frequencies(name)) for name in worlds.WORLDS] == [20, 59, 150, 459]
    ade = worlds.list_frequencies("ADE-150")
    np.testing.assert_allclose([ade[0], ade[-1], ade.min()], [0.586, 0.028, 0.0015])  # wall, flag, swimming pool
    monkeypatch.setattr(worlds, "IMAGES", 3000)
    world = worlds.make_world("VOC-20", 0.1, 0)
    shown = (world.denominators["macro"][0] > 0).mean(axis=0)
    assert shown == pytest.approx(worlds.list_frequencies("VOC-20"), abs=0.09) and shown.argmax() == 0
    for name, top in world.numerators.items():
        assert top.min() >= 0 and (top <= world.denominators[name] + 1e-12).all(), name
    again = worlds.make_world("VOC-20", 0.1, 0)
    assert all((again.numerators[name] == top).all() for name, top in world.numerators.items())


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
    pool = np.array([[1.0, 3.0, 2.0, 0.0], [2.0, 4.0, 2.0, 0.0]])
    truths = load._find_truths(pool, np.array([True, True, False, False]), 0.6)
    assert truths == {"expected": 0.6, "seen": pytest.approx(0.625), "all": pytest.approx(0.75)}


def test_twice_the_same_bytes(load: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    worlds = importlib.import_module("coverage_worlds")
    small = {"WORLDS": ("VOC-20",), "SIZES": (25,), "FALSE": (0.1,), "MEANS": ("image IoU",), "CLASSES": ("mIoU",)}
    for name, value in small.items():
        monkeypatch.setattr(load, name, value)
    monkeypatch.setattr(load, "IMAGES", 200)
    monkeypatch.setattr(worlds, "IMAGES", 200)
    monkeypatch.setattr(load, "PAIRED", ("mIoU",))
    for folder in ("a", "b"):
        load.main(["--quick", "--to", str(tmp_path / folder)])
    names = ["coverage.csv", "coverage.md", "coverage.png"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == names
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    table = pd.read_csv(tmp_path / "a" / "coverage.csv")
    assert set(table["kind"]) == {"value", "alike", "apart"} and (table["sets"] == 24).all()
    own = table[(table["method"] == "the product") & (table["metric"] == "mIoU")]
    assert (own["holds"] == 1).all() and own["seen"].min() > 0.8
