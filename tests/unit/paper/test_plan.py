"""Which runs tables and figures need: each once, on the data sets that are named, by the words that count."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.paper.definition import DataSet, Item, Row
from bench.paper.plan import choose_places, compose_need, make_plan, sketch_need
from bench.paper.reading import read_definitions

PAPER = ("models=paper", "data=pascal_context_59,pascal_context_459,voc")


@pytest.mark.parametrize("typed", [(), PAPER], ids=["embedded", "paper"])
def test_fewer_than_half_of_the_runs_named_are_made(typed: tuple[str, ...]) -> None:
    """By their words alone; runs whose words differ and settings agree are fewer still."""
    plan = make_plan(read_definitions(["all"]), typed, sketch_need)
    assert 0 < 2 * len(plan.distinct) < len(plan.named)


def test_table_3_is_made_on_three_data_sets_by_one_command() -> None:
    plan = make_plan(read_definitions(["table3"]), PAPER, sketch_need)
    assert len(plan.named) == len(plan.distinct) == 12
    words = {place: plan.named["table3", "Ours", place].words for place in ("PC-59", "PC-459", "PAS-20")}
    assert words["PC-59"] == (
        "data=pascal_context_59", "data.subset=first:1000", "models=paper", "experiment=full",
    )  # fmt: skip
    assert {"data=pascal_context_459", "data.exclude=[]", "data.subset=first:1000"} <= set(words["PC-459"])
    assert words["PAS-20"] == ("data=voc", "models=paper", "experiment=full")
    columns = {place.name: place.columns for place in plan.places["table3"]}
    assert columns == {"PC-59": ("IoU_c", "Recall_c", "TGQ"), "PC-459": ("IoU_c",), "PAS-20": ("IoU_c",)}


@pytest.mark.parametrize("name", [item.name for item in read_definitions(["all"]) if item.kind == "table"])
def test_tables_are_on_at_least_forty_images_without_a_word(name: str) -> None:
    (item,) = read_definitions([name])
    (place,) = choose_places(item, ())
    (subset,) = (word for word in place.words if word.startswith("data.subset="))
    assert int(subset.partition(":")[2]) >= 40


def test_runs_are_one_by_what_they_compute_and_not_by_their_names() -> None:
    """The full method by its experiment and written out; a threshold of the score is another run."""
    first, second, third = (
        compose_need(words, words)
        for words in (
            ("experiment=full", "out=a", "store=b", "executor.workers=1"),
            ("encode=global_subtraction", "merge=siblings", "variant=mine"),
            ("experiment=full", "score.tau_clip=0.2"),
        )
    )
    assert first.key == second.key != third.key


SETS = (
    DataSet("A", ("data=a", "data.subset=first:9")),
    DataSet("Tune", ("data=b", "data.root=there", "data.split=train")),
)
ITEM = Item("mine", "Mine", "table", "x", rows=(Row("r", ("encode=crop",)),), columns={}, sets=SETS)


def test_the_last_word_on_a_key_counts_but_a_place_of_its_own_stays() -> None:
    plan = make_plan([ITEM], ["data=a,b", "data.subset=first:2", "data.split=val", "seed=1"], sketch_need)
    assert set(plan.named["mine", "r", "A"].words) == {
        "data=a",
        "data.subset=first:2",
        "encode=crop",
        "data.split=val",
        "seed=1",
    }
    tune = {"data=b", "data.root=there", "data.split=train", "encode=crop", "data.subset=first:2", "seed=1"}
    assert set(plan.named["mine", "r", "Tune"].words) == tune


def test_what_a_row_states_counts_more_than_what_is_typed() -> None:
    item = Item("mine", "Mine", "table", "x", rows=(Row("r", ("encode=crop",)), Row("s", ("merge=none",))), sets=SETS)
    plan = make_plan([item], ["encode=masked"], sketch_need)
    assert "encode=crop" in plan.named["mine", "r", "toyscenes"].words
    assert "encode=masked" in plan.named["mine", "s", "toyscenes"].words
    with pytest.raises(UsageError, match="encode=masked: every row states that itself"):
        make_plan([ITEM], ["encode=masked"], sketch_need)


def test_what_an_experiment_states_is_stated_by_its_row(tmp_path: Path) -> None:
    """``experiment=full`` chooses encoder and merging: a typed encoder may not make "Ours" another method."""
    full, tree = Row("full", ("experiment=full",)), Row("tree", ("experiment=mine",))
    item = Item("mine", "Mine", "table", "x", rows=(full, tree), sets=SETS)
    (tmp_path / "experiment").mkdir()
    text = "# @package _global_\ndefaults:\n  - override /merge: none\nencode: {sigma2: 3.0}\n"
    (tmp_path / "experiment/mine.yaml").write_text(text)
    plan = make_plan([item], ["encode=crop", "encode.sigma2=1"], sketch_need, str(tmp_path))
    rows = {row.name: plan.list_needs(item, row)[0].words for row in item.rows}
    assert "encode=crop" in rows["tree"] and "encode=crop" not in rows["full"]
    assert "encode.sigma2=1" in rows["full"] and "encode.sigma2=1" not in rows["tree"]
    assert plan.partial == {"encode=crop": ("tree",), "encode.sigma2=1": ("full",)}
    with pytest.raises(UsageError, match="merge=none: every row states that itself"):
        make_plan([item], ["merge=none"], sketch_need, str(tmp_path))
    for name in ("table1", "table3"):
        with pytest.raises(UsageError, match="encode=crop: every row states that itself"):
            make_plan(read_definitions([name]), ["encode=crop"], sketch_need)


def test_a_data_set_that_an_item_has_not_is_made_with_all_columns() -> None:
    assert [(place.name, place.asked, place.paper) for place in choose_places(ITEM, ["c"])] == [("c", True, False)]
    named = [(place.name, place.asked) for place in choose_places(ITEM, ["a", "c"])]
    assert named == [("A", True), ("Tune", False)]


def test_one_root_for_several_data_sets_is_refused() -> None:
    with pytest.raises(UsageError, match="data.root= is the place of one data set"):
        make_plan([ITEM], ["data=a,b", "data.root=x"], sketch_need)
