"""No part of the paper: the trials of `zgs speed`, one a stage, in the order of the pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from bench.run.loading import load_once
from bench.speed.clock import use_one_thread
from bench.speed.inputs import Inputs
from bench.speed.trial import Trial, run_trial

STAGES = ("features", "clustering", "embeddings", "captions", "scoring")
"""Each is the module of that name in `bench.speed.stages`."""
NEEDS = {"features": ("dino",), "clustering": ("dino",), "embeddings": ("clip",), "captions": ("clip", "language"),
         "scoring": ()}  # fmt: skip
"""The models that a stage loads."""


def try_stages(inputs: Inputs, stages: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Try some stages one after the other, on one thread; yield a row each when it is done."""
    for stage in stages:
        with use_one_thread():
            trial: Trial = import_module(f"bench.speed.stages.{stage}").make_trial(inputs)
            yield run_trial(trial)
        load_once.cache_clear()  # else those in bfloat16 stay, which no worker of these settings has
