"""Sections 3 and 4, what scripts/paper_scale.py measures: the parts of every stage, run by the stages of `zgs run`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.records import Prediction, Sample, SegmentTree, TrueSegmentTexts

FULL = {"segments": 20, "tokens": 15, "iterations": 5, "beams": 5}
"""The paper's settings, for which captions are extrapolated."""


@dataclass(frozen=True)
class Seconds:
    """Seconds of the clock and of the processor (all threads)."""

    clock: float = 0.0
    processor: float = 0.0

    @staticmethod
    def now() -> Seconds:
        """Both counters."""
        return Seconds(time.perf_counter(), time.process_time())

    def __add__(self, other: Seconds) -> Seconds:
        return Seconds(self.clock + other.clock, self.processor + other.processor)

    def __sub__(self, other: Seconds) -> Seconds:
        return Seconds(self.clock - other.clock, self.processor - other.processor)

    def __mul__(self, count: float) -> Seconds:
        return Seconds(self.clock * count, self.processor * count)


@dataclass(frozen=True)
class Part:
    """A part of a stage: seconds, and those of the processor, for n things.

    On a busy machine seconds pass that are not the processor's. ``extrapolated`` says for which settings a part was
    worked out that was not run.
    """

    part: str
    n: int
    things: str
    spent: Seconds
    extrapolated: str = ""


class Stopwatch:
    """A function that adds up the seconds of its calls, the GPU's included, and counts texts it was never given before.

    Other attributes are the function's own, so that it can stand in its place.
    """

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call, self.seconds, self.texts = call, Seconds(), set[tuple[Any, int]]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.call, name)

    def __call__(self, *given: Any) -> Any:
        """The call itself."""
        import torch

        begin = Seconds.now()
        made = self.call(*given)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.seconds += Seconds.now() - begin
        if isinstance(given[0], tuple):  # a context, alone for every token of the vocabulary
            self.texts |= {(given[0], token) for token in (given[1].tolist() if given[1:] else range(len(made)))}
        return made


def timed(call: Callable[..., Any], *given: Any) -> tuple[Any, Seconds]:
    """What a call gives, and its seconds."""
    watch = Stopwatch(call)
    return watch(*given), watch.seconds


def stored(context: Any, **stages: Any) -> Any:
    """The store around stages that were made here, so that making them is not measured."""
    from bench.store.stages import StoredStages

    return StoredStages(context.store, context.namespaces, stages.__getitem__)


def segment(context: Any, sample: Sample) -> list[Part]:
    """Section 3.1: DINO, and what makes segments of its features."""
    segmenter = context.make_stage("segment")
    segmenter.dino.compute_features = features = Stopwatch(segmenter.dino.compute_features)
    tree, seconds = timed(stored(context, segment=segmenter).segment, sample)
    rows, columns = segmenter.dino.compute_grid(*segmenter.dino.load(sample.image).shape[:2])
    return [
        Part("DINO", rows * columns, "places", features.seconds),
        Part("Ward tree, second stage, CRF", len(tree.heap_ids), "segments", seconds - features.seconds),
    ]


def encode(context: Any, sample: Sample) -> list[Part]:
    """Section 3.2: the layers that all segments share, and the masked ones of each segment."""
    encoder, masks = context.make_stage("encode"), context.stages.segment(sample).make_masks()
    encoder.compute_trunk = trunk = Stopwatch(encoder.compute_trunk)
    _, seconds = timed(stored(context, encode=encoder).embed, sample, masks)
    return [
        Part("trunk", 1, "image", trunk.seconds),
        Part("masked layers", len(masks), "segments", seconds - trunk.seconds),
    ]


def caption(context: Any, sample: Sample) -> list[Part]:
    """Section 3.3: one token and one iteration, and from them the paper's settings."""
    captioner, tree = context.make_stage("caption"), three(context.stages.segment(sample))
    clip = Stopwatch(captioner.search.features)
    captioner.search = replace(captioner.search, features=clip)
    _, seconds = timed(
        stored(context, caption=captioner).describe, sample, context.stages.embed(sample, tree.make_masks())
    )
    texts, language, rows = len(clip.texts), seconds - clip.seconds, captioner.search.rows
    return [
        Part("candidates in CLIP, 1 token, 1 iteration", texts, "texts", clip.seconds),
        Part(f"language model, 1 token, 1 iteration, batch of {rows}", len(tree.heap_ids), "segments", language),
        *extrapolated(texts, clip.seconds, language, rows),
    ]


def extrapolated(texts: int, clip: Seconds, language: Seconds, rows: int) -> list[Part]:
    """Captions at `FULL`, from the seconds of CLIP for one context and of the language model for one batch.

    No beam ends early. All segments share the context of the first token; after it every beam has its own. The
    iterations of a token have the same candidates at the least, no common ones at the most.
    """
    from bench.caption.zerocap import SEGMENTS_AT_ONCE as AT_ONCE

    segments, later, beams, iterations = FULL["segments"], FULL["tokens"] - 1, FULL["beams"], FULL["iterations"]
    groups = [min(AT_ONCE, segments - start) for start in range(0, segments, AT_ONCE)]
    batches = iterations * sum(math.ceil(g / rows) + later * math.ceil(g * beams / rows) for g in groups)
    least = texts * (1 + segments * beams * later)
    told = ", ".join(f"{count} {name}" for name, count in FULL.items())
    return [
        Part("candidates in CLIP, at least", least, "texts", clip * (least / texts), told),
        Part("candidates in CLIP, at most", least * iterations, "texts", clip * (least * iterations / texts), told),
        Part("language model", batches, "batches", language * batches, told),
    ]


def merge(context: Any, sample: Sample) -> list[Part]:
    """Section 3.4 on the captioned segments: the decisions, and the merged ones embedded and captioned."""
    tree, merger = three(context.stages.segment(sample)), context.make_stage("merge")
    stages = stored(context, encode=context.make_stage("encode"), caption=context.make_stage("caption"))
    # Everything merges here, so there are as many parents as decisions.
    steps = (lambda masks: stages.embed(sample, masks)), (lambda found: stages.describe(sample, found))
    merged, seconds = timed(merger, tree, *steps)
    return [Part("parents embedded and captioned, 1 token, 1 iteration", len(merged.decisions), "parents", seconds)]


def score(context: Any, sample: Sample) -> list[Part]:
    """Section 4: both mappings to 59 names, and all scores against squares of 16 classes in the place of labels."""
    from bench.data.class_tables import load_class_list
    from bench.mapping.similarity import SegmentToText, TextToText
    from bench.metric_name import Naming
    from bench.overlap.table import make_overlap
    from bench.score.evaluate import evaluate
    from bench.score.presets import make_protocol

    classes, tree = load_class_list("context59"), three(context.stages.segment(sample))
    vectors = (embeddings := context.stages.embed(sample, tree.make_masks())).vectors
    texts = context.stages.describe(sample, embeddings).texts
    tt, sentence = timed(TextToText(context.load_model("sentence"), classes.names), texts)
    st, clip = timed(SegmentToText(context.load_model("clip"), classes.names), vectors)
    prediction = Prediction(sample.image_id, tree.make_masks(), texts, vectors)
    table, counting = timed(make_overlap, prediction, replace(sample, truth=squares(*sample.size)), tt, st)
    none = TrueSegmentTexts(sample.image_id, np.zeros(0, np.int32), np.zeros(0, np.int64), None, None)
    given = ([table], [none], classes, make_protocol("paper"), Naming("photograph", "all", classes.name))
    scores, scoring = timed(evaluate, *given)
    return [
        Part("TT: sentence encoder", len(classes) + len(set(texts)), "texts", sentence),
        Part("ST: CLIP", len(classes), "texts", clip),
        Part("overlap table", len(prediction), "segments", counting),
        Part("scores with intervals", len(scores.table), "numbers", scoring),
    ]


def squares(height: int, width: int) -> np.ndarray:
    """4 x 4 rectangles of the classes 0 to 15, int16 [h, w]."""
    rows, columns = np.arange(height) * 4 // height, np.arange(width) * 4 // width
    return (rows[:, None] * 4 + columns).astype(np.int16)


def three(tree: SegmentTree) -> SegmentTree:
    """Two siblings and a third leaf as a tree of their own; all other pixels are in no segment (-1)."""
    from bench.segment.tree import get_sibling, promote

    ids = tree.heap_ids
    left = next((i for i in ids if i and get_sibling(i) in ids), 0)
    chosen = [left, get_sibling(left), *(i for i in ids if i not in (left, get_sibling(left)))][:3] if left else []
    if len(chosen) < 3:
        raise UserError(f"{len(ids)} segments are too few: say segment.prune_threshold=2 segment.crf=none")
    leaves = np.full_like(tree.leaves, -1)
    for place, node in enumerate(chosen):
        leaves[tree.leaves == ids.index(node)] = place
    return SegmentTree(leaves, promote(chosen))


STAGES: dict[str, tuple[Callable[[Any, Sample], list[Part]], tuple[str, ...]]] = {
    "segment": (segment, ("dino",)),
    "encode": (encode, ("clip",)),
    "caption": (caption, ("clip", "language")),
    "merge": (merge, ("clip", "language")),
    "score": (score, ("clip", "sentence")),
}
"""What measures a stage, and the models that are loaded before the clock runs."""
