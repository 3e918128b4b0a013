"""`zgs import`, `export`, `convert`, and another tool's file straight into `zgs score`: the same numbers as ours."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench.cli import main
from tests.e2e.commands.theirs import IMAGES, values, write, zgs


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A file of ours whose texts are all classes of VOC, and whose segments do not overlap."""
    named = json.loads(json.dumps(IMAGES).replace("puppy", "dog"))
    return write(tmp_path / "ours.json", named)


def run(*words: str | Path, code: int = 0) -> None:
    assert main([str(word) for word in words]) == code


@pytest.mark.thinned(3)
@pytest.mark.parametrize("kind", ["coco", "coco-panoptic", "label-maps"])
def test_written_as_another_tool_has_it_the_score_is_the_same(
    tmp_path: Path, voc: Path, ours: Path, kind: str, capsys: Any
) -> None:
    """Numbers are those of the texts, not the data set's, and what lies beside says so; the kind is told by looking."""
    there = tmp_path / ("maps" if kind == "label-maps" else "theirs.json")
    run("export", kind, ours, f"to={there}")
    assert f"{there}: 3 images as {kind}, 5 classes" in capsys.readouterr().out
    beside = {"coco": f"images={tmp_path}/theirs.images.json", "label-maps": f"classes={there}/classes.csv"}
    mapping = "score.mapping=[exact]"
    theirs = values(zgs(tmp_path, voc, there, mapping))
    told = capsys.readouterr().out
    assert kind not in beside or f"  {beside[kind]}: {beside[kind].rpartition('/')[2]} beside it\n" in told
    assert re.search(rf"^{re.escape(str(there))}: {kind} \(.*\)$", told, re.MULTILINE)
    assert theirs == values(zgs(tmp_path, voc, ours, mapping)) and theirs


def test_a_file_of_ours_a_run_and_a_broken_one_are_what_they_were(tmp_path: Path, voc: Path, capfd: Any) -> None:
    (tmp_path / "broken.json").write_text('{"format": "zgs-predictions/2", "images": []}')
    zgs(tmp_path, voc, tmp_path / "broken.json", code=1)
    assert 'the file must say "format": "zgs-predictions/1"' in capfd.readouterr().err


def test_images_that_are_called_otherwise_are_told_with_what_to_do(tmp_path: Path, voc: Path, capfd: Any) -> None:
    segment = {"size": [2, 4], "counts": [0, 8]}
    rows = [{"image_id": 7, "category_id": 1, "segmentation": segment, "score": 1.0}]
    (tmp_path / "r.json").write_text(json.dumps(rows))
    zgs(tmp_path, voc, tmp_path / "r.json", code=1)
    out, err = capfd.readouterr()
    assert "numbers are read as those of the data set voc (1 'aeroplane' … 20 'tvmonitor')" in out
    assert "none of its 1 images is called as one of the data set's ('7', but 'a'); say how" in err


def test_import_says_what_it_did_and_what_comes_next(tmp_path: Path, ours: Path, capsys: Any) -> None:
    run("export", "coco", ours, f"to={tmp_path / 'r.json'}")
    run("import", tmp_path / "r.json", f"to={tmp_path / 'back.jsonl'}")
    told = capsys.readouterr().out.splitlines()[-4:]
    assert told == [
        f"{tmp_path}/r.json: coco (a list of results with image_id and category_id)",
        f"{tmp_path}/back.jsonl: 3 images, 5 segments",
        f"  images={tmp_path}/r.images.json: r.images.json beside it",
        f"next: zgs score {tmp_path}/back.jsonl data=…",
    ]
    head, *images = map(json.loads, (tmp_path / "back.jsonl").read_text().splitlines())
    assert head["about"] == {"variant": "r", "imported": "coco from r.json"}
    assert [image["image_id"] for image in images] == ["a", "b", "c"]


def test_a_fault_stops_and_leaves_nothing_or_the_image_is_left_out(tmp_path: Path, ours: Path, capfd: Any) -> None:
    run("export", "coco", ours, f"to={tmp_path / 'r.json'}")
    rows = json.loads((tmp_path / "r.json").read_text())
    rows[0]["category_id"] = 99
    (tmp_path / "r.json").write_text(json.dumps(rows))
    command = ["import", tmp_path / "r.json", f"images={tmp_path / 'r.images.json'}", f"to={tmp_path / 'x.jsonl'}"]
    run(*command, code=1)
    said = f"zgs: {tmp_path}/r.json: image 1, segment 0: category 99 is none of the 5 classes of"
    error = capfd.readouterr().err.splitlines()[-1]
    assert error.startswith(said) and error.endswith("faults=skip") and not (tmp_path / "x.jsonl").exists()
    run(*command, "faults=skip", code=3)
    out = capfd.readouterr().out
    assert "x.jsonl: 2 images, 3 segments" in out and f"left out: {said[5:]}" in out


def test_convert_counts_what_a_table_lacks(tmp_path: Path, capsys: Any) -> None:
    file = write(tmp_path / "p.json", IMAGES)
    run("convert", file, "table=coco_to_voc20", f"to={tmp_path / 'q.jsonl'}")
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path}/q.jsonl: 3 images by coco_to_voc20",
        "  3 segments have the name of a class of the other list",
        "  2 segments have a text that the table lacks: now without a text, as no class; most often 'aeroplane' (1), "
        "'puppy' (1)",
    ]
    run("convert")
    assert "coco_to_voc20            80 names" in capsys.readouterr().out
    run("import")
    assert "label-studio     Label Studio's export" in capsys.readouterr().out


WRONG = {
    "import: name a kind and one place, not a b c": ["import", "a", "b", "c"],
    "cocoo: no kind of predictions (did you mean 'coco'?)": ["import", "cocoo", "b", "to=c.jsonl"],
    "import coco: name the file or folder that is of this kind": ["import", "coco", "to=a.jsonl"],
    "import: say where the predictions are to be written, e.g. to=r.jsonl": ["import", "r.json"],
    "to=c.txt: predictions are a .jsonl or a .json file": ["import", "r.json", "to=c.txt"],
    "none.json: no such file or folder": ["import", "none.json", "to=c.jsonl"],
    "export: name a kind (coco, coco-panoptic, label-maps) and one file": ["export", "r.json"],
    "export lvis: is read only; known: coco, coco-panoptic, label-maps": ["export", "lvis", "r.json", "to=x.json"],
    "export: say where it is to be written": ["export", "coco", "r.json"],
    "convert: name one file of predictions, table=TABLE and to=FILE": ["convert", "r.json"],
    "rest=all: known are empty, keep": ["convert", "r.json", "table=a", "to=b.jsonl", "rest=all"],
    "score: say which data the predictions are of": ["score", "r.json", "import.kind=coco"],
}


@pytest.mark.parametrize("said", WRONG)
def test_a_wrong_command_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(WRONG[said]) in (1, 2)
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"zgs: {said}")
