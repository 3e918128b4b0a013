"""What predicts a run: a whole system in place of section 3; once for all runs of a process that differ in scoring."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.records import Prediction, Sample
from bench.run import predict
from bench.run.predicted import Predicted
from bench.run.stopwatch import Stopwatch


def make_context(held: set[str], key: str = "k", print_: str = "p") -> Any:
    """Stands in for a run's context; ``held`` are the addresses that its store has."""
    store = SimpleNamespace(root=SimpleNamespace(absolute=lambda: "/store"), has=lambda namespace, item: item in held)
    return SimpleNamespace(
        store=store, keys={"predictions": key}, identity=SimpleNamespace(fingerprint=print_), dataset=None,
        predictions=SimpleNamespace(stage="predictions"), settings={"data": {}},
    )  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, ...]]]:
    """The images that were asked for, one entry a call; each is then at an address of its own name."""
    calls: list[tuple[str, ...]] = []

    def make(context: Any, ids: Any, work: Any) -> Predicted:
        calls.append(tuple(ids))
        return Predicted(items={image: f"at {image}" for image in ids})

    monkeypatch.setattr(predict, "predict_images", make)
    monkeypatch.setattr(predict, "keep_addresses", lambda *_: None)
    predict.PREDICTED.clear()
    yield calls
    predict.PREDICTED.clear()


def test_a_run_of_the_same_keys_data_and_images_is_taken_over_and_no_other(asked: list[tuple[str, ...]]) -> None:
    held = {"at a", "at b"}
    first = predict.predict_once(make_context(held), ["a", "b"], map)
    again = predict.predict_once(make_context(held), ["a", "b"], map)
    assert len(asked) == 1 and again.items == first.items == {"a": "at a", "b": "at b"}
    for other, ids in (
        (make_context(held, key="l"), "ab"),
        (make_context(held, print_="q"), "ab"),
        (make_context(held), "a"),
    ):
        before = len(asked)
        predict.predict_once(other, list(ids), map)
        assert len(asked) == before + 1
    predict.predict_once(make_context({"at a"}), ["a", "b"], map)
    assert asked[-1] == ("a", "b") and len(asked) == 5, "the store has lost one since"


def test_a_whole_system_is_asked_in_place_of_all_stages() -> None:
    """It is given the image, the names and whether there is background; of true segments it says nothing."""
    given: list[tuple[object, ...]] = []

    def label(*arguments: object) -> Prediction:
        given.append(arguments)
        return Prediction("a", np.ones((1, 2, 2), bool), ("cat",))

    sample, watch = Sample("a", np.zeros((2, 2, 3), np.uint8)), Stopwatch()
    classes = SimpleNamespace(names=("cat", "dog"))
    context: Any = SimpleNamespace(baseline=label, classes=classes, has_background=True)
    entry = predict._make_image_entry(context, sample, watch)
    assert given == [(sample, ("cat", "dog"), True)] and "baseline" in watch.seconds
    assert '"text":"cat"' in entry.line.replace(" ", "") and "oracle" not in entry.line
