"""Folders of finished runs, made up in milliseconds: every file that a report without pictures reads."""

from __future__ import annotations

import ast
import atexit
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from bench.csv_files import write_csv
from bench.score.evaluate import COLUMNS
from bench.score.intervals import MetricCounts
from bench.score.per_image import make_per_class, make_per_image, make_per_image_n
from bench.score.score_table import OF_CURVES, add_columns, write_scores
from bench.score.segments import KNOWN, MEASURED

HEAD = "toy:test[first:12]/five/paper/"
TT, ST = "tt(tiny@12345678,fp32)", "st(clip@12345678,fp32,prompt=image-of-a)"
METRICS = {
    "iou_tt": f"{HEAD}{TT}>=0.5/iou.image.union", "recall_tt": f"{HEAD}{TT}>=0.5/recall>0.5",
    "iou_st": f"{HEAD}{ST}>=0.1/iou.image.union", "recall_st": f"{HEAD}{ST}>=0.1/recall>0.5",
    "tgq": f"{HEAD}{TT}/tgq.micro>0.5", "top1": f"{HEAD}{ST}/tgq.micro.top1",
}  # fmt: skip
CLASSES = ("cat", "sky", "wall", "car", "dog")
SCORE = {"name": "paper", "tau_sbert": 0.5, "tau_clip": 0.1}
LONG = "global_subtraction with half the strength"
"""Forty characters and one."""


def fabricate(
    to: Path, variants: Sequence[str], settings: Sequence[Mapping[str, Any]] = (), images: int = 12,
    classes: Sequence[str] = CLASSES, extra: Mapping[str, float] | None = None,
) -> list[Path]:  # fmt: skip
    """A run for each variant; ``settings`` are groups of its configuration, ``extra`` further metrics with values."""
    told = settings or [{"segment": {"n": 10}}] * len(variants)
    facts = images, tuple(classes), tuple((extra or {}).items())
    made = (_run_once(variants[at], repr(own), at, *facts) for at, own in enumerate(told[: len(variants)]))
    return [Path(shutil.copytree(run, to / run.name)) for run in made]


@cache
def _run_once(
    variant: str, settings: str, seed: int, images: int, classes: tuple[str, ...], extra: tuple[tuple[str, float], ...]
) -> Path:
    """Make a run once a process, for others to copy; ``settings`` is the text of a mapping of plain values."""
    place = tempfile.TemporaryDirectory(prefix="fabricated-")
    atexit.register(place.cleanup)
    folder = Path(place.name) / f"run-{seed:02}"
    return _run(folder, variant, ast.literal_eval(settings), seed, images, classes, dict(extra))


def _run(
    folder: Path, variant: str, settings: Mapping[str, Any], seed: int, images: int, classes: Sequence[str],
    extra: Mapping[str, float],
) -> Path:  # fmt: skip
    folder.mkdir()
    role = str(settings.get("role", "own"))
    draw, ids = np.random.default_rng(seed), tuple(f"{i:03}" for i in range(images))
    quality = 0.25 + 0.02 * seed
    rows = {name: _rows(draw, ids, name, quality) for name in METRICS.values()}
    rows |= {
        name: MetricCounts(ids, np.full((images, 1), value), np.ones((images, 1)), "images")
        for name, value in extra.items()
    }
    lines = [
        (
            folder.name,
            variant,
            name,
            row.value(),
            row.value() - 0.06,
            row.value() + 0.07,
            row.n,
            row.unit,
            images,
            images,
            0,
        )
        for name, row in rows.items()
    ]
    write_scores(add_columns(pd.DataFrame(lines, columns=list(COLUMNS)), role), folder / "scores.csv")
    make_per_image(rows, list(ids)).to_parquet(folder / "per_image.parquet", index=False)
    make_per_image_n(rows, list(ids)).to_parquet(folder / "per_image_n.parquet", index=False)
    make_per_class(rows).to_parquet(folder / "per_class.parquet", index=False)
    _segments(draw, ids, classes, quality).to_parquet(folder / "segments.parquet", index=False)
    curves = add_columns(_curves(quality).assign(variant=variant), role, "name", OF_CURVES)
    write_csv(curves, folder / "curves.csv")
    areas = curves.drop_duplicates(["metric", "mapping", "axis"]).assign(start=0.0, stop=1.0, area=quality)
    write_csv(areas, folder / "areas.csv")
    (folder / "run.json").write_text(json.dumps({"variant": variant, "embedded": True, "score": SCORE}))
    whole = {"score": SCORE, "variant": variant, "models": {"name": "embedded", "photographs": False}}
    whole["data"] = {"_target_": "bench.data.toyscenes.ToyScenes"}
    (folder / "config.yaml").write_text(yaml.safe_dump({**whole, **settings}))
    return folder


def _rows(draw: np.random.Generator, ids: tuple[str, ...], name: str, quality: float) -> MetricCounts:
    whole = "iou" in name
    n = np.ones(len(ids)) if whole else draw.integers(2, 6, len(ids)).astype(float)
    values = np.clip(quality + draw.normal(0, 0.15, len(ids)), 0, 1)
    return MetricCounts(ids, (values * n)[:, None], n[:, None], "images" if whole else "segments")


def _segments(draw: np.random.Generator, ids: tuple[str, ...], classes: Sequence[str], quality: float) -> pd.DataFrame:
    lines = []
    for image, (at, name) in ((i, pair) for i in ids for pair in enumerate(classes)):
        hits = draw.random(2) < quality + 0.1 * (at % 3)
        share = float(2.0 ** -draw.integers(1, 11))
        known = dict(zip(KNOWN, (image, name, at % 2 == 0, 9, share), strict=True))
        measured = {key: _measured(key, name, hits) for key in MEASURED}
        lines.append(known | measured)
    return pd.DataFrame(lines)


def _measured(key: str, name: str, hits: np.ndarray) -> Any:
    by_text, by_embedding = map(bool, hits)
    return {"tt_hit": by_text, "st_top1": by_embedding}.get(key, name if key in ("text", "st_name", "nearest") else 0.4)


def _curves(quality: float) -> pd.DataFrame:
    lines = []
    for mapping, top in (("tt", 1.0), ("st", 0.35)):
        for tau in np.linspace(0, top, 15):
            fall = 1 - (tau if mapping == "tt" else 0.05 * tau)
            line = partial(_line, mapping, float(tau), n=12)
            lines += [line("iou.image.union", "tau", quality * fall), line("recall>0.5", "tau", 1.2 * quality * fall)]
            lines += [line("precision>0.5", "tau", min(1.0, quality * (1.4 - 0.3 * fall)))]
        lines += [_line(mapping, float(x), "recall.paper", "iou", quality * (1 - x), 40) for x in np.linspace(0, 1, 11)]
    return pd.DataFrame(lines)


def _line(mapping: str, tau: float, metric: str, axis: str, value: float, n: int) -> dict[str, Any]:
    name = f"{HEAD}{TT if mapping == 'tt' else ST}>={tau:g}/{metric}"
    unit = "images" if metric.startswith("iou") else "segments"
    return {
        "metric": metric, "mapping": mapping, "axis": axis, "tau": tau, "value": value, "low": value - 0.05,
        "high": value + 0.05, "n": n, "unit_of_n": unit, "name": name,
    }  # fmt: skip
