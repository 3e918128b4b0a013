"""The script that compares speed: what it counts, what it makes, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.predictions.source import PredictionFile
from bench.records import LabelMap
from scripts import made_predictions, processes

ROOT = Path(__file__).parents[3]
BUSY = "import time\nwhile time.process_time() < {}: pass\n"


def run_python(text: str, *words: str) -> str:
    """What a program prints, in a process of its own: the script takes over the children of its process."""
    command = [sys.executable, "-c", text, *words]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl")
def test_what_outlives_the_process_counts_too(tmp_path: Path) -> None:
    """A process, its child that it waits for, and one in a session of its own that it leaves behind."""
    child = [sys.executable, "-c", BUSY.format(0.1)]
    text = (
        f"import subprocess\nsubprocess.run({child!r})\nsubprocess.Popen({child!r}, start_new_session=True)\n"
        + BUSY.format(0.1)
    )
    measure = (
        "import sys; from pathlib import Path; from scripts.processes import measure;"
        "print(measure([sys.executable, '-c', sys.argv[1]], Path.cwd(), Path(sys.argv[2])).processor)"
    )
    assert float(run_python(measure, text, str(tmp_path / "log.txt"))) >= 0.3


def test_a_command_that_fails_ends_the_comparison_with_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_no_child() -> None:
        raise ChildProcessError

    monkeypatch.setattr(processes.sys, "platform", "one where nothing is taken over")
    monkeypatch.setattr(processes.os, "wait", find_no_child)
    with pytest.raises(SystemExit, match="(?s)^exit code 1 of sh -c .*no such thing"):
        processes.measure(["sh", "-c", "echo no such thing; exit 1"], ROOT, tmp_path / "log.txt")


@pytest.mark.slow
def test_an_unknown_commit_is_refused() -> None:
    command = [sys.executable, "scripts/compare_speed.py", "--before", "nothing-of-the-kind"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "--before nothing-of-the-kind: no commit of this repository" in done.stderr


def test_both_kinds_of_made_predictions_are_the_same_segments(tmp_path: Path) -> None:
    for name, coded in (("mapped", False), ("coded", True)):
        made_predictions.main(tmp_path / name, 2, coded)
    files = [PredictionFile(tmp_path / name / "theirs.jsonl") for name in ("mapped", "coded")]
    layout = json.loads((tmp_path / "mapped" / "data" / "layout.yaml").read_text())
    for image_id in ("00000", "00001"):
        one, other = (file[image_id] for file in files)
        assert (one.masks == other.masks).all() and one.texts == other.texts
        assert one.masks.shape == (len(one.texts), *made_predictions.SIZE) and set(one.texts) <= set(layout["classes"])
        parsed = [file._parse(image_id).segments for file in files]
        assert all(isinstance(segments, LabelMap) for segments in parsed), "without masks"
        truth = np.asarray(Image.open(tmp_path / "mapped" / "data" / "ann" / f"{image_id}.png"))
        assert truth.shape == made_predictions.SIZE and 0 < (truth == 0).mean() < 0.1
