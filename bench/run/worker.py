"""What a worker does: one pass of one image. The fork server imports it once, heavy libraries included."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from bench.errors import BadSample
from bench.records import Oracle, Overlap, Sample
from bench.run.build import Builder
from bench.run.scoring import tables


@dataclass(frozen=True)
class Outcome:
    """What one pass over one image gave: counts of the store, seconds, the reason of a skip, and the tables at last."""

    image_id: str
    seconds: float = 0.0
    skipped: str | None = None
    reused: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    damaged: Counter[str] = field(default_factory=Counter)
    tables: tuple[Overlap, Oracle] | None = None


_builder: Builder | None = None


def start(settings: Mapping[str, Any], threads: int | None) -> None:
    """Take the settings; everything else is made when first needed."""
    global _builder
    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(settings["seed"])
    _builder = Builder(settings)


def work(name: str, image_id: str) -> Outcome:
    """One pass over one image. An image that cannot be used is an outcome, not an error."""
    assert _builder is not None, "start() comes first"
    store, begin = _builder.store, time.perf_counter()
    store.reused, store.made, store.damaged = Counter(), Counter(), Counter()
    try:
        found = PASSES[name](_builder, _builder.dataset.load(image_id))
    except BadSample as error:
        return Outcome(image_id, time.perf_counter() - begin, skipped=str(error))
    return Outcome(
        image_id, time.perf_counter() - begin, None, store.reused, store.made, store.damaged, found
    )


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

UNLABELLED = ("segment", "encode", "caption", "merge")
"""The passes that need no ground truth."""
