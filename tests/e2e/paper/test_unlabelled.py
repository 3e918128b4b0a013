"""Figure 17 on images with pixels that nobody labelled, and on drawn scenes, of which every pixel has a label."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pycocotools import mask

from bench.cli import main
from bench.data.toyscenes import ToyScenes
from bench.paper.figures.failures import explain_none
from bench.paper.figures.mining import mine
from tests.e2e.paper.conftest import run_paper
from tests.shared_runs import FAST

pytestmark = [
    pytest.mark.usefixtures("blank_pictures"),
    pytest.mark.filterwarnings("ignore:__array__ implementation"),  # of pycocotools under numpy 2
]
KEPT = 3
"""Classes of an image that are labelled, its smallest: the others become background."""


def write_folder(root: Path) -> None:
    """Two drawn scenes as files, with labels of few things and the upper rows void."""
    scenes = ToyScenes(subset="first:2")
    for name in ("images", "masks"):
        (root / name).mkdir(parents=True)
    for image_id in scenes.list_ids():
        sample = scenes.load(image_id)
        truth = sample.truth
        assert truth is not None
        classes, areas = np.unique(truth, return_counts=True)
        kept = classes[np.argsort(areas, kind="stable")[:KEPT]]
        labels = np.where(np.isin(truth, kept), truth + 1, 0).astype(np.uint8)
        labels[:8] = 255
        Image.fromarray(sample.image).save(root / "images" / f"{image_id}.png")
        Image.fromarray(labels).save(root / "masks" / f"{image_id}.png")
    names = "\n".join(f"  {at}: {name}" for at, name in enumerate(scenes.classes.names, 1))
    layout = "images: images/{id}.png\nmasks: masks/{id}.png\nbackground: 0\nvoid: 255\nclasses:\n"
    (root / "few.yaml").write_text(layout + names + "\n")


@pytest.mark.slow
def test_segments_on_unlabelled_pixels_are_counted_by_hand(tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_folder(root)
    places = [f"store={tmp_path / 'store'}", f"out={tmp_path / 'out'}", f"to={tmp_path / 'to'}"]
    data = ["data=folder", f"data.root={root}", f"data.layout={root / 'few.yaml'}"]
    assert main(["paper", "figure17", *data, *FAST, *places]) == 0
    table = pd.read_csv(tmp_path / "to/figure17.csv", keep_default_na=False)
    (file,) = (tmp_path / "out").glob("*/predictions.json")
    found, covered, bare = [], 0, 0
    for image in json.loads(file.read_text())["images"]:
        labels = np.asarray(Image.open(root / "masks" / f"{image['image_id']}.png"))
        free, union = (labels == 0) | (labels == 255), np.zeros_like(labels, bool)
        for at, segment in enumerate(image["segments"]):
            own = mask.decode(segment["segmentation"]).astype(bool)
            union |= own
            if 2 * (own & free).sum() >= own.sum():
                found.append((image["image_id"], str(at), segment["text"]))
        covered, bare = covered + union.sum(), bare + (union & free).sum()
    lines = table[table["rule"] == "unlabelled"]
    told = list(zip(lines["image_id"], lines["segments"].astype(str), lines["text"], strict=True))
    assert len(found) >= 2 and told == found
    assert lines["true"].eq("(no label)").all()
    mined, images = mine(file.parent, "unlabelled")
    assert len(mined) == len(found) and all(image.pixels == 128 * 128 for image in images)
    free = sum(image.bare for image in images) / (2 * 128 * 128)
    assert free > 0.1 and explain_none("unlabelled", images).startswith(f"{100 * free:.1f} % of the pixels of these")
    assert sum(int(image.covered[-2:].sum()) for image in images) == bare
    assert sum(int(image.covered.sum()) for image in images) == covered
    absent = table[table["rule"] == "absent"]
    assert len(absent) and set(absent["true"]) <= {"(no label)", "(several)", *ToyScenes().classes.names}


def test_where_every_pixel_has_a_label_the_figure_says_so(copied: Path) -> None:
    assert run_paper(copied, "figure17", to="again") == 0
    table = pd.read_csv(copied / "again/figure17.csv")
    assert "unlabelled" not in set(table["rule"])
    (run,) = (copied / "out").glob("toyscenes-test-full-*")
    _, images = mine(run, "unlabelled")
    assert explain_none("unlabelled", images).startswith("Every pixel of these images has a label")
