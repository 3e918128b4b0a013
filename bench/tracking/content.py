"""Section 5, a finished run as trackers are told of it: read from its folder, the same for every tracker.

Nothing is computed anew, no model is asked, and pictures are drawn one image at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from bench.report.blocklist import read_run_blocklist
from bench.report.pictures.draw import Colours, Panel, draw
from bench.report.pictures.side_by_side import read_shown_run, show_prediction, show_truth
from bench.run.run_folder import has_scores, read_image_scores, read_run_csv, read_run_curves, read_run_scores
from bench.score.score_table import OWN
from bench.settings.instantiate import make_object
from bench.settings.saved import read_run_settings
from bench.store.sealed import has_file, read_record
from bench.tracking.artefacts import describe_predictions, describe_report, describe_scores, make_identity
from bench.tracking.told import INPUT, SEGMENTS, TRUTH, Chart, ImageRow, Place, TrackedRun

TOLD = ("zgs", "command", "repeat", "host", "python", "platform", "device", "seconds", "libraries", "skipped", "notes")
"""What of run.json stands in a tracker's configuration, below ``record``."""
_AXES = {"tt": "tau_SBERT", "st": "tau_CLIP"}


def read_tracked_run(folder: Path, place: Place | None = None) -> TrackedRun:
    """Read what is told of a finished run. Raises UserError for a folder that is none, or that is damaged."""
    settings, record = read_run_settings(folder), read_record(folder)
    identity = make_identity(folder.resolve().name)
    config = {key: value for key, value in settings.items() if key != "tracking"}
    config["record"] = {key: record[key] for key in TOLD if key in record}
    if place is not None:
        config["sweep"] = dict(word.lstrip("+").partition("=")[::2] for word in place.words)
    images = read_image_scores(folder) if has_scores(folder) else pd.DataFrame()
    report = describe_report(folder / "gallery", identity)
    return TrackedRun(
        folder,
        identity,
        "score" if "predictions" in settings else "run",
        config,
        read_run_scores(folder) if has_scores(folder) else pd.DataFrame(columns=["variant", "metric", "value"]),
        make_charts(read_run_curves(folder, "curves.csv")) if has_file(folder, "curves.csv") else [],
        read_run_csv(folder, "confusion.csv") if has_file(folder, "confusion.csv") else pd.DataFrame(),
        list(images.columns),
        partial(_list_images, folder, images, int(settings["pictures"])),
        describe_predictions(folder, settings),
        [describe_scores(folder), *([report] if report else [])],
        place,
    )


def summarise(scores: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """Summarise values by metric, and low, high, n and skipped by ``metric:low`` and so on; gaps are left out.

    The run's own variant, which comes first, goes by the metric's name alone, so that runs can be compared; its floors
    and ceilings have theirs in front.
    """
    values: dict[str, float] = {}
    details: dict[str, float] = {}
    own = scores["variant"].iloc[0] if len(scores) else None
    for row in scores.to_dict("records"):
        if math.isnan(row["value"]):
            continue
        key = row["metric"] if row["variant"] == own else f"{row['variant']}/{row['metric']}"
        values[key] = float(row["value"])
        known = {part: row[part] for part in ("low", "high", "n", "skipped") if not pd.isna(row[part])}
        details |= {f"{key}:{part}": float(value) for part, value in known.items()}
    return values, details


def make_charts(curves: pd.DataFrame) -> list[Chart]:
    """Make a chart of each curve of a run's own variant: over τ, and over the IoU that makes a hit."""
    own = curves[curves["role"] == OWN] if (curves["role"] == OWN).any() else curves
    several, charts = own["protocol"].nunique() > 1, []
    for key, rows in own.groupby(["protocol", "mapping", "axis", "metric"], sort=False):
        protocol, mapping, axis, metric = map(str, key)
        x = _AXES.get(mapping, "tau") if axis == "tau" else "IoU that makes a hit"
        words = [*([protocol] if several else []), mapping, axis, metric]
        title = f"{metric} ({mapping.upper()}) over {x}" + (f", {protocol}" if several else "")
        table = rows.rename(columns={"tau": "x"})[["x", "value", "low", "high", "n"]].sort_values("x")
        charts.append(Chart("curves/" + "/".join(words), title, x, metric, table.reset_index(drop=True)))
    return charts


def _list_images(folder: Path, scores: pd.DataFrame, pictures: int) -> Iterator[ImageRow]:
    """List every shown image, then every other that was scored, by id."""
    shown = set()
    for image_id, drawn in _draw_images(folder, pictures):
        shown.add(image_id)
        yield ImageRow(image_id, drawn, _read_row(scores, image_id))
    for image_id in (str(each) for each in scores.index if each not in shown):
        yield ImageRow(image_id, {}, _read_row(scores, image_id))


def _draw_images(folder: Path, most: int) -> Iterator[tuple[str, dict[str, Image.Image]]]:
    """Draw the first images of a run as its gallery shows them, one at a time."""
    if not most:
        return
    settings, colours = read_run_settings(folder), Colours()
    run, dataset, hide = read_shown_run(folder, SEGMENTS), make_object(settings["data"]), read_run_blocklist(settings)
    for image_id in [each for each in dataset.list_ids() if each in run.predictions][:most]:
        sample = dataset.load(image_id)
        panels = {INPUT: Panel(INPUT), SEGMENTS: show_prediction(run, image_id, hide)}
        panels |= dict(zip([TRUTH], show_truth(dataset, sample, hide), strict=False))  # none without labels
        yield image_id, {name: draw(sample.image, panel, colours) for name, panel in panels.items()}


def _read_row(scores: pd.DataFrame, image_id: str) -> dict[str, float]:
    """Read the scores that an image has."""
    if image_id not in scores.index:
        return {}
    row: Any = scores.loc[image_id]
    return {str(name): float(value) for name, value in row.items() if not pd.isna(value)}
