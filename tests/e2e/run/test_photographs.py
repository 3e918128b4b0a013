"""`zgs run` from the command line on photographs, with labels and without."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.predictions.source import PredictionFile
from bench.run.run_folder import read_rows, read_segments
from tests.e2e.run.running import record, zgs


def test_photographs_without_labels(tmp_path: Path, capsys) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    colours = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(colours).save(photos / "a.png")
    Image.fromarray(colours[:, :, 0]).save(photos / "grey ü.png")
    whole = (photos / "a.png").read_bytes()
    (photos / "cut.png").write_bytes(whole[: len(whole) // 2])
    (run,) = zgs(tmp_path, "data=folder", f"data.root={photos}", "segment=whole", code=3)
    assert list(record(run)["skipped"]) == ["cut"]
    told = capsys.readouterr().out
    assert "1 of 3 images skipped" in told and "know nothing of photographs" in told
    assert len(PredictionFile(run.parent / "predictions.json")) == 2
    assert (run.parent / "gallery/index.html").is_file()
    assert len(pd.read_csv(run.parent / "scores.csv")) == 0
    assert read_rows(run.parent) == {} and read_segments(run.parent) is None


def voc(root: Path, ids: dict[str, tuple[tuple[int, int], tuple[int, int]]]) -> Path:
    """A VOC tree: for each id the size of its image and of its mask."""
    for name in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / name).mkdir(parents=True)
    draw = np.random.default_rng(0)
    for name, (size, mask) in ids.items():
        Image.fromarray(draw.integers(0, 256, (*size, 3), dtype=np.uint8)).save(root / f"JPEGImages/{name}.jpg")
        labels = np.zeros(mask, np.uint8)
        labels[: mask[0] // 2], labels[-2:] = 8, 255
        palette = Image.fromarray(labels, mode="P")
        palette.putpalette([v for i in range(256) for v in (i, i, i)])
        palette.save(root / f"SegmentationClass/{name}.png")
    (root / "ImageSets/Segmentation/val.txt").write_text("\n".join(ids) + "\n")
    return root


@pytest.mark.slow
def test_labelled_photographs_and_a_skip_that_the_table_counts(tmp_path: Path) -> None:
    root = voc(tmp_path / "voc", {"good": ((40, 60), (40, 60)), "wrong": ((40, 60), (30, 60))})
    (run,) = zgs(tmp_path, "data=voc", f"data.root={root}", "pictures=0", code=3)
    scores = pd.read_csv(run.parent / "scores.csv")
    assert (scores[["expected", "found", "skipped"]] == [2, 1, 1]).all().all()
    assert "wrong" in record(run)["skipped"] and "30" in record(run)["skipped"]["wrong"]
    assert scores["metric"].str.match(r"voc:val\[2of1449@[0-9a-f]{8}\]/voc20/paper\{background=voc\}/").all()


def test_all_images_unusable_is_a_failure(tmp_path: Path, capsys) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.jpg").write_bytes(b"no picture")
    zgs(tmp_path, "data=folder", f"data.root={tmp_path / 'photos'}", code=1)
    assert "none of the 1 images could be used" in capsys.readouterr().err
