"""`zgs score … score=libraries` on label maps as a user has them: every library's number side by side, and in files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.cli import main
from bench.score.presets import list_libraries
from tests.e2e.commands.theirs import coded, write, zgs

VALUES = {
    "mmseg": 0.708333, "smp": 0.854167, "smp_imagewise": 0.854167, "monai": 0.5, "torchmetrics_miou": 0.333333,
    "detectron2_semseg": 0.708333, "sklearn": 0.708333, "cityscapes": 0.708333, "torchmetrics_jaccard": 0.708333,
}  # fmt: skip
TRUTH, SAID = np.array([[0, 0, 1, 1], [0, 0, 255, 255]], np.uint8), np.array([[0, 1, 1, 1], [0, 0, 2, 1]])
NAMES = ("zero", "one", "two", "three")


def make_data(folder: Path, background: bool) -> tuple[Path, list[str]]:
    """A data set of one image and predictions of it; label 0 is a class of the list, or background."""
    for name, picture in (("img/a.png", np.zeros((2, 4, 3), np.uint8)), ("ann/a.png", TRUTH)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / name)
    names, more = (NAMES[1:], "background: 0\n") if background else (NAMES, "")
    layout = f"images: img/{{id}}.png\nmasks: ann/{{id}}.png\nclasses: [{', '.join(names)}]\nvoid: 255\n{more}"
    (folder / "four.yaml").write_text(layout)
    said = [(name, np.equal(SAID, number).astype(int).tolist()) for number, name in enumerate(NAMES[:3])]
    segments = [{"text": name, "segmentation": coded(mask)} for name, mask in said if name in names]
    images = [{"image_id": "a", "height": 2, "width": 4, "segments": segments}]
    words = ["data=folder", f"data.root={folder}", f"data.layout={folder / 'four.yaml'}", "executor=serial"]
    return write(folder / "theirs.json", images), words


@pytest.mark.slow
@pytest.mark.thinned(2)
@pytest.mark.parametrize("background", [False, True])
def test_libraries_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str], background: bool) -> None:
    file, words = make_data(tmp_path / "data", background)
    folder = zgs(tmp_path, None, file, *words, "score=libraries", "--csv", tmp_path / "mine.csv")
    table = pd.read_csv(folder / "scores.csv")
    assert list(dict.fromkeys(table["protocol"])) == list(list_libraries())
    found = table[table["measure"].str.startswith("iou.")]
    assert dict(zip(found["protocol"], found["value"], strict=True)) == VALUES
    assert set(table["protocol"]) == set(list_libraries()), "a name says what a user typed, and nothing was"
    recorded = {each["name"]: each["background"] for each in json.loads((folder / "run.json").read_text())["protocols"]}
    assert recorded["mmseg"] == recorded["monai"] == ("class" if background else "ignore"), "what it came to"
    assert (tmp_path / "mine.csv").read_bytes() == (folder / "scores.csv").read_bytes()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:5] == ["library", "version", "score=", "number", "value"]
    smp = next(line for line in lines if re.search(r" smp[ {]", line))
    assert re.split(r" {2,}", smp)[3:][:4] == ["mean IoU", "0.8542", "–", "4 classes"]
    assert re.split(r" {2,}", smp)[7:] == ["classes of the set", "1", "0", "taken out"]
    assert sum("mean IoU" in line for line in lines) == len(VALUES) and not any("protocol:" in line for line in lines)


@pytest.mark.slow
def test_libraries_stand_beside_other_protocols_and_may_be_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, words = make_data(tmp_path / "data", background=False)
    folder = zgs(tmp_path, None, file, *words, "score=paper,smp,sklearn", "score.unseen=zero", "score.mapping=[exact]")
    table = pd.read_csv(folder / "scores.csv").set_index("protocol")["value"]
    assert table["smp{unseen=zero}"] == table["sklearn{unseen=zero}"] == 0.354167
    assert "protocol: name=smp " in capsys.readouterr().out, "not only libraries: the usual table"


@pytest.mark.thinned(2)
@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("score=libraries,smp", "score=libraries,smp: smp is one of libraries; leave one of the two out"),
        ("score=mmseg,libraries", "score=mmseg,libraries: mmseg is one of libraries; leave one of the two out"),
        ("score=librarys", "score=librarys: librarys is no protocol; did you mean libraries?"),
        ("score=library,paper", "score=library,paper: library is no protocol; did you mean libraries?"),
        ("score=mmsge", "score=mmsge: no such option; did you mean mmseg?"),
        ("score.unseen=once", "score.unseen=once: known are ignore, one, zero; did you mean one?"),
        ("score.unmatched=no", "score.unmatched=no: known are ignore, zero"),
    ],
)
def test_a_wrong_word_is_one_line_with_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str, message: str
) -> None:
    file, words = make_data(tmp_path / "data", background=False)
    assert main(["score", str(file), *words, word]) == 2
    assert capsys.readouterr().err.strip() == f"zgs: {message}"


def test_the_command_that_takes_all_libraries_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "score=libraries"]) == 2
    told = "zgs: score=libraries: `zgs score` takes it: zgs score PREDICTIONS|RUN score=libraries …"
    assert capsys.readouterr().err.strip() == told


@pytest.mark.slow
def test_what_was_changed_stands_in_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed number is not the library's, PQ reads no `unseen`, and what a library does not say has no row."""
    file, words = make_data(tmp_path / "data", background=False)
    changes = ["score.unseen=zero", "score.metrics=[iou,panoptic,soft]", "score.mapping=[exact,maxoverlap]"]
    zgs(tmp_path, None, file, *words, "score=libraries", *changes)
    lines = capsys.readouterr().out.splitlines()
    rows = [re.split(r" {2,}", line) for line in lines if " classes of " in line]
    numbers = [next(at for at, cell in enumerate(row) if re.fullmatch(r"mean IoU|[PSR]Q", cell)) for row in rows]
    cells = {(row[0], *row[at - 1 : at + 1]): row for at, row in zip(numbers, rows, strict=True)}
    for mapping in ("", " maxoverlap"):
        smp = cells["not segmentation-models-pytorch's: score.unseen=zero", f"smp{{unseen=zero}}{mapping}", "mean IoU"]
        assert smp[-4:-1] == ["classes of the set", "0", "0"]
    assert cells["hotcoco", "hotcoco{unseen=zero}", "PQ"][-4:-1] == ["classes of the set", "left out", "0"]
    assert not any("Jaccard" in row or ("mean IoU" in row and "hotcoco" in row[0]) for row in rows)
    (note,) = (line for line in lines if line.startswith("left out, "))
    assert "; mean IoU, Jaccard, Recall of hotcoco, panopticapi, torchmetrics_pq" in note
    assert main(["score", str(file), *words, "score=libraries", "score.metrics=[soft]"]) == 2
    assert "zgs: score.metrics=[soft]: no library of score=libraries says that" in capsys.readouterr().err
