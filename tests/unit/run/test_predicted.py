"""What becomes of the outcomes of a run's images."""

from __future__ import annotations

from bench.run.predicted import Outcome, Predicted


def test_the_peak_is_that_of_the_largest_process_and_not_of_who_finds_all_in_the_store() -> None:
    predicted = Predicted()
    for outcome in (Outcome("a", "1", peak=3 << 20), Outcome("b", "2", peak=5 << 20), Outcome("c", skipped="damaged")):
        predicted.add(outcome)
    assert predicted.peak == 5 << 20 and predicted.items == {"a": "1", "b": "2"}
    assert predicted.as_found(()).peak == 0
