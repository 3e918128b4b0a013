"""`zgs agree` over folders of finished runs: what it prints and leaves, and its one-line errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from bench.cli import main
from bench.score.evaluate import COLUMNS
from bench.score.intervals import MetricCounts
from bench.score.per_image import make_per_class, make_per_image, make_per_image_n

pytestmark = pytest.mark.usefixtures("blank_figures")

IDS = tuple(f"i{at}" for at in range(12))
PREFIX = "toy:test/five/paper"
METRICS = [f"{PREFIX}/tt(tiny)>=0.5/iou.image.union", f"{PREFIX}/tt(tiny)>=0.5/recall>0.5"]
MIOU = f"{PREFIX}/tt(tiny)>=0.5/iou.dataset.union"


def run(folder: Path, quality: float) -> Path:
    """What `zgs run` leaves of a run whose every metric is near a quality; one group, which agree leaves out."""
    folder.mkdir(parents=True)
    draw = np.random.default_rng(int(100 * quality))
    each = np.clip(quality + 0.05 * draw.normal(size=(12, 1)), 0, 1)
    rows = {name: MetricCounts(IDS, each, np.ones((12, 1)), "images") for name in METRICS}
    rows[MIOU] = MetricCounts(IDS, np.hstack([each, each]), np.ones((12, 2)), "classes")
    rows[f"{PREFIX}/tt(tiny)>=0.5/iou.image.union.kind.things"] = rows[METRICS[0]]
    make_per_image(rows, IDS).to_parquet(folder / "per_image.parquet")
    make_per_image_n(rows, IDS).to_parquet(folder / "per_image_n.parquet")
    make_per_class(rows).to_parquet(folder / "per_class.parquet")
    (folder / "segments.parquet").touch()
    (folder / "curves.csv").touch()
    lines = [("r", folder.name, name, quality, 0, 1, 12, "images", 12, 12, 0) for name in rows]
    pd.DataFrame(lines, columns=list(COLUMNS)).to_csv(folder / "scores.csv", index=False)
    (folder / "run.json").write_text(json.dumps({"variant": folder.name}))
    (folder / "config.yaml").write_text(yaml.safe_dump({"models": {"name": "embedded"}}))
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name, quality in (("a", 0.2), ("b", 0.4), ("c", 0.6), ("d", 0.8)):
        run(tmp_path / "runs" / name, quality)
    return tmp_path / "runs"


def test_a_folder_of_runs(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agree", str(runs), f"to={tmp_path / 'to'}", "resamples=200", "seed=3"]) == 0
    out = capsys.readouterr().out
    assert "| 2 Recall >0.5 TT ≥0.5 | **1.00** |" in out and "4 runs, n = 12 images" in out
    assert {p.name for p in (tmp_path / "to").iterdir()} == {f"agreement.{e}" for e in ("csv", "md", "png", "svg")}
    table = pd.read_csv(tmp_path / "to" / "agreement.csv")
    assert set(table["first"]) | set(table["second"]) == {*METRICS, MIOU}, "mIoU too, groups not"
    assert (table["tau"] == 1).all()


@pytest.mark.slow
def test_runs_given_one_by_one_and_the_seed(runs: Path, tmp_path: Path) -> None:
    some = [str(runs / name) for name in "abc"]
    for seed in (1, 1, 2):
        assert main(["agree", *some, f"to={tmp_path / 'to'}", "resamples=50", f"seed={seed}"]) == 0
    assert set(pd.read_csv(tmp_path / "to" / "agreement.csv")["runs"]) == {3}


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "at least three finished runs"),
        (["to=x"], "at least three finished runs"),
        (["RUNS", "seeds=1"], "agree: seeds: no such option (did you mean 'seed'?)"),
        (["RUNS", "resamples=100000000000"], "resamples=100000000000: resamples of every metric of every run need at"),
        (["RUNS", "resamples=many"], "agree: resamples=many: needs a whole number"),
        (["RUNS/a", "RUNS/b", "RUNS/a"], "is given twice"),
    ],
)
def test_wrong_words_are_usage_errors(
    runs: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["agree", *(word.replace("RUNS", str(runs)) for word in words)]) == 2
    assert told in capsys.readouterr().err


def test_too_few_runs_and_runs_without_rows(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agree", str(runs / "a"), str(runs / "b")]) == 1
    assert capsys.readouterr().err == "zgs: agreement: 2 runs; ranks need at least 3\n"
    (runs / "b" / "per_image_n.parquet").unlink()
    assert main(["agree", str(runs)]) == 1
    assert "b: rows of each image are missing; run the same command again" in capsys.readouterr().err
