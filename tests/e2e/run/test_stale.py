"""The store never hands back what an edit has made wrong: whole runs, before and after one real change."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cli import main
from bench.predictions.source import PredictionFile

ROOT = Path(__file__).parents[3]
FAST = ["data.subset=first:1", "segment=whole", "pictures=0", "executor=serial", "controls=[]", "score.resamples=0"]


def texts(folder: Path) -> list[str]:
    """What a run says of its images."""
    return [text for one in PredictionFile(folder / "predictions.json").values() for text in one.texts]


def made(folder: Path, stage: str) -> dict[str, int]:
    """How many entries of a stage a run reused and made."""
    counts: dict[str, dict[str, int]] = json.loads((folder / "run.json").read_text())["store"]
    return counts.get(stage, {"reused": 0, "made": 0})  # one that nobody asks where what follows it is there


@pytest.mark.slow
def test_words_replaced_in_their_file_are_the_words_of_the_next_run(tmp_path: Path) -> None:
    """Forty-five names were replaced by two others, and the store said "caption 124 of 124"."""
    words, out = tmp_path / "words.txt", tmp_path / "out"

    def run(file: Path) -> Path:
        told = ["caption=retrieval", f"caption.words={file}", "encode=unmasked", f"store={tmp_path}/store"]
        assert main(["run", *FAST, *told, f"out={out}"]) == 0
        return max(out.iterdir(), key=lambda folder: (folder / "run.json").stat().st_mtime_ns)

    words.write_text("cow\n")
    first = run(words)
    assert set(texts(first)) == {"cow"}
    words.write_text("car\n")  # as long as before: neither size nor perhaps time tells
    second = run(words)
    assert set(texts(second)) == {"car"} and second != first and set(texts(first)) == {"cow"}
    assert made(second, "caption")["reused"] == 0 and made(second, "encode")["made"] == 0
    moved = tmp_path / "elsewhere/words.txt"
    moved.parent.mkdir()
    shutil.move(words, moved)
    third = run(moved)
    assert third == second and made(third, "caption")["made"] == 0, "a moved file hits"


@pytest.mark.slow
def test_a_run_beside_its_own_results_is_the_same_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default results lie in ``outputs``, and ``outputs`` is also a way of measuring saliency: a word."""
    monkeypatch.chdir(tmp_path)
    for word in ("test", "paper", "image"):  # a split, a protocol, an aggregation
        (tmp_path / word).mkdir()
    told = ["run", *FAST, "caption=retrieval", "caption.words=[cow,car]"]
    assert main(told) == 0
    (tmp_path / "test/new.txt").touch()
    assert main(told) == 0
    (folder,) = (tmp_path / "outputs").iterdir()
    assert all(made(folder, stage)["made"] == 0 for stage in ("encode", "caption", "merge"))


VARIANT = '''"""A variant whose strength lies in another module."""

from __future__ import annotations

from torch import Tensor

from bench.encode.attention import Attention
from bench.encode.masking import MaskedEncoder

from .strength import STRENGTH


class Scaled(MaskedEncoder):
    def mix(self, attention: Attention) -> tuple[Tensor, Tensor, Tensor]:
        none = attention.mask[:, :0]
        return attention.masked * STRENGTH, none, none
'''


@pytest.mark.slow
@pytest.mark.parametrize("place", ["bench/encode", "mine"])
def test_a_run_after_an_edit_is_the_run_of_the_edited_code(place: str, tmp_path: Path) -> None:
    """A constant behind a relative import, and the base class in this package: for ours and for a user's package."""
    for part in ("bench", "conf"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path / place
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").touch()
    (folder / "scaled.py").write_text(VARIANT)
    (folder / "strength.py").write_text("STRENGTH = 0.3\n")
    target = f"{place.replace('/', '.')}.scaled.Scaled"
    (tmp_path / "conf/encode/scaled.yaml").write_text(f"_target_: {target}\nstart_layer: ${{models.start_layer}}\n")

    def run(reused: bool) -> bytes:
        told = ["encode=scaled", "caption=retrieval", "caption.words=[cow,car,sky]", "store=store", "out=out"]
        code = [sys.executable, "-m", "bench.cli", "run", *FAST, *told]
        environment = os.environ | {"PYTHONPATH": str(tmp_path)}
        done = subprocess.run(code, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        (found,) = (tmp_path / "out").iterdir()
        assert (made(found, "encode")["made"] == 0) is reused
        return (found / "predictions.npz").read_bytes()

    first = run(reused=False)
    assert run(reused=True) == first
    (folder / "strength.py").write_text("STRENGTH = 3.0\n")
    second = run(reused=False)
    assert second != first
    base = tmp_path / "bench/encode/layers.py"
    text = base.read_text()
    base.write_text(text.replace("return pooled @ visual.proj\n", "return 0 * (pooled @ visual.proj) + 1\n"))
    assert base.read_text() != text and run(reused=False) not in (first, second)
