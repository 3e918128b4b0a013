"""Tables: what stands in a cell, what is a floor, what is said below, and that files keep the numbers."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest

from bench.errors import UserError
from bench.metric_name import parse
from bench.report.tables.cells import describe_metric, lay_out, shorten_name
from bench.report.tables.tables import print_table, write_markdown_table, write_text_table
from bench.score.score_table import ALL, EMBEDDED_NOTE, add_columns, read_scores, write_scores

HEAD = "toyscenes:test[first:48]/own30/paper/"
IOU, TGQ = HEAD + "tt(minilm-static)>=0.5/iou.image.union", HEAD + "tt(minilm-static)/tgq.micro>0.5"


def score(variant: str, metric: str, value: float, **changes: object) -> dict[str, object]:
    images = metric == IOU
    row = {
        "run": "r", "variant": variant, "metric": metric, "value": value, "low": value - 0.05, "high": value + 0.1,
        "n": 48 if images else 210, "unit_of_n": "images" if images else "segments",
        "expected": 48, "found": 48, "skipped": 0,
    }  # fmt: skip
    return row | changes


@pytest.fixture
def scores() -> pd.DataFrame:
    lines = [
        score("full", IOU, 0.3125),
        score("full", TGQ, 0.5),
        score("no merge", IOU, 0.25, found=46, skipped=2),
        score("shuffled", IOU, 0.0625),
        score("shuffled", TGQ, 0.125),
    ]
    return add_columns(pd.DataFrame(lines), ["own", "own", "own", "floor", "floor"])


def test_cells_are_percent_with_interval_and_what_does_not_exist_is_a_dash(scores: pd.DataFrame) -> None:
    lines = write_text_table(scores, embedded=False, width=200).splitlines()
    full = next(line for line in lines if line.startswith("full"))
    assert "31.2 [26.2, 41.2]" in full and "50.0 [45.0, 60.0]" in full
    merge = next(line for line in lines if line.startswith("no merge"))
    assert merge.endswith("–") and "25.0" in merge and merge.count("–") == 1


def test_a_number_that_is_nan_is_a_dash_too(scores: pd.DataFrame) -> None:
    nan = float("nan")
    lines = pd.concat([scores, add_columns(pd.DataFrame([score("no merge", TGQ, nan, low=nan, high=nan, n=0)]), "own")])
    assert lay_out(lines, embedded=False).variants[1].cells[1].value == "–"


def test_floors_stand_in_a_block_of_their_own(scores: pd.DataFrame) -> None:
    table = lay_out(scores, embedded=False)
    assert [row.variant for row in table.variants] == ["full", "no merge"]
    assert [row.variant for row in table.bounds] == ["shuffled"]
    lines = write_text_table(scores, embedded=False, width=200).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("shuffled"))
    assert lines[at - 1].startswith("─") and not lines[at - 2].startswith("─")


def test_headers_name_metric_mapping_averaging_and_n(scores: pd.DataFrame) -> None:
    assert lay_out(scores, embedded=False).headers == (
        ("IoU", "TT ≥0.5", "image, union", "n=48 images"),
        ("TGQ >0.5", "TT", "micro", "n=210 segments"),
    )


def test_different_n_stand_in_the_cells(scores: pd.DataFrame) -> None:
    scores.loc[2, "n"] = 46
    table = lay_out(scores, embedded=False)
    assert table.headers[0][3] == "" and table.variants[1].cells[0].n == "n=46 images"
    assert "n=46 images" in write_text_table(scores, embedded=False, width=60)


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("iou.dataset.union", ("IoU", "dataset, union")),
        ("recall>0.5", ("Recall >0.5", "")),
        ("recall.mean101.allseg", ("Recall", "mean101, allseg")),
        ("tgq.macro>=0.5", ("TGQ >=0.5", "macro")),
        ("tgq.micro.cosine", ("TGQ cosine", "micro")),
        ("tgq.micro.top1", ("TGQ top-1", "micro")),
        ("novelty", ("novelty", "")),
    ],
)
def test_metric_words(metric: str, words: tuple[str, str]) -> None:
    assert describe_metric(metric) == words


def test_columns_that_differ_in_data_or_protocol_say_so() -> None:
    one, two = parse("voc:val/own20/paper/none/iou.image.union"), parse("voc:val/own20/reference/none/iou.image.union")
    assert shorten_name(one, [one, two])[2] == "image, union, paper"


def test_cosines_are_not_percent() -> None:
    table = add_columns(pd.DataFrame([score("full", HEAD + "tt/tgq.micro.cosine", 0.4567)]), "own")
    assert lay_out(table, embedded=False).variants[0].cells[0].value == "0.457"


def test_notes_count_skips_and_warn_of_embedded_models(scores: pd.DataFrame) -> None:
    notes = lay_out(scores, embedded=True).notes
    assert "no merge: 46 of 48 images found, 2 skipped." in notes and notes[-1] == EMBEDDED_NOTE
    assert "cannot be compared with published numbers" in EMBEDDED_NOTE
    assert "toyscenes:test[first:48]" in notes[0] and "TT by minilm-static" in notes[0]
    assert EMBEDDED_NOTE not in write_text_table(scores, embedded=False)


@pytest.mark.parametrize("width", [40, 70, 110, 200])
def test_every_number_is_there_at_any_width(scores: pd.DataFrame, width: int) -> None:
    text = write_text_table(scores, embedded=True, width=width)
    assert all(value in text for value in ("31.2", "50.0", "25.0", "6.2", "12.5", "[45.0, 60.0]"))
    columns = [line for line in text.splitlines() if not line.startswith(("Data", "Percent", "Made", "no merge: 46"))]
    assert max(map(len, columns)) <= max(width, 32)


def test_print_goes_where_told(scores: pd.DataFrame) -> None:
    stream = io.StringIO()
    print_table(scores, embedded=True, file=stream)
    assert stream.getvalue() == write_text_table(scores, embedded=True) + "\n"


def test_markdown_has_one_cell_for_each_column_and_escapes_bars(scores: pd.DataFrame) -> None:
    scores["variant"] = scores["variant"].replace("full", "a|b")
    text = write_markdown_table(scores, embedded=True)
    rows = [line.replace("\\|", "") for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {4} and "a\\|b" in text and EMBEDDED_NOTE in text


def test_csv_round_trip_fixed_columns_and_whole_counts(scores: pd.DataFrame, tmp_path: Path) -> None:
    path = write_scores(scores.assign(extra=1), tmp_path / "scores.csv")
    first, second = path.read_text().splitlines()[:2]
    old = "run,variant,metric,value,low,high,n,unit_of_n,expected,found,skipped"
    new = "role,dataset,classlist,protocol,mapping,threshold,measure,group,interval_note"
    assert first == f"{old},{new}" == ",".join(ALL)
    assert second == (
        f"r,full,{IOU},0.312500,0.262500,0.412500,48,images,48,48,0,"
        "own,toyscenes:test[first:48],own30,paper,tt(minilm-static),0.5,iou.image.union,,"
    )
    assert write_text_table(read_scores(path), embedded=True) == write_text_table(scores, embedded=True)


def test_bad_tables(scores: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'low' is missing"):
        write_text_table(scores.drop(columns="low"), embedded=False)
    with pytest.raises(UserError, match="full has .* twice"):
        write_text_table(pd.concat([scores, scores]), embedded=False)
    with pytest.raises(UserError, match="no score"):
        write_text_table(scores.iloc[:0], embedded=False)
    with pytest.raises(UserError, match="cannot be read"):
        read_scores(tmp_path / "none.csv")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(UserError, match="cannot be read"):
        read_scores(tmp_path / "empty.csv")
