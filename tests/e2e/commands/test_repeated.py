"""`zgs run -cd RUN -cn config`: a finished run once more, byte for byte, with further words on top."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from bench.cli import main
from bench.store.sealed import read_record, write_record
from tests.e2e.commands.variants import FAST
from tests.e2e.run.resealed import reseal


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run whose paths are relative to where it was started."""
    tmp = tmp_path_factory.mktemp("repeated")
    here = Path.cwd()
    os.chdir(tmp)
    try:
        (tmp / "words.txt").write_text("sky\nroad\n")
        words = [*FAST, "caption.words=words.txt", "encode=masked", "store=store", "out=out"]
        words.remove("caption.words=[sky,road]")
        assert main(["run", *words]) == 0
    finally:
        os.chdir(here)
    (folder,) = (tmp / "out").iterdir()
    return folder


def again(words: list[str], out: Path) -> Path:
    assert main(["run", *words, f"out={out}"]) == 0
    return max(out.glob("*/run.json"), key=lambda path: path.stat().st_mtime_ns).parent


def test_the_line_of_the_record_gives_the_same_bytes_from_anywhere(run: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    line = shlex.split(json.loads((run / "run.json").read_text())["repeat"])
    assert line[:2] == ["zgs", "run"]
    folder = again([str(Path(word).expanduser()) for word in line[2:]], Path("elsewhere"))
    assert folder.resolve().parent == tmp_path / "elsewhere" and folder.name == run.name
    assert (folder / "scores.csv").read_bytes() == (run / "scores.csv").read_bytes()
    old, new = (yaml.safe_load((place / "config.yaml").read_text()) for place in (run, folder))
    assert {**old, "out": 0} == {**new, "out": 0}


@pytest.mark.slow
def test_words_on_top_change_what_they_say_and_what_follows(run: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    own = ["-cd", str(run), "-cn", "config"]
    record = json.loads((again([*own, "encode=crop", "method=reference"], tmp_path / "a") / "run.json").read_text())
    assert record["variant"] == "crop-whole-retrieval-no_merge" and "encode=crop" in record["overrides"]
    changed = yaml.safe_load(next((tmp_path / "a").glob("*/config.yaml")).read_text())
    assert changed["method"]["name"] == "reference" and changed["caption"]["words"] == "words.txt"
    assert changed["encode"]["_target_"].endswith("CropAndMask") and "start_layer" not in changed["encode"]
    changed = yaml.safe_load((again([*own, "encode.start_layer=2"], tmp_path / "b") / "config.yaml").read_text())
    assert changed["encode"]["start_layer"] == 2 and changed["choices"]["encode"] == "masked"


def test_names_that_are_no_settings_are_one_line(run: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "config.yaml").write_text("defaults: []\n")
    for words, told in (
        (["-cd", str(run), "-cn", "nothing"], "nothing.yaml is no file; to repeat a run: zgs run -cd RUN -cn config"),
        (["-cn", "nothing"], "nothing.yaml is no file"),
        (["-cd", str(tmp_path), "-cn", "config"], "is not the settings of a run"),
        (["-cd", str(tmp_path / "nowhere")], "no such folder"),
    ):
        assert main(["run", *words]) == 2
        error = capsys.readouterr().err
        assert told in error and error.startswith("zgs: ") and error.count("\n") == 1


def test_a_folder_of_scored_predictions_names_the_command_that_scores_again(run: Path, tmp_path: Path, capsys) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    settings = yaml.safe_load((copy / "config.yaml").read_text())
    (copy / "config.yaml").write_text(yaml.safe_dump({**settings, "predictions": "p.jsonl", "protocols": []}))
    reseal(copy)
    write_record(copy, {**read_record(copy), "command": "zgs score p.jsonl data=voc"})
    assert main(["run", "-cd", str(copy), "-cn", "config"]) == 2
    error = capsys.readouterr().err
    assert "to score again: zgs score p.jsonl data=voc" in error and error.count("\n") == 1
