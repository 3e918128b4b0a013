"""Section 3: every model stage and a whole image on a GPU, by number type, compiled or not, recorded or not."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import torch

from bench.pipeline import Pipeline
from bench.run.loading import load_once
from bench.speed.device.probe import Probe
from bench.speed.distinct import make_fresh
from bench.speed.inputs import Inputs
from bench.speed.products import Product, count_flops
from bench.speed.stages import embeddings, features

STAGES = ("features", "embeddings", "captions", "image")
"""Clustering and scoring are a processor's; they are part of a whole image."""
TOKENS = 2
"""Tokens of the captions that are measured at the paper's scale: the first, and one of all beams."""


@dataclass(frozen=True)
class Variant:
    """How the models of a measurement run."""

    dtype: str
    compile: bool = False
    graphs: bool = False

    def touches(self, stage: str) -> bool:
        """Whether a stage is another one by these switches: graphs are of captions, an image has both or none."""
        if stage == "image":
            return self.compile == self.graphs
        return stage == "captions" or not self.graphs


@dataclass(frozen=True)
class Work:
    """A stage's call on a device; ``compare`` describes how far what it gave is from the first variant's."""

    inputs: str
    call: Callable[[], Any]
    compare: Callable[[Any, Any], dict[str, float]]
    products: Callable[[], Sequence[Product]] = tuple


def list_variants(dtypes: Sequence[str]) -> list[Variant]:
    """List all of them, the plain one in the first type first: with it the others are compared."""
    return [Variant(dtype, *switches) for dtype in dtypes for switches in product((False, True), repeat=2)]


def measure_stages(
    inputs: Inputs, probe: Probe, dtypes: Sequence[str], stages: Sequence[str] = STAGES
) -> Iterator[dict[str, Any]]:
    """Measure every stage by every variant that touches it: a row each. Models of one variant are there at a time."""
    first: dict[str, Any] = {}
    rates = {dtype: probe.measure_rate(dtype) for dtype in dtypes}
    for variant in list_variants(dtypes):
        load_once.cache_clear()
        gc.collect()
        probe.release()
        switches = {"precision": {}, "dtype": variant.dtype, "compile": variant.compile, "graphs": variant.graphs}
        own = replace(inputs, settings={**inputs.settings, **switches})
        for stage in stages:
            if variant.touches(stage):
                work = MAKERS[stage](own)
                made, seconds, times, peak = probe.measure(work.call, 1 if stage == "image" else 5)
                differs = work.compare(first.setdefault(stage, made), made)
                row = make_row(stage, work, variant, seconds, rates[variant.dtype])
                yield row | {"peak_mb": peak, "n": times, **differs}


def make_row(stage: str, work: Work, variant: Variant, seconds: float, rate: float) -> dict[str, Any]:
    """Make the row of a measurement, without what it gave."""
    flops = count_flops(work.products())
    return {
        "stage": stage, "inputs": work.inputs, "dtype": variant.dtype, "compile": variant.compile,
        "graphs": variant.graphs, "seconds": seconds, "images_a_second": 1 / seconds if stage == "image" else None,
        "flops": flops or None, "tflops_a_second": flops / seconds / 1e12 if flops else None,
        "share": flops / seconds / rate if flops else None, "measured": True,
    }  # fmt: skip


def make_features(inputs: Inputs) -> Work:
    """Section 3.1 up to clustering."""
    dino: Any = inputs.context.load_model("dino", "segment")
    rows, columns = dino.compute_grid(*dino.load(inputs.image).shape[:2])
    told = f"{inputs.size}, {rows * columns:,} places"
    listed = partial(features.list_products, dino, rows * columns)
    return Work(told, lambda: dino.compute_features(inputs.image)[0], compare_numbers, listed)


def make_embeddings(inputs: Inputs) -> Work:
    """Section 3.2."""
    encoder: Any = inputs.context.make_stage("encode")
    told = f"{inputs.size}, {len(inputs.masks)} segments, {encoder.micro_batch} at once"
    listed = partial(embeddings.list_products, encoder, len(inputs.masks)) if encoder.all_queries else tuple
    return Work(told, lambda: encoder(inputs.sample, inputs.masks).vectors, compare_numbers, listed)


def make_captions(inputs: Inputs) -> Work:
    """Section 3.3 with nothing remembered, at the paper's scale of its first tokens."""
    captioner: Any = inputs.context.make_stage("caption")
    search, found = captioner.search, inputs.embeddings.vectors[:16]
    tokens = min(search.tokens, TOKENS) if inputs.is_paper else search.tokens
    targets = torch.from_numpy(found).to(search.model.device)

    def describe() -> list[str]:
        fresh = replace(search, tokens=tokens, features=make_fresh(search.features))
        return [captioner.list_candidates(beams)[0] for beams in fresh(targets)]

    told = f"{len(found)} segments, {tokens} tokens, {search.width} beams, {search.guidance.iterations} iterations"
    return Work(told, describe, compare_texts)


def make_image(inputs: Inputs) -> Work:
    """A whole image with nothing remembered, clustering and merging by the processor among it."""
    context = inputs.context
    captioner: Any = context.make_stage("caption")
    stages = (context.make_stage("segment"), context.make_stage("encode"))
    pipeline = Pipeline(*stages, lambda sample, found: captioner(found), context.merge)

    def predict() -> list[str]:
        captioner.search = replace(captioner.search, features=make_fresh(captioner.search.features))
        return list(pipeline.predict(inputs.sample).texts)

    return Work(inputs.size, predict, compare_texts)


MAKERS: Mapping[str, Callable[[Inputs], Work]] = {
    "features": make_features, "embeddings": make_embeddings, "captions": make_captions, "image": make_image,
}  # fmt: skip


def compare_numbers(one: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """Compare two arrays [n, d]: the largest difference of a number beside the largest number of its row."""
    return {"difference": float((np.abs(one - other).max(axis=1) / np.abs(one).max(axis=1)).max())}


def compare_texts(one: Sequence[str], other: Sequence[str]) -> dict[str, float]:
    """Compare two lists of texts: the share that both have at the same place; 0 for lists of other lengths."""
    if len(one) != len(other):
        return {"same_texts": 0.0}
    return {"same_texts": sum(a == b for a, b in zip(one, other, strict=True)) / max(len(one), 1)}


def describe_row(row: Mapping[str, Any]) -> str:
    """Describe a row in one line."""
    switches = " ".join(name for name in ("compile", "graphs") if row[name]) or "plain"
    rate = f", {row['tflops_a_second']:,.1f} TFLOP/s, {row['share']:.2f} of the limit" if row["flops"] else ""
    images = f", {row['images_a_second']:.3g} images a second" if row["images_a_second"] else ""
    differs = (
        f"differs by {row['difference']:.1e}" if "difference" in row else f"{row['same_texts']:.0%} of texts alike"
    )
    return (
        f"{row['stage']:10} {row['dtype']:8} {switches:14} {row['seconds']:.4g} s{images}{rate}, peak "
        f"{row['peak_mb']:,.0f} MB, {differs}: {row['inputs']}"
    )
