"""What a stopped `zgs speed` says: what is kept, and the words for the rest."""

from __future__ import annotations

import pytest

from bench.commands.speed import OWN
from bench.commands.speed_stopping import NOTHING_YET, describe_kept, describe_stop, describe_stop_on_device

DONE, LEFT = ["features", "clustering"], ["captions", "scoring"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "stopped; nothing is kept without to=FOLDER or json=FILE; stages=captions,scoring measures the rest"),
        ({"to": "here"}, "kept in here: features, clustering; stages=captions,scoring with the same to= measures"),
        ({"json": "a.json"}, "kept in a.json: features, clustering; stages=captions,scoring with another json= meas"),
        (
            {"to": "b", "json": "a"},
            "in b and a: features, clustering; stages=captions,scoring with the same to= and ano",
        ),
    ],
)
def test_what_is_kept_and_the_words_for_the_rest(words: dict[str, str], said: str) -> None:
    line = describe_stop({**OWN, **words}, DONE, LEFT)
    assert said in line and line.endswith("the same command would measure all again")
    assert describe_stop({**OWN, **words}, (), LEFT) == NOTHING_YET
    assert describe_stop({**OWN, **words}, DONE, ()).endswith("; no stage is left")


def test_rows_of_a_device_are_made_again() -> None:
    assert describe_stop_on_device({**OWN, "to": "here"}, 2) == (
        "stopped; kept in here: 2 finished rows; the same command begins again with these"
    )
    assert "nothing is kept without to=" in describe_stop_on_device(OWN, 1)
    assert describe_stop_on_device(OWN, 0) == NOTHING_YET


def test_where_a_stage_died_only_what_has_a_place_is_kept() -> None:
    assert describe_kept(OWN, DONE) == "nothing is kept without to=FOLDER or json=FILE"
    assert describe_kept({**OWN, "to": "here"}, DONE) == "kept in here: features, clustering"
    assert describe_kept({**OWN, "to": "here"}, ()) == "nothing new is kept"
