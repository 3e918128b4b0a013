"""Section 4.3, the one pass over pixels: stored predictions against the truth, image by image, as overlap tables.

A table depends on the image's entry in the predictions, on the data and on the code, and on nothing of a protocol but
what it makes of overlapping segments; so a second protocol finds all tables in the store and touches no pixel.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

from bench.errors import BadSample
from bench.evaluate.overlap import overlap as overlap_table
from bench.keys import library_versions, source_digest, stage_key
from bench.predictions.index import Place
from bench.predictions.overlapping import highest_score
from bench.predictions.parse import parse_image
from bench.predictions.source import PredictionFile, read_bytes, sound, where
from bench.records import Overlap, Prediction
from bench.run.build import make
from bench.run.crew import Crew
from bench.run.identity import Identity
from bench.store import Account, Shelf, Store, from_entry, to_entry

T = TypeVar("T")
_FEW = 8
"""Images that are not worth starting processes for."""
_LIBRARIES = ("numpy", "pillow")
_MODULES = ("bench.evaluate.overlap", "bench.predictions.parse", "bench.predictions.overlapping")


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
    shelf: Shelf


@dataclass
class Tables:
    """The tables in the order of the ids, without similarities; reasons of skips; images whose sizes differ.

    ``known`` is what protocols have measured of these tables, for those that come after.
    """

    tables: dict[str, Overlap] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    resized: int = 0
    known: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` gives, made for the first protocol that asks."""
        if key not in self.known:
            self.known[key] = make()
        made: T = self.known[key]
        return made


def tabulate(
    file: PredictionFile, ids: Sequence[str], data: Mapping[str, Any], identity: Identity, store: Store,
    overlap: str = "all", workers: int = 1,
) -> Tables:  # fmt: skip
    """A table for each image of ``ids``: from the store where it is there, else from pixels.

    An image that the file does not have gets the table of an empty prediction. Raises UserError that names file, image
    and segment for a prediction that cannot be read; an image without usable truth is skipped with its reason.
    """
    shelf, told = _shelf(data, identity, store), json.dumps(dict(data))
    tasks = [_task(file, image_id, overlap, told, shelf) for image_id in ids]
    found = Tables()
    with tqdm(total=len(tasks), desc="overlap ", unit="img", dynamic_ncols=True) as bar:
        for task, (record, resized, skipped, account) in zip(tasks, _outcomes(tasks, store, workers), strict=True):
            bar.update()
            store.account.add(account)
            found.resized += resized
            if record is None:
                found.skipped[task.image_id] = skipped
            else:
                found.tables[task.image_id] = record
    return found


def keep(
    file: PredictionFile, records: Mapping[str, tuple[Overlap, bool]], data: Mapping[str, Any], identity: Identity,
    store: Store,
) -> None:  # fmt: skip
    """Put the tables of a run where `tabulate` looks for those of the file that the run has just written.

    Beside each table stands whether the masks have another size than the truth.
    """
    shelf = _shelf(data, identity, store)
    for image_id, (record, differ) in records.items():
        task = _task(file, image_id, "all", "", shelf)
        if not store.has(shelf, task.item):
            plain = replace(record, tt=None, st=None)
            store.add(shelf, task.item, {"overlap": to_entry(plain), "sizes": ({}, {"differ": differ})})


def _shelf(data: Mapping[str, Any], identity: Identity, store: Store) -> Shelf:
    parts = {
        "data": identity.fingerprint,
        "options": {key: value for key, value in data.items() if key not in ("root", "subset")},
        "source": [*map(source_digest, _MODULES), identity.source],
        "libraries": {name: library_versions()[name] for name in _LIBRARIES},
    }
    return store.shelf("table", stage_key("table", parts), parts)


Outcome = tuple[Overlap | None, bool, str, Account]


def _outcomes(tasks: list[Task], store: Store, workers: int) -> Iterator[Outcome]:
    """In the order of the tasks; those that are missing in the store are shared out among processes."""
    missing = sum(not store.has(task.shelf, task.item) for task in tasks)
    if workers < 2 or missing <= _FEW:
        yield from map(_outcome, tasks)
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.run.quiet", __name__])
    crew = Crew(context, workers)
    try:
        names, chunk = [f"the table of {task.image_id}" for task in tasks], max(1, min(16, len(tasks) // workers))
        yield from crew.run(_outcome, [(task,) for task in tasks], names, chunk, ordered=True)
    finally:
        crew.end()


def _outcome(task: Task) -> Outcome:
    store = Store(task.shelf.root)
    try:
        entry = store.fill(task.shelf, task.item, ["overlap"], lambda _: _made(task))
    except BadSample as error:
        return None, False, str(error), store.account
    return from_entry(Overlap, entry["overlap"]), bool(entry["sizes"][1]["differ"]), "", store.account


def _made(task: Task) -> dict[str, Any]:
    prediction, sample = _prediction(task), _dataset(task.data).load(task.image_id)
    record = overlap_table(prediction, sample)
    differ = task.place is not None and sample.size != prediction.masks.shape[1:]
    return {"overlap": to_entry(record), "sizes": ({}, {"differ": differ})}


def _prediction(task: Task) -> Prediction:
    if task.place is None:
        return Prediction(task.image_id, np.zeros((0, 1, 1), bool), ())
    place = where(task.path, task.place, task.image_id)
    entry = json.loads(read_bytes(task.path, task.place).decode("utf-8"))
    prediction, _ = sound(parse_image(place, entry, task.path.parent))
    return highest_score(prediction, place) if task.overlap == "highest_score" else prediction


def _task(file: PredictionFile, image_id: str, overlap: str, data: str, shelf: Shelf) -> Task:
    """The address is the image with a digest of its entry, of its label map and of what becomes of overlaps."""
    if image_id not in file:
        return Task(image_id, f"{image_id}-none", file.path, None, overlap, data, shelf)
    raw = read_bytes(file.path, file.place(image_id))
    digest = hashlib.sha256(raw + overlap.encode())
    if b'"label_map"' in raw:
        digest.update(_label_map(file.path, raw))
    return Task(
        image_id, f"{image_id}-{digest.hexdigest()[:16]}", file.path, file.place(image_id), overlap, data, shelf
    )


def _label_map(predictions: Path, raw: bytes) -> bytes:
    path = predictions.parent / str(json.loads(raw.decode("utf-8")).get("label_map"))
    try:
        return path.read_bytes()
    except (OSError, ValueError):  # reading the image will say what is wrong
        return b""


@lru_cache(maxsize=1)
def _dataset(options: str) -> Any:
    return make(json.loads(options))


def ids_without(file: PredictionFile, ids: Iterable[str]) -> tuple[list[str], list[str]]:
    """Images of the data set that the file lacks, and images of the file that the data set lacks."""
    known = list(ids)
    inside = set(known)
    return [i for i in known if i not in file], [i for i in file if i not in inside]
