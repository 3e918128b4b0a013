"""Numbers of settings are the shortest decimals of what a range hands over; what somebody typed on purpose stays."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from bench.commands.run import run_jobs
from bench.commands.settings import compose_settings
from bench.metric_name import write_number
from bench.run.job import Finished
from bench.settings.decimals import shorten_decimals


def swept(text: str) -> list[float]:
    """What Hydra makes of the values of a sweep, at the door."""
    override = OverridesParser.create().parse_override(f"score.tau_clip={text}")
    return [shorten_decimals(float(str(value))) for value in override.sweep_iterator()]


def test_a_range_gives_the_decimals_that_people_write() -> None:
    assert swept("range(0.0,0.35,0.05)") == [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]
    assert swept("range(0.0,0.36,0.05)")[-1] == 0.35, "README: the end is left out, so write half a step more"
    assert swept("range(-0.3,0.35,0.1)") == [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3]
    assert swept("range(0,3,0.01)") == [i / 100 for i in range(300)]
    assert [write_number(tau) for tau in swept("range(0.1,0.25,0.05)")] == ["0.1", "0.15", "0.2"]


@given(st.integers(-(10**12) + 1, 10**12 - 1), st.integers(0, 12), st.integers(-8, 8))
def test_a_decimal_is_found_again_through_noise_and_never_moved(digits: int, places: int, ulps: int) -> None:
    written = float(f"{digits}e-{places}")
    assert shorten_decimals(written) == written
    noisy = written + ulps * math.ulp(written) if written else 0.0
    assert shorten_decimals(noisy) == written


@pytest.mark.parametrize("number", [1 / 3, math.pi, 0.12345678901234567, 0.15000000000000102, 5e-324, 1e300, 1e-16])
def test_what_is_no_noise_stays_to_the_last_bit(number: float) -> None:
    assert shorten_decimals(number) == number


def test_other_values_stay() -> None:
    told: dict[str, Any] = {"a": [1, True, None, "0.15000000000000002"], "b": {"c": math.inf}}
    assert shorten_decimals(told) == told and type(shorten_decimals(1)) is int
    assert shorten_decimals({"a": [{"b": 0.1 + 0.2}]}) == {"a": [{"b": 0.3}]}
    assert math.isnan(shorten_decimals(math.nan))


def test_composed_settings_are_brought_to_it_at_every_depth() -> None:
    words = ["score.tau_clip=0.15000000000000002", "segment.crf.bilateral_srgb=0.7999999999999999"]
    settings = compose_settings([*words, "encode.sigma2=0.30000000000000004"])
    assert settings["score"]["tau_clip"] == 0.15 and settings["segment"]["crf"]["bilateral_srgb"] == 0.8
    assert settings["encode"]["sigma2"] == 0.3


@pytest.mark.slow
def test_jobs_of_a_sweep_have_the_decimals_of_a_single_run(monkeypatch: Any, tmp_path: Path) -> None:
    seen: list[float] = []

    def run(settings: dict[str, Any], made_by: dict[str, Any]) -> Finished:
        seen.append(settings["score"]["tau_clip"])
        return Finished(tmp_path, 1, 0)

    monkeypatch.setattr("bench.run.job.run", run)
    run_jobs(["-m", "score.tau_clip=range(0.1,0.25,0.05)", f"out={tmp_path}"])
    run_jobs(["score.tau_clip=0.15", f"out={tmp_path}"])
    assert seen == [0.1, 0.15, 0.2, 0.15]
