"""`scripts/speed_aims.py`: the page is what the files say, its tests are there, and what is missing is one line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

ECHO = shutil.which("echo")
ROOT = Path(__file__).resolve().parents[3]
LACKING = "| whole image: seconds, at most 10 | – | not measured |"
FILES = ("speed/paper.json", "speed/before.csv", "speed.csv", "speed/growth.csv", "speed/meta_paper.json")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    import speed_aims

    yield speed_aims


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A copy of the files that the page is made from."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "results" / name, tmp_path / name)
    return tmp_path


def test_the_page_is_made_from_the_files_beside_it(script: ModuleType) -> None:
    known = (ROOT / "results/speed/aims.md").read_text(encoding="utf-8")
    assert script.make_page(ROOT / "results") == known, "python scripts/speed_aims.py makes it again"


def test_every_aim_of_the_issue_is_there(script: ModuleType, results: Path) -> None:
    """Bounds as its text has them, of each section in its order."""
    sections = [script.judge_stages, script.judge_processes, script.judge_counted, script.judge_gpu]
    bounds = [[(aim.stage, aim.bound, aim.at_most) for aim, _ in make(results).judged] for make in sections]
    assert bounds == [
        [("texts", 4, False), ("language", 2, False), ("features", 1.1, False), ("clustering", 1.8, False),
         ("masked", 3, False), ("loading", 5, False), ("all of them", 1e-5, True)],
        [("zgs demo", 0.5, True), ("zgs score", 1.5, True), ("zgs --help", 1.5, True), ("zgs run", 3, True)],
        [("largest stage", 16e9 // 2**20, True)],
        [("whole image", 10, True)],
    ]  # fmt: skip
    image, _ = script.judge_paper(results).judged[-1]
    assert (image.stage, image.bound, image.at_most) == ("whole image", 1, True)
    assert {aim.bound for aim, _ in script.judge_growth(results).judged} == {1.1}
    assert [(aim.bound, aim.at_most, value) for aim, value in script.judge_memory(results).judged] == [
        (3072, True, None)
    ]
    lines = "segments,settings,peak_mb,files_mb\n8,as by default,3072.5,1500\n8,caption.rows=9,1,1\n"
    (results / "speed/memory.csv").write_text(lines)
    ((aim, value),) = script.judge_memory(results).judged
    assert value == 3072.5 and not aim.is_met(value)
    (results / "speed/memory.csv").write_text(lines.replace("8,as", "1,as"))
    assert [value for _, value in script.judge_memory(results).judged] == [None], "of an earlier script"


def test_a_whole_image_is_judged_by_its_row_of_the_default_settings(script: ModuleType, results: Path) -> None:
    assert [value for _, value in script.judge_image(results).judged] == [None, None]
    head = "hours,clock_hours,peak_mb,segments,texts_asked,texts_read,n,image,settings,commit\n"
    rows = ["0.1,0.1,1,1,1,1,1,1 x 1,caption.beams=1,a\n", "1.25,2.5,3000,20,900,100,1,640 x 427,by default,abc\n"]
    (results / "speed/image.csv").write_text(head + "".join(rows))
    section = script.judge_image(results)
    assert [(aim.bound, value, aim.is_met(value)) for aim, value in section.judged] == [
        (1, 1.25, False),
        (3072, 3000, True),
    ]
    (results / "speed/image.csv").write_text(head + rows[1].replace("640 x 427", "9 x 6"))
    assert [value for _, value in script.judge_image(results).judged] == [None, None], "of an earlier script"
    assert section.n == (
        "1 run of 640 x 427 pixels, 20 segments described, 100 of 900 texts read, 2.5 h by the clock, commit abc"
    )


def test_values_are_those_of_the_files_by_hand(script: ModuleType, results: Path) -> None:
    (results / "speed.csv").write_text(
        "case,side,seconds,ratio,runs,n\n"
        "score,95689e9,4,1,3,300\nscore,now,2.0,0.5,3,300\nscore,plain NumPy,0.6,0.1,3,300\n"
        'score,"plain NumPy, 1 image",0.1,0.1,3,1\nscore,"now, 1 image",1.0,0.1,3,1\n'
        "demo,95689e9,100,1,1,40\ndemo,now,51,0.51,1,40\nagain,the first time,20,1,2,40\nagain,again,3.0,0.1,2,40\n"
        "help,python,0.01,1,3,0\nhelp,zgs --help,0.01,1.2,3,0\n"
    )
    section = script.judge_processes(results)
    assert [value for _, value in section.judged] == pytest.approx([0.51, 1.0 / 0.5, 1.2, 3.0])
    assert [aim.is_met(value) for aim, value in section.judged] == [False, False, True, True]
    assert section.n == "1 to 3 runs"


def test_a_cost_that_grows_quickly_from_some_size_on_is_missed(script: ModuleType, results: Path) -> None:
    """0.01 s and 1e-5 n^2, also in a table of a version that knew no steps: 0.69 as a whole, 1.51 at the end."""
    lines = [
        f"scores,segments,{n},{0.01 + 1e-5 * n**2:.6f},0.69,0.5,0.9,15\n" for n in (5, 10, 20, 40, 80) for _ in "abc"
    ]
    (results / "speed/growth.csv").write_text("cost,against,size,seconds,exponent,low,high,n\n" + "".join(lines))
    section = script.judge_growth(results)
    assert [round(value, 2) for _, value in section.judged] == [0.69, 1.51] and section.n == "15 measurements"
    assert [aim.is_met(value) for aim, value in section.judged] == [True, False]
    assert "steepest: 1.51), at most 1.1 | 1.51 | **missed** |" in script.make_page(results)


def test_a_gpu_that_was_measured_is_judged(script: ModuleType, results: Path) -> None:
    assert script.judge_gpu(results).judged[0][1] is None and LACKING in script.make_page(results)
    rows = [{"stage": stage, "seconds": seconds} for stage, seconds in (("image", 9.0), ("image", 12.0), ("text", 1.0))]
    (results / "speed/cuda_paper.json").write_text(json.dumps(rows))
    assert script.judge_gpu(results).judged[0][1] == 9 and LACKING not in script.make_page(results)


def test_rows_of_other_settings_are_judged_by_no_aim(script: ModuleType, results: Path) -> None:
    cuda = [{"stage": "image", "seconds": 3.0, "settings": ["caption.beams=1"]}, {"stage": "image", "seconds": 12.0}]
    (results / "speed/cuda_paper.json").write_text(json.dumps(cuda))
    assert script.judge_gpu(results).judged[0][1] == 12
    counted = json.loads((results / "speed/meta_paper.json").read_text())
    most = max(row["needs_mb"] for row in counted)
    own = {**counted[0], "needs_mb": 99999.0, "settings": ["image=a.png"]}
    (results / "speed/meta_paper.json").write_text(json.dumps([*counted, own]))
    assert script.judge_counted(results).judged[0][1] == most
    rows = [row | {"settings": ["encode=masked"] if row["stage"] == "captions" else []}
            for row in json.loads((results / "speed/paper.json").read_text())]  # fmt: skip
    (results / "speed/paper.json").write_text(json.dumps(rows))
    with pytest.raises(SystemExit, match="captions is missing by default settings and .*; `zgs speed .* makes it"):
        script.judge_paper(results)
    table = results / "speed/growth.csv"
    first, *lines = table.read_text().splitlines()
    table.write_text("\n".join([f"{first},settings", *(f"{line},caption.beams=2" for line in lines)]))
    with pytest.raises(SystemExit, match=r"growth.csv: not of the default settings; `zgs speed growth=yes"):
        script.judge_growth(results)


def test_rows_of_smaller_models_are_judged_by_no_aim(script: ModuleType, results: Path) -> None:
    """Smaller models are quicker and hold less; the page says which weights were measured."""
    for file, judge in (("meta_paper.json", script.judge_counted), ("paper.json", script.judge_paper)):
        path, small = results / "speed" / file, "clip random, 3.1 M numbers"
        rows = json.loads(path.read_text())
        path.write_text(json.dumps([row | {"weights": small} for row in rows]))
        with pytest.raises(SystemExit, match="the paper's size"):
            judge(results)
        path.write_text(json.dumps([row | {"weights": small if row["stage"] == "scoring" else "a; b"} for row in rows]))
        section = judge(results)
        assert section.weights == "a; b" and all(aim.stage != "scoring" for aim, _ in section.judged)
    path = results / "speed/before.csv"
    table = pd.read_csv(path).assign(weights="clip random, 427.9 M numbers").set_index("case")
    table.to_csv(path)
    assert script.judge_stages(results).weights == "clip random, 427.9 M numbers"
    table.loc["masked", "weights"] = "clip random, 3.1 M numbers"
    table.to_csv(path)
    with pytest.raises(SystemExit, match=r"before.csv: masked is of models smaller .*3.1 M.*; `.* --only masked` meas"):
        script.judge_stages(results)
    head = "hours,clock_hours,peak_mb,segments,texts_asked,texts_read,n,image,settings,commit,weights\n"
    row = "1.25,2.5,3000,20,900,100,1,640 x 427,by default,abc,"
    for told, value in (("clip x; dino y", 1.25), ('"clip random, 3.1 M numbers"', None)):
        (results / "speed/image.csv").write_text(f"{head}{row}{told}\n")
        section = script.judge_image(results)
        assert section.judged[0][1] == value and section.weights == told.strip('"')
    assert "Weights: clip random, 3.1 M numbers." in script._write_source(results, section)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_one_line_that_names_the_command(name: str, script: ModuleType, results: Path) -> None:
    (results / name).unlink()
    with pytest.raises(SystemExit, match=f"{name}: is missing; `.* makes it"):
        script.make_page(results)


def test_a_missing_case_is_one_line_that_names_it(script: ModuleType, results: Path) -> None:
    path = results / "speed/before.csv"
    path.write_text("".join(line for line in path.open() if not line.startswith("texts")))
    with pytest.raises(SystemExit, match=r"^no numbers of texts; `.*compare_stages.py .* --only texts` measures them$"):
        script.make_page(results)


def test_one_script_runs_the_commands_that_the_page_names(script: ModuleType) -> None:
    environment = {**os.environ, "ZGS": str(ECHO), "PYTHON": str(ECHO)}
    command = ["sh", str(ROOT / "scripts/speed.sh"), "FOLDER"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    for named in (script.PAPER, script.GROWTH, script.META, script.MEMORY, script.IMAGE, script.STAGES):
        assert named.split(" ", 1)[1] in lines, named
    assert all("results/speed.csv" in line for line in lines if "compare_speed" in line)
    cases = {word for line in lines if "compare_speed" in line for word in line.split()}
    assert {"score", "help", "demo", "again"} < cases and lines[-1] == "scripts/speed_aims.py results"
    done = subprocess.run([*command, "growth", "grow"], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, ""), "before anything is measured"
    assert "grow: no such step" in done.stderr


def test_the_tests_that_are_named_are_there(script: ModuleType) -> None:
    from speed_words import TESTS, list_skipping

    for sentence, test in TESTS:
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), sentence
    assert len(TESTS) >= 12 and "masked" in list_skipping().split(", ")
    assert "global_subtraction" not in list_skipping(), "its saliency reads every token"
