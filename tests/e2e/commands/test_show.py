"""`zgs show`: the whole method on one image as one picture, from the store of a run; and words that are wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from bench.cli import main
from tests.shared_runs import FAST, find_run

QUICK = [word for word in FAST if word.startswith("caption.")]


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that would be drawn, which takes as long as all else that the command does: files are empty."""
    figures: list[Figure] = []

    def save(self: Figure, path: Path, **options: Any) -> None:
        figures.append(self)
        path.touch()

    monkeypatch.setattr(Figure, "savefig", save)
    return figures


def test_a_scene_is_shown_with_the_segments_that_its_run_found(
    full: Path, tmp_path: Path, capsys: Any, composed: list[Figure]
) -> None:
    from bench.predictions.source import PredictionFile

    block = tmp_path / "block.txt"
    block.write_text("green\n")
    words = [
        "test-0000",
        f"store={full / 'store'}",
        *QUICK,
        f"to={tmp_path / 'x'}",
        "segments=1,0",
        f"report.blocklist={block}",
    ]
    assert main(["show", *words]) == 0
    told = capsys.readouterr().out
    prediction = PredictionFile(find_run(full) / "predictions.json")["test-0000"]
    assert f"{len(prediction)} segments:" in told and "nearest words" in told and "green" not in told
    for at, text in enumerate(prediction.texts):
        assert f"  {at}  {text.replace('green', '[hidden]')}  (nearest" in told
    (counted,) = re.findall(r"^(\d+) words hidden", told, flags=re.MULTILINE)
    assert int(counted) >= told.count("[hidden]") > 0, "those of the tree come too"
    assert all((tmp_path / f"x.{end}").is_file() for end in ("png", "svg"))
    assert f"{tmp_path}/x.png\n{tmp_path}/x.svg\n" in told
    png, svg = composed
    pictures = [len(axes.images) for axes in svg.axes if axes.images]
    assert png is svg and pictures == [1, 1, 2, *[2] * (2 * 3)], "texts lie on the third, maps of two layers on six"


@pytest.mark.slow
def test_a_photograph_and_a_variant_without_subtraction(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "año $1 <b>.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 140, 3), dtype=np.uint8)).save(path)
    for encode in ("masked", "crop"):
        words = [str(path), f"store={tmp_path / 'store'}", *QUICK, f"encode={encode}", f"to={tmp_path / encode}"]
        assert main(["show", *words]) == 0
        picture = np.asarray(Image.open(tmp_path / f"{encode}.png").convert("L"))
        assert (tmp_path / f"{encode}.svg").read_text().count("<svg") == 1
        assert picture.shape[1] == 2600 and picture.std() > 20


@pytest.mark.parametrize(("words", "told"), [
    ([], "name one image, not 0"), (["a", "b"], "name one image, not 2"), (["test-000"], "did you mean"),
    (["nowhere.jpg"], "neither a picture file nor an image of toyscenes:test"),
    (["test-0000", "words=nowhere.txt"], "give one word a line"), (["test-0000", "segment.m=3"], "segment.m"),
    (["test-0000", "report.blocklist=nowhere.txt"], "give a text file"), (["test-0000", "--big"], "no such option"),
])  # fmt: skip
def test_a_wrong_word_is_one_line(tmp_path: Path, capsys: Any, words: list[str], told: str) -> None:
    assert main(["show", *words, *([f"store={tmp_path}"] if words else [])]) in (1, 2)
    err = capsys.readouterr().err
    assert told in err and err.count("\n") == 1
