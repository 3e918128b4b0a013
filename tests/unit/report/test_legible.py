"""Figures of 1, 2, 7, 8 and 20 variants with names of forty characters: everything can be read and told apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from bench.report.figures.agreement import draw_agreement
from bench.report.figures.breakdown import draw_breakdown
from bench.report.figures.curves import PAPER_IOU, PAPER_TAUS, draw_curves, draw_precision
from bench.report.figures.forest import draw_differences
from bench.report.figures.line_ends import spread_places
from bench.report.figures.style import choose_names, draw_headline, look, make_figure
from bench.report.runs import label_runs, merge_curves
from bench.report.tables.breakdown import compute_breakdown
from bench.report.tables.comparisons import list_pairs
from bench.report.tables.differences import compute_differences
from bench.report.tables.paper_metrics import select_paper_metrics
from bench.run.run_folder import read_rows, read_segments
from bench.score.rank_agreement import COLUMNS as AGREEMENT
from tests.unit.report.fabricated import METRICS, fabricate
from tests.unit.report.geometry import faults

KINDS = (
    "global_subtraction with half the str",
    "masque élargi d’après la dernière co",
    "注意マスクを弱くした変種 with a name x",
    "_an underscore first, $math_1$, 5 % ",
)
QUICK = ("precision", "breakdown", "forest")
"""Of two variants the pictures of the other kinds are as these; of more, all are looked at."""
NUMBERS = (2, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 7, 8, 20)))


def names(count: int) -> list[str]:
    return [f"{KINDS[at % len(KINDS)]}{at:04}" for at in range(count)]


class Runs:
    """Made-up runs, read as a report reads them."""

    def __init__(self, folder: Path, count: int) -> None:
        self.variants, self.folders = names(count), fabricate(folder, names(count), images=6)
        assert list(label_runs(self.folders).values()) == self.variants
        self.curves = merge_curves(self.folders)

    def pictures(self) -> dict[str, Figure]:
        tau = self.curves[self.curves["axis"] == "tau"]
        plain = tau[~tau["metric"].str.startswith("precision")]
        over_iou = self.curves[self.curves["axis"] == "iou"]
        told: dict[str, Any] = {"title": "toy:test[first:12]", "embedded": True}
        segments = [(v, read_segments(f)) for v, f in zip(self.variants, self.folders, strict=True)]
        pairs = list_pairs(self.variants)
        found = {
            "curves": draw_curves(plain, chosen=PAPER_TAUS, **told),
            "iou": draw_curves(over_iou, chosen=PAPER_IOU, axis="iou", **told),
            "precision": draw_precision(tau, chosen=PAPER_TAUS, **told),
            "breakdown": draw_breakdown(compute_breakdown(segments, pairs, 20), **told),  # type: ignore[arg-type]
        }
        if len(self.variants) > 1:
            rows = [(v, read_rows(f)) for v, f in zip(self.variants, self.folders, strict=True)]
            more = [(self.variants[1], self.variants[0])]
            chosen = select_paper_metrics(list(METRICS.values()))
            found["forest"] = draw_differences(compute_differences(rows, pairs, 20), chosen, **told)
            if len(self.variants) > 2:
                found["pairs"] = draw_differences(compute_differences(rows, [*pairs, *more], 20), chosen, **told)
        return found


@pytest.fixture(scope="module", params=NUMBERS)
def pictures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Figure]:
    return Runs(tmp_path_factory.mktemp("legible") / str(request.param), request.param).pictures()


def test_no_text_overlaps_or_leaves_the_picture(pictures: dict[str, Figure]) -> None:
    assert {"curves", "iou", "precision", "breakdown"} <= set(pictures)
    two = len(pictures["curves"].legends[0].get_texts()) == 2
    for name in QUICK if two else pictures:
        assert faults(pictures[name]) == [], name


def test_no_two_variants_look_alike(pictures: dict[str, Figure]) -> None:
    for name in ("curves", "iou", "precision"):
        (legend,) = pictures[name].legends
        lines = [(x.get_color(), x.get_marker(), x.get_linestyle()) for x in legend.get_lines()]
        assert len(set(lines)) == len(lines) == len(legend.get_texts()) > 0
    groups = pictures["breakdown"].axes[0].containers
    marks = [(c.lines[0].get_color(), c.lines[0].get_marker()) for c in groups]
    assert len(set(marks)) == len(marks) == len(pictures["curves"].legends[0].get_texts())


def test_every_name_stands_in_the_key_of_every_picture(pictures: dict[str, Figure]) -> None:
    variants = names(len(pictures["curves"].legends[0].get_texts()))
    told = list(choose_names(variants, numbered=len(variants) > 7).values())
    assert len(set(told)) == len(variants)
    for name in ("curves", "iou", "precision"):
        assert [text.get_text() for text in pictures[name].legends[0].get_texts()] == told
    breakdown_texts = [text.get_text() for text in pictures["breakdown"].findobj(lambda a: hasattr(a, "get_text"))]
    assert set(told) <= set(breakdown_texts)


def test_ninety_looks_differ() -> None:
    looks = [look(at) for at in range(90)]
    marks = {(x["color"], x["marker"], x.get("markerfacecolor")) for x in looks}
    assert len(marks) == 90, "points, which have no line"
    assert len({(x["color"], x["marker"], str(x["linestyle"])) for x in looks[:30]}) == 30


@pytest.mark.slow
def test_a_long_headline_is_broken_and_shortened_but_whole_at_its_ends() -> None:
    figure = make_figure(3.0)
    figure.subplots().plot([0, 1])
    draw_headline(figure, ("x" * 60 + " minus each other", "data:test[" + "y" * 200 + "end]", "n = 5 images"))
    lines = figure.get_suptitle().splitlines()
    assert lines[1].startswith("data:test[") and "…" in lines[1] and lines[1].endswith("end]")
    assert lines[2] == "n = 5 images" and faults(figure) == []


@pytest.mark.thinned(4)
@pytest.mark.parametrize("count", [10, 3, 18, 60])
def test_agreement(count: int) -> None:
    metrics = [
        f"toy:test/five/paper/{'tt(tiny)' if at % 2 else 'st(clip)'}>=0.{at + 11}/recall.argmax>0.5"
        for at in range(count)
    ]
    lines = [
        (one, two, ((at * 7) % 19 - 9) / 9, -0.9, 0.9, 20, 40)
        for at, (one, two) in enumerate((a, b) for i, a in enumerate(metrics) for b in metrics[i + 1 :])
    ]
    figure = draw_agreement(pd.DataFrame(lines, columns=list(AGREEMENT)), title="toy:test[first:12]", embedded=True)
    assert faults(figure) == []


@pytest.mark.parametrize("places", [[], [0.5], [0.5] * 20, [0.0] * 3 + [1.0] * 3, [0.1, 0.11, 0.12, 0.9], [0.98, 0.99]])
def test_numbers_at_ends_stay_in_order_and_apart(places: list[float]) -> None:
    found = spread_places(places, 0.05)
    assert len(found) == len(places) and found == sorted(found)
    assert all(b - a > 0.0499 for a, b in zip(found, found[1:], strict=False))
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in found)
