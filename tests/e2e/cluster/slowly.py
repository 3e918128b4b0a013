"""A segmenter of a user's own that takes its time and notes every image that it is at, as tests of clusters use it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
RUN = "import sys; from bench.cli import main; sys.argv[1:2] = ['run']; sys.exit(main())"
"""The command `zgs run`."""

MODULE = """
import os
import time
from bench.segment.whole import Whole


class Slowly(Whole):
    def __init__(self, seconds=0.0):
        self.seconds = seconds

    def __call__(self, sample):
        with open(os.environ["SLOWLY"], "a") as file:
            file.write(f"{sample.image_id} {os.getpid()}\\n")
        time.sleep(self.seconds)
        return super().__call__(sample)
"""
WORDS = [
    "segment=slowly", "encode=unmasked", "merge=none", "caption=retrieval", "caption.words=[sky,road]", "pictures=0",
    "score.metrics=[iou]", "score.resamples=20", "controls=[]",
]  # fmt: skip
FILES = ("predictions.json", "predictions.npz", "scores.csv", "per_image.parquet", "segments.parquet", "curves.csv")
"""What a run leaves that has to be the same bytes whoever has worked on its images."""


def write_slowly(folder: Path, seconds: float) -> list[str]:
    """Write module and yaml; return the words of a run with them, but for data, store, out and executor."""
    (folder / "conf/segment").mkdir(parents=True)
    (folder / "slowly.py").write_text(textwrap.dedent(MODULE))
    (folder / "conf/segment/slowly.yaml").write_text(f"{{_target_: slowly.Slowly, seconds: {seconds}}}")
    return ["-cd", str(folder / "conf"), *WORDS]


def run_command(
    folder: Path, code: str, words: Sequence[str], more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python code with some words in a process of its own, which logs images; ``more`` is of its environment."""
    return subprocess.run(
        [sys.executable, "-c", code, str(folder), *words], capture_output=True, text=True, cwd=folder,
        env={**make_environment(folder), **(more or {})},
    )  # fmt: skip


def make_environment(folder: Path) -> dict[str, str]:
    """Make the environment of a command with that module."""
    path = os.pathsep.join([str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, "SLOWLY": str(folder / "log")}


def read_log(folder: Path) -> list[tuple[str, str]]:
    """Read the log: image and process, in the order in which they began."""
    lines = (folder / "log").read_text().splitlines()
    return [(image, process) for image, process in map(str.split, lines)]


def count_images(folder: Path) -> Counter[str]:
    """Count how often each image was begun."""
    return Counter(image for image, _ in read_log(folder))


def read_bytes(out: Path) -> dict[str, bytes]:
    """Read the files of the one run below ``out``."""
    (record,) = out.glob("*/run.json")
    return {name: (record.parent / name).read_bytes() for name in FILES}
