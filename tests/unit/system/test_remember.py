"""What this process remembers is what would be made: a key counts by its whole content, and old results go."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from bench.protocol import Protocol
from bench.records import ClassList, Overlap
from bench.system.remember import Memory, hash_values

COUNTS = np.arange(6).reshape(2, 3)
RECORD = ("i", COUNTS, COUNTS.astype(bool), np.zeros(1, np.int32), COUNTS[0])
VALUES: tuple[Any, ...] = (
    None, False, 0, 0.0, -0.0, float("nan"), "0", b"0", "", "ab", ("a", "b"), ["a", "b"], (("a",), "b"), ("a", ("b",)),
    (), ((),), {"a": "b"}, {"a": None}, {"b": "a"}, "\ud800", COUNTS, COUNTS.reshape(3, 2), COUNTS.T, COUNTS.ravel(),
    COUNTS.astype(np.int32), COUNTS.astype(">i8"), np.zeros((0, 3)), np.zeros((3, 0)), np.array(0),
    COUNTS + (COUNTS == 5), (("a", "b"),),
    Overlap(*RECORD), Overlap(*RECORD, texts=("a",)), Overlap(*RECORD, tt=np.zeros((3, 1), np.float32)),
    Overlap(*RECORD, st=np.zeros((3, 1), np.float32)), Protocol(), Protocol(tau_sbert=0.25), Protocol(metrics=("iou",)),
    ClassList("x", ("a",), (True,)), ClassList("x", ("a",), (False,)), ClassList("x", ("a",), (True,), (("a",),)),
)  # fmt: skip


def test_other_content_is_another_key() -> None:
    for one, other in combinations(VALUES, 2):
        assert hash_values(one) != hash_values(other), (one, other)
    assert hash_values("a", "b") != hash_values("ab") != hash_values("ab", "")


def test_equal_content_is_the_same_key() -> None:
    for value in VALUES:
        assert hash_values(value) == hash_values(value)
    backwards = np.asfortranarray(COUNTS)
    assert hash_values(backwards, Overlap(*RECORD)) == hash_values(COUNTS.copy(), Overlap(*RECORD))


@pytest.mark.parametrize("value", [object(), {1, 2}, Protocol, [object()], np.array([object()]), {"a": len}])
def test_what_has_no_content_is_no_key(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be remembered by its content"):
        hash_values(value)


def test_a_result_is_made_once_and_an_array_counts_as_it_is_now() -> None:
    memory, made, key = Memory[int](2), [], np.zeros(3)
    for change in (0, 0, 1, 1, 0):
        key[1] = change
        assert memory.make_once(lambda at=change: made.append(at) or at, "name", key) == change
    assert made == [0, 1]


def test_the_last_used_stay() -> None:
    memory = Memory[str](2)
    memory.keep("a", 1)
    memory.keep("b", 2)
    assert memory.find(1) == "a"
    memory.keep("c", 3)
    assert [memory.find(at) for at in (1, 2, 3)] == ["a", None, "c"] and len(memory) == 2
    memory.clear()
    assert memory.find(1) is None and len(memory) == 0
