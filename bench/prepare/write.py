"""Section 4.4: a prepared set on disk, whole or not at all: made beside the old one, exchanged, marked last."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench import __version__
from bench.data.class_tables import load_class_table
from bench.data.prepared import ABOUT, ARROW, FORMAT, OBJECTS, WITH_OBJECTS
from bench.data.publishers import PUBLISHERS
from bench.data.whole import DIGEST, hash_arrow_files, hash_ids
from bench.errors import UserError
from bench.prepare.convert import Row, make_rows
from bench.prepare.plan import Plan
from bench.prepare.tally import Tally, make_histogram
from bench.store.files import write_atomically
from bench.store.locks import Busy, hold_lock
from bench.store.sealed import seal

SHEET = "check.png"
_BUILDING, _LOCK = ".building", ".lock"
_OURS = {ABOUT, ARROW, SHEET, _BUILDING, _LOCK}


def write(plan: Plan, to: Path, jobs: int | None, partial: bool) -> dict[str, Any]:
    """Make the set and say what it is, all but the marker that `finish` writes. On a `UserError` the old set stays."""
    with _lock_folder(to):
        building = to / _BUILDING
        shutil.rmtree(building, ignore_errors=True)  # of a run that was killed
        building.mkdir()
        try:
            tally = _write_arrow(plan, building, jobs)
            _refuse(tally, plan, partial)
            _refuse_empty_objects(tally, plan)
            (to / ABOUT).unlink(missing_ok=True)
            shutil.rmtree(to / ARROW, ignore_errors=True)
            (building / ARROW).rename(to / ARROW)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return _describe_set(plan, tally) | {"files": hash_arrow_files(to / ARROW)}


def finish(to: Path, about: dict[str, Any]) -> None:
    """Finish a set by its marker, written last: from now on the set counts as finished."""
    write_atomically(to / ABOUT, seal(about))


def _write_arrow(plan: Plan, building: Path, jobs: int | None) -> Tally:
    from datasets import Dataset, Features, Image, Value, disable_progress_bars
    from datasets.arrow_writer import ArrowWriter

    disable_progress_bars()  # ours tells more
    text = Value("string")
    columns = {"image_id": text, "image": Image(), "label": Value("binary"), "licence": text, DIGEST: Value("binary")}
    features = Features(columns | ({OBJECTS: Value("binary")} if plan.has_objects else {}))
    tally, licence = Tally(), PUBLISHERS[plan.name].licence
    path = building / "rows.arrow"
    with ArrowWriter(features=features, path=str(path)) as writer:
        done = tqdm(make_rows(plan, jobs), total=len(plan.items), desc=f"{plan.name} {plan.split}", unit=" images")
        for item, row in zip(plan.items, done, strict=True):
            if isinstance(row, Row):
                tally.add(row.image_id, row.pixels, row.digest, row.number)
                image = {"bytes": row.image, "path": item.image.name}
                columns_of_row = {"image_id": row.image_id, "image": image, "label": row.label, "licence": licence}
                more = {OBJECTS: row.objects} if plan.has_objects else {}
                writer.write(columns_of_row | {DIGEST: row.digest} | more)
            else:
                tally.left_out[item.image_id] = row
        writer.finalize()
    if tally.rows:
        Dataset.from_file(str(path)).save_to_disk(str(building / ARROW))
    return tally


def _refuse(tally: Tally, plan: Plan, partial: bool) -> None:
    if tally.left_out and not (partial and tally.rows):
        first = next(iter(tally.left_out.values()))
        raise UserError(
            f"{len(tally.left_out):,} of {len(plan.items):,} images cannot be used, the first: {first}; put the "
            "publisher's files in their place, or add --partial to leave them out"
        )


def _refuse_empty_objects(tally: Tally, plan: Plan) -> None:
    """Raise `UserError` where files of objects hold none, though there are things: PQ would count nothing of them."""
    folders = [item.objects.parent for item in plan.items if item.objects is not None]
    things = {row.id for row in load_class_table(PUBLISHERS[plan.name].class_list).rows if row.thing}
    if folders and not tally.objects and things & tally.pixels.keys():
        most = max(tally.images[i] for i in things)
        raise UserError(
            f"{folders[0]}: no object in any of {tally.rows:,} images, though things are in at least "
            f"{most:,} of them; unpack these files again, or move them away to prepare without objects"
        )


def _describe_set(plan: Plan, tally: Tally) -> dict[str, Any]:
    publisher = PUBLISHERS[plan.name]
    objects = {"objects": tally.objects} if plan.has_objects else {}
    return {
        "format": WITH_OBJECTS if plan.has_objects else FORMAT,
        "name": plan.name,
        "class_list": publisher.class_list,
        "split": plan.split,
        "images": tally.rows,
        "published": publisher.splits[plan.split].published,
        "fingerprint": tally.total.hexdigest(),
        "ids": hash_ids(tally.ids),
        "source": plan.source | {"remarks": list(plan.remarks), "left_out": tally.left_out},
        "background": publisher.background,
        "histogram": make_histogram(publisher.class_list, tally.pixels, tally.images),
        "missing": sorted([*plan.missing, *tally.left_out]),
        "licence": publisher.licence,
        "made": {"zgs": __version__} | {name: version(name) for name in ("datasets", "numpy", "pillow", "scipy")},
    } | objects


@contextmanager
def _lock_folder(to: Path) -> Iterator[None]:
    """Lock a folder of our own, with one writer at a time; the system frees it even when the process is killed."""
    if to.exists() and not to.is_dir():
        raise UserError(f"--to {to} is a file; name a folder")
    others = sorted(path.name for path in to.iterdir() if path.name not in _OURS) if to.is_dir() else []
    if others:
        raise UserError(f"--to {to} holds other files ({others[0]}); name a new folder or one that zgs has prepared")
    to.mkdir(parents=True, exist_ok=True)
    try:
        with hold_lock(to / _LOCK, wait=False):
            yield
    except Busy as error:
        raise UserError(f"--to {to}: another zgs prepare is writing there; wait for it") from error
