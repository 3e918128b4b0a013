"""The runs of a report site, opened: predictions, data, numbers where they are stored, and what is missing in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.data.base import Dataset, make_full_name
from bench.errors import UserError
from bench.predictions.source import PredictionFile
from bench.report.pictures.side_by_side import ShownRun, read_shown_run
from bench.report.runs import label_runs
from bench.report.site.differing import describe_images, describe_models, describe_protocols
from bench.run.run_folder import has_scores, read_image_scores
from bench.settings.instantiate import make_object
from bench.settings.saved import read_run_settings
from bench.store.sealed import check_intact, has_file, read_record

if TYPE_CHECKING:
    from bench.run.stored_records import StoredRecords

Missing = dict[str, str]
"""What is missing, and why."""
LEFT_OUT = "a run"
"""What is missing where a run was left out before any was opened."""


@dataclass(frozen=True, eq=False)
class SiteRun:
    """One run as the site shows it; ``records`` is None where its numbers stand still."""

    shown: ShownRun
    dataset: Dataset
    settings: Mapping[str, Any]
    record: Mapping[str, Any]
    records: StoredRecords | None
    ids: Sequence[str]
    """Images that it was of, whether they are still there or not."""

    @property
    def name(self) -> str:
        """What the run is called among the others."""
        return self.shown.variant

    @property
    def skipped(self) -> dict[str, str]:
        """Images that the run left out, with reasons."""
        return dict(self.record.get("skipped", {}))


@dataclass(frozen=True, eq=False)
class SiteRuns:
    """Runs of one data set, the options of the protocol that moves their numbers, and what is missing."""

    runs: Sequence[SiteRun]
    protocol: Mapping[str, Any] | None
    ids: Sequence[str]
    missing: list[Missing] = field(default_factory=list)


def open_runs(folders: Sequence[Path], unfinished: Iterable[str] = (), most: int | None = None) -> SiteRuns:
    """Open the runs of a site; ``unfinished`` says of others why they are not there, ``most`` how many images to show.

    Runs of other data or class lists than the first are left out and told; where protocols differ, the first run's
    moves the numbers of all.
    """
    from bench.run.stored_records import list_run_protocols

    names, missing = label_runs(folders), [_tell(LEFT_OUT, line) for line in unfinished]
    datasets = _open_data(folders, names, missing)
    first = _describe_data(next(iter(datasets.values())))
    kept = [folder for folder, dataset in datasets.items() if _describe_data(dataset) == first]
    missing += [
        _tell(names[folder], f"is of other data ({_name_data(dataset)}); make a site of its own for it")
        for folder, dataset in datasets.items() if folder not in kept
    ]  # fmt: skip
    scored = [folder for folder in kept if has_scores(folder)]
    protocol = list_run_protocols(scored[0])[0] if scored else None
    names = label_runs(kept)  # a run that is left out changes no other's name
    runs = [_open_run(folder, names[folder], datasets[folder], protocol, missing) for folder in kept]
    ids = sorted({image_id for run in runs for image_id in run.ids})
    told = [*describe_images({run.name: run.ids for run in runs}), *_tell_protocols(runs, protocol)]
    missing[:0] = [_tell(*each) for each in told]
    if most is not None and most < len(ids):
        missing.append(_tell("pictures", f"of {most} of {len(ids)} images (pictures={most}); numbers are of all"))
    return SiteRuns(runs, protocol, ids, missing)


def _open_data(folders: Sequence[Path], names: Mapping[Path, str], missing: list[Missing]) -> dict[Path, Dataset]:
    """Open the data of each run; one whose data are not there any more is told. Raises UserError where none is left."""
    found: dict[Path, Dataset] = {}
    for folder in folders:
        try:
            found[folder] = make_object(read_run_settings(folder)["data"])
        except UserError as error:
            if len(folders) == 1:
                raise
            missing.append(_tell(names[folder], f"is left out: {' '.join(str(error).split())}"))
    if not found:
        raise UserError(f"no run's data are there any more; the last: {missing[-1]['why']}")
    return found


def list_run_ids(folder: Path, dataset: Dataset, record: Mapping[str, Any]) -> tuple[str, ...]:
    """List the images that a run was of: its ids.txt, or of scored predictions those that were scored or left out."""
    if has_file(folder, "ids.txt"):
        return tuple(check_intact(folder, "ids.txt").read_text(encoding="utf-8").splitlines())
    scored = read_image_scores(folder).index.astype(str) if has_file(folder, "per_image.parquet") else ()
    return tuple(sorted({*scored, *record.get("skipped", {})} or set(dataset.list_ids())))


def _open_run(
    folder: Path, name: str, dataset: Dataset, protocol: Mapping[str, Any] | None, missing: list[Missing]
) -> SiteRun:
    from bench.run.stored_records import read_stored_records

    shown, settings, record = read_shown_run(folder, name), read_run_settings(folder), read_record(folder)
    file, records = shown.predictions, None
    assert isinstance(file, PredictionFile), "what a finished run shows is read from its file"
    if protocol is not None and not has_scores(folder):
        missing.append(_tell(name, "has no scores: `zgs score` makes them"))
    elif protocol is not None:
        records = _try(lambda: read_stored_records(folder, file, protocol), name, missing)
    ids = list_run_ids(folder, dataset, record)
    lost = sorted(set(ids).difference(dataset.list_ids()))
    if lost:
        many = f"{len(lost)} of its {len(ids)} images {'is' if len(lost) == 1 else 'are'}"
        why = f"{many} not in the data any more (the first: {lost[0]})"
        lacking = "; numbers that follow the threshold lack them, the last table has them" if records else ""
        missing.append(_tell(name, why + lacking))
    if skipped := record.get("skipped"):
        several, (first, reason) = "s" * (len(skipped) > 1), next(iter(skipped.items()))
        missing.append(_tell(name, f"left out {len(skipped)} image{several}; the first, {first}: {reason}"))
    return SiteRun(shown, dataset, settings, record, records, ids)


def _try(read: Callable[[], StoredRecords], name: str, missing: list[Missing]) -> StoredRecords | None:
    try:
        return read()
    except UserError as error:
        missing.append(_tell(name, f"its numbers do not follow the threshold: {' '.join(str(error).split())}"))
        return None


def _tell_protocols(runs: Sequence[SiteRun], protocol: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Tell of runs that were scored otherwise: another protocol, or other models behind their similarities."""
    from bench.run.stored_records import list_run_protocols

    if protocol is None:
        return []
    scored = {run.name: list_run_protocols(run.shown.folder) for run in runs if has_scores(run.shown.folder)}
    told = ((name, describe_protocols(own, protocol)) for name, own in scored.items())
    models = {run.name: dict(run.records.naming.models) for run in runs if run.records}
    return [*((name, why) for name, why in told if why), *describe_models(models)]


def _describe_data(dataset: Dataset) -> tuple[object, ...]:
    """Describe what has to agree before images of two runs are the same images with the same labels."""
    classes = dataset.classes
    return dataset.name, dataset.split, None if classes is None else (classes.name, classes.names)


def _name_data(dataset: Dataset) -> str:
    return f"{dataset.name}:{dataset.split}" + (f", {dataset.classes.name}" if dataset.classes else "")


def name_data(runs: Sequence[SiteRun]) -> str:
    """Name data set and split of a site, with the subset where all runs are of the same."""
    names = {make_full_name(run.dataset) for run in runs}
    first = runs[0].dataset
    return names.pop() if len(names) == 1 else f"{first.name}:{first.split}"


def _tell(what: str, why: str) -> Missing:
    return {"what": what, "why": why}
