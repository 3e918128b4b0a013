"""Data without labels: people are asked about the predicted texts alone, and controls are of drawn scenes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.protocol import Protocol
from bench.records import Overlap
from bench.study import make, reassigned
from bench.study.make import Plan
from bench.study.questions import KINDS, RIGHT, WRONG
from bench.study.reassigned import UNKNOWN, Label, label_run
from bench.study.sampling import read_rule

TEXTS = {"a": ("a dog", " "), "b": ("the sky",), "skipped": ("x",), "of other data": ("y",)}


class File(dict[str, tuple[str, ...]]):
    """Stands in for a file of predictions."""

    read_texts = dict.__getitem__


@pytest.fixture
def unlabelled(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A run's context whose data set has no classes; the run is found wherever it is looked for."""
    context = SimpleNamespace(
        dataset=SimpleNamespace(classes=None, list_ids=lambda: ["a", "b", "skipped", "not predicted"]),
        give_encoder=lambda kind: SimpleNamespace(encode=lambda names: np.eye(len(names))),
    )
    monkeypatch.setattr(reassigned, "read_run_settings", lambda folder: {})
    monkeypatch.setattr(reassigned, "RunContext", lambda settings: context)
    monkeypatch.setattr(reassigned, "open_predictions", lambda folder: File(TEXTS))
    monkeypatch.setattr(reassigned, "read_record", lambda folder: {"skipped": {"skipped": "no picture"}})
    return context


def test_texts_that_say_something_are_asked_about(unlabelled: SimpleNamespace) -> None:
    run = label_run(Path("run"), "mine", KINDS)
    assert run.labels == {("a", 0): (Label("text", "a dog"),), ("b", 0): (Label("text", "the sky"),)}
    assert run.strata == dict.fromkeys(run.labels, (UNKNOWN, UNKNOWN)) and run.empty == 1
    assert label_run(Path("run"), "mine", [kind for kind in KINDS if kind != "text"]).labels == {}, "not asked for"


def test_the_class_asked_about_is_the_nearest_without_a_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: -0.1 is the nearest of the first, for no threshold drops a label."""
    rows = np.array([[-0.2, -0.1, -0.3], [0.9, 0.1, 0.2]], np.float32)
    one = Overlap(
        "a", np.ones((2, 3), np.int64), np.eye(2, dtype=bool), np.zeros(1, np.int32), np.ones(2, np.int64), rows
    )
    context: Any = SimpleNamespace(classes=SimpleNamespace(names=("cat", "dog", "sky")))
    monkeypatch.setattr(reassigned, "resolve_protocol", lambda *_: Protocol())
    found = dict(reassigned._assign([one], context, {"score": {}}, "tt"))
    assert {place: label.text for place, label in found.items()} == {("a", 0): "dog", ("a", 1): "cat"}
    assert {label.kind for label in found.values()} == {"tt"} and found["a", 0].cosine == pytest.approx(-0.1)
    assert reassigned._assign([one], context, {"score": {}}, "st") == [], "no embeddings, no ST"


def test_controls_are_of_drawn_scenes(unlabelled: SimpleNamespace) -> None:
    run, plan = label_run(Path("run"), "mine", KINDS), Plan(read_rule("all"), KINDS, controls=2)
    controls = [control.question for control in make._make_controls(run, ["a", "b"], plan, 2, set())]
    assert [question.known for question in controls] == [RIGHT, WRONG] * 2
    assert all(question.image.startswith("val-") for question in controls)
