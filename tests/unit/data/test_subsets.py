"""Subsets: exact ids, stable draws, and errors that name the nearest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import metric_name as names
from bench.data.subsets import read_ids, select, take_shard, write_label
from bench.errors import UsageError, UserError
from bench.records import ClassList, Sample

IDS = tuple(f"img{i}" for i in range(12))


class Flat:
    name, split, fingerprint = "flat", "val", "f00"
    subset: str | None = None
    classes: ClassList | None = ClassList("own1", ("dog",), (True,))

    def list_ids(self) -> tuple[str, ...]:
        return IDS

    def load(self, image_id: str) -> Sample:
        return Sample(image_id, np.zeros((1, 1, 3), np.uint8))


def test_first_is_sorted_as_text() -> None:
    assert select("first:3", IDS[::-1]) == ("img0", "img1", "img10")


@pytest.mark.parametrize("spec", [None, "all", "", " all ", " "])
def test_all(spec: str | None) -> None:
    assert select(spec, IDS[::-1]) == tuple(sorted(IDS)) and write_label(spec, IDS) is None


def test_random_depends_on_the_seed_alone() -> None:
    drawn = select("random:5:0", IDS)
    assert drawn == select("random:5:0", IDS[::-1]) == tuple(sorted(drawn)) and len(set(drawn)) == 5
    assert len({select(f"random:5:{seed}", IDS) for seed in range(20)}) > 15
    assert set(select("random:4:7", IDS)) < set(select("random:5:7", IDS))


def test_random_stays_what_it_was() -> None:
    # The three smallest of `printf 1:a | sha256sum` and so on: 244be185 d, 3a749784 g, 4162fddd a.
    assert select("random:3:1", tuple("abcdefgh")) == ("a", "d", "g")


def test_random_draws_every_id_alike() -> None:
    counts = {i: sum(i in select(f"random:3:{seed}", IDS) for seed in range(400)) for i in IDS}
    assert all(60 < count < 140 for count in counts.values())  # 100 expected, standard deviation 8.7


@pytest.mark.parametrize(
    "spec", ["first", "first:", "first:0", "first:-1", "first:x", "random:3", "random:3:", "frist:3", "file:", "all:3"]
)
def test_malformed_is_a_usage_error(spec: str) -> None:
    with pytest.raises(UsageError, match="subset"):
        select(spec, IDS)


def test_nearest_form_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'first'"):
        select("frist:3", IDS)


def test_more_than_there_are() -> None:
    with pytest.raises(UserError, match="13 images but there are 12"):
        select("first:13", IDS)


def test_file(tmp_path: Path) -> None:
    listed = tmp_path / "ids.txt"
    listed.write_text("# mine\nimg3\n\n img1 \nimg3\n")
    assert select(f"file:{listed}", IDS) == ("img1", "img3")
    listed.write_text("img3\nimgg4\n")
    with pytest.raises(UserError, match="unknown id 'imgg4' .did you mean 'img4'"):
        select(f"file:{listed}", IDS)
    listed.write_text("\n")
    with pytest.raises(UserError, match="holds no id"):
        select(f"file:{listed}", IDS)
    with pytest.raises(UserError, match="cannot be read"):
        select(f"file:{tmp_path / 'none.txt'}", IDS)


def test_label_of_a_file_has_no_folder_and_follows_its_ids() -> None:
    assert write_label("file:some/where/mine.txt", ("a",)).startswith("file:mine@")
    assert write_label("file:mine.txt", ("a",)) != write_label("file:mine.txt", ("b",))
    name = f"flat:val[{write_label('file:some/where/my [ids].txt', ('a',))}]/own30/paper/none/iou.image.union"
    assert (names.parse(name).subset or "").startswith("file:my__ids_@")


def test_shards_deal_out_every_id_once() -> None:
    ids = tuple("abcdefg")
    assert take_shard("1/1", ids) == take_shard(None, ids) == ids
    assert [take_shard(f"{k}/3", ids) for k in (1, 2, 3)] == [("a", "d", "g"), ("b", "e"), ("c", "f")]


@pytest.mark.parametrize("spec", ["0/3", "4/3", "1", "1/0", "a/b", "1/3/3", "-1/3", "1 / 3"])
def test_a_shard_that_is_none(spec: str) -> None:
    with pytest.raises(UsageError, match="needs k/n"):
        take_shard(spec, IDS)


def test_an_empty_shard() -> None:
    with pytest.raises(UserError, match="only 2 images"):
        take_shard("3/3", ("a", "b"))


def test_ids_of_a_file_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("# tuned\r\nb\r\n\r\n a \r\n")
    assert read_ids(tmp_path / "ids.txt") == ("b", "a")


def test_the_tuning_set_of_appendix_e_is_a_form_of_subset() -> None:
    ids = tuple(f"2008_{i:06d}" for i in range(4998))
    drawn = select("random:100:0", ids)
    assert len(drawn) == 100 and drawn == tuple(sorted(drawn)) and write_label("random:100:0", drawn) == "random:100:0"
