"""A whole system in place of section 3 through the command line: one road to its numbers, resumed, by file the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.cli import main
from tests.shared_runs import find_run, make_groupvit_weights, make_once, run_method

pytestmark = pytest.mark.slow
SMALL = ("experiment=groupvit", "baseline.size=64", "baseline.window=64", "baseline.stride=32", "score.resamples=50")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_groupvit_weights(tmp_path_factory)


@pytest.fixture(scope="module")
def finished(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over two scenes, without any weights of CLIP."""
    none = "models.clip.source=./nowhere"
    words = (*SMALL, f"models.groupvit.source={weights}", none, "executor=serial", "data.subset=first:2", "pictures=1")
    return make_once(tmp_path_factory, "groupvit-run", lambda folder: run_method(folder, *words))


def test_a_run_has_the_files_of_any_other_and_says_what_it_is(finished: Path) -> None:
    folder = find_run(finished)
    record, told = json.loads((folder / "run.json").read_text()), json.loads((folder / "predictions.json").read_text())
    assert record["variant"] == "groupvit" and record["over_segments"] is None
    assert record["store"]["baseline"] == {"reused": 0, "made": 2} and set(record["store"]) == {
        "baseline", "table", "texts",
    }  # fmt: skip
    assert any("st left out" in note for note in record["notes"])
    assert told["embeddings"] is None and len(told["images"]) == 2
    scores = pd.read_csv(folder / "scores.csv")
    assert set(scores.variant) == {"groupvit"} and all(name.startswith("tt(") for name in scores.mapping)
    assert (folder / "gallery/index.html").exists()


def test_every_text_is_a_class_so_exact_and_nearest_names_agree_and_pixels_are_covered_once(
    finished: Path, tmp_path: Path
) -> None:
    folder = find_run(finished)
    words = ["score", str(folder), f"out={tmp_path / 'out'}", f"store={finished / 'store'}"]
    assert main([*words, "score.mapping=[tt,exact]", "score.resamples=50", "--csv", str(tmp_path / "t.csv")]) == 0
    scores = pd.read_csv(tmp_path / "t.csv")
    scores = scores[scores.metric.str.contains("/iou")]
    by = {name.partition("(")[0]: rows.value.tolist() for name, rows in scores.groupby("mapping")}
    assert set(by) == {"tt", "exact"} and by["tt"] == by["exact"] and len(by["tt"]) >= 1


def test_scored_by_file_the_numbers_are_those_of_its_own_run(finished: Path, tmp_path: Path) -> None:
    folder = find_run(finished)
    shutil.copy(folder / "predictions.json", tmp_path / "theirs.json")
    words = ["score", str(tmp_path / "theirs.json"), "data=toyscenes", "data.subset=first:2", "score.resamples=50"]
    assert main([*words, f"store={tmp_path / 's'}", f"out={tmp_path / 'o'}", "--csv", str(tmp_path / "t.csv")]) == 0
    own, again = (pd.read_csv(path).set_index("metric") for path in (folder / "scores.csv", tmp_path / "t.csv"))
    columns = ["value", "low", "high", "n", "expected", "found", "skipped"]
    pd.testing.assert_frame_equal(own[columns], again[columns].loc[own.index], check_exact=True)
    assert len(own) == len(again) >= 2


@pytest.mark.slow
def test_what_is_there_is_not_made_again_and_a_changed_option_is(
    finished: Path, weights: Path, tmp_path: Path, capsys: Any
) -> None:
    shutil.copytree(finished / "store", tmp_path / "store")
    words = (*SMALL, f"models.groupvit.source={weights}", "executor=serial", "pictures=0")
    run_method(tmp_path, *words, "data.subset=first:3")
    assert "baseline 2 of 3" in capsys.readouterr().out
    run_method(tmp_path, *words, "data.subset=first:3", "encode=crop")
    assert "baseline 3 of 3" in capsys.readouterr().out, "no stage of the method counts"
    run_method(tmp_path, *words, "data.subset=first:3", "baseline.top=4")
    assert "baseline 0 of 3" in capsys.readouterr().out


@pytest.mark.slow
def test_one_and_two_workers_leave_the_same_bytes(weights: Path, tmp_path: Path) -> None:
    words = (*SMALL, f"models.groupvit.source={weights}", "data.subset=first:4", "pictures=0")
    for workers in (1, 2):
        run_method(tmp_path / str(workers), *words, f"executor.workers={workers}")
    one, two = (find_run(tmp_path / str(workers)) for workers in (1, 2))
    for name in ("scores.csv", "predictions.json", "curves.csv", "per_image.parquet"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


@pytest.mark.thinned(4)
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["data=folder"], "baseline=groupvit: is given class names, and these data have none; give data=… with labels"),
        (["models.groupvit.source=./nowhere"], "model weights './nowhere': no such folder or file"),
        (["baseline.top=0"], "baseline.top=0: must be from 1 to 100000"),
        (["baseline.background=2"], "baseline.background=2: must be from 0 to 1"),
        (["baseline.tops=3"], "baseline.tops: no such key; did you mean baseline.top or"),
        (["baseline=groupvi"], "baseline=groupvi: no such option; did you mean groupvit?"),
        (["baseline.prompts=[a photo]"], "baseline.prompts=['a photo']: write {} once in each, for the class name"),
    ],
)
def test_what_is_wrong_is_one_line(words: list[str], told: str, weights: Path, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "photos").mkdir()
    shutil.copy(Path(__file__).parents[3] / "results/toyscenes/scenes.png", tmp_path / "photos/a.png")
    root = [f"data.root={tmp_path / 'photos'}"] if "data=folder" in words else []
    own = [f"models.groupvit.source={weights}", *SMALL, *root, *words]
    code = main(["run", f"store={tmp_path / 's'}", f"out={tmp_path / 'o'}", "executor=serial", *own])
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert code in (1, 2) and told in error, error


def test_a_part_of_it_alone_names_what_brings_it(capsys: Any) -> None:
    assert main(["run", "models/groupvit=gcc_redcaps"]) == 2
    assert "write experiment=groupvit models/groupvit=gcc_redcaps" in capsys.readouterr().err
