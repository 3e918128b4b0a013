"""Class tables of the field's data sets: ids and names as published, things and stuff, and senses written out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bench.data.class_tables import load_class_table
from bench.data.publishers import PUBLISHERS

LABELS = Path(__file__).parents[4] / "shared" / "labels"
beside = pytest.mark.skipif(not LABELS.is_dir(), reason="no published label lists beside the repository")


def by_id(name: str) -> dict[int, str]:
    return {row.id: row.name for row in load_class_table(name).rows}


@beside
def test_ade_and_coco_stuff_are_the_published_lists() -> None:
    ade = dict(line.split(": ", 1) for line in (LABELS / "ade20k_150.txt").read_text().splitlines())
    assert by_id("ade150") == {int(i): names.split(",")[0] for i, names in ade.items()}
    every = dict(line.split(": ", 1) for line in (LABELS / "cocostuff_182.txt").read_text().splitlines())
    assert by_id("cocostuff182") == {int(i): name for i, name in every.items() if i != "0"}
    lines = [line.split("\t") for line in (LABELS / "cocostuff_171_map.tsv").read_text().splitlines()[1:]]
    assert by_id("cocostuff171") == {int(raw): name for _, raw, _, _, name in lines}
    kinds = {int(raw): kind == "thing" for _, raw, _, kind, _ in lines}
    for name in ("cocostuff171", "cocostuff182"):
        rows = load_class_table(name).rows
        assert all(row.thing == kinds[row.id] for row in rows if row.id in kinds) and kinds.keys() <= {
            r.id for r in rows
        }


@beside
def test_a_table_keeps_no_alias_that_the_publisher_gives_to_another_class() -> None:
    lists = {int(i): names.split(", ") for i, names in
             (line.split(": ", 1) for line in (LABELS / "ade20k_150.txt").read_text().splitlines())}  # fmt: skip
    first = {names[0]: i for i, names in lists.items()}
    for row in load_class_table("ade150").rows:
        assert all(first.get(alias, row.id) == row.id for alias in row.aliases), row


def test_spot_checks_that_need_no_list() -> None:
    ade, city, stuff, panoptic = (by_id(name) for name in ("ade150", "cityscapes19", "cocostuff171", "coco133"))
    assert (ade[1], ade[13], ade[20], ade[59], ade[150]) == ("wall", "person", "chair", "screen door", "flag")
    assert [*city] == [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    assert (city[7], city[26], city[33]) == ("road", "car", "bicycle")
    assert (stuff[1], stuff[90], stuff[92], stuff[182]) == ("person", "toothbrush", "banner", "wood")
    assert not {12, 26, 29, 30, 45, 66, 68, 69, 71, 83, 91} & stuff.keys(), "never drawn"
    assert (panoptic[1], panoptic[92], panoptic[200]) == ("person", "banner", "rug-merged") and len(panoptic) == 133
    lvis, full = by_id("lvis1203"), by_id("ade847")
    assert (lvis[1], lvis[3], lvis[1203]) == ("aerosol_can", "airplane", "zucchini")
    assert (full[2978], full[401], full[3148]) == ("wall", "car", "adding machine")
    v12, v20 = by_id("mapillary65"), by_id("mapillary116")
    assert (v12[1], v12[14], v12[56], v12[65]) == ("Bird", "Road", "Car", "Ego Vehicle")
    assert (v20[22], v20[31], v20[109], v20[123]) == ("Road", "Person", "Car", "Static")
    assert not {3, 32, 39, 80, 87, 97, 116, 124} & v20.keys(), "labels less one that are not evaluated"


def test_as_many_things_as_the_publishers_say() -> None:
    things = {name: sum(row.thing for row in load_class_table(name).rows) for name in (
        "ade150", "cityscapes19", "cocostuff171", "cocostuff182", "coco133", "lvis1203", "mapillary65", "mapillary116",
        "pascal_part116")}  # fmt: skip
    assert things == {
        "ade150": 100, "cityscapes19": 8, "cocostuff171": 80, "cocostuff182": 91, "coco133": 80, "lvis1203": 1203,
        "mapillary65": 37, "mapillary116": 70, "pascal_part116": 116,
    }  # fmt: skip
    coco = {row.id: (row.name, row.thing) for row in load_class_table("coco133").rows if row.thing}
    assert coco == {row.id: (row.name, row.thing) for row in load_class_table("cocostuff171").rows if row.thing}


def test_what_is_a_thing_of_the_150_is_one_of_the_847() -> None:
    """The 100 with objects, by name where both lists have one class of it."""
    full, small = load_class_table("ade847").rows, load_class_table("ade150").rows
    once = {name for name, count in Counter(row.name.split(",")[0] for row in full).items() if count == 1}
    things = {row.name: row.thing for row in full}
    both = [row for row in small if row.name in once and row.name in things]
    assert len(both) > 120 and [row.name for row in both if row.thing and not things[row.name]] == []


def test_senses_and_spellings_are_written_out() -> None:
    readable = {name: {row.name: row.readable for row in load_class_table(name).rows} for name in (
        "ade150", "coco133", "cocostuff171", "lvis1203", "mapillary116", "pascal_part116")}  # fmt: skip
    assert readable["ade150"]["windowpane"] == "window" and readable["ade150"]["ashcan"] == "trash can"
    assert readable["coco133"]["wall-brick"] == "brick wall" and readable["coco133"]["tree-merged"] == "tree"
    assert readable["cocostuff171"]["mouse"] == readable["lvis1203"]["mouse_(computer_equipment)"] == "computer mouse"
    assert readable["lvis1203"]["aerosol_can"] == "aerosol can" and readable["lvis1203"]["bat_(animal)"] == "bat animal"
    assert readable["mapillary116"]["Lane Marking - Arrow (Left)"] == "left arrow on the road"
    assert readable["pascal_part116"]["pottedplant's pot"] == "pot of a potted plant"
    assert readable["pascal_part116"]["aeroplane's wing"] == "wing of an aeroplane"


@pytest.mark.parametrize("name", PUBLISHERS)
def test_every_data_set_has_a_table_and_a_reader(name: str) -> None:
    table = load_class_table(PUBLISHERS[name].class_list)
    assert len(table.rows) >= 19 and PUBLISHERS[name].background in ("voc", "context", "ignore")
