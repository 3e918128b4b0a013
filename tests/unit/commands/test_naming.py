"""A variant's name says each option once: by hand, for names, experiments and sweeps."""

from __future__ import annotations

import pytest

from bench.commands.naming import name_variant

NAMED = ("variant=mine", "encode=crop", "segment=grid")
SWEEP = [("variant=mine", f"encode={name}", "segment=grid") for name in ("crop", "masked")]


@pytest.mark.parametrize(
    ("variant", "words", "jobs", "name"),
    [
        (None, ["encode=crop"], [], None),
        ("mine", NAMED, [], "mine"),
        ("mine", NAMED, [NAMED, ("variant=other", "encode=masked", "segment=grid")], "mine"),
        ("mine", NAMED, SWEEP, "mine encode=crop"),
        ("crop", ["variant=${x}", "encode=crop"], [("variant=${x}", f"encode={n}") for n in ("crop", "gem")], "crop"),
        ("full", ["experiment=full", "encode=crop", "seed=1"], [], "full encode=crop"),
        (1.0, ["encode=crop", "variant=1e0"], [], "1e0"),
    ],
)
def test_a_name_is_what_was_written_and_what_it_does_not_say(variant, words, jobs, name) -> None:
    assert name_variant(variant, words, jobs) == name
