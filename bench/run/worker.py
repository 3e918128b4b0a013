"""What a worker does: one pass of one image. The fork server imports it once, heavy libraries included."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch

from bench.errors import BadSample
from bench.records import Oracle, Overlap, Sample
from bench.run.context import LOADING, Builder
from bench.run.crash import contained
from bench.run.scoring import tables
from bench.store.files import Account
from bench.store.locks import Busy
from bench.system.memory import enough_memory


@dataclass(frozen=True)
class Outcome:
    """What one pass over one image gave: seconds of work and of loading models, the reason of a skip, the account.

    ``busy`` is one that another process was working on.
    """

    image_id: str
    seconds: float = 0.0
    loading: float = 0.0
    skipped: str | None = None
    account: Account = field(default_factory=Account)
    tables: tuple[Overlap, Oracle] | None = None
    busy: bool = False


@lru_cache(maxsize=1)
def _builder(settings: str) -> Builder:
    """Data, store and stages of the current run; models outlive it (`bench.run.context`)."""
    return Builder(json.loads(settings))


def start(threads: int) -> None:
    """What a worker process does first."""
    torch.set_num_threads(threads)


@contained
def work(settings: str, name: str, image_id: str, wait: bool = True) -> Outcome:
    """One pass over one image under settings (JSON). An image that cannot be used is an outcome, not an error.

    Neither is one that another process works on, unless this one is to ``wait`` for it.
    """
    builder, begin, loads = _builder(settings), time.perf_counter(), len(LOADING)
    builder.store.account, builder.store.patient = Account(), wait
    try:
        with enough_memory(f"{name} of {image_id}", SMALLER.get(name, ONE)):
            found = PASSES[name](builder, builder.dataset.load(image_id))
    except BadSample as error:
        return Outcome(image_id, skipped=str(error))
    except Busy:
        return Outcome(image_id, account=builder.store.account, busy=True)
    loading = sum(LOADING[loads:])
    return Outcome(image_id, time.perf_counter() - begin - loading, loading, None, builder.store.account, found)


def _segment(builder: Builder, sample: Sample) -> None:
    builder.stages.segment(sample)


def _encode(builder: Builder, sample: Sample) -> None:
    builder.stages.embed(sample, builder.stages.segment(sample).masks())


def _caption(builder: Builder, sample: Sample) -> None:
    stages = builder.stages
    stages.describe(sample, stages.embed(sample, stages.segment(sample).masks()))


def _merge(builder: Builder, sample: Sample) -> None:
    builder.pipeline.predict(sample)


def _oracle(builder: Builder, sample: Sample) -> None:
    builder.pipeline.oracle(sample)


PASSES: dict[str, Callable[[Builder, Sample], Any]] = {
    "segment": _segment,
    "encode": _encode,
    "caption": _caption,
    "merge": _merge,
    "oracle": _oracle,
    "overlap": tables,
}
"""The stages in the paper's order; each reads what those before it stored."""

ONE = "executor.workers=1"
SMALLER = {
    "encode": f"{ONE}, or a smaller encode.micro_batch where the variant has one",
    "caption": f"{ONE}, or a smaller caption.rows or caption.beams",
}
"""By pass, the settings that need less memory."""

UNLABELLED = ("segment", "encode", "caption", "merge")
"""The passes that need no ground truth."""
