"""Table 4, without merging: true segments are described only where that is asked for."""

from __future__ import annotations

import pytest

from bench.commands.settings import compose_settings
from bench.run.context import RunContext


@pytest.mark.parametrize(
    ("words", "described"),
    [
        (["merge=siblings"], True),
        (["merge=none"], False),  # the paper's ablation prints no TGQ
        (["merge=none", "merge.oracle=true"], True),
    ],
)
def test_true_segments_are_described_where_asked(words: list[str], described: bool) -> None:
    assert RunContext(compose_settings([*words, "data.subset=first:1"])).has_oracle == described


def test_runs_of_before_the_option_have_none_either() -> None:
    settings = compose_settings(["merge=none"])
    assert not RunContext({**settings, "merge": {"_target_": "bench.merge.none.NoMerge"}}).has_oracle
