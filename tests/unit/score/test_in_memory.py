"""What a scorer in memory is given: each fault is one line that says what is wrong and what to do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.errors import UsageError, UserError
from bench.records import Prediction
from bench.score.in_memory import check_prediction, check_truth, make_changed_protocol, make_class_list
from bench.score.presets import make_protocol

MASKS = np.ones((2, 4, 6), bool)


@pytest.mark.parametrize(("names", "things", "told"), [
    ("cat", None, r"not the text 'cat'; write \['cat'\]"), ([], None, "empty name or none"),
    (["cat", "cat"], None, "'cat' is there twice"), (["cat", 3], None, "3 is no class name"),
    (["cat", " "], None, "is no class name"), (["cat"], [True, False], "2 flags for 1 classes"),
])  # fmt: skip
def test_names(names: Any, things: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        make_class_list(names, things)


def test_names_that_are_right() -> None:
    assert make_class_list(np.array(["cat", "dog"]), None).names == ("cat", "dog")
    assert make_class_list(["cat", "sky"], [True, False]).things == (True, False)


@pytest.mark.parametrize(("changes", "told"), [
    ({"tau_sbrt": 0.6}, "tau_sbrt=0.6: no key of a protocol .*'tau_sbert'"),
    ({"tau_sbert": "x"}, "number from -1 to 1"),
    ({"tau_clip": 2}, "tau_clip=2"), ({"tau_iou": None}, "tau_iou=None: needs a number from 0 to 1$"),
    ({"resamples": "many"}, "wrong type"), ({"background": "vok"}, "did you mean voc"), ({"metrics": 3}, "wrong type"),
])  # fmt: skip
def test_keys_of_a_protocol(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        make_changed_protocol("paper", changes)


def test_a_protocol_is_the_one_of_that_name_but_for_what_only_files_can_tell() -> None:
    assert make_changed_protocol("paper", {"tau_sbert": None}) == make_protocol("paper", tau_sbert=None)
    with pytest.raises(UsageError, match="zgs score FILE score.verify=human"):
        make_changed_protocol("paper", {"verify": "human"})
    with pytest.raises(UsageError, match="did you mean paper"):
        make_changed_protocol("papr", {})


@pytest.mark.parametrize(("truth", "told"), [
    (np.full((4, 6), 0.7), r"a: truth is float64 \[4, 6\]; give whole numbers"), (np.ones((4, 6), bool), "is bool"),
    (np.zeros(4, int), r"\[4\]; give whole"), (np.zeros((0, 4), int), "give whole"),
    (np.full((4, 6), 70000), "holds 70000"),
    (np.full((4, 6), -3), "truth holds -3; classes are 0 to 1"), ([["cat"]], "give whole"),
])  # fmt: skip
def test_truth(truth: Any, told: str) -> None:
    with pytest.raises(UserError, match=told):
        check_truth(truth, "a", 2)


def test_truth_that_is_right_is_int16() -> None:
    found = check_truth(np.array([[0, 1], [-1, -2]], np.int64), "a", 2)
    assert found.dtype == np.int16 and found.tolist() == [[0, 1], [-1, -2]]


def hold(masks: Any, texts: Any, embeddings: Any = None, scores: Any = None) -> Any:
    """A prediction of any shapes and types: those of a real one are checked while tests run, and only then."""
    return SimpleNamespace(masks=masks, texts=texts, embeddings=embeddings, scores=scores)


@pytest.mark.parametrize(("prediction", "told"), [
    (hold(np.ones((2, 6, 4), bool), ("x", "y")), "written as width x height, or turned"),
    (hold(np.ones((2, 40, 40), bool), ("x", "y")), "a: masks are 40x40 .* image is 4x6.* proportions='any'"),
    (hold(MASKS[0], ("x",)), r"bool \[4, 6\]; give bool \[segments, height, width\]"),
    (hold(MASKS.astype(np.float32), ("x", "y")), "masks are float32"),
    (hold(np.full((2, 4, 6), 254, np.uint8).view(bool), ("x", "y")), "a: masks are booleans whose bytes .* take ~mask"),
    (hold(MASKS, ("x",)), "2 masks but 1 texts"), (hold(MASKS, "xy"), "texts is 'xy'"),
    (hold(MASKS, ("x", None)), "give a list with a text"),
    (hold(MASKS, ("x", "y"), np.zeros((3, 5), np.float32)), "2 masks but 3 embeddings"),
    (hold(MASKS, ("x", "y"), np.zeros(2, np.float32)), r"\[segments, dimension\]"),
    (hold(MASKS, ("x", "y"), scores=np.zeros(1, np.float32)), "2 masks but 1 scores"),
])  # fmt: skip
def test_predictions(prediction: Any, told: str) -> None:
    with pytest.raises(UserError, match=told):
        check_prediction(prediction, "a", (4, 6), "same")


def test_predictions_that_are_right() -> None:
    check_prediction(Prediction("a", np.ones((1, 2, 3), bool), ("x",)), "a", (4, 6), "same")  # a smaller copy
    check_prediction(Prediction("a", np.ones((1, 3, 3), bool), ("x",)), "a", (4, 6), "any")
    check_prediction(Prediction("a", np.ones((0, 3, 3), bool), ()), "a", (4, 6), "same")
