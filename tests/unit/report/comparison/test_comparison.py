"""Which runs may be compared, which classes and images differ most, and the page: by hand-worked tables."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.csv_files import read_csv, write_csv
from bench.data.toyscenes import ToyScenes
from bench.errors import UserError
from bench.records import Prediction
from bench.report.blocklist import HIDDEN, Blocklist
from bench.report.comparison import pictures
from bench.report.comparison.alike import check_alike
from bench.report.comparison.changes import compute_changes, select_images
from bench.report.comparison.classes import compute_classes, select_ends, write_markdown_classes
from bench.report.comparison.pictures import write_changed
from bench.report.pictures.side_by_side import ShownRun
from bench.score.comparisons import adjust_by_holm
from tests.unit.report.fabricated import HEAD, METRICS, TT, fabricate


def change(run: Path, before: str, after: str) -> None:
    """Change every full name in scores.csv of a run, and the columns that it stands in."""
    text = (run / "scores.csv").read_text().replace(before, after)
    (run / "scores.csv").write_text(text)


def test_alike_runs_are_compared_without_a_word(tmp_path: Path) -> None:
    runs = fabricate(tmp_path, ["full", "crop"])
    assert check_alike({run: run.name for run in runs}) == []


@pytest.mark.parametrize(
    "before, after, told",
    [
        ("toy:test[first:12]", "toy:test[first:6]", r"data toy:test\[first:12\] and toy:test\[first:6\]"),
        ("/five/", "/six/", "class list"),
        ("paper", "reference", "protocol paper and reference"),
        ("@12345678", "@00000000", "mapping tt"),
    ],
)
def test_what_differs_is_named(tmp_path: Path, before: str, after: str, told: str) -> None:
    runs = fabricate(tmp_path, ["full", "crop"])
    for run in runs:  # as written: names and columns
        table = read_csv(run / "scores.csv")
        write_csv(table, run / "scores.csv")
    for column in (before, before.strip("/")):
        change(runs[1], column, after if column == before else after.strip("/"))
    with pytest.raises(UserError, match=told) as caught:
        check_alike({run: run.name for run in runs})
    assert "\n" not in str(caught.value) and str(runs[1]) in str(caught.value)


def test_a_part_in_common_is_compared_and_the_rest_is_told(tmp_path: Path) -> None:
    runs = fabricate(tmp_path, ["full", "crop"])
    change(runs[1], ">=0.5/", ">=0.6/")
    change(runs[1], ",0.5,", ",0.6,")
    (told,) = check_alike({run: run.name for run in runs})
    assert told.startswith("4 metrics that run-00 or run-01 alone has") and "threshold" in told


def test_data_of_one_name_and_other_contents(tmp_path: Path) -> None:
    runs = fabricate(tmp_path, ["full", "crop"])
    for run, fingerprint in zip(runs, ("aa", "bb"), strict=True):
        record = json.loads((run / "run.json").read_text())
        (run / "run.json").write_text(json.dumps({**record, "data": fingerprint}))
    with pytest.raises(UserError, match="called toy:test"):
        check_alike({run: run.name for run in runs})


@pytest.mark.parametrize("name", ["per_image_n.parquet", "segments.parquet"])
def test_an_earlier_version_is_one_line(tmp_path: Path, name: str) -> None:
    runs = fabricate(tmp_path, ["full", "crop"])
    (runs[1] / name).unlink()
    with pytest.raises(UserError, match=f"{runs[1]}: made by an earlier version"):
        check_alike({run: run.name for run in runs})


def segments(hits: dict[str, list[int]]) -> pd.DataFrame:
    """One true segment a class in each image, named right or not by text, and the other way round by embedding."""
    lines = [
        (f"i{at}", name, True, 9, 0.1, bool(hit), not hit) for name, row in hits.items() for at, hit in enumerate(row)
    ]
    return pd.DataFrame(lines, columns=["image_id", "class", "thing", "area", "share", "tt_hit", "st_top1"])


def test_classes_by_hand() -> None:
    ours = segments({"cat": [1, 1, 1, 0], "sky": [0, 0, 1, 0], "car": [1, 0, 1, 0]})
    theirs = segments({"cat": [0, 0, 1, 0], "sky": [1, 1, 1, 0], "car": [0, 1, 1, 0]})
    table = compute_classes([("a", ours), ("b", theirs[theirs["image_id"] != "i3"])], [("a", "b")], resamples=50)
    by_text = table[table["mapping"] == "tt"].set_index("class")
    # Image i3 is not in both: three images count.
    assert by_text["value"].to_dict() == pytest.approx({"cat": 2 / 3, "sky": -2 / 3, "car": 0})
    assert by_text.loc["cat", ["value_variant", "value_against"]].tolist() == pytest.approx([1, 1 / 3])
    assert set(table["n"]) == {3} and set(table["images"]) == {3} and len(table) == 6
    by_embedding = table[table["mapping"] == "st"].set_index("class")
    assert by_embedding["value"].to_dict() == pytest.approx({"cat": -2 / 3, "sky": 2 / 3, "car": 0})
    np.testing.assert_allclose(table["p_holm"], adjust_by_holm(table["p"].to_numpy()))
    ahead, behind = select_ends(table[table["mapping"] == "tt"])
    assert (list(ahead["class"]), list(behind["class"])) == (["cat"], ["sky"])
    text = write_markdown_classes(table)
    assert "| a is ahead (a − b) | TT | cat | 3 | 100.0 | 33.3 |" in text
    assert "| b is ahead (a − b) | TT | sky | 3 | 33.3 | 100.0 |" in text


IOU_TT, IOU_ST = METRICS["iou_tt"], METRICS["iou_st"]


def per_image(tt: list[float], st: list[float]) -> pd.DataFrame:
    ids = pd.Index([f"i{at}" for at in range(len(tt))], name="image_id")
    return pd.DataFrame({IOU_TT: tt, f"{HEAD}{TT}>=0.5/recall>0.5": 1.0, IOU_ST: st}, index=ids)


def test_images_by_hand() -> None:
    nan = float("nan")
    tables = {
        "a": per_image([0.5, 0.2, 0.6, nan], [0.5, 0.1, 0.4, nan]),
        "b": per_image([0.1, 0.6, 0.6], [0.3, 0.1, nan]),
    }
    changes = compute_changes(tables, [("a", "b"), ("a", "gone")])
    found = changes.drop_duplicates("image_id").set_index("image_id")["change"]
    assert found.to_dict() == pytest.approx({"i0": 0.3, "i2": 0.0, "i1": -0.2}), "the mean of what both have"
    assert list(found.index) == ["i0", "i2", "i1"] and set(changes["metric"]) == {IOU_TT, IOU_ST}
    assert select_images(changes, ("a", "b"), 5) == (["i0"], ["i1"]), "no change is neither"
    assert select_images(changes, ("a", "b"), 0) == ([], [])


def test_without_iou_the_first_metric_decides() -> None:
    tables = {name: per_image([0.1], [0.1])[[f"{HEAD}{TT}>=0.5/recall>0.5"]] for name in "ab"}
    assert compute_changes(tables, [("a", "b")])["metric"].tolist() == [f"{HEAD}{TT}>=0.5/recall>0.5"]


def test_pictures_of_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = ToyScenes(subset="first:2")
    ids = dataset.list_ids()
    masks = np.zeros((1, 128, 128), bool)
    masks[:, 30:] = True
    said = {i: Prediction(i, masks, ("grass",)) for i in ids}
    index = pd.Index(ids, name="image_id")
    scores = [pd.DataFrame({IOU_TT: values}, index=index) for values in ([0.9, 0.2], [0.4, 0.3])]
    runs = {
        name: ShownRun(name, "own", tmp_path, MappingProxyType(said), table, None)
        for name, table in zip("ab", scores, strict=True)
    }
    changes = compute_changes(dict(zip("ab", scores, strict=True)), [("a", "b")])
    (tmp_path / "changed-9-gains.png").touch()
    shown = write_changed(changes, runs, [("a", "b")], dataset, tmp_path / "changed", count=1, embedded=True)
    assert [(heading, path.name) for heading, path in shown] == [
        ("Where a gains most against b", "changed-gains.png"), ("Where a loses most against b", "changed-loses.png"),
    ]  # fmt: skip
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["changed-gains.png", "changed-loses.png"]
    drawn, hide = [], Blocklist(["Grass"])
    small = Image.new("RGB", (9, 9))
    monkeypatch.setattr(pictures, "draw", lambda image, panel, colours: drawn.append(panel.texts) or small)
    write_changed(changes, runs, [("a", "b")], dataset, tmp_path / "changed", count=1, embedded=True, blocklist=hide)
    assert drawn.count((HIDDEN,)) == 4 == hide.hidden["grass"], "of two images what both say"
    assert not any("grass" in texts for texts in drawn) and any(HIDDEN in texts and "sky" in texts for texts in drawn)
