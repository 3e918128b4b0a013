"""Sections 3.1 to 3.4 for a whole run: images to a predictions file, each image loaded and merged once.

A worker predicts one image and keeps its entry in the store; the file is those entries one after the other. Beside it
the vectors of all texts are left in the store, so that scoring the file loads no model.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import torch  # noqa: F401  # so that the fork server of workers imports it once

from bench.errors import BadSample, UserError
from bench.mapping.similarity import SegmentToText, TextToText
from bench.pipeline import Pipeline
from bench.predictions.parse import Described
from bench.predictions.write import ImageEntry, make_entry, write_entries
from bench.records import Sample
from bench.run.context import RunContext
from bench.run.crash import contain_errors
from bench.run.executor import Map
from bench.run.job_progress import PREDICT, ImageBar
from bench.run.predicted import Outcome, Predicted
from bench.run.stopwatch import Stopwatch
from bench.store.entries import Entry, make_record, make_store_entry
from bench.store.files import StoreStats
from bench.store.identity import keep_addresses, read_addresses
from bench.store.keys import hash_arrays
from bench.store.locks import Busy
from bench.store.stages import make_item_name
from bench.system.memory import explain_memory_errors
from bench.system.pages import isolate
from bench.system.remember import Memory
from bench.system.resources import read_own_memory
from bench.system.start import bound_kernels_beside

ONE = "executor.workers=1"
SMALLER = {
    "encode": f"{ONE}, or a smaller encode.micro_batch where the variant has one",
    "caption": f"{ONE}, or a smaller caption.rows or caption.beams",
}
"""By stage, the settings that need less memory."""
TEXTS = "texts"
START, PATIENCE = 2.0, 20.0
"""Processor seconds that a pool of workers takes to start, libraries and all, and the most that is waited meanwhile."""


PREDICTED: Memory[Predicted] = Memory(16)
"""Runs whose predictions this process remembers: addresses in the store, a hundred bytes an image."""


def predict_images(context: RunContext, ids: Sequence[str], work: Map) -> Predicted:
    """Predict all images, with a bar that estimates the end; return what became of them.

    Images that another run is working on come last: runs that share a store share the work. The first ones that the
    store holds are read here, so that a run that lacks nothing starts no worker.
    """
    settings, predicted = _write_settings(context), Predicted()
    with ImageBar(PREDICT, len(ids)) as progress:
        for outcome in _read_stored(context, ids):
            predicted.add(outcome)
            progress.update()
        todo = [image_id for image_id in ids if image_id not in predicted.items]
        for wait in (False, True) if todo else ():
            jobs, names = [(settings, i, wait) for i in todo], [f"predict of {i}" for i in todo]
            todo = []
            for outcome in work(predict_image, jobs, names):
                predicted.add(outcome)
                progress.update(not outcome.busy)
                todo += [outcome.image_id] if outcome.busy else []
    return predicted


def predict_once(context: RunContext, ids: Sequence[str], work: Map) -> Predicted:
    """Predict all images as `predict_images`, but once in this process for all runs that differ only in their scoring.

    What a run of the same keys has predicted here is taken over where the store still holds all of it.
    """
    key = str(context.store.root.absolute()), context.keys, context.identity.fingerprint, ids
    known = PREDICTED.find(*key)
    if known and all(context.store.has(context.predictions, item) for item in known.items.values()):
        predicted = known.as_found((context.predictions.stage, TEXTS))
    else:
        predicted = predict_images(context, ids, work)
        keep_addresses(context.dataset, context.settings["data"], context.store, ids, predicted.items)
    return PREDICTED.keep(predicted, *key)


def write_predictions_of(context: RunContext, predicted: Predicted, ids: Sequence[str], path: Path) -> Path:
    """Write the predictions file from the entries in the store, in the order of ``ids``; return its path.

    Where embeddings stand in the file itself, the .npz of the same run without that goes.
    """
    about = {"run": context.name, "models": context.settings["models"]["name"]}

    def read_entries() -> Iterator[ImageEntry]:
        for image_id in ids:
            if image_id in predicted.items:
                yield read_entry(context, predicted, image_id)

    inlined, embedder = context.run.embeddings == "inline", None if context.has_baseline else context.embedder
    written = write_entries(path, read_entries(), about, embedder, inlined)
    if inlined:
        path.with_suffix(".npz").unlink(missing_ok=True)
    return written


def read_entry(context: RunContext, predicted: Predicted, image_id: str) -> ImageEntry:
    """Read what `predict_image` has kept of an image; one that was damaged or lost meanwhile is predicted again."""
    entries = context.store.read(context.predictions, predicted.items[image_id])
    if "entry" not in entries:
        predicted.add(predict_image(_write_settings(context), image_id))
        entries = context.store.read(context.predictions, predicted.items[image_id])
    if "entry" not in entries:
        raise UserError(f"{context.predictions.folder}: {image_id} was lost meanwhile; run the same command again")
    return make_record(ImageEntry, entries["entry"])


def _write_settings(context: RunContext) -> str:
    """Write the settings and keys of a run as `predict_image` takes them: JSON."""
    return json.dumps({**context.settings, "keys": context.keys})


@lru_cache(maxsize=1)
def _open_context(settings: str) -> RunContext:
    """Open data, store and stages of the current run; models outlive it (`bench.run.context`)."""
    context = RunContext(json.loads(settings))
    bound_kernels_beside(context.settings["models"])
    context.check_keys()
    return context


def _read_stored(context: RunContext, ids: Sequence[str]) -> Iterator[Outcome]:
    """Give the outcomes of the first images whose entries are in the store, for as long as workers take to start.

    That is counted in processor seconds: on a busy machine a pool would start late, too. A slow store has `PATIENCE`.
    """
    stats, end, late = context.store.stats, time.process_time() + START, time.monotonic() + PATIENCE
    if not any(context.predictions.folder.glob("*.safetensors")):  # a new run: no image is loaded twice
        return
    known = read_addresses(context.settings["data"], context.store, ids)
    try:
        for image_id in ids:
            load = cache(partial(context.dataset.load, image_id))
            item = known.get(image_id) or _make_entry_name(load())
            over = time.process_time() > end or time.monotonic() > late
            if over or not context.store.has(context.predictions, item):
                return
            yield _predict(context, image_id, True, load, item)
    except BadSample:  # a worker tells of it in its turn
        return
    finally:
        context.store.stats = stats


@contain_errors
def predict_image(settings: str, image_id: str, wait: bool = True) -> Outcome:
    """Take settings (JSON) and an image, keep its entry and the vectors of its texts in the store.

    An image that cannot be used is an outcome, not an error. Neither is one that another process works on, unless this
    one is to ``wait`` for it.
    """
    return _predict(_open_context(settings), image_id, wait)


def _predict(
    context: RunContext, image_id: str, wait: bool, load: Callable[[], Sample] | None = None, item: str = ""
) -> Outcome:
    """Predict an image, which ``load`` gives as often as it is asked; ``item`` is its address where that is known."""
    watch, load = Stopwatch(), load or cache(partial(context.dataset.load, image_id))
    context.store.stats, context.store.patient = StoreStats(), wait
    try:
        with explain_memory_errors(f"predict of {image_id}", ONE), watch.measure("merge"):
            item = item or _make_entry_name(load())
            entry = _fill_entry(context, load, item, watch)
            with watch.measure(TEXTS):
                isolate(_encode_texts)(context, entry)
    except BadSample as error:
        return Outcome(image_id, skipped=str(error))
    except Busy:
        return Outcome(image_id, busy=True, stats=context.store.stats)
    peak = read_own_memory("VmHWM") or 0
    return Outcome(image_id, item, seconds=watch.seconds, stats=context.store.stats, peak=peak)


def _fill_entry(context: RunContext, load: Callable[[], Sample], item: str, watch: Stopwatch) -> ImageEntry:
    """Fill an image's entry in the store where it is missing at its address; return it."""

    def make(_: list[str]) -> dict[str, Entry]:
        return {"entry": make_store_entry(_make_image_entry(context, load(), watch))}

    return make_record(ImageEntry, context.store.fill(context.predictions, item, ["entry"], make)["entry"])


def _make_entry_name(sample: Sample) -> str:
    return f"{make_item_name(sample)}-{hash_arrays(sample.truth)}"


def _make_image_entry(context: RunContext, sample: Sample, watch: Stopwatch) -> ImageEntry:
    """Make an entry by sections 3.1 to 3.4, with what is said of the true segments where that tells anything new."""
    if context.baseline:  # a whole system in their place, which says nothing of true segments
        with watch.measure("baseline"):
            prediction = context.baseline(sample, context.classes.names, context.has_background)
        return make_entry(prediction, None)
    classes, stages = context.dataset.classes, context.stages

    def step(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        return partial(_measure_call, call, watch, name, f"{name} of {sample.image_id}")

    steps = step("segment", stages.segment), step("encode", stages.embed), step("caption", stages.describe)
    pipeline = Pipeline(*steps, context.merge)
    if classes is not None and sample.truth is None:
        raise BadSample(f"image {sample.image_id}: it has no labels, so it has no oracle segments")
    if classes is None or not context.has_oracle:
        return make_entry(pipeline.predict(sample), None)
    prediction, true = pipeline.predict_with_truth(sample)
    names = tuple(classes.names[i] for i in true.classes)
    return make_entry(prediction, Described(names, true.captions.texts, true.embeddings.vectors))


def _measure_call(call: Callable[..., Any], watch: Stopwatch, name: str, what: str, *arguments: Any) -> Any:
    with explain_memory_errors(what, SMALLER.get(name, ONE)), watch.measure(name):
        return call(*arguments)


def _encode_texts(context: RunContext, entry: ImageEntry) -> None:
    """Leave the vectors of an image's texts and of the classes in the store, list by list as scoring asks for them."""
    classes = context.dataset.classes
    if classes is None:
        return
    image, by_text = json.loads(entry.line), TextToText(context.give_encoder("tt"), classes.names, classes.aliases)
    lists = [[s["text"] for s in image["segments"]], [s["text"] for s in image.get("oracle", ())]]
    by_text.vectors  # noqa: B018
    if "st" in context.measured:
        SegmentToText(context.give_encoder("st"), classes.names, aliases=classes.aliases).vectors  # noqa: B018
    for said in ([text for text in texts if text.strip()] for texts in lists):
        if said:
            context.give_encoder("tt").encode(said)
