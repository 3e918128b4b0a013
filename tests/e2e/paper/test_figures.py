"""`zgs paper`: every figure with pictures, from the runs of the tables, without another one."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.cli import main
from bench.paper.figures import RENDERERS
from bench.paper.figures.mining import RULES
from bench.paper.reading import list_definitions, read_definition
from tests.e2e.paper.conftest import run_paper

pytestmark = pytest.mark.usefixtures("blank_pictures")

SOME = ("figure5", "figure8")
MINED = ("figure8", "figure9", "figure17")
DRAWN = ("figure4", "figure5", "figure8", "figure9", "figure10", "figure13", "figure17", "figure18", "figure19")


@pytest.mark.parametrize("drawn", [SOME, pytest.param(DRAWN, marks=pytest.mark.slow)], ids=("some", "all"))
def test_figures_need_no_run_of_their_own(
    drawn: tuple[str, ...], copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_paper(copied, *drawn, to="again") == 0
    assert "4 finished before, 0 made" in capsys.readouterr().out
    for name in drawn:
        assert {"png", "svg", "csv", "html"} <= {path.suffix[1:] for path in (copied / "again").glob(f"{name}.*")}
        assert " (toyscenes:test[first:2])</h2>" in (copied / f"again/{name}.html").read_text()
    shown = pd.read_csv(copied / "again/figure5.csv")
    assert list(dict.fromkeys(shown["row"])) == ["Crop and Mask", "Ours w/o glob sub.", "Ours w/o merge", "Ours"]
    (run,) = (copied / "out").glob("toyscenes-test-full-*")
    images = {
        each["image_id"]: each["segments"] for each in json.loads((run / "predictions.json").read_text())["images"]
    }
    for image_id, segments in images.items():
        part = shown[(shown["image_id"] == image_id) & (shown["row"] == "Ours")]
        assert list(part["text"]) == [segment["text"] for segment in segments]
        assert 0.9 < part["share"].sum() <= 1 + 1e-6, "the method leaves next to no pixel out"
    mined = pd.concat([pd.read_csv(copied / f"again/{name}.csv") for name in drawn if name in MINED])
    assert set(mined["rule"]) <= set(RULES) and set(mined["image_id"]) <= set(images)
    for line in mined[mined["rule"] == "reassigned"].to_dict("records"):
        assert images[line["image_id"]][int(line["segments"])]["text"] == line["text"]
        assert line["assigned"] != line["true"]
    if drawn == SOME:
        return
    maps = pd.read_csv(copied / "again/figure10.csv")
    assert maps.groupby(["token", "layer"])["weight"].sum().between(0.3, 1).all()
    truth = pd.read_parquet(run / "segments.parquet")
    assert pd.read_csv(copied / "again/figure13.csv").groupby("mapping")["n"].sum().tolist() == [len(truth)] * 2


@pytest.mark.slow
def test_examples_by_rating(copied: Path, tmp_path: Path) -> None:
    (run,) = (copied / "out").glob("toyscenes-test-full-*")
    images = json.loads((run / "predictions.json").read_text())["images"]
    with open(tmp_path / "ratings.csv", "w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["image", "segment", "label", "rater", "batch", "rating"])
        for image in images:
            for at, segment in enumerate(image["segments"]):
                lines.writerow([image["image_id"], at, segment["text"], "r", "0", at % 4])
    assert run_paper(copied, "figure6", f"ratings={tmp_path / 'ratings.csv'}", to="again") == 0
    table = pd.read_csv(copied / "again/figure6.csv")
    assert len(table) == sum(len(image["segments"]) for image in images)
    np.testing.assert_array_equal(table["rating"], table["segment"] % 4)


@pytest.mark.slow
def test_wrong_options_are_one_line(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = copied / "mine" / "experiment" / "paper"
    place.mkdir(parents=True)
    head = "title: t\nkind: {}\nshows: s\nruns: {{Ours: [experiment=full]}}\noptions: {}\n"
    for kind, options, told in (
        ("panels", "{choose: finest}", "finest is none of random, best, spread"),
        ("failures", "{rules: [leak]}", "leak is none of"),
        ("histograms", "{mappings: [sst]}", "sst is none of st, tt"),
        ("attention", "{image: nowhere}", "nowhere is not in the data set"),
    ):
        (place / "own.yaml").write_text(head.format(kind, options))
        assert run_paper(copied, "own", "make=no", "-cd", str(copied / "mine"), to="again") == 1
        error = capsys.readouterr().err
        assert told in error and error.count("\n") == 1, error


def test_every_kind_has_a_definition_and_every_figure_a_kind() -> None:
    items = [read_definition(path) for path in list_definitions().values()]
    assert {item.kind for item in items} == {"table", *RENDERERS}
    figures = [item.name for item in items if item.kind != "table"]
    assert figures == [f"figure{n}" for n in (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)]
    assert main(["paper"]) == 0
