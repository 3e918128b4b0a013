"""What other packages say of agreement, and what Label Studio makes of an export: asked again, where they install."""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path

import pytest

from tests.golden.ask_agreement import SETS
from tests.unit.study.made import make_study

HERE = Path(__file__).parent
ASKED = ("krippendorff==0.9.0", "irrCAC==0.4.4", "scikit-learn")
LABEL_STUDIO = """
import json, sys
from label_studio_sdk.label_interface import LabelInterface
folder = sys.argv[1]
interface = LabelInterface(open(f"{folder}/config.xml").read())
interface.validate()
for task in json.load(open(f"{folder}/tasks.json")):
    interface.validate_task(task)
choices = list(interface.controls)[0].labels
print(json.dumps([choices, interface.generate_sample_annotation()]))
"""
pytestmark = [pytest.mark.extra, pytest.mark.timeout(900)]


def make_environment(folder: Path, *packages: str) -> Path:
    """An environment of its own with some packages; returns its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin/python"
    told = subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    return python


def test_packages_say_what_is_frozen(tmp_path: Path) -> None:
    python = make_environment(tmp_path / "env", *ASKED)
    told = subprocess.run(
        [python, "-W", "ignore", "-m", "tests.golden.ask_agreement", str(tmp_path / "said.json")],
        capture_output=True, text=True, cwd=HERE.parents[1], env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    said, frozen = (json.loads(path.read_text()) for path in (tmp_path / "said.json", HERE / "agreement.json"))
    assert set(said) == set(frozen) == set(SETS)
    for name in SETS:
        assert said[name] == pytest.approx(frozen[name], abs=1e-9)


def test_label_studio_takes_the_export_and_its_answers_are_read(tmp_path: Path) -> None:
    """An annotation that its own package makes for our configuration is an answer here."""
    from bench.study.exports import CHOICES, export_label_studio
    from bench.study.imports import import_answers, read_label_studio_answers

    database = make_study(tmp_path / "study")
    export_label_studio(database, tmp_path / "study", tmp_path / "out", "")
    python = make_environment(tmp_path / "env", "label-studio-sdk==2.1.2")
    told = subprocess.run([python, "-c", LABEL_STUDIO, str(tmp_path / "out")], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    choices, annotation = json.loads(told.stdout.splitlines()[-1])
    assert tuple(choices) == CHOICES
    tasks = json.loads((tmp_path / "out/tasks.json").read_text())
    answered = [{**task, "annotations": [{**annotation, "completed_by": 7}]} for task in tasks]
    (tmp_path / "back.json").write_text(json.dumps(answered))
    assert import_answers(database, read_label_studio_answers(tmp_path / "back.json")) == (len(tasks), 1)
