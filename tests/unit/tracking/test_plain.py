"""Names for trackers with narrower ones: of the right characters, and no two the same."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.tracking.plain import flatten_config, make_plain_names

NAMES = Path(__file__).parents[1] / "metrics/metric_names.txt"
TAKEN = " ./:_-"


def test_every_metric_has_a_name_of_its_own_that_can_be_read() -> None:
    names = [line.split()[0] for line in NAMES.read_text().splitlines() if "/" in line]
    plain = make_plain_names(names, TAKEN)
    assert len(set(plain.values())) == len(names) > 50
    name = "toyscenes:test[first:48]/toyscenes/paper/tt(static-minilm@a222d9e5,fp32)>=0.5/recall>0.5"
    told = "toyscenes:test first:48/toyscenes/paper/tt static-minilm a222d9e5 fp32 ge 0.5/recall gt 0.5"
    assert make_plain_names([name], TAKEN) == {name: told}


@settings(max_examples=50)
@given(st.lists(st.text(max_size=300) | st.sampled_from(["a>b", "a b", "a=b", "a:b", "", "/", "a" * 300, "a" * 301])))
def test_of_the_right_characters_length_and_all_different(names: list[str]) -> None:
    plain = make_plain_names(names, TAKEN)
    assert set(plain) == set(names) and len(set(plain.values())) == len(plain)
    assert all(re.fullmatch(r"[A-Za-z0-9 ./:_-]{1,250}", each) for each in plain.values())
    assert not any(each.startswith("/") or each.endswith("/") for each in plain.values())


def test_settings_are_flat() -> None:
    assert flatten_config({"a": {"b": 1, "c": [1, 2]}, "d": {}, "e": None}) == {"a.b": 1, "a.c": [1, 2], "e": None}
