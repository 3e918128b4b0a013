"""The script that says what another type of numbers does to segments and texts: two files worked by hand."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from bench.csv_files import read_csv
from bench.predictions.write import write_predictions
from bench.records import Prediction

ROOT = Path(__file__).parents[3]
SAME = [[0, 0, 1, 1], [0, 0, 1, 1]]
BEFORE, AFTER = [[0, 0, 0, 1], [0, 0, 0, 1]], [[2, 2, 1, 0], [2, 2, 1, 0]]
"""Six pixels and two; of the six two become a segment of their own, the two stay."""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module("precision_changes")


def predict(name: str, labels: list[list[int]], texts: tuple[str, ...], rows: list[list[float]]) -> Prediction:
    masks = np.array([np.array(labels) == i for i in range(len(texts))])
    return Prediction(name, masks, texts, np.array(rows, np.float32))


def write_both(folder: Path) -> list[str]:
    """The second image's segments stand in another order in the second file, and the images too."""
    first = [
        predict("a", SAME, ("dog", "sky"), [[1, 0], [0, 2]]),
        predict("b", BEFORE, ("grass", "tree"), [[1, 1], [0, 1]]),
    ]
    other = [
        predict("b", AFTER, ("a tree", "path", "grass"), [[0, 3], [5, 5], [1, 0]]),
        predict("a", SAME, ("dog", "sky"), [[3, 4], [0, 1]]),
    ]
    files = (("float32", first), ("bfloat16", other))
    return [f"{name}={write_predictions(folder / f'{name}.json', made)}" for name, made in files]


def test_every_number_by_hand(script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main([*write_both(tmp_path), "--to", str(tmp_path / "to")]) == 0
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "to" / f"changes.{end}") for end in ("csv", "md")]
    table = read_csv(tmp_path / "to/changes.csv").set_index("name")
    expected = {
        "pixels": (2 / 16, 2),
        "equal_maps": (1 / 2, 2),
        "rand": ((1 + adjusted_rand_score(np.ravel(BEFORE), np.ravel(AFTER))) / 2, 2),
        "segments": (2, 2),
        "segments_other": (2.5, 2),
        "more_segments": (0.5, 2),
        "equal_segments": (3 / 4, 4),
        "texts": (3 / 4, 4),  # dog, sky, grass; not tree
        "texts_equal": (2 / 3, 3),
        "cosine": ((0.6 + 1 + 1) / 3, 3),
    }
    assert list(table.index) == list(expected) == list(script.WORDS)
    for name, (value, n) in expected.items():
        assert (table.loc[name, "value"], table.loc[name, "n"]) == (pytest.approx(value, abs=1e-6), n), name
        assert table.loc[name, "low"] <= value <= table.loc[name, "high"] + 1e-6, name
    page = (tmp_path / "to/changes.md").read_text()
    assert "| segments of float32 that are exactly equal in bfloat16 | 75.0 % | [" in page and "| 4 segments |" in page


def test_pages_say_that_the_embedded_models_have_other_heads(script: Any, tmp_path: Path) -> None:
    """Above the first section of the comparison of scores, once."""
    folder = ROOT / "bench/models/embedded"
    dino = json.loads((folder / "dino/config.json").read_text())
    clip = json.loads((folder / "clip/open_clip_config.json").read_text())["model_cfg"]
    assert dino["hidden_size"] / dino["num_attention_heads"] == clip["vision_cfg"]["head_width"] == 32
    assert "have 32 dimensions" in script.HEADS
    page = tmp_path / "compare.md"
    page.write_text("# A\n\n- made\n\n## B\n\n## C\n")
    for _ in range(2):
        assert script.main([*write_both(tmp_path), "--to", str(tmp_path)]) == 0
        assert page.read_text() == f"# A\n\n- made\n{script.HEADS}\n\n## B\n\n## C\n"
        assert (tmp_path / "changes.md").read_text().count(script.HEADS) == 1


def test_segments_are_matched_for_the_most_shared_pixels_in_all(script: Any) -> None:
    """One by one, the largest overlap first, would match 4 + 0 pixels; the best of all is 3 + 3."""
    first, other = np.repeat([0, 0, 1], [4, 3, 3]), np.repeat([0, 1, 0], [4, 3, 3])
    pairs = script.match_segments(first, other)
    assert pairs.shared.sum() == 6 and not pairs.equal.any()


@pytest.mark.parametrize(
    ("labels", "told"),
    [([[0, 0, 1, 5], [0, 0, 1, 1]], "leave pixels out"), (None, "not the same images")],
)
def test_what_cannot_be_compared_is_one_line(
    labels: Any, told: str, script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = write_both(tmp_path)
    made = [predict("a", labels or SAME, ("dog", "sky"), [[1, 0], [0, 2]])]
    made += [predict("b", SAME, ("dog", "sky"), [[1, 0], [0, 2]])] if labels else []
    write_predictions(tmp_path / "bfloat16.json", made)
    assert script.main([*files, "--to", str(tmp_path / "to")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("precision_changes: ") and told in said and said.count("\n") == 1
    assert not (tmp_path / "to").exists()
    assert script.main([files[0], "--to", str(tmp_path / "to")]) == 1
    assert "two or more of NAME=FILE" in capsys.readouterr().err
