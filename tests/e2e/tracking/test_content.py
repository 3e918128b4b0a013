"""What every tracker is told of a finished run, read from its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from bench.run.run_folder import read_run_csv, read_run_curves
from bench.tracking.content import make_charts, read_tracked_run
from bench.tracking.told import PICTURES, Place
from tests.shared_runs import find_run


def test_charts_hold_every_number_of_the_run_s_own_curves(full: Path) -> None:
    curves = read_run_curves(find_run(full), "curves.csv")
    charts = {chart.key: chart for chart in make_charts(curves)}
    own = curves[curves["role"] == "own"]
    assert sum(len(chart.rows) for chart in charts.values()) == len(own) > 0
    rows = own[(own["mapping"] == "st") & (own["axis"] == "tau") & (own["metric"] == "iou.image.union")]
    chart = charts["curves/st/tau/iou.image.union"]
    assert chart.title == "iou.image.union (ST) over tau_CLIP" and list(chart.rows["x"]) == sorted(rows["tau"])
    np.testing.assert_array_equal(chart.rows[["value", "low", "high"]], rows[["value", "low", "high"]])
    two = pd.concat([curves, curves.assign(protocol="reference")])
    assert len(make_charts(two)) == 2 * len(charts) and "curves/reference/st/tau/iou.image.union" in {
        chart.key for chart in make_charts(two)
    }


def test_a_run_is_told_whole(full: Path, tmp_path: Path) -> None:
    run = find_run(full)
    told = read_tracked_run(run, Place("g", ("encode",), ("encode=masked",)))
    assert told.kind == "run" and told.config["sweep"] == {"encode": "masked"} and "tracking" not in told.config
    assert told.config["merge"]["threshold"] and told.config["record"]["device"] == "cpu"
    first, second = told.list_images()
    assert list(first.pictures) == list(PICTURES) and not second.pictures, "the run was made with pictures=1"
    table = pd.read_parquet(run / "per_image.parquet").set_index("image_id")
    known = table.loc[second.image_id].dropna().to_dict()
    assert dict(second.scores) == known and set(known) <= set(told.image_metrics)
    assert all(max(picture.size) >= 384 for picture in first.pictures.values())
    assert told.confusion["pixels"].sum() == read_run_csv(run, "confusion.csv")["pixels"].sum() > 0
    by_kind = {item.kind: item for item in (told.predictions, *told.outputs)}
    assert by_kind["predictions"].facts == {"images": 2} and set(by_kind["predictions"].files) == {
        "predictions.json", "predictions.npz",
    }  # fmt: skip
    rows = by_kind["scores"].facts["rows"]
    assert rows["per_image.parquet"] == 2 and rows["scores.csv"] == len(told.scores)
    assert "index.html" in by_kind["report"].files
    shutil.copytree(run, tmp_path / run.name)
    assert read_tracked_run(tmp_path / run.name).identity == told.identity, "elsewhere it is the same run"


def test_drawn_pictures_are_those_of_the_gallery(full: Path) -> None:
    first = next(read_tracked_run(find_run(full)).list_images())
    for picture, name in zip(PICTURES, ("input", "full", "ground-truth"), strict=True):
        (path,) = (find_run(full) / "gallery/pictures").glob(f"0000-*-{name}.png")
        np.testing.assert_array_equal(np.asarray(Image.open(path)), np.asarray(first.pictures[picture]))
