"""Section 4.3, the one pass over pixels: stored predictions against the truth, image by image, as overlap tables.

A table depends on the image's entry in the predictions, on the data and on the code, and on nothing of a protocol but
what it makes of overlapping segments; so a second protocol finds all tables in the store and touches no pixel.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from bench.data.base import list_whole_split, load_coded, load_truth
from bench.errors import BadSample, StrayNumber
from bench.overlap.table import make_overlap as overlap_table
from bench.predictions.beside import find_beside
from bench.predictions.index import Place
from bench.predictions.overlapping import settle_overlaps
from bench.predictions.parse import parse_image
from bench.predictions.proportions import describe_misfit
from bench.predictions.source import PredictionFile, describe_place, read_bytes, read_entry, require_sound
from bench.records import LabelMap, Overlap, Prediction, Sample
from bench.run.executor import Map, call_here
from bench.run.job_progress import ImageBar
from bench.settings.instantiate import make_object
from bench.store.entries import make_record, make_store_entry
from bench.store.facts.machine import describe_machine
from bench.store.files import Namespace, Store, StoreStats
from bench.store.identity import Identity
from bench.store.keys import collect_inputs, hash_alone, make_stage_key, read_library_versions
from bench.system.hashing import hash_file

T = TypeVar("T")
_FEW = 8
"""Images that are not worth starting processes for."""
_ALONE = 4.0
"""Processor seconds for which this process works alone: starting others costs as much as most files."""
_MODULES = (
    "bench.overlap.table", "bench.predictions.overlapping", "bench.predictions.parse", "bench.predictions.source",
)  # fmt: skip
_NOT_IN_A_TABLE = ("root", "subset", "shard")
"""Which images are asked for, and where they lie: a table is of one image, whose data set counts by its content."""


@dataclass(frozen=True)
class Task:
    """One image, with all that a worker needs; ``place`` is None where the file has no prediction for it.

    ``item`` is the address in the store.
    """

    image_id: str
    item: str
    path: Path
    place: Place | None
    overlap: str
    data: str
    namespace: Namespace


@dataclass
class Tables:
    """The tables in the order of the ids, without similarities; reasons of skips; images whose sizes differ.

    ``misfits`` are images whose masks have other proportions, with what is wrong with them.
    ``known`` is what protocols have measured of these tables, for those that come after.
    """

    tables: dict[str, Overlap] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    resized: int = 0
    misfits: dict[str, str] = field(default_factory=dict)
    known: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    def make_once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Make something once: what ``make`` gives to the first protocol that asks."""
        if key not in self.known:
            self.known[key] = make()
        made: T = self.known[key]
        return made


def make_tables(
    file: PredictionFile, ids: Sequence[str], data: Mapping[str, Any], identity: Identity, store: Store,
    overlap: str = "all", work: Map = call_here,
) -> Tables:  # fmt: skip
    """Take predictions and images, return a table for each: from the store where it is there, else from pixels.

    An image that the file does not have gets the table of an empty prediction. Raises UserError that names file, image
    and segment for a prediction that cannot be read; an image without usable truth is skipped with its reason.
    """
    namespace, options = open_table_namespace(data, identity, store), json.dumps(dict(data))
    tasks = [_make_task(file, image_id, overlap, options, namespace) for image_id in ids]
    made = Tables()
    with ImageBar("overlap", len(tasks)) as bar:
        for task, (record, sizes, skipped, stats) in zip(tasks, _fill_tables(tasks, store, work), strict=True):
            bar.update()
            store.stats.add(stats)
            made.resized += bool(sizes and sizes[0] != sizes[1])
            if fault := describe_misfit(*sizes) if sizes and record and len(record.areas) else None:
                made.misfits[task.image_id] = f"{file.describe_place(task.image_id)}: {fault}"
            if record is None:
                made.skipped[task.image_id] = skipped
            else:
                made.tables[task.image_id] = record
    return made


def open_table_namespace(data: Mapping[str, Any], identity: Identity, store: Store) -> Namespace:
    """Open the namespace of all tables of a data set, whoever predicted."""
    made = collect_inputs({key: value for key, value in data.items() if key not in _NOT_IN_A_TABLE}, *_MODULES)
    key_inputs = made | {
        "data": identity.fingerprint,
        "source": [made["source"], identity.source],
        "calling": hash_alone([__name__]),
        "machine": describe_machine("cpu"),
        "libraries": read_library_versions(),
        "sizes": "both",
    }
    return store.open_namespace("table", make_stage_key("table", key_inputs), key_inputs)


Sizes = tuple[tuple[int, int], tuple[int, int]]
"""Height and width of the masks of an image, and of its truth."""
Outcome = tuple[Overlap | None, Sizes | None, str, StoreStats]


def _fill_tables(tasks: list[Task], store: Store, work: Map) -> Iterator[Outcome]:
    """Make the tables, in the order of the tasks; what takes longer than `_ALONE` is shared out among workers."""
    begin = time.process_time()
    for at, task in enumerate(tasks):
        if time.process_time() - begin > _ALONE:
            yield from _share_out(tasks[at:], store, work)
            return
        yield _fill_table(task)


def _share_out(tasks: list[Task], store: Store, work: Map) -> Iterator[Outcome]:
    """Share the tables out, in the order of the tasks: workers make those that are missing in the store."""
    missing = [task for task in tasks if not store.has(task.namespace, task.item)]
    if len(missing) <= _FEW:
        yield from map(_fill_table, tasks)
        return
    names, chunk = [f"the table of {task.image_id}" for task in missing], max(1, min(16, len(missing) // 8))
    made, absent = (
        work(_fill_table, [(task,) for task in missing], names, chunk, ordered=True),
        {t.item for t in missing},
    )
    for task in tasks:
        yield next(made) if task.item in absent else _fill_table(task)


def _fill_table(task: Task) -> Outcome:
    store = Store(task.namespace.root)
    try:
        entry = store.fill_lightly(task.namespace, task.item, ["overlap"], lambda _: _make_entries(task))
    except BadSample as error:
        return None, None, str(error), store.stats
    both = entry["sizes"][1]["both"] if task.place else None
    sizes = (tuple(both[0]), tuple(both[1])) if both else None
    return make_record(Overlap, entry["overlap"]), sizes, "", store.stats


def _make_entries(task: Task) -> dict[str, Any]:
    """Make the table; what pictures hold is looked at while it is counted, and once more where that finds a fault."""
    try:
        prediction, sample = _read_both(task, look=False)
        record = overlap_table(prediction, sample)
    except StrayNumber:
        prediction, sample = _read_both(task, look=True)
        record = overlap_table(prediction, sample)
    return {"overlap": make_store_entry(record), "sizes": ({}, {"both": (prediction.size, sample.size)})}


def _read_both(task: Task, look: bool) -> tuple[Prediction | LabelMap, Sample]:
    dataset = _make_dataset(task.data, task.namespace.key)
    return _read_prediction(task, look), (load_truth if look else load_coded)(dataset, task.image_id)


def _read_prediction(task: Task, look: bool) -> Prediction | LabelMap:
    if task.place is None:
        return Prediction(task.image_id, np.zeros((0, 1, 1), bool), ())
    place, entry = describe_place(task.path, task.place, task.image_id), read_entry(task.path, task.place)
    segments = require_sound(parse_image(place, entry, task.path.parent, look=look)).segments
    assert segments is not None, "a sound entry has them"
    return settle_overlaps(segments, task.overlap, place)


def _make_task(file: PredictionFile, image_id: str, overlap: str, data: str, namespace: Namespace) -> Task:
    """Make a task; its address is the image, with a digest of entry, label map and what becomes of overlaps."""
    if image_id not in file:
        return Task(image_id, f"{image_id}-none", file.path, None, overlap, data, namespace)
    place = file.find_place(image_id)
    digest = hashlib.sha256(read_bytes(file.path, place) + overlap.encode())
    if place.label_map is not None:
        digest.update(_digest_label_map(file.path.parent, place.label_map))
    return Task(image_id, f"{image_id}-{digest.hexdigest()[:16]}", file.path, place, overlap, data, namespace)


def _digest_label_map(folder: Path, name: str) -> bytes:
    try:
        return bytes.fromhex(hash_file(find_beside(folder, name)))
    except (BadSample, OSError):  # reading the image will say what is wrong
        return b""


@lru_cache(maxsize=1)
def _make_dataset(options: str, key: str) -> Any:
    """Make the data set, once for its options and contents (``key``): files may change between two calls."""
    return make_object(json.loads(options))


def compare_ids(file: PredictionFile, dataset: Any) -> tuple[list[str], list[str], list[str]]:
    """Return the images that the file lacks; those of it that the split lacks; those of it beside the subset."""
    wanted = dataset.list_ids()
    inside = set(wanted)
    split = inside.union(list_whole_split(dataset))
    unknown = [image_id for image_id in file if image_id not in split]
    return [i for i in wanted if i not in file], unknown, [i for i in file if i in split and i not in inside]
