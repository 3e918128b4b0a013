"""`zgs store` over the store of a real run: what it lists, lets go, checks and copies, and every wrong word."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from bench.cli import main
from bench.store.listing import list_namespaces, measure_namespace
from bench.store.sealed import RECORD, write_record
from tests.shared_runs import find_run


@pytest.fixture
def place(full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a run with its store, in the working folder; the store was last used two days ago."""
    for name in ("store", "out"):
        shutil.copytree(full / name, tmp_path / name)
    for path in (tmp_path / "store").rglob("*"):
        age = path.stat().st_mtime - 2 * 86400
        os.utime(path, (age, age))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def list_stages(place: Path) -> list[str]:
    return [space.stage for space in list_namespaces(place / "store")]


def test_the_list_names_stages_classes_files_and_sizes(place: Path, capsys) -> None:
    assert main(["store"]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = {line.split()[0]: line for line in lines[1:-1]}
    assert {"segment", "trunk", "encode", "caption", "merge", "table", "texts"} <= set(table)
    assert table["segment"].endswith("DinoWard") and table["encode"].endswith("GlobalSubtraction")
    assert table["encode"].split()[2] == "2" and "2 d ago" in table["encode"]
    files = list((place / "store").rglob("*.safetensors"))
    assert lines[-1].startswith(f"{len(files)} files (")


def test_what_the_run_names_stays_and_the_rest_goes_only_with_yes(place: Path, capsys) -> None:
    whole = list_stages(place)
    assert main(["store", "prune", "unused=out", "yes"]) == 0
    assert "0 files (0 B) removed" in capsys.readouterr().out and list_stages(place) == whole
    run = find_run(place)
    record = json.loads((run / RECORD).read_text())
    named = [name for name in record["namespaces"] if not name.startswith("encode/")]
    write_record(run, {**{k: v for k, v in record.items() if k != "sha256"}, "namespaces": named})
    assert main(["store", "prune", "unused=out"]) == 0
    assert "nothing was removed: add the word yes" in capsys.readouterr().out and list_stages(place) == whole
    assert main(["store", "prune", "unused=out", "yes"]) == 0
    assert list_stages(place) == [stage for stage in whole if stage != "encode"]


def test_an_unfinished_run_keeps_what_it_needs_and_one_of_before_says_it_cannot(place: Path, capsys) -> None:
    run, whole = find_run(place), list_stages(place)
    record = json.loads((run / RECORD).read_text())
    older = {key: value for key, value in record.items() if key not in ("namespaces", "sha256")}
    write_record(run, older)
    assert main(["store", "prune", "unused=out", "yes"]) == 0
    assert list_stages(place) == whole, "by the keys that earlier versions wrote, and the data of tables"
    write_record(run, {key: value for key, value in older.items() if key != "made_of"})
    assert main(["store", "prune", "unused=out", "yes"]) == 1
    assert "of an earlier version" in capsys.readouterr().err and list_stages(place) == whole
    (run / RECORD).unlink()
    assert main(["store", "prune", "unused=out", "yes"]) == 0
    assert [stage for stage in whole if stage not in list_stages(place)] == ["table"], "made again in no time"


def test_a_damaged_file_is_named_and_set_aside_and_a_copy_lacks_it(place: Path, capsys) -> None:
    assert main(["store", "check"]) == 0
    path = next((place / "store/encode").rglob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-1])
    assert main(["store", "check"]) == 1
    told = capsys.readouterr().out
    assert str(path.relative_to(place)) in told and "1 missing or damaged" in told
    assert main(["store", "check"]) == 0 and main(["store"]) == 0
    assert "1 file set aside as damaged" in capsys.readouterr().out
    assert main(["store", "copy", "there"]) == 0
    here, there = (sum(measure_namespace(s).files for s in list_namespaces(place / at)) for at in ("store", "there"))
    assert here == there > 10
    assert main(["store", "copy", "there"]) == 0
    assert f"0 copied to there, {here} there already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["prun"], 2, "no such action (did you mean 'prune'?)"),
        (["prune"], 2, "says no rule"),
        (["prune", "older=3"], 2, "an age is a number and its unit"),
        (["prune", "older=30d", "yess"], 2, "yess: no rule (did you mean 'yes'?)"),
        (["prune", "unused=nowhere"], 2, "no such folder"),
        (["prune", "unused=here"], 2, "no run lies there"),
        (["prune", "key=zz"], 2, "no such key"),
        (["older=3d"], 2, "a rule of `zgs store prune`"),
        (["show"], 2, "name a key"),
        (["show", "zz"], 2, "no such key"),
        (["check", "all"], 2, "takes no such word"),
        (["copy"], 2, "name one folder"),
        (["copy", "store/there"], 2, "lies in the other"),
        (["store=nowhere"], 1, "no such folder"),
        (["stor=s"], 2, "stor: no such option"),
    ],
)
def test_every_wrong_word_is_one_line(words: list[str], code: int, told: str, tmp_path, monkeypatch, capsys) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["store", *words]) == code
    error = capsys.readouterr().err
    assert told in error and error.startswith("zgs: ") and error.count("\n") == 1
