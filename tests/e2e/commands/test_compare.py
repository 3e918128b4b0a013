"""`zgs compare`: one page that needs no other file; runs that cannot be compared are one line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from bench.cli import main
from bench.csv_files import read_csv
from bench.run.run_folder import read_rows
from bench.score.comparisons import compare_paired
from tests.unit.report.fabricated import METRICS, fabricate

pytestmark = pytest.mark.usefixtures("blank_figures")


def compare(*words: object) -> int:
    return main(["compare", *map(str, words), "pictures=0"])


def fail(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    code = compare(*words)
    told = capsys.readouterr().err
    assert told.startswith("zgs: ") and told.count("\n") == 1, told
    return code, told


def test_the_page_and_its_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = fabricate(tmp_path / "runs", ["full", "crop <b>|$x$", "floor"], [{}, {}, {"role": "floor"}])
    (tmp_path / "block.txt").write_text("man\n")
    assert compare(*runs, f"to={tmp_path / 'to'}", "pairs=2-3", f"report.blocklist={tmp_path / 'block.txt'}") == 0
    said = capsys.readouterr().out
    assert "0 words hidden, of a list of 1 (scores count them as ever)" in said
    text, page = ((tmp_path / "to" / f"compare.{end}").read_text() for end in ("md", "html"))
    for heading in ("Every metric", "Sizes, things and stuff", "Classes", "Protocol"):
        assert f"## {heading}\n" in text and f"<h2>{heading}</h2>" in page
    assert "Images that changed" not in text, "no pictures were asked for"
    assert "Hidden in pictures: the words of a list of 1" in text
    assert "<b>|" not in text and "<b>|" not in page and "crop &lt;b&gt;|$x$" in page
    assert set(re.findall(r'(?:src|href)="(.{5})', page)) == {"data:"}, "the page needs no other file"
    table = read_csv(tmp_path / "to/differences.csv")
    assert set(zip(table["variant"], table["against"], strict=True)) == {
        ("full", "crop <b>|$x$"), ("crop <b>|$x$", "floor")
    }, "a floor is compared where it is asked for"  # fmt: skip
    for name in METRICS.values():
        each = compare_paired(*(read_rows(run)[name] for run in runs[:2]))
        line = table[(table["metric"] == name) & (table["variant"] == "full")].iloc[0]
        assert line[["value", "low", "high", "p"]].tolist() == pytest.approx(
            [each.value, each.low, each.high, each.p], abs=1e-6
        )
        assert line["p_holm"] >= line["p"] and name in said
    for name in ("classes.csv", "images.csv", "breakdown.csv"):
        assert len(pd.read_csv(tmp_path / "to" / name)) and name in said


@pytest.mark.slow
def test_a_moved_folder_gives_the_same(tmp_path: Path) -> None:
    runs = fabricate(tmp_path / "runs", ["full", "crop"])
    assert compare(*runs, f"to={tmp_path / 'a'}") == 0
    shutil.move(tmp_path / "runs", tmp_path / "elsewhere")
    moved = [tmp_path / "elsewhere" / run.name for run in runs]
    assert compare(*moved, f"to={tmp_path / 'b'}") == 0
    for name in ("differences.csv", "classes.csv", "images.csv", "compare.md"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.slow
def test_pictures_that_cannot_be_made_are_a_line_of_the_page(tmp_path: Path) -> None:
    runs = fabricate(tmp_path / "runs", ["full", "crop"], [{"store": "gone"}] * 2)  # which have no predictions
    assert main(["compare", *map(str, runs), f"to={tmp_path / 'to'}"]) == 0
    assert "## Images that changed most\n\nAn image has" in (text := (tmp_path / "to/compare.md").read_text())
    assert "- No pictures: " in text


def test_wrong_words_and_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = fabricate(tmp_path / "runs", ["full", "crop"])
    code, told = fail(capsys, runs[0])
    assert code == 2 and "at least two" in told
    assert fail(capsys)[0] == 2 and fail(capsys, runs[0], runs[0])[0] == 2
    code, told = fail(capsys, *runs, "picture=3")
    assert code == 2 and "pictures" in told
    code, told = fail(capsys, runs[0], tmp_path / "nowhere")
    assert code == 1 and "no finished run" in told


def test_an_unfinished_run_is_told_with_its_n_and_the_command(
    full: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = fabricate(tmp_path / "runs", ["full", "crop"])
    half = tmp_path / "runs" / "half"
    half.mkdir()
    (record,) = (full / "out").glob("*/run.json")
    settings = yaml.safe_load((record.parent / "config.yaml").read_text())
    settings["data"]["subset"] = "first:3"  # of which the store holds two
    (half / "config.yaml").write_text(yaml.safe_dump(settings))
    code, told = fail(capsys, runs[0], half)
    assert (
        code == 1
        and "2 images of this variant; this run has n = 3" in told
        and f"zgs run -cd {half} -cn config" in told
    )
    assert compare(tmp_path / "runs", f"to={tmp_path / 'to'}") == 0
    assert f"left out: {half}: not finished (the store holds predictions of 2 images" in capsys.readouterr().out
