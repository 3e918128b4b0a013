"""One run, top to bottom: the passes in the paper's order, then scores, curves and predictions in a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from tqdm import tqdm

from bench.data.shared import remarks, tuned
from bench.errors import UsageError, UserError, writing
from bench.protocol import Protocol
from bench.records import Oracle, Overlap
from bench.run import scores
from bench.run.context import Builder
from bench.run.executor import Map
from bench.run.provenance import repeat_line
from bench.run.worker import PASSES, UNLABELLED
from bench.run.writing import one_writer
from bench.settings.check import check_settings
from bench.settings.depends import check_name
from bench.settings.instantiate import make
from bench.settings.naming import run_name, variant_name
from bench.settings.trust import packages_of
from bench.store.files import Account, safe_name, write_atomically
from bench.store.keys import library_versions
from bench.store.sealed import write_record
from bench.system import signals
from bench.system.memory import enough_memory
from bench.system.resources import processors
from bench.text.escape import visible

TRACEBACK = "traceback.txt"
"""In the folder of a run that an unexpected error has ended."""


@dataclass
class Progress:
    """What the passes gave so far: tables by image, skips by image with the reason, the store's account, seconds."""

    tables: dict[str, tuple[Overlap, Oracle]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    account: Account = field(default_factory=Account)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """A finished run, as `zgs run` reports it."""

    folder: Path
    expected: int
    skipped: int


@enough_memory("scores and files of the run", "executor.workers=1, fewer images (data.subset) or score.resamples")
def run(settings: Mapping[str, Any], made_by: Mapping[str, Any] | None = None) -> Finished:
    """Make what is missing in the store, score the whole store, leave everything in the run's own folder.

    ``made_by`` goes into the record as it is: what is known of the command behind these settings.
    """
    signals.heed()
    check_settings(settings)
    builder = Builder(settings)
    ids = builder.dataset.ids()
    seen, folder, _ = _seen(builder, ids), prepare_folder(settings), builder.name
    # Made before any work, so that a wrong option fails at once and keys are of the weights as they are now.
    device, executor = builder.device, make(settings["executor"])
    score, tracker, _ = _score(builder), make(settings["tracking"]), builder.shelves
    print(*builder.depends.unknown, sep="\n", end="\n" if builder.depends.unknown else "")
    with executor.session({**settings, "keys": builder.keys}) as work:
        progress = _passes(builder, ids, work)
    found = [image_id for image_id in ids if image_id not in progress.skipped]
    if not found:
        first = next(iter(progress.skipped.values()))
        raise UserError(f"none of the {len(ids)} images could be used; the first: {first}")
    with writing(folder, "out=FOLDER"), one_writer(folder):
        table = scores.write(builder, folder, score, list(progress.tables.values()), len(ids), len(found))
        scores.export(builder, folder, progress.tables, found)
        tracker.log(builder.name, {**settings, "device": device}, table, folder)
        check_name(settings, builder.name)
        # Written when all numbers are: a folder with a record is a finished run. Pictures follow.
        write_atomically(folder / "ids.txt", "".join(f"{image_id}\n" for image_id in ids).encode())
        notes = scores.notes(builder, score, list(progress.tables.values()))
        own = {"notes": notes, "repeat": repeat_line(folder, packages_of(settings))}
        write_record(folder, _record(builder, ids, progress, score) | seen | dict(made_by or {}) | own)
    _say(progress, len(ids), seen)
    print(*notes, sep="\n", end="\n" if notes else "")
    signals.keep(folder)
    return Finished(folder, len(ids), len(progress.skipped))


def folder_of(settings: Mapping[str, Any]) -> Path:
    """Where a run with these settings leaves its results."""
    return Path(settings["out"]) / safe_name(run_name(settings))


def prepare_folder(settings: Mapping[str, Any]) -> Path:
    """The run's folder with the resolved configuration in it."""
    folder = folder_of(settings)
    with writing(folder, "out=FOLDER"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TRACEBACK).unlink(missing_ok=True)
        write_atomically(folder / "config.yaml", yaml.safe_dump(dict(settings), sort_keys=False).encode())
    return folder


def _passes(builder: Builder, ids: Iterable[str], work: Map) -> Progress:
    progress, todo = Progress(), list(ids)
    for name in _names(builder):
        with tqdm(total=len(todo), desc=f"{name:8}", unit="img", dynamic_ncols=True) as bar:
            for outcome in work(name, todo):
                bar.update()
                progress.account.add(outcome.account)
                for part, seconds in ((name, outcome.seconds), ("loading models", outcome.loading)):
                    progress.seconds[part] = progress.seconds.get(part, 0.0) + seconds
                if outcome.skipped:
                    progress.skipped[outcome.image_id] = outcome.skipped
                elif outcome.tables:
                    progress.tables[outcome.image_id] = outcome.tables
        todo = [image_id for image_id in todo if image_id not in progress.skipped]
    return progress


def _names(builder: Builder) -> list[str]:
    if builder.dataset.classes is None:
        return list(UNLABELLED)
    return [name for name in PASSES if name != "oracle" or builder.has_oracle]


def _score(builder: Builder) -> Protocol:
    score = scores.score_of(builder, builder.settings["score"])
    if score.verify == "human":
        raise UsageError("score.verify=human rates predictions that exist: zgs score RUN score.verify=human")
    return score


def _record(builder: Builder, ids: Iterable[str], progress: Progress, score: Protocol) -> dict[str, Any]:
    """What stands beside the numbers: who made them, from what, how much of it was there already."""
    return {
        "run": builder.name,
        "variant": variant_name(builder.settings),
        "score": score.settings(),
        "ids": list(ids),
        "skipped": dict(sorted(progress.skipped.items())),
        "store": progress.account.counts(),
        "damaged": dict(progress.account.damaged),
        "seconds": {name: round(value, 3) for name, value in progress.seconds.items()},
        "device": builder.device,
        "libraries": library_versions(),
        "unknown": builder.depends.unknown,
        "data": builder.identity.fingerprint,
        "over_segments": builder.shelves.segment.key,
        "processors": processors(),
    }


def _seen(builder: Builder, ids: Sequence[str]) -> dict[str, Any]:
    """What of the images lies in other sets or was tuned on; read first, so that a wrong path harms nothing."""
    settings = builder.settings
    return {
        "tuned_on": tuned(settings["tuned_on"], ids),
        "shared": remarks(builder.dataset, settings["data"].get("root")),
        "remark": getattr(builder.dataset, "remark", None),
    }


def _say(progress: Progress, expected: int, seen: Mapping[str, Any]) -> None:
    counts = progress.account.counts().items()
    print("from the store:", ", ".join(f"{s} {c['reused']} of {c['reused'] + c['made']}" for s, c in counts))
    for image_id, reason in sorted(progress.skipped.items()):
        print(visible(f"skipped {image_id}: {reason}"))
    if progress.skipped:
        print(f"{len(progress.skipped)} of {expected} images skipped")
    if tuning := seen["tuned_on"]:
        count, source = len(tuning["shared"]), tuning["source"]
        print(f"{'beware: ' if count else ''}{count} of {expected} images were tuned on ({source})")
    said = [*seen["shared"], *filter(None, [seen["remark"]])]
    print(*map(visible, said), sep="\n", end="\n" if said else "")
