"""Stages of `zgs speed` in processes of their own: what comes back, and a process that dies."""

from __future__ import annotations

import os
import signal

import pytest

from bench.commands.speed_inputs import make_inputs
from bench.errors import UserError
from bench.speed import try_stages
from bench.speed.inputs import Inputs

WORDS = ("segment.n=5", "models.dino.stride=8")


def die(inputs: Inputs, stage: str) -> None:
    """Die as a process does that the system ends when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_stage_alone_gives_its_row_and_the_features_and_its_death_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inputs = make_inputs("cpu", {"scale": "embedded", "weights": "", "image": ""}, WORDS, (), embedded=True)
    assert inputs.context.load_model("dino") is not None  # which is not sent
    row, features = try_stages.try_alone(inputs, "features", "")
    assert row["stage"] == "features" and row["agrees"] and row["peak_mb"] > 100
    assert features is not None and inputs.features is None
    monkeypatch.setattr(try_stages, "try_as_worker", die)
    told = "a worker process was killed .* over the stage features; stages=features .* without it; nothing is kept$"
    with pytest.raises(UserError, match=told):
        try_stages.try_alone(inputs, "features", "nothing is kept")
