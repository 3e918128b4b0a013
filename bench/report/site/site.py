"""Figures 1, 5, 11 and 12 of finished runs as a folder to move about in; opened from disk, without server or network.

``index.html``, what it is made of (`page/`), and data as scripts: ``data/site.js`` for the first screen, the steps of
every number by run and mapping, the segments of every run, and one file an image that is loaded when it comes into
sight. Images are read and written one at a time, and nothing is drawn: the page paints what is looked at.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import bench
from bench.errors import BadSample, UserError, writing
from bench.records import Sample
from bench.report.blocklist import Blocklist
from bench.report.out_of_domain import OUT_OF_DOMAIN, is_out_of_domain, uses_embedded_models
from bench.report.site.image_files import (
    describe_over_segments,
    describe_segments,
    describe_truth,
    write_picture,
)
from bench.report.site.numbers import (
    describe_mapping,
    describe_step_metric,
    list_all_numbers,
    list_intervals,
    list_mappings,
    make_run_steps,
)
from bench.report.site.pack import write_script, write_sheet
from bench.report.site.place import PAGE, begin_site, check_place, finish_site
from bench.report.site.provenance import describe_provenance
from bench.report.site.segments import Texts, pack_segments
from bench.report.site.shown import Missing, SiteRun, SiteRuns, name_data, open_runs
from bench.run.job_progress import ImageBar
from bench.run.run_folder import read_over_segments
from bench.run.writing import read_while_whole
from bench.score.score_table import EMBEDDED_NOTE

_PAPER = "global_subtraction"
"""The variant that is the paper's method: what others are compared with, unless one chooses."""
NO_OVER_SEGMENTS = {
    "what": "over-segments",
    "why": "are not in the store any more; the command of a run (under “Where the numbers come from”) makes them again",
}  # fmt: skip


@read_while_whole
def write_site(
    folders: Sequence[Path], to: Path, pictures: int | None = None, unfinished: Iterable[str] = (),
    blocklist: Blocklist | None = None,
) -> tuple[Path, list[Missing]]:  # fmt: skip
    """Write the site of some runs into a folder; returns its page and what is missing there, in words.

    ``unfinished`` says of runs that are left out why, ``pictures`` bounds the images that are shown (None: all);
    numbers are of all images whatever it is. Raises UserError for a folder that holds anything but a site.
    """
    check_place(to)
    hide = blocklist or Blocklist()
    opened = open_runs(folders, unfinished, pictures)
    with writing(to, "site=FOLDER"):
        begin_site(to)
        data = to / "data"
        classes = next((run.dataset.classes for run in opened.runs if run.dataset.classes is not None), None)
        names = classes.names if classes else ()
        texts = Texts([hide.mask(name) for name in names])
        summary = _write_numbers(opened, data, texts, hide)
        shown = opened.ids if pictures is None else opened.ids[:pictures]
        pictured = _write_images(opened, shown, to, texts, hide)
        opened.missing.extend(_tell_unread(pictured.pop("unread"), len(shown)))
        write_script(data / "provenance.js", "provenance", describe_provenance(opened.runs))
        things = list(classes.things) if classes else []
        over_segments = pictured.pop("over")
        about = _describe_site(opened, over_segments) | {"things": things, "classes": len(names)}
        more = {"texts": texts.listed, "blocked": hide.describe(), "ids": list(opened.ids), "shown": len(shown)}
        write_script(data / "site.js", "site", {**about, **summary, **more, **pictured})
        for file in sorted(PAGE.iterdir()):
            if file.suffix != ".html":
                shutil.copyfile(file, to / file.name)
        shutil.copyfile(PAGE / "index.html", to / "index.html")  # last: a page that is there is whole
        finish_site(to)
    return to / "index.html", about["missing"]


def _write_numbers(opened: SiteRuns, data: Path, texts: Texts, hide: Blocklist) -> dict[str, Any]:
    """Write the steps and the segments of every run, one after the other; return what the first screen says of them."""
    mappings: dict[str, dict[str, Any]] = {}
    metrics: dict[str, dict[str, dict[str, str]]] = {}
    for at, run in enumerate(opened.runs):
        if run.records is None:
            continue
        rounding = run.records.protocol.rounding
        for key, slots in make_run_steps(run, opened.ids).items():
            mappings.setdefault(key, describe_mapping(run, key))
            metrics.setdefault(key, {}).update({name: describe_step_metric(name) for name in slots})
            packed = {name: one.pack(rounding) for name, one in slots.items()}
            write_sheet(data / f"numbers-{at}-{key}.css", packed)
        packed = pack_segments(
            run.records.images, opened.ids, len(run.records.classes), list_mappings(run), rounding,
            lambda text: texts.number(hide.mask(text)),
        )  # fmt: skip
        write_sheet(data / f"segments-{at}.css", packed)
    return {
        "mappings": list(mappings.values()),
        "metrics": {key: list(known.values()) for key, known in metrics.items()},
        "intervals": list_intervals(opened.runs),
        "numbers": list_all_numbers(opened.runs),
    }


def _describe_site(opened: SiteRuns, over: bool) -> dict[str, Any]:
    runs = opened.runs
    kept = [run.shown.folder for run in runs]
    return {
        "title": "Zero-guidance segmentation",
        "data": name_data(runs),
        "version": bench.__version__,
        "runs": [
            {
                "name": run.name, "role": run.shown.role, "folder": run.shown.folder.name,
                "paper": str(run.record["variant"]).partition(" ")[0] == _PAPER,
                "mappings": list(list_mappings(run)), "images": len(run.ids),
            }
            for run in runs
        ],
        "missing": opened.missing + [NO_OVER_SEGMENTS] * (_have_over_segments(runs) and not over),
        "over": over,
        "warnings": [EMBEDDED_NOTE] * uses_embedded_models(kept) + [OUT_OF_DOMAIN] * any(map(is_out_of_domain, kept)),
    }  # fmt: skip


def _write_images(opened: SiteRuns, shown: Sequence[str], to: Path, texts: Texts, hide: Blocklist) -> dict[str, Any]:
    """Write files of each image; return the median of heights over widths, which all rows take, and each one's classes.

    Also whether any has over-segments, and which could not be read and why.
    """
    aspects, there, over, unread = [0.75], list[list[int]](), False, dict[str, str]()
    owners = {image_id: run for run in reversed(opened.runs) for image_id in run.ids}
    with ImageBar("site", len(shown)) as bar:
        for at, image_id in enumerate(shown):
            stem = to / "data" / f"image-{at:05d}"
            told, classes = _describe_image(opened.runs, owners[image_id], image_id, texts, hide, stem)
            unread |= {image_id: told["missing"]} if "missing" in told else {}
            there.append(classes)
            write_sheet(stem.with_suffix(".css"), told)
            aspects += [told["size"][0] / told["size"][1]] if "size" in told else []
            over = over or "count" in (told.get("over") or ())
            bar.update()
    return {"aspect": round(median(aspects[1:] or aspects), 3), "there": there, "over": over, "unread": unread}


def _tell_unread(unread: Mapping[str, str], shown: int) -> list[Missing]:
    """Tell first in the page of images that could not be read; numbers come from the store and have them still."""
    if not unread:
        return []
    name, why = next(iter(unread.items()))
    first = f"the first, {name}: {why.removeprefix(f'{name}: ')}"
    return [{"what": "pictures", "why": f"of {len(unread)} of {shown} images cannot be shown; {first}"}]


def _describe_image(
    runs: Sequence[SiteRun], owner: SiteRun, image_id: str, texts: Texts, hide: Blocklist, stem: Path
) -> tuple[dict[str, Any], list[int]]:
    """Describe one image of ``owner``'s data to the page, write its picture, and list its true classes.

    A reason stands for what fails.
    """
    try:
        sample = owner.dataset.load(image_id)
    except UserError as error:  # it cannot be used, or is not in the data any more
        gone = "" if isinstance(error, BadSample) else "not in the data any more: "
        why = gone + " ".join(str(error).split())
        return {"missing": why, "runs": [{"missing": why} for _ in runs]}, []
    over = next(_find_over_segments(runs, sample), None)
    labels = [] if sample.truth is None else np.unique(sample.truth[sample.truth >= 0]).tolist()
    told = {
        "picture": write_picture(sample.image, stem),
        "size": list(sample.size),
        "over": over,
        "runs": [_describe_prediction(run, image_id, texts, hide) for run in runs],
        "truth": describe_truth(sample),
    }
    return told, labels


def _have_over_segments(runs: Sequence[SiteRun]) -> bool:
    return any(run.shown.over_segments is not None for run in runs)


def _find_over_segments(runs: Sequence[SiteRun], sample: Sample) -> Iterator[dict[str, Any]]:
    """Find the over-segments of the first run that has any in its store, or else why there are none."""
    places = [run.shown.over_segments for run in runs if run.shown.over_segments is not None]
    trees = (read_over_segments(place, sample) for place in places)
    yield from (describe_over_segments(tree) for tree in trees if tree is not None)
    if places:
        yield {"missing": "not in the store any more"}


def _describe_prediction(run: SiteRun, image_id: str, texts: Texts, hide: Blocklist) -> dict[str, Any]:
    if image_id in run.skipped:
        return {"missing": run.skipped[image_id]}
    if image_id not in run.shown.predictions:
        return {"missing": "this run has no prediction for it"}
    item = run.records.images.get(image_id) if run.records else None
    return describe_segments(run.shown.predictions[image_id], item, lambda text: texts.number(hide.hide(text)))
