"""Numbers of the report site at any threshold are those of scoring at it: steps against `evaluate`."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from bench.metric_name import parse
from bench.records import TrueSegmentTexts
from bench.report.site.pack import separate
from bench.report.site.site import PAGE
from bench.report.site.steps import SIZES, make_steps, number_sizes
from bench.score.counts import gather
from bench.score.evaluate import evaluate
from bench.score.presets import make_protocol as preset
from tests.unit.metrics.make import CLASSES, NAMING, case
from tests.unit.report.site.read_steps import measure

OVERLAPS = [case(seed, overlapping=bool(seed % 2)).overlap for seed in range(15)]
TAUS = (None, -0.3, 0.0, 0.1, 0.299999, 0.3, 0.3000001, 0.30001, 0.5, 0.7, 0.9, 1.0)
"""On, just below and just above similarities, which lie on tenths; 0.3000001 is 0.3 where six decimals count."""
KEYS = {"tt": "tau_sbert", "st": "tau_clip"}
PROTOCOLS = {
    "paper": preset("paper", resamples=0, aggregation=("image", "pair", "dataset"), breakdown=("class", "size"),
                    metrics=("iou", "recall", "precision", "tgq", "pixel_accuracy")),
    "reference": preset("reference", resamples=0),
    "classes": preset("paper", resamples=0, aggregation=("dataset",), background="class", unseen="zero",
                      absent="ignore", below="ignore", representative="argmax",
                      metrics=("iou", "mean_accuracy", "fwiou", "panoptic")),
}  # fmt: skip


def describe_truths(seed: int = 0) -> list[TrueSegmentTexts]:
    """What a method might say of the true segments of each image, similarities on tenths."""
    draw, made = np.random.default_rng(seed), []
    for item in OVERLAPS:
        classes = np.unique(item.truth_classes).astype(np.int32)
        tt, st = (draw.integers(-2, 10, (2, len(classes), 5)) / 10).astype(np.float32)
        made.append(TrueSegmentTexts(item.image_id, classes, np.full(len(classes), 9), tt, st, ("x",) * len(classes)))
    return made


@cache
def score(name: str, mapping: str, tau: float | None) -> dict[str, float]:
    """Every number without a group at a threshold, by its measure without TGQ's own bound."""
    by = replace(PROTOCOLS[name], mapping=(mapping,), **{KEYS[mapping]: tau})
    table = evaluate(OVERLAPS, describe_truths(), CLASSES, by, NAMING).table
    found = {}
    for full, value in zip(table["metric"], table["value"], strict=True):
        parts = parse(full)
        bound = "" if parts.bound is None or parts.metric.startswith("tgq") else f"{parts.relation}{parts.bound:g}"
        found.setdefault(f"{parts.mapping}/{parts.metric}{bound}", value)
    return found


@cache
def pack_all(name: str, mapping: str) -> dict[str, dict[str, Any]]:
    protocol = PROTOCOLS[name]
    scored = gather(OVERLAPS, describe_truths(), CLASSES, replace(protocol, mapping=(mapping,)))
    return {metric: slots.pack(protocol.rounding) for metric, slots in make_steps(scored, mapping).items()}


@pytest.mark.thinned(3)
@pytest.mark.parametrize("mapping", ["tt", "st"])
@pytest.mark.parametrize("name", ["paper", "reference"])
def test_steps_at_a_threshold_are_the_numbers_of_scoring_at_it(name: str, mapping: str) -> None:
    protocol, visited = PROTOCOLS[name], 0
    packed = pack_all(name, mapping)
    for tau in TAUS:
        known = score(name, mapping, tau)
        for metric, one in packed.items():
            if metric.startswith("tgq") and tau is None:
                continue  # without a threshold there is no such number
            visited += 1
            np.testing.assert_allclose(
                measure(one, tau, protocol.rounding), known[f"{mapping}/{metric}"], rtol=0, atol=1e-12
            )
    assert visited >= 2 * len(TAUS) and ("tgq.micro" in packed) == (mapping == "tt" and name == "paper")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node, to run the page's own arithmetic")
def test_the_page_itself_gives_these_numbers() -> None:
    """`numbers.js`, the file that the page loads, over every average, against `evaluate`: six decimals are the same."""
    asked, taus = [(name, mapping) for name in PROTOCOLS for mapping in KEYS], TAUS[::3]
    sets = [pack_all(name, mapping) for name, mapping in asked]
    script = f"""
    const numbers = require({json.dumps(str(PAGE / "numbers.js"))}), asked = JSON.parse(require("fs").readFileSync(0));
    const measureAll = ({{json, bytes, rounding}}) => Object.entries(json).map(([name, one]) => {{
      const slots = numbers.openSlots(numbers.placeColumns(one, numbers.decode(bytes)), asked.images);
      const place = (tau) => numbers.findPlace(tau, rounding, slots.scale);
      return [name, asked.taus.map((tau) => numbers.measure(slots, place(tau)).value)];
    }});
    console.log(JSON.stringify(asked.sets.map(measureAll)));"""
    parts = map(separate, sets)
    given = [{"json": json.loads(text), "bytes": base64.b64encode(held).decode(), "rounding": PROTOCOLS[name].rounding}
             for (name, _), (text, held) in zip(asked, parts, strict=True)]  # fmt: skip
    told = {"images": len(OVERLAPS), "taus": taus, "sets": given}
    done = subprocess.run(["node", "-e", script], input=json.dumps(told), capture_output=True, text=True, check=True)
    averages = set()
    for (name, mapping), packed, found in zip(asked, sets, json.loads(done.stdout), strict=True):
        averages |= {one["average"] for one in packed.values()}
        known = {tau: score(name, mapping, tau) for tau in taus}
        for metric, values in found:
            for tau, value in zip(taus, values, strict=True):
                if not (metric.startswith("tgq") and tau is None):
                    expected = known[tau][f"{mapping}/{metric}"]
                    assert f"{value if value is not None else np.nan:.6f}" == f"{expected:.6f}", (name, metric, tau)
    assert averages == {"images", "pairs", "segments", "pixels", "classes", "true_classes", "frequencies"}


def test_a_slot_changes_only_at_similarities_of_its_own_image() -> None:
    packed = pack_all("paper", "tt")["iou.image.union"]
    until, starts, images = packed["until"]["values"], packed["starts"], packed["image"]
    for slot, image in enumerate(images):
        own = {round(float(near) * 1e6) for near in np.round(OVERLAPS[image].tt.max(axis=1).astype(float), 6)}
        *changes, last = until[starts[slot] : starts[slot + 1]].tolist()
        assert set(changes) <= own and last == 2**31 - 1 and changes == sorted(set(changes))


def test_sizes_are_those_of_the_breakdown() -> None:
    shares = np.array([0.0, 1e-9, 1 / 256, 1 / 64 - 1e-9, 1 / 64, 1 / 16, 0.999, 1.0, np.nan])
    expected = [next((at for at, (low, high) in enumerate(SIZES.values(), 1) if share > 0 and low <= share < high), 0)
                for share in shares]  # fmt: skip
    assert number_sizes(shares).tolist() == expected
