"""Numbers that do not move, on three scenes: threads, batch sizes and repeats; `scripts/steady.py` does it on forty."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import torch

from bench.cli import main
from bench.predictions.source import PredictionFile
from bench.predictions.write import write_predictions

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
WORDS = ["data.subset=first:3", "experiment=full", "pictures=0", "score.resamples=50"]
WORDS += ["caption.tokens=1", "caption.beams=2", "caption.iterations=1"]


@pytest.fixture(scope="module")
def steady() -> ModuleType:
    """The script."""
    spec = importlib.util.spec_from_file_location("steady", ROOT / "scripts/steady.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["steady"] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def run(folder: Path, *words: str) -> Path:
    """A run in this process with a store of its own."""
    threads = torch.get_num_threads()
    assert main(["run", *WORDS, "executor=serial", f"store={folder}/store", f"out={folder}/out", *words]) == 0
    torch.set_num_threads(threads)
    (record,) = folder.glob("out/*/run.json")
    return record.parent


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("first"))


@pytest.mark.parametrize("words", [[], ["executor.threads=2"]], ids=["repeated", "2 threads"])
def test_the_same_settings_give_the_same_bytes(steady: ModuleType, first: Path, tmp_path: Path, words: list) -> None:
    told = steady.compare(first, run(tmp_path, *words))
    assert told["images"] == 3 and told["segments"] > 20 and told["files_same_bytes"] == told["files"] == 7


@pytest.mark.parametrize("word", ["encode.micro_batch=16", "caption.rows=1"])
def test_another_batch_size_moves_no_score(steady: ModuleType, first: Path, tmp_path: Path, word: str) -> None:
    told = steady.compare(first, run(tmp_path, word))
    assert told["segments_differing"] == told["texts_differing"] == told["scores_differing"] == 0
    assert told["true_segment_rows_differing"] == 0 < told["true_segments"]
    assert told["embedding_largest_difference"] <= 1e-5 < told["embedding_largest_value"]


def test_what_has_moved_is_counted(steady: ModuleType, first: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(first, other)
    predictions = list(PredictionFile(other / "predictions.json").values())
    predictions[0].masks[0, 0, 0] ^= True
    predictions[1].embeddings[2, 3] += np.float32(0.5)
    object.__setattr__(predictions[2], "texts", ("another", *predictions[2].texts[1:]))
    write_predictions(other / "predictions.json", predictions)
    scores = pd.read_csv(other / "scores.csv")
    scores.loc[4, "value"] += 1e-6
    scores.to_csv(other / "scores.csv", index=False)
    told = steady.compare(first, other)
    assert (told["segments_differing"], told["texts_differing"], told["scores_differing"]) == (2, 1, 1)
    assert told["embedding_largest_difference"] == pytest.approx(0.5, abs=1e-5)
    assert told["files_same_bytes"] == 4
    table = pd.DataFrame([steady.compare(first, f) | {"setting": str(f), "same_bytes": True} for f in (first, other)])
    assert steady.moved(table).tolist() == [False, True]
    assert f"| {other} | 2 of" in steady.page(table)
