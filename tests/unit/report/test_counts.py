"""A metric whose values are counts is given as it is, from its definition to every table; shares are percent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.errors import UserError
from bench.metrics.registry import REGISTRY, Metric, find_unit
from bench.metrics.terms import ImageTables, Terms, make_terms
from bench.report.tables.cells import lay_out
from bench.report.tables.differences import compute_differences, write_markdown_differences
from bench.report.tables.tables import write_markdown_table, write_text_table
from bench.score.evaluate import Scores, evaluate
from bench.score.intervals import MetricCounts
from bench.score.presets import make_protocol as preset
from bench.score.score_table import add_columns
from bench.tracking.content import summarise
from tests.unit.metrics.make import CLASSES, NAMING, case

NAMES = Path(__file__).parents[1] / "metrics" / "metric_names.txt"


def amount(image: ImageTables) -> dict[str, Terms]:
    """How many segments an image has: a count, and what share of five that is."""
    none, n = np.array([-1]), np.array([float(len(image.overlap.areas))])
    share = np.array([np.nan])
    return {
        "amount.segments": make_terms("images", none, share, n),
        "filled.segments": make_terms("images", none, share, n / 5),
    }


@pytest.fixture
def scores(monkeypatch: pytest.MonkeyPatch) -> Scores:
    line = Metric("amount", amount, {"amount": "Amount"}, units={"amount": "count"})
    monkeypatch.setattr("bench.metrics.registry.REGISTRY", [*REGISTRY, line])
    score = preset("paper", metrics=("iou", "amount"), mapping=("tt",), resamples=200)
    overlaps = [case(seed, n=seed % 4 + 2).overlap for seed in range(8)]
    return evaluate(overlaps, [], CLASSES, score, NAMING, variant="full")


def test_a_count_is_printed_as_it_is_and_named_one(scores: Scores) -> None:
    rows = add_columns(scores.table, "own")
    table = lay_out(rows, embedded=False)
    at = [header[0] for header in table.headers].index("Amount (count)")
    expected = np.mean([seed % 4 + 2 for seed in range(8)])
    assert table.variants[0].cells[at].value == f"{expected:.2f}" == "3.50"
    assert table.variants[0].cells[at].interval.startswith("[") and float(table.variants[0].cells[at].interval[1:5]) < 6
    share = [header[0] for header in table.headers].index("filled")
    assert table.variants[0].cells[share].value == "70.0", "a share where its definition says nothing"
    for text in (write_markdown_table(rows, embedded=False), write_text_table(rows, embedded=False)):
        assert "3.50" in text and "350.0" not in text and "Percent (cosines and counts as they are)" in text


def test_differences_and_tracking_of_a_count(scores: Scores) -> None:
    def more(row: MetricCounts) -> MetricCounts:
        return replace(row, numerator=row.numerator + row.denominator)

    name = next(name for name in scores.rows if "amount" in name)
    text = write_markdown_differences(
        compute_differences(
            [("a", {name: more(scores.rows[name])}), ("b", {name: scores.rows[name]})], [("a", "b")], 50
        )
    )
    assert "+1.00 [+1.00, +1.00]" in text and "cosines and counts as they are" in text
    assert summarise(scores.table)[0][name] == pytest.approx(3.5), "a tracker has every value as it is"


def test_an_unknown_unit_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Metric("amount", amount, {}, units={"amount": "metres"})
    monkeypatch.setattr("bench.metrics.registry.REGISTRY", [*REGISTRY, line])
    with pytest.raises(
        UserError, match=r"amount.x>0\.5: its line says the unit 'metres'; known are share, cosine, count"
    ):
        find_unit("amount.x>0.5")


def test_units_of_every_metric_there_is() -> None:
    """The cosines, as tables have always given them; nothing of ours is a count."""
    names = [line.split()[0] for line in NAMES.read_text().splitlines() if "/" in line]
    assert len(names) > 50
    for name in names:
        cosine = ".cosine" in name or "/clipscore" in name or "/names.similarity" in name
        assert find_unit(name.rpartition("/")[2]) == ("cosine" if cosine else "share"), name
