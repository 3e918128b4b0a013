"""Ranks with intervals and letters: by hand, and what letters promise for every pattern of differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UserError
from bench.report.board import count_resamples
from bench.score.comparisons import adjust_by_holm, compare_paired
from bench.score.intervals import MetricCounts, compute_intervals
from bench.score.ranks import SIGNIFICANCE, compute_ranks, find_rank_ends, letter_groups, rank, share_letter


def rows(values: np.ndarray) -> MetricCounts:
    ids = tuple(f"{at:03}" for at in range(len(values)))
    return MetricCounts(ids, values[:, None].astype(float), np.ones((len(values), 1)), "images")


def test_ranks_by_hand() -> None:
    values = np.array([[0.3, 0.5], [0.5, 0.5 + 1e-15], [0.3, np.nan], [0.1, 0.2]])
    assert rank(values).tolist() == [[2, 1], [1, 1], [2, 4], [4, 3]]


def test_the_ends_of_a_rank_are_ranks_and_hold_it() -> None:
    drawn = np.array([[1] * 95 + [2] * 5, [2] * 95 + [1] * 5, [3] * 100])
    assert find_rank_ends(drawn, np.array([1, 2, 4]), 0.95) == [(1, 2), (1, 2), (3, 4)]
    assert find_rank_ends(drawn, np.array([1, 2, 3]), 0.5) == [(1, 1), (2, 2), (3, 3)]


def test_one_far_ahead_and_two_alike() -> None:
    draw = np.random.default_rng(0)
    base = draw.random(60) * 0.5
    runs = {"weak": base, "alike": base + draw.normal(0, 0.01, 60), "strong": base + 0.3 + draw.normal(0, 0.02, 60)}
    table = compute_ranks({name: rows(np.clip(values, 0, 1)) for name, values in runs.items()}, 500)
    assert table["variant"].tolist()[0] == "strong" and table["rank"].tolist() == [1, 2, 3]
    assert table["letters"].tolist() == ["a", "b", "b"]
    assert table[["rank_low", "rank_high"]].to_numpy().tolist() == [[1, 1], [2, 3], [2, 3]]
    assert (table["n"] == 60).all() and (table["low"] <= table["value"]).all()


def test_what_has_no_rank_is_refused() -> None:
    one = rows(np.array([0.1, 0.2]))
    with pytest.raises(UserError, match="ranks need two"):
        compute_ranks({"a": one})
    other = MetricCounts(("x", "y"), one.numerator, one.denominator, "images")
    with pytest.raises(UserError, match="no image is common"):
        compute_ranks({"a": one, "b": other})


@given(st.integers(2, 7), st.data())
def test_two_share_a_letter_where_and_only_where_they_are_not_told_apart(count: int, data: st.DataObject) -> None:
    upper = np.triu(
        np.array(data.draw(st.lists(st.booleans(), min_size=count**2, max_size=count**2))).reshape(count, -1), 1
    )
    apart = upper | upper.T
    letters = letter_groups(apart, list(range(count)))
    for a in range(count):
        for b in range(a + 1, count):
            assert share_letter(letters[a], letters[b]) != bool(apart[a, b])
    assert "a" in letters[0]


def test_numbers_stand_for_letters_from_the_27th_group_on() -> None:
    letters = letter_groups(~np.eye(30, dtype=bool), list(range(30)))
    assert (letters[25], letters[26], letters[29]) == ("z", "(27)", "(30)")
    shared = np.array([[share_letter(one, other) for other in letters] for one in letters])
    assert (shared == np.eye(30, dtype=bool)).all() and share_letter("z(27)", "(27)(30)")


def test_enough_resamples_tell_a_clear_difference_apart_and_fewer_cannot() -> None:
    """Of 4 systems, 6 pairs: Holm needs p < 0.05 / 6, and b resamples have none below 2 / (b + 1)."""
    draw = np.random.default_rng(0)
    runs = {name: rows(at + draw.random(400)) for at, name in enumerate("abcd")}
    least = count_resamples(4)
    assert 6 * 2 / (least + 1) < SIGNIFICANCE <= 6 * 2 / (least - 1)
    few, enough = (compute_ranks(runs, number)["letters"].tolist() for number in (least - 2, least + 200))
    assert set(few[0]) & set(few[-1]) and not set(enough[0]) & set(enough[-1])


def test_intervals_and_letters_are_those_that_are_computed_alone() -> None:
    """Resamples are drawn once for a whole column; what each part draws by itself is the same to the last bit."""
    draw = np.random.default_rng(3)
    runs = {name: rows(np.clip(draw.random(90) * 0.4 + 0.05 * at, 0, 1)) for at, name in enumerate("abcde")}
    few = {name: rows(draw.random(9)) for name in "xy"}
    for each in (runs, few):
        table = compute_ranks(each, 500).set_index("variant")
        spans = dict(zip(each, compute_intervals(list(each.values()), 500), strict=True))
        pairs = [(a, b) for a in each for b in each if a < b]
        p = [compare_paired(each[a], each[b], 500).p for a, b in pairs]
        for name, span in spans.items():
            assert tuple(table.loc[name, ["value", "low", "high", "note"]]) == (
                span.value, span.low, span.high, span.note
            )  # fmt: skip
        for (a, b), adjusted in zip(pairs, adjust_by_holm(np.array(p)), strict=True):
            shared = set(table.loc[a, "letters"]) & set(table.loc[b, "letters"])
            assert bool(shared) == (adjusted >= SIGNIFICANCE), (a, b)


def test_resamples_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.score import intervals

    calls: list[int] = []
    whole = intervals.resample
    monkeypatch.setattr(intervals, "resample", lambda *given: calls.append(1) or whole(*given))
    draw = np.random.default_rng(0)
    compute_ranks({name: rows(draw.random(80)) for name in "abcd"}, 300)
    assert len(calls) == 1
