"""Somebody's run is data: no name in it is imported or called unless it is installed or trusted by name."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.cli import main
from bench.commands.run import run_jobs
from bench.errors import UsageError, UserError
from bench.settings.trust import (
    REPORTING,
    check_config_folders,
    check_run,
    list_foreign_packages,
    list_installed,
    take_trusted,
)
from bench.store.sealed import read_record, write_record
from tests.e2e.run.resealed import reseal
from tests.shared_runs import find_run

THEIRS = '''
"""Says that it was imported and called; no harm is done."""

from bench.data.toyscenes import ToyScenes
import os

import theirs_said

theirs_said.CALLS.append("imported")


def called(*args, **options):
    theirs_said.CALLS.append("called")
    return ToyScenes(**{k: v for k, v in options.items() if k in ("split", "subset")})


class Data(ToyScenes):
    def __init__(self, **options):
        theirs_said.CALLS.append("called")
        super().__init__(**options)
'''


@pytest.fixture(scope="module")
def made(full: Path) -> Path:
    """A finished run; do not change it."""
    return find_run(full)


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the module `theirs` says it did."""
    (tmp_path / "theirs.py").write_text(THEIRS)
    (tmp_path / "theirs_said.py").write_text("CALLS = []\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "theirs", raising=False)
    monkeypatch.delitem(sys.modules, "theirs_said", raising=False)
    import theirs_said

    found: list[str] = theirs_said.CALLS
    return found


def changed(made: Path, to: Path, where: str, value: Any) -> Path:
    """The run with another setting, whole and sealed as if it had been made so."""
    run = Path(shutil.copytree(made, to))
    settings = node = yaml.safe_load((run / "config.yaml").read_text())
    *path, last = where.split(".")
    for name in path:
        node = node[name]
    node[last] = value
    (run / "config.yaml").write_text(yaml.safe_dump(settings))
    return reseal(run)


def fails(words: list[str], capfd: Any, code: int = 1) -> str:
    capfd.readouterr()
    assert main(words) == code
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("zgs: ")]
    return line


CALLED = {"_target_": "theirs.called", "split": "test", "subset": "first:1"}
HIDDEN: list[tuple[str, Any]] = [
    ("data._target_", "theirs.called"),
    ("data", CALLED),
    ("data.subset", CALLED),
    ("data.extra", {"deep": [[{"_target_": "theirs.called"}]]}),
    ("data._args_", [{"_target_": "theirs.called", "_partial_": True}]),
    ("models.clip._target_", "theirs.called"),
    ("models.dino.size", {"_target_": "theirs.called", "_recursive_": False}),
    ("models.sentence._target_", "bench.models.sentence.Sentence.encode"),
    ("data._target_", "bench.data.toyscenes.os.system"),
    ("data._target_", ["theirs.called"]),
    ("data._target_", {"_target_": "theirs.called"}),
    ("data.split", "${oc.create:{_target_: theirs.called}}"),
    ("data.split", "${oc.env:HOME}"),
]


@pytest.mark.thinned(18)
@pytest.mark.parametrize("where, value", HIDDEN)
def test_nothing_of_somebody_s_run_is_called(
    where: str, value: Any, made: Path, tmp_path: Path, calls: list[str], capfd: Any
) -> None:
    run = changed(made, tmp_path / "run", where, value)
    for words in (["report", str(run), f"to={tmp_path / 'to'}"], ["score", str(run), f"out={tmp_path / 'o'}"],
                  ["run", "-cd", str(run), "-cn", "config"]):  # fmt: skip
        line = fails(words, capfd)
        assert f"{run / 'config.yaml'}: {where.partition('.')[0]}" in line, words
        assert "is none of the targets that zgs brings" in line or "no finished run leaves ${" in line
    assert calls == [] and "theirs" not in sys.modules


@pytest.mark.slow
def test_a_stage_that_a_command_does_not_need_is_not_looked_at_and_not_run(
    made: Path, tmp_path: Path, calls: list[str]
) -> None:
    segmented = changed(made, tmp_path / "segmented", "segment._target_", "theirs.called")
    run = changed(segmented, tmp_path / "run", "encode._target_", "theirs.called")
    places = [str(run), *(str(shutil.copytree(run, tmp_path / name)) for name in ("b", "c"))]
    words = ["score.mapping=[exact]", f"store={tmp_path / 's'}", f"out={tmp_path / 'o'}"]
    assert main(["score", str(run), *words]) == 0
    assert main(["agree", *places, f"to={tmp_path / 'a'}", "resamples=20"]) == 0
    assert main(["vocabulary", str(run)]) == 0
    assert main(["report", str(run), f"to={tmp_path / 'r'}", "pictures=1"]) == 0
    assert calls == [] and "theirs" not in sys.modules


@pytest.mark.thinned(3)
@pytest.mark.parametrize("word", ["trust=theirs", "trust=[other,theirs]", "trust=other,theirs"])
def test_a_package_that_is_trusted_is_run(word: str, made: Path, tmp_path: Path, calls: list[str], capfd: Any) -> None:
    run = changed(made, tmp_path / "run", "data._target_", "theirs.Data")
    words = ["score", str(run), "score.mapping=[exact]", f"store={tmp_path / 's'}", f"out={tmp_path / 'o'}"]
    assert "adds trust=theirs" in fails(words, capfd)
    assert calls == []
    assert main([*words, word]) == 0
    assert calls[:2] == ["imported", "called"]


def test_trust_ends_at_the_package_and_is_not_reached_through_it(
    made: Path, tmp_path: Path, calls: list[str], capfd: Any
) -> None:
    run = changed(made, tmp_path / "run", "data._target_", "theirs.os.getcwd")
    assert "data._target_=theirs.os.getcwd is none" in fails(["score", str(run), "trust=theirs"], capfd)
    other = changed(made, tmp_path / "other", "data._target_", "theirs_too.called")
    assert "trust=theirs_too" in fails(["report", str(other), "trust=theirs"], capfd)
    assert "called" not in calls


@pytest.mark.parametrize("word", ["trust=", "trust=a b", "trust=../x", "trust=1a", "trust=a,,b"])
def test_what_is_no_package_is_a_wrong_word(word: str, capfd: Any) -> None:
    assert "name a Python package" in fails(["report", "x", word], capfd, code=2)
    with pytest.raises(UsageError):
        take_trusted([word])


def test_own_code_on_the_command_line_needs_no_trust(made: Path, tmp_path: Path, calls: list[str]) -> None:
    run = ["score", str(made), "score.mapping=[exact]", f"store={tmp_path / 's'}", f"out={tmp_path / 'o'}"]
    assert main([*run, "data._target_=theirs.Data"]) == 0 and calls
    conf = tmp_path / "conf"
    (conf / "data").mkdir(parents=True)
    (conf / "data/own.yaml").write_text(yaml.safe_dump(CALLED))
    check_config_folders(["-cd", str(conf), "--config-dir=" + str(conf)], ())


def test_a_run_given_to_hydra_cannot_send_it_elsewhere(made: Path, tmp_path: Path) -> None:
    for key, value in (("defaults", [{"data": "own"}]), ("hydra", {"searchpath": ["file:///x"]})):
        run = changed(made, tmp_path / key, key, value)
        for flag in ([f"--config-dir={run}"], ["-cd", str(run)], ["--config-path", str(run)]):
            with pytest.raises(UserError, match=f"config.yaml: {key}: no finished run leaves it"):
                run_jobs([*flag, "-cn", "config"])
    run = Path(shutil.copytree(made, tmp_path / "more"))
    (run / "data").mkdir()
    (run / "data/own.yaml").write_text(yaml.safe_dump(CALLED))
    with pytest.raises(UserError, match="data/own.yaml: _target_=theirs.called is none of the targets"):
        check_config_folders(["-cd", str(run)], ())
    check_config_folders(["-cd", str(made)], ())


def test_a_run_is_repeated_only_by_code_that_is_trusted(made: Path, tmp_path: Path, calls: list[str]) -> None:
    """Whichever way its settings are named, and where its record is missing, too."""
    run = changed(made, tmp_path / "run", "data", CALLED)
    (tmp_path / "beside").mkdir()
    for words in (["-cd", str(run), "-cn", "config"], ["-cd", str(tmp_path / "beside"), "-cn", "../run/config"]):
        with pytest.raises(UserError, match="data._target_=theirs.called is none of the targets"):
            run_jobs(words)
    (run / "run.json").unlink()
    with pytest.raises(UserError, match="data._target_=theirs.called is none of the targets"):
        run_jobs(["-cd", str(run), "-cn", "config"])
    assert not calls
    assert list_foreign_packages({"data": CALLED, "encode": {"_target_": "bench.encode.crop.CropAndMask"}}) == [
        "theirs"
    ]


def test_options_of_the_folder_that_a_record_names_are_looked_at(made: Path, tmp_path: Path, calls: list[str]) -> None:
    run = Path(shutil.copytree(made, tmp_path / "run"))
    (tmp_path / "own/data").mkdir(parents=True)
    (tmp_path / "own/data/own.yaml").write_text(yaml.safe_dump(CALLED))
    write_record(run, {**read_record(run), "config_dir": str(tmp_path / "own")})
    with pytest.raises(UserError, match="data/own.yaml: _target_=theirs.called is none of the targets"):
        run_jobs(["-cd", str(run), "-cn", "config"])
    assert not calls


@pytest.mark.slow
def test_settings_that_repeat_themselves_without_end_are_one_line(made: Path, tmp_path: Path) -> None:
    lines = ["data:", "  _target_: bench.data.toyscenes.ToyScenes", "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    run = Path(shutil.copytree(made, tmp_path / "run"))
    for text in ("\n".join(lines), "data: &d {x: *d}"):
        (run / "config.yaml").write_text(text + "\nmodels: {}\nsegment: {}\n")
        write_record(run, {"variant": "x"})
        with pytest.raises(UserError, match="more than 100000 settings"):
            check_run(run, (), REPORTING)
    for text in ("data: 3", "[]", "data: {}\nmodels: []", "data: ["):
        (run / "config.yaml").write_text(text)
        write_record(run, {"variant": "x"})
        with pytest.raises(UserError, match="config.yaml: "):
            check_run(run, (), REPORTING)


def test_every_target_of_the_groups_is_installed() -> None:
    conf = Path(__file__).parents[3] / "conf"
    files = [file for file in conf.rglob("*.yaml") if file.relative_to(conf).parts[0] != "hydra"]
    told = {line.partition("_target_: ")[2].split(",")[0].strip() for file in files
            for line in file.read_text().splitlines() if "_target_: " in line}  # fmt: skip
    assert list_installed() == told and len(told) > 20
    assert "bench.segment.crf.DenseCrf" in told, "inside an option"


def test_a_run_of_ones_own_needs_no_trust(made: Path) -> None:
    check_run(made, (), ("data", "models", "segment", "encode", "caption", "merge", "score", "executor", "tracking"))
    assert read_record(made)["files"]
