"""What is said of texts that no mapping finds a class for, and of classes that no image has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.data.class_tables import ClassRow, ClassTable
from bench.mapping.choose import make_strategies
from bench.mapping.remarks import describe_absent_classes, describe_texts
from bench.protocol import Protocol
from bench.records import ClassList, Overlap

CLASSES = ClassList("two", ("cat", "sky"), (True, False))
TABLE = ClassTable("two", (ClassRow(1, "cat", "house cat", ("kitten",), True), ClassRow(2, "sky", "sky", (), False)))


def images(*texts: str, tt: float = 0.2) -> list[Overlap]:
    """One image a text, each a segment of one pixel on the cat."""
    one = np.ones((1, 1), bool)
    rows = np.full((1, 2), tt, np.float32)
    return [
        Overlap(f"{at}", np.array([[1, 0, 0]]), one, np.zeros(1, np.int32), np.ones(1, np.int64), rows, rows, (text,))
        for at, text in enumerate(texts)
    ]


def told(found: list[Overlap], *, classes: ClassList = CLASSES, table: ClassTable | None = None, **options: Any) -> Any:
    mapping = make_strategies(options.pop("mapping", ("exact",)), classes.texts, options.pop("file", None))
    return describe_texts(found, [], classes, Protocol(mapping=mapping, **options), table)


@pytest.mark.parametrize(
    ("texts", "note"),
    [
        (["cat", "sky", "cat"], []),
        (["cat", "cat", "lamp"], []),
        (["Cat", "sky."], ["exact: 0 of 2 texts are class names; 'Cat' is nearly 'cat'"]),
        (["cat", "cat", "cat", "SKY"], ["exact: 3 of 4 texts are class names; 'SKY' is nearly 'sky'"]),
        (["lamp", "skye", "cat"], ["exact: 1 of 3 texts are class names; 'skye' is near 'sky'"]),
        (["lamp"], ["exact: 0 of 1 texts are class names"]),
        (["kitten", "house cat", "sky"], [
            "exact: 2 of 3 texts are other names of a class, e.g. 'kitten' of 'cat': data.names=aliases counts them",
            "exact: 1 of 3 texts are class names",
        ]),
        (["background", "cat"], ["1 segments say background: no class (score.no_class)"]),
        ([], []),
        ([" "], []),
    ],
)  # fmt: skip
def test_names_letter_by_letter(texts: list[str], note: list[str]) -> None:
    assert told(images(*texts), table=TABLE) == note


def test_aliases_that_count_are_counted() -> None:
    classes = ClassList("two", ("cat", "caf\u00e9"), (True, False), (("kitten",), ()))
    assert told(images("kitten", "kitten", "cafe\u0301"), classes=classes, table=TABLE) == [
        "exact: 2 of 3 texts are aliases of a class, e.g. 'kitten' of 'cat'"
    ]


def test_a_table_of_other_words(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"a cat": "cat", "lamp": None}))
    found = {"mapping": ("table",), "file": str(path)}
    assert told(images("a cat", "lamp"), **found) == []
    assert told(images("A Cat", "lamp"), **found) == [
        "table: 0 of 2 texts have a class in the table; 'A Cat' is nearly 'a cat'"
    ]


def test_no_segment_is_near_enough() -> None:
    assert told(images("a", "b"), mapping=("tt", "maxoverlap")) == [
        "tt: none of 2 segments has a class; the nearest is 'b' to 'cat', 0.20 where 0.5 is asked for"
    ]
    assert told(images("a", tt=0.5), mapping=("tt",)) == []
    nothing = images("a")
    nothing[0].counts[:] = [[0, 1, 0]]
    assert told(nothing, mapping=("maxoverlap",)) == ["maxoverlap: none of 1 segments has a class"]


def test_classes_that_no_image_has() -> None:
    three = ClassList("three", ("cat", "sky", "sea"), (True,) * 3)
    assert describe_absent_classes(images("a"), three) == ["2 of 3 classes occur in no image of the split, e.g. 'sky'"]
    assert describe_absent_classes(images("a"), CLASSES) == []
