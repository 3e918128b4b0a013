"""Images that two sets share: known facts, counted ids, and what was tuned on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.data.prepared import Prepared
from bench.data.shared import count_neighbours, find_tuned, list_facts, list_shared_remarks
from bench.data.voc import open_voc
from bench.errors import UserError
from tests.unit.data.prepare import prepared

SPLITS = Path(__file__).parents[4] / "shared" / "splits"
ONE = np.array([[0, 1]])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Context val in both label sets, Context train and VOC val beside each other; two images are in two of them."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("pascal_context_59", "pascal_context_459"):
        prepared(folder / name, dict.fromkeys(("2008_a", "2008_b", "2009_c"), ONE), name)
    prepared(folder / "train", dict.fromkeys(("2008_t", "2008_v"), ONE), split="train")
    prepared(folder / "voc", dict.fromkeys(("2007_x", "2008_a", "2009_c", "2008_v"), ONE), "voc")
    (folder / "notes").mkdir()
    (folder / "broken").mkdir()
    (folder / "broken" / "zgs.json").write_text("{")
    return folder


def test_the_known_fact_is_said_from_both_sides() -> None:
    (context,), (large,), (pascal,) = (
        list_facts(name, "val") for name in ("pascal_context_59", "pascal_context_459", "voc")
    )
    assert "shares 925 images with voc:val" in context and "shares 925 images with voc:val" in large
    assert "shares 925 images with pascal_context_59:val" in pascal
    assert (
        not list_facts("voc", "train")
        and not list_facts("toyscenes", "val")
        and not list_facts("pascal_context_59", "train")
    )
    assert not list_facts("pascal_context_59", "val", ["voc:val"]) and not list_facts(
        "voc", "val", ["pascal_context_459:val"]
    )


@pytest.mark.skipif(not SPLITS.is_dir(), reason="no published split lists beside the repository")
def test_the_known_facts_follow_from_the_lists() -> None:
    context, val, train = (
        set((SPLITS / f"{name}.txt").read_text().split())
        for name in ("pascal_context_val_5104", "voc2012_seg_val", "voc2012_seg_train")
    )
    assert (len(context & val), len(context & train)) == (925, 0)


def test_prepared_sets_beside_each_other_are_compared_by_id(root: Path) -> None:
    found = count_neighbours(root / "pascal_context_59", "pascal_context_59", "val", ("2008_a", "2008_b", "2009_c"))
    assert found == {"voc:val": 2, "pascal_context_59:train": 0}
    assert count_neighbours(root / "voc", "voc", "val", ("2008_v",)) == {
        "pascal_context_59:val": 0, "pascal_context_459:val": 0, "pascal_context_59:train": 1,
    }  # fmt: skip


def test_remarks_are_of_the_subset_and_replace_the_known_fact(root: Path) -> None:
    data = Prepared(root / "pascal_context_59", "pascal_context_59", subset="first:2")
    assert [line.partition(":")[0] for line in list_shared_remarks(data, data.root)] == [
        "1 of these 2 images of pascal_context_59"
    ]
    (line,) = list_shared_remarks(Prepared(root / "train", "pascal_context_59", "train"), root / "train")
    assert line.startswith("1 of these 2 images of pascal_context_59:train are in voc:val too")


def test_without_a_neighbour_the_fact_is_said(tmp_path: Path) -> None:
    (line,) = list_shared_remarks(open_voc(prepared(tmp_path / "voc", {"a": ONE}, "voc")), tmp_path / "voc")
    assert "shares 925 images with pascal_context_59:val" in line


def test_what_was_tuned_on(tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("b\nc\nb\n")
    wanted = {"ids": 2, "shared": ["b"]}
    assert find_tuned(tmp_path / "ids.txt", ("a", "b")) == {"source": str(tmp_path / "ids.txt"), **wanted}
    assert find_tuned(str(tmp_path), ("a", "b")) == {"source": str(tmp_path), **wanted}, "a folder of a finished run"
    assert find_tuned(None, ("a",)) is None and find_tuned(tmp_path, ("z",))["shared"] == []
    with pytest.raises(UserError, match="tuned_on: .*none.txt: cannot be read"):
        find_tuned(tmp_path / "none.txt", ("a",))
