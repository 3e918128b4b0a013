"""Which variants are compared with which, and that every part of a report does it alike."""

from __future__ import annotations

from string import ascii_letters

import pytest

from bench.errors import UserError
from bench.report.figures.forest import draw_differences
from bench.report.pictures.disagreements import select_extremes
from bench.report.tables.breakdown import compute_breakdown, write_markdown_breakdown
from bench.report.tables.comparisons import list_pairs, read_pairs, select_pairs, shorten_names, write_title
from bench.report.tables.differences import compute_differences, list_pairs_in, write_markdown_differences
from bench.report.tables.paper_metrics import select_paper_metrics
from tests.unit.report.figures.test_breakdown import segments
from tests.unit.report.figures.test_differences import IOU, rows
from tests.unit.report.pictures.test_disagreements import FIRST, OTHER

VARIANTS = ["full", "crop", "masked", "floor: unmasked"]
FLOORS = VARIANTS[3:]
MASKING = [("masked", "floor: unmasked"), ("masked", "crop")]


def test_the_first_with_all_but_floors_then_the_pairs_asked_for() -> None:
    standard = [("full", "crop"), ("full", "masked")]
    assert list_pairs(VARIANTS, FLOORS) == standard
    assert list_pairs(VARIANTS, FLOORS, [*MASKING, ("full", "crop")]) == standard + MASKING
    assert list_pairs(VARIANTS) == [*standard, ("full", VARIANTS[3])], "a title alone makes no floor"
    assert select_pairs(standard + MASKING, VARIANTS[:2]) == [("full", "crop")]
    assert select_pairs(standard + MASKING, VARIANTS[1:]) == MASKING
    assert write_title(MASKING[0]) == "masked − unmasked"


def test_pairs_by_position() -> None:
    assert read_pairs("3-4,3-2", VARIANTS) == MASKING
    for wrong in ("3", "3-5", "0-1", "a-b", "3-4,", "1-2-3", ""):
        with pytest.raises(UserError, match="is no pair of the 4 runs"):
            read_pairs(wrong, VARIANTS)


def test_names_for_pictures_leave_out_what_all_share() -> None:
    sweep = ["masked merge.threshold=0.5", "masked merge.threshold=0.75"]
    assert list(shorten_names(sweep).values()) == ["threshold=0.5", "threshold=0.75"]
    assert list(shorten_names([*sweep, "masked"]).values()) == [*sweep, "masked"], "nothing would be left of the last"
    alike = ["x a.n=1", "x b.n=1"]
    assert list(shorten_names(alike).values()) == alike
    assert shorten_names(["full"]) == {"full": "full"}


def test_differences_and_their_picture_tell_the_pairs() -> None:
    values = {"full": 0.2, "crop": 0.3, "masked": 0.6, "floor: unmasked": 0.1}
    runs = [(name, {IOU: rows([v, v + 0.1] * 20, [1, 1] * 20, ascii_letters)}) for name, v in values.items()]
    table = compute_differences(runs, list_pairs(VARIANTS, FLOORS, MASKING), 200)
    assert list_pairs_in(table) == [("full", "crop"), ("full", "masked"), *MASKING]
    assert table["value"].tolist() == pytest.approx([-0.1, -0.4, 0.5, 0.3])
    lines = write_markdown_differences(table).splitlines()
    assert lines[4].startswith("| masked − unmasked | **+50.0")
    figure = draw_differences(table, select_paper_metrics([IOU]), title="t", embedded=True)
    told = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert told == ["full − crop", "full − masked", "masked − unmasked", "masked − crop"]
    assert figure.get_suptitle() == "One variant minus another · t · n = 40 images"


def test_the_breakdown_and_the_extremes_take_the_same_pairs() -> None:
    tables = [(name, segments(at, images=12)) for at, name in enumerate(VARIANTS)]
    pairs = list_pairs(VARIANTS, FLOORS, MASKING)
    table = compute_breakdown(tables, pairs, 50)
    found = table[table["against"] != ""]
    assert list_pairs_in(found) == [("full", "crop"), ("full", "masked"), *MASKING]
    shares = table[table["against"] == ""].set_index(["variant", "mapping", "group"])["value"]
    for line in found.to_dict("records"):
        ends = (shares[line[end], line["mapping"], line["group"]] for end in ("variant", "against"))
        first, second = ends
        assert line["value"] == pytest.approx(first - second, nan_ok=True)
    assert "| masked − unmasked | ST |" in write_markdown_breakdown(table)
    told = [("full", FIRST), ("crop", FIRST), ("masked", OTHER), ("floor: unmasked", FIRST)]
    assert [(p.first, p.other) for p in select_extremes(dict(told), pairs)] == [("full", "masked"), *MASKING]
