"""Class tables: ids and names as published, what we added by hand, and a user's own csv."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.data.class_tables import ClassTable, list_tables, load_class_list, load_class_table, read_table
from bench.errors import UsageError, UserError
from bench.records import BACKGROUND

LABELS = Path(__file__).parents[4] / "shared" / "labels"
PUBLISHED = {"voc20": "pascal_voc_2012", "context59": "pascal_context_59", "context459": "pascal_context_459"}
SIZES = {
    "ade150": 150, "ade847": 847, "cityscapes19": 19, "coco133": 133, "cocostuff171": 171, "cocostuff182": 182,
    "context459": 459, "context59": 59, "lvis1203": 1203, "mapillary116": 116, "mapillary65": 65,
    "pascal_part116": 116, "voc20": 20,
}  # fmt: skip
# The 59 names sorted as the 459 list has them: the order of common converters, not the data set's own.
BY_459 = (
    "aeroplane bag bed bedcloth bench bicycle bird boat book bottle building bus cabinet car cat ceiling chair "
    "clothes computer cow cup curtain dog door fence floor flower food grass ground horse keyboard light motorbike "
    "mountain mouse person plate platform pottedplant road rock sheep shelves sidewalk sign sky snow sofa "
    "diningtable track train tree truck tvmonitor wall water window wood"
)


def by_id(name: str) -> dict[int, str]:
    return {row.id: row.name for row in load_class_table(name).rows}


def test_which_tables_there_are_and_how_long() -> None:
    assert {name: len(load_class_table(name).rows) for name in list_tables()} == SIZES
    gaps = {"ade847", "cityscapes19", "coco133", "cocostuff171", "mapillary116"}
    gapless = {name for name in SIZES if list(by_id(name)) == list(range(1, SIZES[name] + 1))}
    assert gapless == SIZES.keys() - gaps and all(min(by_id(name)) >= 1 for name in SIZES), "0 is no class"


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_ids_and_names_are_the_published_ones(name: str) -> None:
    path = LABELS / f"{PUBLISHED[name]}.txt"
    if not path.is_file():
        pytest.skip("no published label lists beside the repository")
    lines = (line.split(": ", 1) for line in path.read_text().splitlines())
    assert by_id(name) == {int(i): text for i, text in lines if text not in ("background", "void")}


def test_spot_checks_that_need_no_list() -> None:
    voc, small, large = (by_id(name) for name in ("voc20", "context59", "context459"))
    assert (voc[1], voc[9], voc[15], voc[20]) == ("aeroplane", "chair", "person", "tvmonitor")
    assert [small[i] for i in range(1, 21)] == [voc[i] for i in range(1, 21)], "VOC's classes come first, in its order"
    assert (small[21], small[42], small[45], small[52], small[59]) == ("bag", "curtain", "plate", "bedcloth", "wood")
    assert (large[1], large[284], large[427], large[459]) == ("accordion", "person", "tvmonitor", "wool")
    assert large[431] == "unknown" and "background" not in large.values()
    assert set(small.values()) - set(large.values()) == {"diningtable", "clothes", "bedcloth"}
    assert (large[397], large[80], large[19]) == ("table", "cloth", "bedclothes")


def test_the_two_orders_of_the_59_agree_on_five_ids_only() -> None:
    own, other = by_id("context59"), BY_459.split()
    assert sorted(own.values()) == sorted(other)
    same = [i for i, name in enumerate(other, 1) if own[i] == name]
    assert same == [1, 56, 57, 58, 59]


def test_senses_and_spellings_written_out() -> None:
    readable = {row.name: row.readable for row in load_class_table("context59").rows}
    changed = {name: text for name, text in readable.items() if name != text}
    assert changed == {
        "diningtable": "dining table", "pottedplant": "potted plant", "tvmonitor": "tv monitor",
        "mouse": "computer mouse", "track": "rail track", "bedcloth": "bedclothes",
    }  # fmt: skip
    large = {row.name: row.readable for row in load_class_table("context459").rows}
    assert (large["casette recorder"], large["tong"], large["mouse"]) == (
        "cassette recorder",
        "tongs",
        "computer mouse",
    )


def test_what_a_class_is_does_not_depend_on_the_table() -> None:
    twins = {"diningtable": "table", "clothes": "cloth", "bedcloth": "bedclothes"}
    large = {row.name: row for row in load_class_table("context459").rows}
    for row in load_class_table("context59").rows:
        twin = large[twins.get(row.name, row.name)]
        assert row.thing == twin.thing
        if row.name not in twins:
            assert (row.readable, row.aliases) == (twin.readable, twin.aliases)
    assert load_class_table("voc20").rows == load_class_table("context59").rows[:20]


def test_things_and_stuff() -> None:
    stuff = {row.name for row in load_class_table("context59").rows if not row.thing}
    assert {"sky", "grass", "water", "wall", "road", "wood"} <= stuff and not {"person", "window", "cup"} & stuff
    assert len(stuff) == 23 and all(row.thing for row in load_class_table("voc20").rows)


@pytest.mark.parametrize("name", sorted(SIZES))
def test_no_text_stands_for_two_classes_and_texts_are_clean(name: str) -> None:
    seen: dict[str, int] = {}
    for row in load_class_table(name).rows:
        assert len({row.readable, *row.aliases}) == 1 + len(row.aliases), row
        for text in {row.name, row.readable, *row.aliases}:
            assert seen.setdefault(text, row.id) == row.id, text
            assert text == text.strip() and "  " not in text and ";" not in text
            assert text == text.lower() or text == row.name, "a publisher's own spelling may have capitals"


def test_class_lists_by_choice_of_names() -> None:
    own, readable, aliases = (load_class_list("voc20", names) for names in ("own", "readable", "aliases"))
    assert [c.name for c in (own, readable, aliases)] == ["voc20", "voc20+readable", "voc20+aliases"]
    assert own.names[15] == "pottedplant" and readable.names[15] == "potted plant" and aliases.names == readable.names
    assert own.texts[15] == ("pottedplant",) and aliases.texts[19] == ("tv monitor", "television", "monitor", "tv")
    with pytest.raises(UsageError, match="did you mean 'readable'"):
        load_class_list("voc20", "readible")
    with pytest.raises(UsageError, match="did you mean 'context59'"):
        load_class_list("contxt59")


def test_an_excluded_class_is_neither_asked_for_nor_ground_truth() -> None:
    table = load_class_table("context459")
    some, codes = table.make_class_list("readable", ["unknown"]), table.make_codes(["unknown"])
    assert some.name == "context459-unknown+readable" and len(some) == 458 and "unknown" not in some.names
    assert codes[431] == BACKGROUND and codes[1] == 0 and codes[430] == 429 and codes[432] == 430
    assert all(
        table.make_class_list("own", ["unknown"]).names[codes[r.id]] == r.name for r in table.rows if r.id != 431
    )
    assert table.make_class_list("own", ["fire place"]).name == "context459-fire_place"
    with pytest.raises(UsageError, match="did you mean 'unknown'"):
        table.make_class_list("own", ["unknwon"])


CSV = "id,name,readable,aliases,thing\n7,tvset,tv set,television; telly ,true\n2,sky,,,false\n"


def test_a_csv_of_one_s_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(CSV)
    table = read_table(path)
    assert [row.id for row in table.rows] == [2, 7] and table.rows[1].aliases == ("television", "telly")
    assert table.make_class_list("readable").names == ("sky", "tv set") and table.make_class_list().things == (
        False,
        True,
    )
    path.write_text("id,name\n1,a\n2,b\n")
    assert read_table(path).make_class_list("aliases").texts == (("a",), ("b",))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("id;name\n1;a\n", "columns are id;name but should be id,name,readable,aliases,thing"),
        ("id,name,colour\n1,a,red\n", "should be id,name"),
        (CSV.replace("7,", "x,"), "line 2: needs a whole number"),
        (CSV.replace("false", "no"), "line 3: .*true or false"),
        (CSV.replace("2,sky", "7,sky"), "7 stands for 2 classes"),
        (CSV.replace("telly", "sky"), "'sky' stands for 2 classes"),
        ("id,name\n", "holds no class"),
        ("", "should be id,name"),
    ],
)
def test_a_faulty_csv_is_one_clear_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=reason) as told:
        read_table(path)
    assert "mine.csv" in str(told.value)


def test_a_csv_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read as a table"):
        read_table(path)
    with pytest.raises(UserError, match="cannot be read as a table"):
        read_table(tmp_path / "none.csv")


def test_a_table_is_sorted_and_keeps_its_name(tmp_path: Path) -> None:
    table = load_class_table("voc20")
    assert isinstance(table, ClassTable) and table.name == "voc20" and load_class_table("voc20") is table
