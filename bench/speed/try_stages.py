"""No part of the paper: the trials of `zgs speed`, one a stage, in the order of the pipeline."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from bench.run.loading import load_once
from bench.speed.clock import use_one_thread
from bench.speed.inputs import Features, Inputs
from bench.speed.trial import Trial, run_trial
from bench.system.crew import Crew
from bench.system.start import bound_kernels_beside

STAGES = ("features", "clustering", "embeddings", "captions", "scoring")
"""Each is the module of that name in `bench.speed.stages`."""
NEEDS = {"features": ("dino",), "clustering": ("dino",), "embeddings": ("clip",), "captions": ("clip", "language"),
         "scoring": ()}  # fmt: skip
"""The models that a stage loads."""


def try_stages(
    inputs: Inputs, stages: Sequence[str], describe_kept: Callable[[Sequence[str]], str]
) -> Iterator[dict[str, Any]]:
    """Try some stages one after the other, on one thread; yield a row each when it is done.

    At the paper's scale each is tried in a process of its own, so that its peak of memory is that of a worker: in one
    process libraries keep some 900 MB of what earlier stages have loaded and allocated. ``describe_kept`` says what
    is kept of the stages that are done, where one dies.
    """
    for at, stage in enumerate(stages):
        kept = describe_kept(stages[:at])
        row, inputs.features = try_alone(inputs, stage, kept) if inputs.is_paper else try_stage(inputs, stage)
        yield row


def try_alone(inputs: Inputs, stage: str, kept: str) -> tuple[dict[str, Any], Features | None]:
    """Try a stage as `try_stage` does, in a process of its own. Raises UserError where that dies, and what it raises.

    The two forms stand side by side in that process. ``kept`` are the words for what is kept where it dies.
    """
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.system.quiet"])
    advice = f"stages={stage} tries it again, a list of others goes on without it; {kept}"
    crew = Crew(context, 1, threads=1, advice=advice)
    try:
        job = (replace(inputs), stage)  # a copy has loaded no model
        (made,) = crew.run(try_as_worker, [job], [f"the stage {stage}"])
        return made
    finally:
        crew.end()


def try_as_worker(inputs: Inputs, stage: str) -> tuple[dict[str, Any], Features | None]:
    """Try a stage in a new process, which keeps as many kernels of products as a run's worker of these models does."""
    bound_kernels_beside(inputs.settings["models"])
    return try_stage(inputs, stage)


def try_stage(inputs: Inputs, stage: str) -> tuple[dict[str, Any], Features | None]:
    """Try a stage on one thread: its row, and the picture's features where they are known by now."""
    with use_one_thread():
        trial: Trial = import_module(f"bench.speed.stages.{stage}").make_trial(inputs)
        with use_one_thread():  # anew: the models that were loaded may have asked for more
            row = run_trial(trial)
    load_once.cache_clear()  # else those in bfloat16 stay, which no worker of these settings has
    return row, inputs.features
