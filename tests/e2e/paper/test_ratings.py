"""Tables 1 and 2 and Figure 6 from a file of ratings, whole or in part."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.paper.conftest import run_paper
from tests.e2e.paper.made_tables import find_run, read_table

pytestmark = pytest.mark.usefixtures("blank_figures")


def test_ratings_fill_tables_1_and_2(copied: Path, tmp_path: Path) -> None:
    """Each rater is as hard as the others, so the shares of Table 2 are counted by hand."""
    run, ratings = find_run(copied, "full"), tmp_path / "ratings.csv"
    images, counted = json.loads((run / "predictions.json").read_text())["images"], Counter[int]()
    with open(ratings, "w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["image", "segment", "label", "rater", "batch", "rating"])
        for batch in range(3):
            for image in images:
                for at, segment in enumerate(image["segments"]):
                    counted[rating := (at + batch) % 4] += 1
                    lines.writerow([image["image_id"], at, segment["text"], f"r{batch}", batch, rating])
    assert run_paper(copied, "table1", "table2", f"ratings={ratings}", to="again") == 0
    shares, verified = read_table(copied, "table2", "again"), read_table(copied, "table1", "again")
    for rating in range(4):
        cell = shares.loc[("% of labels", "toyscenes", str(rating))]
        assert float(cell["value"]) == pytest.approx(counted[rating] / counted.total(), abs=1e-6)
        assert float(cell["n"]) == counted.total()
    for column in ("TT h>=1", "ST h=3", "ST h>=2", "ST h>=1"):
        assert verified.loc[("IoU", "toyscenes", column), "empty"] == ""
        assert "+human" in verified.loc[("IoU", "toyscenes", column), "metric"]


def test_ratings_of_some_labels_are_told_with_how_many_lack(copied: Path, tmp_path: Path) -> None:
    """Two of all texts rated: as `zgs score` says it, at every number that they make."""
    run, ratings = find_run(copied, "full"), tmp_path / "ratings.csv"
    image = json.loads((run / "predictions.json").read_text())["images"][0]
    lines = [f"{image['image_id']},{at},{image['segments'][at]['text']},r,0,3" for at in range(2)]
    ratings.write_text("\n".join(["image,segment,label,rater,batch,rating", *lines]))
    assert run_paper(copied, "table1", "table2", "table5", f"ratings={ratings}", to="again") == 0
    beside = read_table(copied, "table5", "again")["metric"]
    assert "st+human" in beside.loc[("Ours - IoU_h>=1", "toyscenes", "IoU")], "beside st of the row above it"
    verified, shares = read_table(copied, "table1", "again"), read_table(copied, "table2", "again")
    (scored,) = (copied / "out").glob("score-*/run.json")
    notes = [note for note in json.loads(scored.read_text())["notes"] if "count as not verified" in note]
    assert len(notes) == 2, "of TT and of ST"
    for note in notes:
        mapping = note.partition(":")[0].upper()
        own = [key for key in verified.index if key[1] == "toyscenes" and key[2].startswith(f"{mapping} h")]
        assert own and all(verified.loc[key, "remark"] == note for key in own)
        for ending in ("md", "html", "tex"):
            assert note.partition(";")[0] in (copied / "again" / f"table1.{ending}").read_text()
    assert verified.loc[("IoU", "toyscenes", "ST const."), "remark"] == ""
    segments = sum(len(each["segments"]) for each in json.loads((run / "predictions.json").read_text())["images"])
    told = f"{segments - 2} of {segments} ratings of predicted texts are missing"
    assert told in shares.loc[("% of labels", "toyscenes", "3"), "remark"]
    assert (
        "†<br>" in (copied / "again/table1.md").read_text() and r"\dag{}" in (copied / "again/table1.tex").read_text()
    )


def test_ratings_of_classes_alone_leave_table_2_and_figure_6_empty(copied: Path, tmp_path: Path) -> None:
    run, ratings = find_run(copied, "full"), tmp_path / "ratings.csv"
    image = json.loads((run / "predictions.json").read_text())["images"][0]
    label = next(name for name in ("cat", "dog") if name != image["segments"][0]["text"])
    ratings.write_text(f"image,segment,label,rater,batch,rating\n{image['image_id']},0,{label},r,0,3\n")
    assert run_paper(copied, "table2", "figure6", f"ratings={ratings}", to="again") == 0
    assert "rates no predicted text" in read_table(copied, "table2", "again")["empty"].iloc[0]
    page = (copied / "again/figure6.html").read_text()
    assert "Not drawn" in page and "no rating is of a text that it said" in page
