"""The yamls of tables and figures: ours are whole, and what is wrong with one is a line that names the right word."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UsageError, UserError
from bench.paper.definition import TABLE, Item
from bench.paper.plan import make_plan, sketch_need
from bench.paper.published import read_published
from bench.paper.reading import list_definitions, read_definition, read_definitions

MINE = """
title: Mine
kind: table
shows: crops beside the full method
against: ours
runs:
  crops: [encode=crop]
  ours: [experiment=full]
columns:
  IoU: {metric: iou.image.union, mapping: st}
  TGQ: {metric: tgq.micro>0.5, mapping: tt}
"""


def write(folder: Path, text: str, name: str = "mine") -> Path:
    place = folder / "experiment" / "paper"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{name}.yaml").write_text(text)
    return place / f"{name}.yaml"


def read_all() -> list[Item]:
    return read_definitions(["all"])


def test_no_caption_of_a_figure_names_data_that_its_runs_may_not_be_of() -> None:
    for item in read_definitions(["all"]):
        told = f"{item.shows} {item.caption}".lower()
        assert item.kind == TABLE or not any(word in told for word in ("pascal", "voc", "pc-", "pas-")), item.name


def test_every_table_of_the_paper_is_there_in_its_order() -> None:
    names = list(list_definitions())
    assert names[:7] == [f"table{number}" for number in range(1, 8)]
    figures = [name for name in names if name.startswith("figure")]
    assert figures == sorted(figures, key=lambda name: int(name.removeprefix("figure")))
    assert {f"figure{number}" for number in (11, 12, 14, 15, 16)} <= set(figures)


@pytest.mark.parametrize("item", read_all(), ids=lambda item: item.name)
def test_rows_sets_and_columns_of_ours_are_those_of_the_published_numbers(item: Item) -> None:
    rows, sets = {row.name: row for row in item.rows}, {each.name: each for each in item.sets}
    for row, place, column in read_published(item):
        assert place in sets
        if item.kind == TABLE:
            assert row in rows and column in item.columns and column in (sets[place].columns or item.columns)
    published_only = [row for row in item.rows if row.words is None]
    assert all(any(key[0] == row.name for key in read_published(item)) for row in published_only)
    stated = item.kind in (TABLE, "curves", "histograms", "sweep")
    assert (item.published is not None) == stated, "other figures of the paper state no number"


def test_ten_lines_are_a_table_of_ones_own(tmp_path: Path) -> None:
    write(tmp_path, MINE)
    (item,) = read_definitions(["mine"], str(tmp_path))
    assert len(MINE.strip().splitlines()) == 10 + 0
    assert [row.words for row in item.rows] == [("encode=crop",), ("experiment=full",)] and item.against == "ours"
    assert list(list_definitions(str(tmp_path)))[-1] == "mine"


def test_a_variant_is_added_to_table_3_by_one_line(tmp_path: Path) -> None:
    """The same yaml in a folder of one's own, with one line more: a row more, nothing else."""
    text = list_definitions()["table3"].read_text()
    write(tmp_path, text.replace("  Ours: [", "  Red circle: [encode=red_circle]\n  Ours: [", 1), "table3")
    (before,), (after,) = read_definitions(["table3"]), read_definitions(["table3"], str(tmp_path))
    assert {row.name for row in after.rows} - {row.name for row in before.rows} == {"Red circle"}
    assert after.columns == before.columns and after.published == before.published
    plan = make_plan([after], [], sketch_need)
    assert plan.named["table3", "Red circle", "toyscenes"].words == (
        "data=toyscenes", "data.subset=first:40", "encode=red_circle",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("title:", "tilte:"), "tilte: no such key (did you mean 'title'?)"),
        (("kind: table", "kind: tabel"), "kind: tabel is none of table"),
        (("iou.image.union", "iuo.image.union"), "metric 'iuo.image.union': no such metric (did you mean 'iou'?)"),
        (("mapping: st}", "maping: st}"), "columns: IoU: maping: no such key (did you mean 'mapping'?)"),
        (("against: ours", "against: our"), "against: 'our' is no row (did you mean 'ours'?)"),
        (("mapping: st}", "mapping: st, threshold: high}"), "threshold: 'high' is no number"),
        (("crops: [encode=crop]", "crops: 3"), "runs: crops should be a list of texts"),
        (("shows:", "#"), "shows is missing"),
        (("kind: table", "kind: table\nlayout: columns"), "layout: columns is none of runs, sets"),
        (("kind: table", "kind: table\npublished: nowhere.csv"), "published: nowhere.csv: no such file"),
        (("kind: table", "kind: table\nsets:\n  A: {words: [data=voc], columns: [IuO]}"), "A: no column 'IuO'"),
        (("title: Mine", "title: [Mine"), "cannot be read"),
        (("runs:", "runs: [1]\nmore:"), "more: no such key"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_with_the_nearest_word(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    path = write(tmp_path, MINE.replace(*change, 1))
    with pytest.raises(UserError) as error:
        read_definition(path)
    assert told in str(error.value) and str(path) in str(error.value) and "\n" not in str(error.value)


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"tabel3: no such table or figure \(did you mean 'table3'\?\)"):
        read_definitions(["tabel3"])
