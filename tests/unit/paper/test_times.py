"""Expected times: from the records of runs that made a stage wholly, by hand, and never from what the store gave."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UserError
from bench.paper.times import (
    Rate,
    count_images,
    estimate_seconds,
    list_seconds,
    measure_rates,
    names_baseline,
    write_duration,
)  # fmt: skip
from bench.system.resources import find_published_dir
from scripts.paper_seconds import list_dearest


def test_only_stages_that_a_run_made_wholly_count() -> None:
    store = {
        "segment": {"made": 0, "reused": 3},
        "encode": {"made": 7, "reused": 0},
        "caption": {"made": 4, "reused": 3},
    }
    record = {"ids": list("abcd"), "skipped": {"d": "damaged"}, "store": store, "seconds": {"segment": 1, "encode": 6}}
    assert list_seconds(record) == {"encode": (6, 3)}


@pytest.mark.parametrize(
    ("words", "images"),
    [
        (("data=toyscenes", "data.subset=first:40"), 40),
        (("data=voc", "data.subset=random:100:0"), 100),
        (("data=voc",), 1449),
        (("data=pascal_context_59", "data.split=train"), 4998),
        (("data=folder",), None),
        (("data=toyscenes",), None),
    ],
)
def test_images_are_counted_without_the_data(words: tuple[str, ...], images: int | None) -> None:
    assert count_images(words) == images


def test_the_estimate_by_hand() -> None:
    """40 and 1449 images at 2 and 3 seconds, by 2 processes."""
    rates = {"embedded": Rate(2.0, ""), "paper": Rate(3.0, "")}
    runs = [("data.subset=first:40",), ("data=voc", "models=paper")]
    assert estimate_seconds(runs, rates, 2) == (40 * 2 + 1449 * 3) / 2
    assert estimate_seconds([*runs, ("data=folder",)], rates, 2) is None
    assert estimate_seconds(runs, {"embedded": rates["embedded"]}, 2) is None


@pytest.mark.parametrize(
    ("words", "baseline"),
    [
        (("data=voc", "experiment=full"), False),
        (("data=voc", "experiment=groupvit", "models=paper"), True),
        (("experiment=groupvit", "baseline=null"), False),
        (("baseline=groupvit",), True),
        (("experiment=mine",), True),
    ],
)
def test_a_baseline_is_known_by_its_words(tmp_path: Path, words: tuple[str, ...], baseline: bool) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/mine.yaml").write_text("# @package _global_\ndefaults:\n  - override /baseline: other\n")
    assert names_baseline(words, str(tmp_path)) == baseline


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "not known"), (40, "40 s"), (600, "10 min"), (9000, "2.5 h"), (1e6, "12 days")]
)
def test_durations_as_people_say_them(seconds: float | None, text: str) -> None:
    assert write_duration(seconds) == text


def test_what_ships_names_both_sizes_and_where_it_comes_from() -> None:
    rates = measure_rates(find_published_dir() / "nothing here")
    assert set(rates) == {"embedded", "paper"} and all(rate.seconds > 0 and rate.how for rate in rates.values())
    assert "extrapolated" in rates["paper"].how


def test_of_each_stage_the_dearer_run_is_shipped() -> None:
    """By hand: 2 of 40 images cost 0.05 s each in one run, 3 of 30 images 0.1 s each in the other."""
    one = {"segment": (2.0, 40), "encode": (4.0, 40), "caption": (1.0, 40), "merge": (1.0, 40)}
    lines = list_dearest([one, {"segment": (3.0, 30), "encode": (0.3, 30)}])
    assert [line[1:4] for line in lines] == [
        ("segment", 0.1, 30), ("encode", 0.1, 40), ("caption", 0.025, 40), ("merge", 0.025, 40),
    ]  # fmt: skip
    with pytest.raises(UserError, match="no run has made all of merge"):
        list_dearest([{stage: seconds for stage, seconds in one.items() if stage != "merge"}])
