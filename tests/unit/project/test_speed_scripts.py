"""scripts/whole_image.py and caption_memory.py: a row says what is not by default, and a fault is a line at first."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from bench.csv_files import read_csv

ROOT = Path(__file__).parents[3]
EMBEDDED = ROOT / "bench/models/embedded"
SCRIPTS = ("whole_image", "caption_memory", "speed_aims")


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A folder that looks like one of weights from outside."""
    for name in ("clip", "dino", "language", "sentence"):
        (tmp_path / "w" / name).mkdir(parents=True)
    return tmp_path / "w"


def run(load: Any, name: str, *words: str, capsys: Any) -> tuple[int, str, str]:
    """Run a script as its last line does: exit code, what it printed and what it said was wrong."""
    script = load(name)
    with pytest.raises(SystemExit) as ended:
        script.run(script.main, script.__doc__, words)
    out, err = capsys.readouterr()
    return ended.value.code, out, err  # type: ignore[return-value]


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_is_the_page_of_the_script(load: Any, name: str, capsys: Any) -> None:
    code, out, err = run(load, name, "--help", capsys=capsys)
    assert (code, err) == (0, "") and f"    python scripts/{name}.py " in out


WRONG = {
    "usage: python scripts/{name}.py WEIGHTS": [],
    "weights=/nope: no such folder; `python -m data_prep": ["/nope"],
    "cannot write {folder}: is a folder; choose another place with to=FILE (nothing": ["W", "to={folder}"],
    "cannot write {folder}/p.png/a.csv: a part of it is a file": ["W", "to={folder}/p.png/a.csv"],
}
OWN = {
    "whole_image": {
        "image=/nope.png: cannot be read as a picture: No such file": ["W", "image=/nope.png"],
        "caption.beems: no such key": ["W", "caption.beems=1"],  # caption_memory.py's is told by its worker: below
    },
    "caption_memory": {
        "segments=abc: needs a whole number": ["W", "segments=abc"],
        "segments=0: needs a whole number": ["W", "segments=0"],
    },
}
CASES = [(name, said, words) for name in OWN for said, words in {**WRONG, **OWN[name]}.items()]


@pytest.mark.parametrize(("name", "said", "words"), CASES)
def test_a_fault_is_one_line_before_anything_is_measured(
    load: Any,
    name: str,
    said: str,
    words: list[str],
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    monkeypatch.setattr(load(name), "measure", lambda *_: pytest.fail("measured"))
    (weights / "p.png").touch()
    given = [str(weights) if word == "W" else word.replace("{folder}", str(weights)) for word in words]
    code, out, err = run(load, name, *given, capsys=capsys)
    assert code in (1, 2) and not out and err.count("\n") == 1
    assert said.format(name=name, folder=weights) in err


def test_a_key_that_a_worker_does_not_know_is_a_line(load: Any) -> None:
    with pytest.raises(SystemExit, match=r"^caption.beems: no such key"):
        load("caption_memory").measure([], 1, ["caption.beems=1"], None)


def test_a_row_of_memory_names_the_weights_that_were_loaded(
    load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    script, to = load("caption_memory"), tmp_path / "speed/memory.csv"
    to.parent.mkdir()
    monkeypatch.setattr(script, "describe", lambda *_: (2900, 1500, 94))
    for name in ("keep_freed_memory", "bound_kernels"):
        monkeypatch.setattr(script, name, lambda: None)
    words = [f"models.{name}.source={EMBEDDED}/{name}" for name in ("clip", "dino", "language")]
    threads = torch.get_num_threads()
    script.measure(words, script.SEGMENTS, [], str(to))
    torch.set_num_threads(threads)
    assert capsys.readouterr().out.startswith(
        "8 segments, as by default: peak 2,900 MiB, of it files 1,500; texts 94; d"
    )
    (row,) = read_csv(to).to_dict("records")
    assert row["weights"].startswith("dino trained, ") and row["weights"].count(" M numbers") == 3
    section = load("speed_aims").judge_memory(tmp_path)
    assert [value for _, value in section.judged] == [None], "of models smaller than the paper's"
    assert section.n == "0 runs of the default settings and the paper's sizes" and section.weights == row["weights"]


def test_only_what_is_by_default_is_called_so(load: Any) -> None:
    """Another picture and other numbers of segments are no less than settings: no aim is judged by such rows."""
    image, memory = load("whole_image").write_choices, load("caption_memory").write_choices
    assert image({"to": "x.csv"}, []) == image({"image": ""}, []) == "by default"
    assert image({"image": "a.png", "to": "x"}, ["caption.beams=1"]) == "image=a.png caption.beams=1"
    assert memory(8, []) == "as by default" and memory(1, ["caption.rows=9"]) == "segments=1 caption.rows=9"


def test_a_row_of_another_picture_names_it_and_the_weights_that_were_loaded(
    load: Any, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    script, to = load("whole_image"), tmp_path / "new/image.csv"
    Image.new("RGB", (8, 6)).save(tmp_path / "p.png")
    monkeypatch.setattr(script, "measure", lambda *_: SimpleNamespace(processor=1.0, wall=1.0))
    monkeypatch.setattr(script, "make_row", lambda *_: {"hours": 0.01, "peak_mb": 1.0})
    words = [f"image={tmp_path}/p.png", f"models.clip.source={EMBEDDED}/clip", f"to={to}"]
    code, _, err = run(load, "whole_image", str(weights), *words, capsys=capsys)
    assert (code, err) == (0, "")
    (row,) = read_csv(to).to_dict("records")
    assert row["settings"] == " ".join(words[:2]) and row["image"] == "8 x 6"
    assert row["weights"].startswith("clip trained, ")
    to.parent.rename(tmp_path / "speed")
    assert [value for _, value in load("speed_aims").judge_image(tmp_path).judged] == [None, None]
