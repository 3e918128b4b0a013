"""The cells of a table: each with n and interval, tested against one row, compared with the paper where one may."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.errors import UserError
from bench.paper.cells import Cell
from bench.paper.formats.table_csv import write_table_csv
from bench.paper.grid import lay_out
from bench.paper.published import OTHER, PAPER, PROTOCOL
from bench.run.run_folder import read_rows
from bench.score.comparisons import compare_paired
from tests.unit.paper.made import MODELS, YAML, make
from tests.unit.report.fabricated import METRICS, fabricate

HEAD = "row,set,column,value,spread,dataset,classlist,protocol,place,remark\n"
WHERE = "toy:test[first:12],five,paper,Table A,"
SAME = f"{HEAD}ours,Toy,IoU,12.5,,{WHERE}\nother,Toy,IoU,99.0,,{WHERE}\n"
OTHER_DATA = HEAD + "ours,Toy,IoU,12.5,,toy:test,five,paper,Table A,said to be odd\n"


def test_every_cell_has_value_interval_and_n_of_its_run(tmp_path: Path) -> None:
    table = make(tmp_path)
    for at, row in enumerate(("other", "third", "ours")):
        scores = pd.read_csv(tmp_path / "runs" / f"run-{at:02}" / "scores.csv").set_index("metric")
        for column, metric in (("IoU", METRICS["iou_st"]), ("TGQ", METRICS["tgq"])):
            line = table.cells[row, "Toy", column].line
            assert line is not None
            for name in ("value", "low", "high", "n"):
                assert line[name] == scores.loc[metric, name]


def test_each_row_is_tested_against_one_with_holm_over_the_table(tmp_path: Path) -> None:
    """Holm's by hand: sorted p times how many are left, never falling."""
    table = make(tmp_path)
    rows = [read_rows(tmp_path / "runs" / f"run-{at:02}") for at in range(3)]
    keys = [(row, "Toy", column) for row in ("other", "third") for column in ("IoU", "TGQ")]
    names = {"IoU": METRICS["iou_st"], "TGQ": METRICS["tgq"]}
    p = [compare_paired(rows[("other", "third").index(k[0])][names[k[2]]], rows[2][names[k[2]]]).p for k in keys]
    order, highest, holm = np.argsort(p), 0.0, {}
    for left, at in zip(range(len(p), 0, -1), order, strict=True):
        highest = max(highest, min(1.0, left * p[at]))
        holm[keys[at]] = highest
    assert table.comparisons == len(keys)
    assert {key: table.cells[key].p_holm for key in keys} == pytest.approx(holm)
    assert all(table.cells["ours", "Toy", column].difference is None for column in ("IoU", "TGQ"))


def test_a_difference_to_the_paper_stands_only_beside_the_same_data(tmp_path: Path) -> None:
    same, other = make(tmp_path / "a", published=SAME), make(tmp_path / "b", published=OTHER_DATA)
    grids = lay_out(same), lay_out(other)
    assert [group for group, _ in grids[0].groups] == ["Toy", PAPER]
    assert [group for group, _ in grids[1].groups] == ["Toy", OTHER]
    line = same.cells["ours", "Toy", "IoU"].line
    assert line is not None
    told = f"{100 * line['value'] - 12.5:+.1f} to the paper"
    assert told.replace("-", "−") in grids[0].rows[-1][1][0].below
    assert not any("to the paper" in text for _, cells in grids[1].rows for cell in cells for text in cell.below)
    csvs = [
        pd.read_csv(write_table_csv(table, tmp_path / "t.csv")).set_index(["row", "column"]) for table in (same, other)
    ]
    assert csvs[0].loc[("ours", "IoU"), "to_paper"] == pytest.approx(100 * line["value"] - 12.5, abs=1e-5)
    assert csvs[1]["to_paper"].isna().all() and csvs[1].loc[("ours", "IoU"), "comparable"] == "no"
    assert any("said to be odd" in note for note in grids[1].notes)


def test_the_best_is_marked_only_among_numbers_that_may_be_compared(tmp_path: Path) -> None:
    """99 in the paper is better than any of ours, so nothing is marked; where it is 1, our best is."""
    worse = SAME.replace("99.0", "1.0").replace("12.5", "1.0").replace("ours,Toy", "third,Toy")
    worse += f"ours,Toy,IoU,1.0,,{WHERE}\n"
    for at, (text, marked) in enumerate(((SAME, 0), (worse, 1), (OTHER_DATA, 0), ("", 0))):
        grid = lay_out(make(tmp_path / str(at), published=text))
        assert sum(cell.best for _, cells in grid.rows for cell in cells) == marked


@pytest.mark.parametrize("layout", ["runs", "sets"])
@pytest.mark.parametrize("row", ["other: published", "other: [encode=crop]"])
def test_numbers_by_another_protocol_compete_with_none_of_ours(tmp_path: Path, row: str, layout: str) -> None:
    """As Tables 4 and 5: 99 of a baseline "by its authors" stands apart; ours is the best of what may be compared."""
    theirs = SAME.replace("99.0,,toy:test[first:12],five,paper", "99.0,,toy:test[first:12],five,its authors'")
    text = YAML.replace("other: [encode=crop]", row).replace("  third: [encode=masked]\n", "")
    table = make(tmp_path, f"{text}layout: {layout}\n", theirs.replace("12.5", "1.0"))
    grid = lay_out(table)
    if layout == "sets":
        shown = {label: cells[0].value for label, cells in grid.rows if ": paper" in label}
        assert shown == {f"Toy, ours: {PAPER}": "1.0", f"Toy, other: {PROTOCOL}": "99.0"}
    else:
        assert [group for group, _ in grid.groups] == ["Toy", PAPER, PROTOCOL]
        assert {label: [cell.value for cell in cells[2:]] for label, cells in grid.rows} == {
            "other": ["–", "99.0"],
            "ours": ["1.0", "–"],
        }
    best = [label for label, cells in grid.rows for cell in cells if cell.best]
    assert len(best) == (row == "other: published"), "what ran beside ours and compares with nothing leaves none marked"
    nothing = lay_out(make(tmp_path / "none", f"{text}layout: {layout}\n", theirs, folders={}))
    heads = [group for group, _ in nothing.groups][1:] or [label for label, _ in nothing.rows if ": paper" in label]
    assert heads and all(OTHER in head for head in heads)


def test_other_weights_are_no_comparison(tmp_path: Path) -> None:
    table = make(tmp_path, published=SAME, models={**MODELS, "clip": {"source": "b"}})
    assert "other: clip" in table.cells["ours", "Toy", "IoU"].other
    assert [group for group, _ in lay_out(table).groups] == ["Toy", OTHER]


def test_a_missing_run_is_an_empty_cell_with_the_command_that_fills_it(tmp_path: Path) -> None:
    table = make(tmp_path, folders={}, reasons={"encode=crop": "12 of 40 images"})
    grid = lay_out(table)
    assert table.cells["other", "Toy", "IoU"].fills == "zgs run data=toy encode=crop"
    assert grid.empties[0] == "12 of 40 images; `zgs run data=toy encode=crop` fills it"
    assert grid.rows[0][1][0].note == 1 and grid.rows[0][1][0].value == "–"


def test_people_are_asked_for_by_the_line_that_was_typed(tmp_path: Path) -> None:
    text = YAML.replace("mapping: st}", "mapping: st, verify: human, threshold: 2}")
    table = make(tmp_path, text, typed=["models=paper", "data=toy"])
    assert table.cells["ours", "Toy", "IoU"].fills == "zgs paper a models=paper data=toy ratings=FILE"


def test_a_data_set_that_was_not_asked_for_is_empty_with_its_command(tmp_path: Path) -> None:
    text = YAML.replace("  Toy: [data=toy]", "  Toy: [data=toy]\n  Big: {words: [data=big], columns: [IoU]}")
    cell = make(tmp_path, text, typed=["data=toy", "models=paper"]).cells["ours", "Big", "IoU"]
    assert (cell.line, cell.fills) == (None, "zgs paper a data=toy,big models=paper")
    placed = make(tmp_path / "b", text, typed=["data=toy", "data.root=there"]).cells["ours", "Big", "IoU"]
    assert placed.fills == "zgs paper a data=big", "the place is that of the other data"


def _line(cells: Mapping[Any, Cell]) -> dict[str, Any]:
    (first, *_) = cells.values()
    assert first.line is not None
    return dict(first.line)


def test_of_numbers_that_print_the_same_all_are_the_best(tmp_path: Path) -> None:
    """Three rows of 10.0, 10.04 and 10.2, then of 10.0, 10.16 and 10.2 percent."""
    for at, (values, marked) in enumerate((((0.1, 0.1004, 0.102), 1), ((0.1, 0.1016, 0.1020), 2))):
        table = make(tmp_path / str(at), published=SAME.replace("99.0", "1.0").replace("12.5", "1.0"))
        rows = [("other", 0), ("third", 1), ("ours", 2)]
        same = dict.fromkeys([(row, "Toy", "IoU") for row, _ in rows], table.cells["ours", "Toy", "IoU"])
        lines = {
            (row, "Toy", "IoU"): replace(same[row, "Toy", "IoU"], line={**_line(same), "value": values[place]})
            for row, place in rows
        }
        grid = lay_out(replace(table, cells={**table.cells, **lines}))
        assert [cells[0].best for _, cells in grid.rows].count(True) == marked


def test_an_unknown_metric_is_told_with_the_nearest_of_the_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no metric 'iou.imag.union' by st \(did you mean 'iou.image.union'\?\)"):
        make(tmp_path, YAML.replace("iou.image.union", "iou.imag.union"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("mapping: st", "mapping: ts", "no iou.image.union with mapping ts ("),
        ("mapping: st}", "mapping: st, threshold: 0.4}", "no iou.image.union with threshold 0.4 ("),
        ("mapping: st}", "mapping: st, protocol: papre}", "with protocol papre (did you mean 'paper'?)"),
        ("mapping: st}", "mapping: st, verify: humna}", "verify: 'humna' is none of human"),
        ("mapping: st}", "mapping: st, at: 0.33}", "with at 0.33 (did you mean '0.3'?)"),
    ],
)
def test_what_keeps_a_number_away_is_named(old: str, new: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        make(tmp_path, YAML.replace(old, new, 1))
    assert told in str(caught.value) and "without merging" not in str(caught.value)


@pytest.mark.thinned(3)
@pytest.mark.parametrize(
    ("metric", "word"),
    [
        ("pq", "score.metrics=[iou,recall,tgq,panoptic]"),
        ("jaccard.hard.image", "score.metrics=[iou,recall,tgq,hard]"),
        ("iou.dataset.union", "score.aggregation=[image,dataset]"),
        ("iou.image.argmax", "score.representative=argmax"),
        ("recall>0.75", "score.tau_iou=0.75"),
    ],
)
def test_a_metric_that_no_run_was_asked_for_says_how(metric: str, word: str, tmp_path: Path) -> None:
    cell = make(tmp_path, YAML.replace("iou.image.union", metric), typed=["data=toy"]).cells["ours", "Toy", "IoU"]
    assert cell.empty.startswith(f"{metric} was not asked for")
    assert shlex.split(cell.fills) == ["zgs", "paper", "a", "data=toy", word]


def test_rows_of_other_protocols_are_refused_with_the_difference(tmp_path: Path) -> None:
    other = fabricate(tmp_path / "more", ["x"])[0]
    scores = (
        (other / "scores.csv")
        .read_text()
        .replace("/five/paper/", "/five/reference/")
        .replace(",five,paper,", ",five,reference,")
    )
    (other / "scores.csv").write_text(scores)
    folders = {"encode=crop": other}
    with pytest.raises(UserError, match="third is by protocol paper, other by reference"):
        make(tmp_path, folders={**folders, "encode=masked": fabricate(tmp_path / "third", ["y"])[0]})
    stated = YAML.replace("other: [encode=crop]", "other: {words: [encode=crop], protocol: reference}")
    assert make(tmp_path / "b", stated, folders=folders).cells["other", "Toy", "IoU"].line is not None


def test_rows_of_other_images_are_refused(tmp_path: Path) -> None:
    other = fabricate(tmp_path / "more", ["x"])[0]
    (other / "scores.csv").write_text((other / "scores.csv").read_text().replace("first:12", "first:9"))
    folders = {"encode=crop": other, "encode=masked": fabricate(tmp_path / "third", ["y"])[0]}
    with pytest.raises(UserError, match=r"by dataset toy:test\[first:12\], other by toy:test\[first:9\]"):
        make(tmp_path, folders=folders)


def test_what_was_taken_as_it_is_stands_below_the_table(tmp_path: Path) -> None:
    grid = lay_out(make(tmp_path, as_is={"experiment=full": "old is of other code", "not of this": "else"}))
    assert "old is of other code" in grid.notes and "else" not in grid.notes


def test_a_small_p_is_written_with_its_digits(tmp_path: Path) -> None:
    table = make(tmp_path)
    key = ("other", "Toy", "IoU")
    found = table.cells[key].difference
    assert found is not None
    cells = {**table.cells, key: replace(table.cells[key], difference=replace(found, p=4.123e-9), p_holm=1.65e-8)}
    text = write_table_csv(replace(table, cells=cells), tmp_path / "t.csv").read_text()
    assert ",4.12e-09,1.65e-08," in text
    assert float(pd.read_csv(tmp_path / "t.csv").set_index(["row", "column"]).loc[("other", "IoU"), "p"]) == 4.12e-9


def test_a_number_with_a_remark_is_marked(tmp_path: Path) -> None:
    table = make(tmp_path, published=OTHER_DATA)
    key = ("other", "Toy", "IoU")
    grid = lay_out(replace(table, cells={**table.cells, key: replace(table.cells[key], remark="half of it")}))
    shown = {label: [cell.value.endswith("†") for cell in cells] for label, cells in grid.rows}
    assert shown == {"other": [True, False, False], "third": [False] * 3, "ours": [False, False, True]}
