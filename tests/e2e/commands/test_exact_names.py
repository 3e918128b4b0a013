"""Classes, texts and images called NA, null, nan, 007 …: from a layout through a score to a report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pandas._libs.parsers import STR_NA_VALUES
from PIL import Image

from bench.cli import main
from bench.csv_files import read_csv
from tests.e2e.commands.theirs import coded
from tests.unit.test_csv_files import LIKE_NUMBERS

pytestmark = pytest.mark.usefixtures("blank_figures")

CLASSES = [*filter(None, sorted(STR_NA_VALUES)), *(name.strip() for name in LIKE_NUMBERS)]
IDS = ["007", "1e5", "NA", "nan", "True"]


@pytest.fixture
def mine(tmp_path: Path) -> list[str]:
    """Five images, each with a column of pixels for each class."""
    root = tmp_path / "mine"
    (root / "img").mkdir(parents=True)
    (root / "ann").mkdir()
    labels = np.arange(1, len(CLASSES) + 1, dtype=np.uint8)[None].repeat(2, 0)
    for image_id in IDS:
        Image.fromarray(np.zeros((*labels.shape, 3), np.uint8)).save(root / f"img/{image_id}.png")
        Image.fromarray(labels).save(root / f"ann/{image_id}.png")
    lines = [f'{at},"{name}"' for at, name in enumerate(CLASSES, 1)]
    (root / "classes.csv").write_text("id,name\n" + "\n".join(lines) + "\n")
    layout = {"images": "img/{id}.png", "masks": "ann/{id}.png", "classes": "classes.csv", "background": 0}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(layout))
    return ["data=folder", f"data.root={root}", f"data.layout={tmp_path / 'mine.yaml'}"]


def predictions(path: Path, variant: str) -> Path:
    """Every class in its place and by its name."""
    count = len(CLASSES)
    segments = [
        {"text": name, "segmentation": coded([[int(at == x) for x in range(count)]] * 2)}
        for at, name in enumerate(CLASSES)
    ]
    images = [{"image_id": i, "height": 2, "width": count, "segments": segments} for i in IDS]
    head = {"format": "zgs-predictions/1", "about": {"variant": variant}}
    path.write_text(json.dumps({**head, "images": images}))
    return path


@pytest.mark.slow
def test_classes_texts_and_images_keep_their_names(tmp_path: Path, mine: list[str]) -> None:
    places = [f"store={tmp_path / 'store'}", f"out={tmp_path / 'out'}", "executor=serial", "score.resamples=20"]
    words = [*mine, *places, "score.mapping=[exact]", "score.breakdown=[class]"]
    for name in ("NA", "null"):
        assert main(["score", str(predictions(tmp_path / f"{name}.json", name)), *words]) == 0
    folders = sorted((tmp_path / "out").iterdir())
    for folder in folders:
        scores = read_csv(folder / "scores.csv")
        assert set(scores["variant"]) <= {"NA", "null"} and scores["value"].eq(1).all()
        assert pd.read_parquet(folder / "per_image.parquet")["image_id"].tolist() == sorted(IDS)
        assert set(pd.read_parquet(folder / "segments.parquet")["class"]) == set(CLASSES)
    to = tmp_path / "to"
    assert main(["report", *map(str, folders), f"to={to}", "pictures=2"]) == 0
    assert set(read_csv(to / "scores.csv")["variant"]) == {"NA", "null"}
    page = (to / "gallery/index.html").read_text()
    assert all(f">{image_id}<" in page for image_id in sorted(IDS)[:2])
    for name in CLASSES[:3]:
        assert name.replace("<", "&lt;").replace(">", "&gt;") in page
