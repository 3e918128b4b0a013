"""Class lists as publishers write them: numbers, names, aliases, thing or stuff; and one line for what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.data.class_lists import read_class_list
from bench.data.class_tables import ClassTable
from bench.errors import UserError

Rows = list[tuple[tuple[int, ...], str, tuple[str, ...], bool]]
ADE = [
    ((1,), "wall", (), False),
    ((2,), "building", ("edifice",), False),
    ((3,), "bed", (), True),
]


def rows(table: ClassTable) -> Rows:
    return [(row.numbers, row.name, row.aliases, row.thing) for row in table.rows]


def listed(tmp_path: Path, text: str, name: str = "list.txt", begin: int = 0) -> tuple[Rows, tuple[str, ...]]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    table, remarks = read_class_list(path, "mine", begin)
    return rows(table), remarks


def names(tmp_path: Path, text: str, name: str = "list.txt", begin: int = 0) -> dict[int, str]:
    return {numbers[0]: text for numbers, text, _, _ in listed(tmp_path, text, name, begin)[0]}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("info.txt", "Idx\tRatio\tTrain\tVal\tStuff\tName\n1\t.1\t9\t1\t1\twall\n2\t.1\t6\t6\t1\tbuilding, edifice\n"
                     "3\t.08\t4\t7\t0\tbed\n"),
        ("bare.txt", "1\t0.1576\t11664\t1172\t1\twall\n2\t0.1072\t6046\t612\t1\tbuilding, edifice\n"
                     "3\t0.0878\t8265\t796\t0\tbed\n"),
        ("info.csv", "Idx,Ratio,Train,Val,Stuff,Name\n1,.1,1,1,1,wall\n2,.1,1,1,1,building;edifice\n3,.1,1,1,0,bed\n"),
        ("quoted.csv", 'idx,stuff,name\r\n1,1,wall\r\n2,1,"building, edifice"\r\n3,0,bed\r\n'),
        ("sheet.CSV", "idx;stuff;name\n1;1;wall\n2;1;building, edifice\n3;0;bed\n"),
        ("coco.json", '{"categories": [{"id": 3, "name": "bed", "isthing": 1}, {"id": 1, "name": "wall", "isthing": 0},'
                      '{"id": 2, "name": "building", "synonyms": ["building", "edifice"], "isthing": 0}]}'),
    ],
)  # fmt: skip
def test_one_list_in_the_formats_of_its_publishers(name: str, text: str, tmp_path: Path) -> None:
    assert listed(tmp_path, text, name)[0] == ADE


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0: unlabeled\n1: person\n2: traffic light\n", {0: "unlabeled", 1: "person", 2: "traffic light"}),
        ("1 person\n2 traffic light\n", {1: "person", 2: "traffic light"}),
        ("1,person\n2,traffic light\n", {1: "person", 2: "traffic light"}),
        ("7\troad\n8\tsidewalk\n", {7: "road", 8: "sidewalk"}),
        ("7\t128\t64\t128\troad\n8\t244\t35\t232\tsidewalk\n", {7: "road", 8: "sidewalk"}),
        ("# the classes\n\nroad\nsidewalk\n", {0: "road", 1: "sidewalk"}),
        ("'road',\n'sidewalk',\n", {0: "road", 1: "sidewalk"}),
        ('["road", "sidewalk"]', {0: "road", 1: "sidewalk"}),
        ('{"7": "road", "8": "sidewalk"}', {7: "road", 8: "sidewalk"}),
        ('{"id2label": {"7": "road", "8": "sidewalk"}}', {7: "road", 8: "sidewalk"}),
        ('{"road": 7, "sidewalk": 8}', {7: "road", 8: "sidewalk"}),
        ('[{"name": "road", "id": 7, "color": [1, 2, 3]}, {"name": "sidewalk", "id": 8}]', {7: "road", 8: "sidewalk"}),
        ("name\tid\ncar\t5\nbat (animal, not of wood)\t6\n", {5: "car", 6: "bat (animal, not of wood)"}),
        ("wall-brick\nwall-other-merged\n", {0: "wall-brick", 1: "wall-other-merged"}),
    ],
)
def test_numbers_and_names(text: str, wanted: dict[int, str], tmp_path: Path) -> None:
    assert names(tmp_path, text) == wanted
    shifted = names(tmp_path, text, begin=1)
    assert shifted == ({n + 1: name for n, name in wanted.items()} if min(wanted) == 0 and ":" not in text else wanted)


@pytest.mark.parametrize("mark", [",", ", ", ";", " ; "])
def test_synonyms_are_aliases_and_said(mark: str, tmp_path: Path) -> None:
    found, remarks = listed(tmp_path, f"sky\nbuilding{mark}edifice{mark}house\ndoor{mark}double door\n")
    assert found == [
        ((0,), "sky", (), True),
        ((1,), "building", ("edifice", "house"), True),
        ((2,), "door", ("double door",), True),
    ]
    assert remarks == (
        f"{tmp_path / 'list.txt'}: 2 of 3 classes have several names, e.g. 'building' with the alias 'edifice': the "
        "first is the name, the other 3 count with data.names=aliases",
    )


def test_an_alias_of_two_classes_is_left_out_and_said(tmp_path: Path) -> None:
    """As in the published list of 150 classes, where "screen" is a class and another name of a screen door."""
    found, remarks = listed(tmp_path, "screen door, screen\nscreen, crt\nmonitor, crt\n")
    assert [aliases for _, _, aliases, _ in found] == [(), (), ()]
    assert "3 aliases also stand for another class and were left out, e.g. 'screen' of 'screen door'" in remarks[1]


def test_equal_names_are_one_class_and_near_ones_are_said(tmp_path: Path) -> None:
    found, remarks = listed(tmp_path, "3: water\n5: Water\n4: water\n6: traffic_light\n7: traffic light\n")
    assert [(numbers, name) for numbers, name, _, _ in found] == [
        ((3, 4), "water"), ((5,), "Water"), ((6,), "traffic_light"), ((7,), "traffic light"),
    ]  # fmt: skip
    told = [remark.partition(": ")[2] for remark in remarks]
    assert told == [
        "2 numbers, 3 and 4, are 'water': one class",
        "'water' (3) and 'Water' (5) are two classes; write them alike to make them one",
        "'traffic_light' (6) and 'traffic light' (7) are two classes; write them alike to make them one",
    ]


def test_our_own_csv_stays_strict_and_may_repeat_a_name(tmp_path: Path) -> None:
    head = "id,name,readable,aliases,thing\n"
    found, remarks = listed(tmp_path, f"{head}1,c,cat,kitten,true\n2,s,,,false\n9,c,cat,,true\n", "own.csv")
    assert found == [((1, 9), "c", ("kitten",), True), ((2,), "s", (), False)]
    assert remarks == (f"{tmp_path / 'own.csv'}: 2 numbers, 1 and 9, are 'c': one class",)
    with pytest.raises(UserError, match="'kitten' stands for 2 classes"):
        listed(tmp_path, f"{head}1,c,cat,kitten,true\n2,s,,kitten,false\n", "own.csv")


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("128 64 128 road\n244 35 232 sidewalk\n", "l.txt", "'128 64 128 road' is no class; a class list holds"),
        ("128\t64\t128\troad\n128\t35\t232\tsidewalk\n", "l.txt", r"its first column is no number .*\(a colour\?\)"),
        ("1: cat\nsky\n", "l.txt", "'sky' has no number"),
        ("1: cat\n1: sky\n", "l.txt", "a number stands twice"),
        ("Idx,Name\n1,building, edifice\n", "l.csv", "line 2: 3 cells under 2 columns; quote names with commas"),
        ("Idx,Name\nx,building\n", "l.csv", "line 2: number 'x': needs a whole number"),
        ("1: cat\n1: dog\n", "l.json", "not a JSON file .*; a class list holds"),
        ('{"1": "cat", "1": "dog"}', "l.json", "'1' stands there twice"),
        ('{"01": "cat"}', "l.json", r"number 01 \(1\?\): write it without the leading 0"),
        ('{"categories": [{"id": 1}]}', "l.json", "has no name; a class list holds"),
        ("[]", "l.json", "no list of classes; a class list holds"),
        ("[1, 2]", "l.json", "1 is no class"),
        ("a\tb c\nd\te f\n", "l.txt", "is no class; a class list holds one class a line"),
        ("\n# nothing\n", "l.txt", "holds no class"),
    ],
)
def test_what_is_no_class_list_is_one_line(text: str, name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=reason) as told:
        listed(tmp_path, text, name)
    assert "\n" not in str(told.value) and str(told.value).startswith(f"{tmp_path / name}")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "l.txt").write_bytes("größe".encode("latin-1"))
    with pytest.raises(UserError, match="cannot be read .*; a class list holds one class a line"):
        read_class_list(tmp_path / "l.txt", "mine", 0)
