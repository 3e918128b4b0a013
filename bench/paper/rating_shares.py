"""Table 2: the share of predicted texts that people gave each rating, with intervals over images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.score.human_ratings import read_ratings
from bench.score.intervals import MetricCounts, compute_intervals
from bench.settings.saved import read_run_settings

RATINGS = (0, 1, 2, 3)


def measure_shares(folder: Path) -> list[dict[str, Any]]:
    """Measure from the folder that `zgs score RUN score.verify=human` left: one line a rating, as cells read them.

    Every rating of every batch counts once; an image's ratings hang together, so images are what is resampled. Raises
    UserError where no rating is of a predicted text.
    """
    settings = read_run_settings(folder)
    ratings = read_ratings(settings["score"]["ratings"])
    texts = read_texts(Path(settings["predictions"]))
    counts = {image: np.zeros(len(RATINGS)) for image in sorted({image for image, _ in texts})}
    for batch in ratings.batches.values():
        for (image, segment, label), rating in batch.items():
            if texts.get((image, segment)) == label:
                counts[image][rating] += 1
    rated = {image: each for image, each in counts.items() if each.any()}
    if not rated:
        raise UserError(f"{ratings.path}: rates no predicted text: its labels are all classes")
    asked = len(texts) * len(ratings.batches)
    remark = _describe_rated(int(sum(each.sum() for each in rated.values())), asked)
    total = np.array([[each.sum()] for each in rated.values()])  # [images, 1]
    rows = [
        MetricCounts(tuple(rated), np.array([[each[rating]] for each in rated.values()]), total, "ratings")
        for rating in RATINGS
    ]
    return [
        {
            "rating": rating, "value": span.value, "low": span.low, "high": span.high, "n": row.n,
            "unit_of_n": "ratings", "interval_note": span.note, "metric": f"share of rating {rating}",
            "measure": "share", "mapping": "none", "threshold": float("nan"), "protocol": "paper", "group": "",
            "remark": remark,
            **_describe_data(folder),
        }
        for rating, row, span in zip(RATINGS, rows, compute_intervals(rows), strict=True)
    ]  # fmt: skip


def _describe_rated(given: int, asked: int) -> str:
    """Describe how many predicted texts times batches nobody rated; nothing where all were."""
    if given == asked:
        return ""
    return f"{asked - given} of {asked} ratings of predicted texts are missing; shares are of those that are there"


def _describe_data(folder: Path) -> dict[str, str]:
    from bench.run.run_folder import read_run_scores

    first = read_run_scores(folder).iloc[0]
    return {"dataset": str(first["dataset"]), "classlist": str(first["classlist"])}


def read_texts(path: Path) -> dict[tuple[str, int], str]:
    """Read what is said of each segment, by image and position."""
    images = json.loads(path.read_text(encoding="utf-8"))["images"]
    return {(each["image_id"], at): s["text"] for each in images for at, s in enumerate(each["segments"])}
