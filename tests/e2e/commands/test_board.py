"""`zgs board`: the numbers of the runs, ranked; one page that needs no other file; wrong input is one line."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from bench.cli import main
from bench.csv_files import read_csv
from bench.report.board import _write_groups
from bench.report.runs import merge_scores
from tests.unit.report.fabricated import METRICS, fabricate

pytestmark = pytest.mark.usefixtures("blank_figures")


def board(*words: object) -> int:
    return main(["board", *map(str, words), "resamples=50"])


def test_the_board_has_the_runs_numbers_with_ranks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = fabricate(
        tmp_path / "runs", ["full", "crop <b>|$x$", "third"], [{}, {"choices": {"encode": "crop_mean"}}, {}]
    )
    (tmp_path / "costs.csv").write_text("variant,ms\nfull,12.5\ncrop,1\ncrop_mean,2.5\n")
    assert board(tmp_path / "runs", f"to={tmp_path / 'to'}", f"costs={tmp_path / 'costs.csv'}") == 0
    said = capsys.readouterr().out
    table, scores = read_csv(tmp_path / "to/board.csv"), merge_scores(runs)
    own = scores[scores["role"] == scores["role"].iloc[0]].set_index(["variant", "metric"])
    for line in table.to_dict("records"):
        known = own.loc[(line["variant"], line["metric"])]
        assert line["value"] == pytest.approx(known["value"], abs=1e-6) and 1 <= line["rank_low"] <= line["rank"]
        better = table[(table["metric"] == line["metric"]) & (table["value"] > line["value"] + 1e-6)]
        assert line["rank"] == 1 + len(better) and line["letters"]
    costs = table.drop_duplicates("variant").set_index("variant")["ms_image"].dropna().to_dict()
    assert costs == {"full": 12.5, "crop <b>|$x$": 2.5}, "by name, else by the option of encode="
    text, page = ((tmp_path / "to" / f"board.{end}").read_text() for end in ("md", "html"))
    assert "50 resamples tell few pairs of 3 variants apart: 120 are enough" in text
    assert "mean rank" in text and "ms an image" in text and "Do the metrics rank alike?" in text and "full" in said
    assert set(re.findall(r'(?:src|href)="(.{5})', page)) <= {"data:"} and "<b>|" not in page
    assert "share of a product" not in text, "which was not measured"
    spans = re.findall(r"<br>\d+\.(.*?) \|", text)
    assert spans and all(" " not in span for span in spans) and any("\u00a0to\u00a0" in span for span in spans)
    assert "sticky" in page and "no-repeat scroll" in page, "a shadow says that a table goes on"
    before = (tmp_path / "to/board.csv").read_bytes()
    assert board(*runs, f"to={tmp_path / 'to'}", f"costs={tmp_path / 'costs.csv'}") == 0
    assert (tmp_path / "to/board.csv").read_bytes() == before
    (tmp_path / "costs.csv").write_text("variant,ms,share,segments\nfull,12.5,0.53,5\ntrunk,1,,\n")
    assert board(*runs, f"to={tmp_path / 'to'}", f"costs={tmp_path / 'costs.csv'}") == 0
    told = (tmp_path / "to/board.md").read_text()
    assert re.search(r"\| full .* \| 2.5 \| 12.5 \| 53 % \|", told) and "| ms an image | share of a product |" in told


def test_names_are_brief_on_the_page_and_whole_in_the_table(tmp_path: Path) -> None:
    names = [f"{name}-oracle-retrieval-no_merge" for name in ("masked", "crop_blur")]
    runs = fabricate(tmp_path / "runs", names)
    assert board(*runs, f"to={tmp_path / 'to'}", "note=Chosen on *true* segments.") == 0
    text = (tmp_path / "to/board.md").read_text()
    assert "| masked |" in text and "| crop_blur |" in text
    assert text.count("-oracle-retrieval-no_merge") == 1 and "left out here; board.csv has them whole" in text
    assert set(read_csv(tmp_path / "to/board.csv")["variant"]) == set(names)
    assert "- Chosen on \\*true\\* segments." in text


@pytest.mark.parametrize(("values", "told"), [([0.0, 0.0], "| none: all 0.0 | – |"), ([0.1, 0.0], "| a 10.0 | b |")])
def test_nobody_leads_a_group_with_one_value(values: list[float], told: str) -> None:
    metric = f"{METRICS['iou_st']}.size.tiny"
    table = pd.DataFrame({"variant": ["a", "b"], "value": values, "letters": "a", "n": 3, "metric": metric})
    assert told in "\n".join(_write_groups(table, [metric]))


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (["runs/a"], "one finished run is nothing to compare", 2),
        (["runs", "costs=none.csv"], "costs=none.csv: no such file", 1),
        (["runs", "costs=wrong.csv"], "needs the columns variant and ms", 1),
        (["runs", "costs=words.csv"], "words.csv: cannot be read as a table of numbers", 1),
        ([], "name runs or a folder of them", 2),
    ],
)
def test_wrong_input_is_one_line(
    words: list[str], told: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    runs = fabricate(tmp_path / "runs", ["a", "b"])
    (tmp_path / "wrong.csv").write_text("name,seconds\na,1\n")
    (tmp_path / "words.csv").write_text("variant,ms\na,much\n")
    assert board(*[str(runs[0]) if word == "runs/a" else word for word in words]) == code
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1
