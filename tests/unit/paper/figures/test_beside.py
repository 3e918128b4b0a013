"""What the paper states in numbers stands in figures 11 to 16, headed by whether ours may be compared with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from bench.csv_files import read_csv
from bench.paper.definition import Item
from bench.paper.figures import find_renderer
from bench.paper.figures.beside import head_data, list_beside
from bench.paper.figures.curves import make_published_lines
from bench.paper.figures.sweep import mark_published
from bench.paper.published import OTHER, PAPER, compose_paper_models
from bench.paper.reading import read_definitions
from bench.report.figures.style import make_figure
from tests.unit.report.fabricated import fabricate

pytestmark = pytest.mark.usefixtures("blank_figures")


def read(name: str) -> Item:
    (item,) = read_definitions([name])
    return item


def test_the_curves_of_the_paper_are_its_tables(tmp_path: Path) -> None:
    """Tables 6 and 7 are the numbers behind figures 11 and 12."""
    runs = {"Ours": fabricate(tmp_path / "runs", ["a"])[0]}
    cases = (("figure11", "Pascal VOC", 0.5, 27.3, 11), ("figure12", "Pascal Context", 0.2, 16.0, 8))
    for name, data, tau, value, count in cases:
        find_renderer("curves")(read(name), runs, tmp_path)
        table = pd.read_csv(tmp_path / f"{name}.csv")
        theirs = table[table["variant"] == f"{OTHER}: {data}"]
        assert len(theirs) == count and theirs[["low", "high", "n"]].isna().all(axis=None)
        assert theirs.set_index("tau").loc[tau, "value"] == pytest.approx(value / 100)
        ours = read_csv(tmp_path / f"{name}.csv")
        assert (
            set(ours[ours["variant"] == "Ours"]["n"]) == {12} and "12.0," not in (tmp_path / f"{name}.csv").read_text()
        )


def make_comparable(folder: Path, **models: Any) -> Path:
    """A run that says of itself that it is the paper's models on VOC's val."""
    (run,) = fabricate(folder, ["a"], [{"models": {**compose_paper_models(), **models}}])
    for name in ("scores.csv", "curves.csv"):
        text = (run / name).read_text()
        for sign in "/,":
            text = text.replace(f"toy:test[first:12]{sign}five", f"voc:val{sign}voc20")
        (run / name).write_text(text)
    return run


def test_only_the_same_data_and_weights_are_headed_paper(tmp_path: Path) -> None:
    item = read("figure11")
    found = {each.key[1:]: each.heading for each in list_beside(item, [make_comparable(tmp_path / "a")])}
    assert found["Pascal VOC", "0.5"] == PAPER and found["Pascal Context", "0.5"] == OTHER
    other = make_comparable(tmp_path / "b", dino={"source": "mine"})
    assert {each.heading for each in list_beside(item, [other])} == {OTHER}
    assert head_data(list_beside(item, [other])) == f"{OTHER}: Pascal Context, Pascal VOC"
    lines = make_published_lines(list_beside(item, [make_comparable(tmp_path / "c")]), {"mapping": "tt", "metric": "m"})
    names = [table["variant"].unique().tolist() for table in lines]
    assert names == [[f"{OTHER}: Pascal Context"], ["paper: Pascal VOC"]]


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("name", "setting", "value"), [("figure15", "encode.sigma2", 2.5), ("figure16", "merge.threshold", 0.8)]
)
def test_the_value_that_the_paper_chose_is_marked(name: str, setting: str, value: float, tmp_path: Path) -> None:
    item, tried, (group, _, key) = read(name), [0.1, 0.5, value, 5.0], setting.partition(".")
    made = fabricate(tmp_path / "runs", [f"{each:g}" for each in tried], [{group: {key: each}} for each in tried])
    find_renderer("sweep")(item, {f"{each:g}": run for each, run in zip(tried, made, strict=True)}, tmp_path)
    table = pd.read_csv(tmp_path / f"{name}.csv")
    theirs = table[table["variant"] == OTHER]
    assert theirs["x"].tolist() == [value] and theirs["value"].isna().all()
    assert theirs["setting"].tolist() == [setting]
    assert len(table) == 4 * 2 + 1 and ",12,images" in (tmp_path / f"{name}.csv").read_text()


def test_a_mark_says_whose_it_is_and_stands_above_all_lines(tmp_path: Path) -> None:
    figure = make_figure(3.0)
    axes = figure.subplots()
    axes.plot([0, 4], [1, 2])
    high = axes.get_ylim()[1]
    mark_published(figure, list_beside(read("figure15"), []))
    assert [text.get_text() for text in axes.texts] == [f"2.5: {OTHER}"] and axes.get_ylim()[1] > high
    assert axes.texts[0].get_ha() == "center"
    axes.set_xlim(0, 3)
    mark_published(figure, list_beside(read("figure15"), []))
    assert axes.texts[1].get_ha() == "right", "near the edge it stays above its panel"
    mark_published(plain := make_figure(3.0), [])
    assert plain.axes == []


def test_the_thresholds_that_the_text_takes_from_its_histograms(tmp_path: Path) -> None:
    (run,) = fabricate(tmp_path / "runs", ["a"])
    segments = pd.read_parquet(run / "segments.parquet")
    segments.assign(st_cosine=0.3, tt_cosine=0.6, tt_top1=segments["st_top1"]).to_parquet(run / "segments.parquet")
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["score"]["tau_clip"] == 0.1
    find_renderer("histograms")(read("figure13"), {"Ours": run}, tmp_path)
    table = pd.read_csv(tmp_path / "figure13.csv")
    theirs = table[table["named"] == "threshold"]
    assert theirs[["mapping", "start", "stop"]].values.tolist() == [["st", 0.1, 0.1]] * 2 and theirs["n"].isna().all()
    assert table["n"].sum() == 2 * len(segments)
