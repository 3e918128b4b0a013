"""Split lists: sizes as published, the known one-off said openly, ids checked where a list is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.publishers import PUBLISHERS, find_extra_id, sum_ids
from bench.errors import UserError
from bench.prepare import splits
from bench.prepare.splits import check_count, choose_list, find_context_lists, read_ids
from bench.prepare.tree import Tree
from tests.unit.prepare.make import write_list

SPLITS = Path(__file__).parents[4] / "shared" / "splits"
with_lists = pytest.mark.skipif(not SPLITS.is_dir(), reason="no split lists beside the repository")


def ids(count: int) -> tuple[str, ...]:
    return tuple(f"2008_{i:06d}" for i in range(count))


def said(count: int, name: str, split: str, partial: bool = False) -> str:
    return " ".join(check_count(ids(count), Path("val.txt"), name, split, partial))


@pytest.mark.parametrize(
    ("name", "split", "count"),
    [("voc", "train", 1464), ("voc", "val", 1449), ("voc", "trainval", 2913)]
    + [(f"pascal_context_{n}", split, c) for n in (59, 459) for split, c in (("train", 4998), ("val", 5105))],
)
def test_published_sizes_pass_and_one_fewer_does_not(name: str, split: str, count: int) -> None:
    assert f"{count:,} ids, as published" in said(count, name, split)
    if (name, split) != (f"pascal_context_{name[15:]}", "val"):  # there one fewer is a list that exists
        with pytest.raises(UserError, match=f"has {count:,}"):
            said(count - 1, name, split)


def test_the_one_off_of_context_is_said() -> None:
    assert "1 fewer than the published 5,105: the list of the common converters" in said(
        5104, "pascal_context_59", "val"
    )
    assert "2 fewer than the published 4,998" in said(4996, "pascal_context_459", "train")


def test_the_main_lists_of_voc_2012_are_not_contexts() -> None:
    with pytest.raises(UserError, match=r"5,823 ids, but .* has 5,105 \(5,104 through converters\) \(VOC 2012's"):
        said(5823, "pascal_context_59", "val")
    assert "a part of the split" in said(8, "pascal_context_59", "val", partial=True)


@settings(max_examples=25)
@given(st.sets(st.text(min_size=1), min_size=1, max_size=20), st.text(min_size=1))
def test_an_id_sum_knows_a_set_and_the_one_id_more(names: set[str], extra: str) -> None:
    known = sum_ids(names)
    assert sum_ids(sorted(names)) == sum_ids(sorted(names, reverse=True)) == known
    assert find_extra_id(names, known) is None or len(names) == 1
    if extra not in names:
        assert find_extra_id([*names, extra], known) == extra
        assert sum_ids([*names, extra]) != known


@with_lists
@pytest.mark.parametrize(
    ("file", "name", "split"),
    [
        ("voc2012_seg_val.txt", "voc", "val"),
        ("voc2012_seg_train.txt", "voc", "train"),
        ("pascal_context_val_5104.txt", "pascal_context_59", "val"),
    ],
)
def test_real_lists_are_recognised_by_id(file: str, name: str, split: str) -> None:
    listed = read_ids(SPLITS / file)
    assert "the same ids as in the list known here" in " ".join(check_count(listed, SPLITS / file, name, split, False))
    other = ("2008_999999", *listed[1:])
    warning = check_count(other, SPLITS / file, name, split, False)[-1]
    assert warning.startswith("WARNING: ") and "has other ids than the list known here" in warning
    assert len(listed) in (PUBLISHERS[name].splits[split].published, PUBLISHERS[name].splits[split].converters)


@with_lists
def test_the_missing_id_of_context_is_named_once_the_published_list_is_there() -> None:
    listed = read_ids(SPLITS / "pascal_context_val_5104.txt")
    path = Path("val.txt")
    assert "the list known here and 2008_000763" in " ".join(
        check_count(sorted([*listed, "2008_000763"]), path, "pascal_context_59", "val", False)
    )
    changed = [*listed[1:], "2008_000763", "2008_004172"]
    warning = check_count(changed, path, "pascal_context_59", "val", False)[-1]
    assert warning.startswith("WARNING: val.txt has not one id more than the list known here")


def test_lists_are_read_by_their_first_word_and_once(tmp_path: Path) -> None:
    path = tmp_path / "val.txt"
    path.write_bytes("\ufeff2008_000002 -1\r\n2008_000002  1\n\n2008_000001\n".encode())
    assert read_ids(path) == ("2008_000001", "2008_000002")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="should hold one image id a line"):
        read_ids(path)


def test_voc_2010_goes_before_2012_and_a_published_size_before_all(tmp_path: Path, monkeypatch) -> None:
    places = [
        tmp_path / "VOCdevkit/VOC2010/ImageSets/Main/val.txt",
        tmp_path / "VOCdevkit/VOC2010/ImageSets/SegmentationContext/val.txt",
        tmp_path / "pascalcontext_val.txt",
        tmp_path / "val_ids.txt",
        tmp_path / "VOCdevkit/VOC2012/ImageSets/Main/val.txt",
    ]
    for count, path in enumerate(reversed(places), 1):
        write_list(path, ids(count))
    write_list(tmp_path / "VOCdevkit/VOC2010/ImageSets/Main/train.txt", ids(1))
    found = find_context_lists(Tree(tmp_path), "val")
    assert found == places and choose_list(found, "pascal_context_59", "val") == places[0]
    write_list(places[2], ids(5104))
    assert choose_list(found, "pascal_context_59", "val") == places[2]
    assert splits.split_of("voc", "val").published == 1449
