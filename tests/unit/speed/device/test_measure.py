"""`zgs speed device=cuda` with a stand-in for the GPU: which variants are tried, on what, and what their rows say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.caption.zerocap import ZeroCap
from bench.commands.settings import compose_settings
from bench.run.loading import load_once
from bench.speed import clock
from bench.speed.device import measure
from bench.speed.device.probe import MIB, Probe
from bench.speed.device.write import write_device_rows
from bench.speed.inputs import Inputs, open_image
from bench.system import compiled

WORDS = ["device=cpu", "caption.beams=2", "caption.iterations=1", "caption.candidates=8", "models.dino.stride=16",
         "segment.n=4"]  # fmt: skip


def make_probe(events: list[str]) -> Probe:
    def note(name: str, value: int = 0) -> Callable[[], Any]:
        return lambda: events.append(name) or value

    return Probe("a stand-in", "cpu", note("wait"), note("reset"), note("peak", 3 * MIB), note("release"))


@pytest.fixture
def as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A processor that takes what a GPU does: what is compiled and recorded is noted, and done plainly."""
    asked: list[str] = []
    monkeypatch.setattr("bench.run.parts.find_device", lambda *_: "cpu")
    monkeypatch.setattr(torch, "compile", lambda function, **_: asked.append(function.__name__) or function)
    monkeypatch.setattr(ZeroCap, "use_graphs", lambda self: asked.append("graphs"))
    monkeypatch.setattr(clock, "LONG_ENOUGH", 0.0)
    monkeypatch.setattr(clock, "ONCE", 0.0)
    monkeypatch.setattr("bench.speed.device.probe.LONG_ENOUGH", 0.0)
    yield asked
    compiled._compile.cache_clear()
    load_once.cache_clear()


def test_a_call_is_measured_between_two_waits_behind_one_that_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that says 5, 2 and 4 seconds; ten are long enough."""
    events: list[str] = []
    monkeypatch.setattr("time.perf_counter", iter([0.0, 5.0, 10.0, 12.0, 20.0, 24.0]).__next__)
    monkeypatch.setattr("bench.speed.device.probe.LONG_ENOUGH", 10.0)
    made, seconds, times, peak = make_probe(events).measure(lambda: events.append("call") or 7)
    assert (made, seconds, times, peak) == (7, 2.0, 3, 3.0)
    assert events == ["call", "wait", "reset", *["call", "wait"] * 3, "peak"]


def test_switches_are_tried_where_they_change_a_stage() -> None:
    tried = {
        stage: [(v.compile, v.graphs) for v in measure.list_variants(["float32"]) if v.touches(stage)]
        for stage in measure.STAGES
    }
    assert tried["features"] == tried["embeddings"] == [(False, False), (True, False)]
    assert tried["captions"] == [(False, False), (False, True), (True, False), (True, True)]
    assert tried["image"] == [(False, False), (True, True)]


@pytest.mark.slow
def test_every_stage_by_every_variant(as_on_a_gpu: list[str], tmp_path: Path) -> None:
    events: list[str] = []
    settings = compose_settings(WORDS)
    inputs, probe = Inputs("embedded", settings, open_image(None, "embedded"), settings), make_probe(events)
    object.__setattr__(probe, "measure_rate", lambda dtype: 1e12)
    rows = list(measure.measure_stages(inputs, probe, ["float32", "bfloat16"]))
    assert [row["stage"] for row in rows].count("captions") == 8 and len(rows) == 2 * (2 + 2 + 4 + 2)
    assert {"run_block", "run", "graphs"} <= set(as_on_a_gpu) and events.count("release") == 8
    plain = {row["stage"]: row for row in reversed(rows) if row["dtype"] == "float32" and not row["compile"]}
    assert all(row.get("difference", 0) == 0 and row.get("same_texts", 1) == 1 for row in plain.values())
    rounded = [row for row in rows if row["dtype"] == "bfloat16" and "difference" in row]
    assert all(1e-4 < row["difference"] < 0.2 for row in rounded), "models are of the type that was asked for"
    assert all((row["images_a_second"] is not None) == (row["stage"] == "image") for row in rows)
    machine = {"device": probe.name, "torch": "1", "cuda": "2"}
    json_file, table, page = write_device_rows(rows, machine, "embedded", tmp_path)
    assert json_file.name == "cuda_embedded.json" and len(json.loads(json_file.read_text())) == len(rows)
    assert page.read_text().count("\n| ") == len(rows) + 1 and len(table.read_text().splitlines()) == len(rows) + 1
    assert all(measure.describe_row(row).count("\n") == 0 for row in rows)


def test_a_stage_by_two_variants_is_compared_with_the_first(as_on_a_gpu: list[str]) -> None:
    settings = compose_settings(WORDS)
    inputs, probe = Inputs("embedded", settings, open_image(None, "embedded"), settings), make_probe([])
    object.__setattr__(probe, "measure_rate", lambda dtype: 1e12)
    rows = list(measure.measure_stages(inputs, probe, ["float32"], ["features"]))
    assert [(row["compile"], row["difference"]) for row in rows] == [(False, 0.0), (True, 0.0)]
    assert as_on_a_gpu == ["run_block"] and rows[0]["flops"] > 0 and rows[0]["peak_mb"] == 3
    assert rows[0]["share"] == pytest.approx(rows[0]["flops"] / rows[0]["seconds"] / 1e12)


def test_texts_and_numbers_are_compared() -> None:
    assert measure.compare_texts(["a", "b"], ["a", "c"]) == {"same_texts": 0.5}
    assert measure.compare_texts(["a"], ["a", "b"]) == {"same_texts": 0.0} and measure.compare_texts([], []) != {}
    one = np.array([[1.0, -4.0], [0.5, 0.25]])
    assert measure.compare_numbers(one, one + [[0, 1], [0.25, 0]]) == {"difference": 0.5}
