"""`zgs board`: ranks, letters and findings on one page that needs no other file; wrong words are one line."""

from __future__ import annotations

import json
import re
import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from bench.cli import main
from bench.csv_files import read_csv
from bench.run.run_folder import read_rows
from bench.score.comparisons import adjust_by_holm, compare_all_paired
from tests.unit.report.fabricated import METRICS, fabricate

pytestmark = pytest.mark.usefixtures("blank_figures")
VARIANTS = ["masked", "crop <b>|$x$", "gem", "surgery"]


def board(*words: object) -> int:
    return main(["board", *map(str, words)])


def fail(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    code = board("to=nowhere", *words)
    assert not Path("nowhere").exists(), "nothing is written before all is known to be right"
    told = capsys.readouterr().err
    assert told.startswith("zgs: ") and told.count("\n") == 1, told
    return code, told


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    method = {"encode": {"_target_": "bench.encode.global_subtraction.GlobalSubtraction"}}
    return fabricate(tmp_path / "runs", VARIANTS, [method, {}, {}, {}], images=30)


def test_the_page_and_its_csv(runs: list[Path], tmp_path: Path) -> None:
    to = tmp_path / "to"
    assert board(tmp_path / "runs", f"to={to}") == 0
    assert {path.name for path in to.iterdir()} == {f"board.{end}" for end in ("html", "md", "csv", "png", "svg")}
    text, page = ((to / f"board.{end}").read_text() for end in ("md", "html"))
    assert set(re.findall(r'(?:src|href)="(.{5})', page)) == {"data:"}, "the page needs no other file"
    assert "<b>|" not in text and "<b>|" not in page and "crop &lt;b&gt;|$x$" in page
    assert "masked, the paper's method, is at rank" in text and "Kendall" in text
    table = read_csv(to / "board.csv")
    whole = table[table["group"] == "all"]
    assert set(whole["name"]) == set(METRICS.values())
    assert set(table["group"]) == {"all", "things", "stuff", "< 1/256", "1/256 to 1/64", "1/64 to 1/16", "≥ 1/16"}
    rows = [read_rows(run)[METRICS["iou_st"]] for run in runs]
    part = table[table["name"] == METRICS["iou_st"]].set_index("variant")
    assert part["value"].to_dict() == pytest.approx(
        {v: r.value() for v, r in zip(VARIANTS, rows, strict=True)}, abs=1e-6
    )
    pairs = list(combinations(range(4), 2))
    each = compare_all_paired([(rows[a], rows[b]) for a, b in pairs])
    for (a, b), p in zip(pairs, adjust_by_holm(np.array([one.p for one in each])), strict=True):
        letters = [set(str(part.loc[VARIANTS[at], "alike"]).split()) for at in (a, b)]
        assert bool(letters[0] & letters[1]) == (p >= 0.05), (a, b, p)


def test_a_moved_folder_and_a_second_time_give_the_same_bytes(runs: list[Path], tmp_path: Path) -> None:
    assert board(runs[0].parent, f"to={tmp_path / 'a'}") == 0
    shutil.move(tmp_path / "runs", tmp_path / "elsewhere")
    assert board(tmp_path / "elsewhere", f"to={tmp_path / 'b'}") == 0
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_costs_come_from_the_record_or_from_a_table(runs: list[Path], tmp_path: Path) -> None:
    for run, made, reused in zip(runs, (100, 100, 0, 50), (0, 5, 100, 0), strict=True):
        record = json.loads((run / "run.json").read_text())
        record |= {"seconds": {"encode": 0.5}, "store": {"encode": {"made": made, "reused": reused}}}
        (run / "run.json").write_text(json.dumps(record))
    assert board(*runs, f"to={tmp_path / 'to'}") == 0
    text = (tmp_path / "to/board.md").read_text()
    assert "| variant | ms a segment |" in text
    found = dict(re.findall(r"^\| (masked|gem|surgery) \| ([\d.–]+) \| [*\d]", text, re.M))
    assert found == {"masked": "5.0", "gem": "–", "surgery": "10.0"}, "what the store had says nothing of a cost"
    pd.DataFrame({"variant": ["gem", "sclip"], "ms": [7.25, 1.0]}).to_csv(tmp_path / "costs.csv", index=False)
    assert board(*runs, f"to={tmp_path / 'to'}", f"costs={tmp_path / 'costs.csv'}") == 0
    text = (tmp_path / "to/board.md").read_text()
    assert "| variant | ms an image |" in text and "| gem | 7.2 |" in text and "| masked | – |" in text


def test_few_images_are_marked(tmp_path: Path) -> None:
    runs = fabricate(tmp_path / "runs", ["a", "b"])
    assert board(*runs, f"to={tmp_path / 'to'}") == 0
    text = (tmp_path / "to/board.md").read_text()
    assert "]*" in text and "only 12 images" in text and "It takes 3 runs" in text


def test_wrong_words_and_folders(runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fail(capsys)[0] == 2
    code, told = fail(capsys, runs[0])
    assert code == 2 and "at least two" in told
    code, told = fail(capsys, *runs, "resamples=239")
    assert code == 2 and "6 pairs" in told and "give 240 or more" in told
    assert fail(capsys, *runs, "to=")[0] == 2 and fail(capsys, *runs, "seed=x")[0] == 2
    (tmp_path / "costs.csv").write_text("variant,seconds\na,1\n")
    code, told = fail(capsys, *runs, f"costs={tmp_path / 'costs.csv'}")
    assert code == 1 and "column ms is missing" in told
    (tmp_path / "costs.csv").write_text("variant,ms\na,fast\n")
    assert fail(capsys, *runs, f"costs={tmp_path / 'costs.csv'}")[0] == 1


def test_runs_of_another_protocol_or_not_finished(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(runs[0], other)
    scores = (other / "scores.csv").read_text()
    (other / "scores.csv").write_text(scores.replace("/paper/", "/soft/").replace(",paper,", ",soft,"))
    code, told = fail(capsys, runs[0], other)
    assert code == 1 and "protocol paper and soft" in told
    (runs[0] / "run.json").rename(tmp_path / "kept")
    settings = yaml.safe_load((runs[0] / "config.yaml").read_text())
    (runs[0] / "config.yaml").write_text(yaml.safe_dump(settings | {"data": settings["data"] | {"split": "none"}}))
    code, told = fail(capsys, *runs)  # how many images a store holds: test_compare.py
    assert code == 1 and "not finished" in told and f"zgs run -cd {runs[0]} -cn config" in told
