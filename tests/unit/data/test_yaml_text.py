"""Yaml as its writer meant it: nothing is converted but plain whole numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.data.yaml_text import read_whole_number, read_yaml
from bench.errors import UserError


def read(tmp_path: Path, text: str) -> Any:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    return read_yaml(tmp_path / "a.yaml")


WORDS = ("no", "No", "yes", "on", "off", "true", "null", "~", "010", "0o10", "0x1f", "1_000", "12:30", "1.0", "1e3",
         ".5", "2012-01-02", "+5", ".nan", "-.inf", "=", "grün")  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_words_stay_as_they_are_written(word: str, tmp_path: Path) -> None:
    assert read(tmp_path, f"{word}: [{word}]") == {word: [word]}


def test_whole_numbers_are_numbers_unless_quoted(tmp_path: Path) -> None:
    assert read(tmp_path, "{1: 5, -1: 0, '2': \"7\", a: !!str 3, b: |\n  4\n}".replace("|\n  4\n", "'4'")) == {
        1: 5, -1: 0, "2": "7", "a": "3", "b": "4",
    }  # fmt: skip
    assert [read_whole_number(x) for x in (5, "5", "-1", "010", "1_0", "x", None, True, 1.0, "٥")] == [
        5,
        5,
        -1,
        *[None] * 7,
    ]


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: 'a' stands there twice; keep one"),
        ("a: {1: x, 1: y}\n", "line 1: 1 stands there twice"),
        ("a: &x [1]\nb: *x\n", "a part that is used again"),
        ("a: &x {b: *x}\n", "a part that is used again"),
        ("[a]: 1\n", "a list or mapping as a key"),
        ("a: [1\n", "no yaml"),
        ("a: " + "[" * 600 + "]" * 600, "no yaml"),
    ],
)
def test_what_is_lost_or_grows_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=reason) as told:
        read(tmp_path, text)
    assert "\n" not in str(told.value)


def test_nothing_at_all(tmp_path: Path) -> None:
    assert read(tmp_path, "# only a remark\n") is None
    with pytest.raises(UserError, match="data.layout=.*none.yaml: cannot be read"):
        read_yaml(tmp_path / "none.yaml", "data.layout=")
