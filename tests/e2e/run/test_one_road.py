"""`zgs run` is predict and then `zgs score`: one pass over the images, and the second half gives the run's numbers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.cli import main
from bench.data.toyscenes import ToyScenes
from bench.merge.siblings import Siblings
from bench.metrics.registry import list_words
from bench.protocol import BREAKDOWNS
from bench.run import predict
from tests.shared_runs import find_run

FAST = ["executor=serial", "caption.tokens=1", "caption.beams=1", "caption.iterations=1", "score.resamples=50"]
DATA = ["data.subset=first:2", "pictures=0"]
EVERY = [f"score.metrics=[{','.join(list_words())}]", f"score.breakdown=[{','.join(BREAKDOWNS)}]"]
EVERY += ["score.aggregation=[image,dataset]"]
OTHERS = ("reference", "dataset_miou", "soft")
NUMBERS = ("scores.csv", "per_image.parquet", "per_image_n.parquet", "per_class.parquet", "segments.parquet")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("road")


def only(out: Path) -> Path:
    (folder,) = out.iterdir()
    return folder


@pytest.fixture(params=["paper", *(pytest.param(p, marks=pytest.mark.slow) for p in OTHERS)])
def scored(request: pytest.FixtureRequest, place: Path) -> tuple[str, Path]:
    """A protocol, and a run with its store that is scored by it in every way; for the paper's one that others make."""
    protocol = request.param
    if protocol == "paper":
        return protocol, find_run(request.getfixturevalue("measured"))
    words = [*FAST, *DATA, *EVERY, f"score={protocol}", f"store={place}/store", f"out={place}/{protocol}"]
    assert main(["run", *words, "variant=full"]) == 0
    return protocol, only(place / protocol)


def read(folder: Path, name: str) -> pd.DataFrame:
    """A table without the name of the run, which each folder has for itself."""
    table = pd.read_parquet(folder / name) if name.endswith(".parquet") else pd.read_csv(folder / name)
    return table.drop(columns="run", errors="ignore")


def test_scoring_alone_gives_the_run_s_own_numbers_exactly(place: Path, scored: tuple[str, Path]) -> None:
    protocol, run = scored
    told = [*EVERY, f"score={protocol}", "score.resamples=50", "executor=serial"]
    assert main(["score", str(run), *told, f"store={place}/of-the-file-alone", f"out={place}/again-{protocol}"]) == 0
    again = only(place / f"again-{protocol}")
    for name in NUMBERS:
        pd.testing.assert_frame_equal(read(run, name), read(again, name), check_exact=True)
    assert set(read(run, "scores.csv")["variant"]) == {
        "full", "floor: shuffled captions (full)", "ceiling: true classes (full)",
    }  # fmt: skip
    for name in ("curves.csv", "areas.csv", "confusion.csv"):
        assert (run / name).exists() == (again / name).exists()
        if (run / name).exists():
            pd.testing.assert_frame_equal(read(run, name), read(again, name), check_exact=True)


def test_an_image_is_loaded_once_a_half_and_merged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six loads and three merges of each image, before predictions were kept as the file has them."""
    counts: Counter[str] = Counter()

    def counted(kind: type, name: str) -> None:
        own = getattr(kind, name)

        def call(*given: Any) -> Any:
            counts[name] += 1
            return own(*given)

        monkeypatch.setattr(kind, name, call)

    counted(ToyScenes, "load")
    counted(Siblings, "__call__")
    words = ["run", *FAST, *DATA, "segment=whole", f"store={tmp_path}/store", f"out={tmp_path}/out"]
    assert main(words) == 0
    assert counts == {"load": 4, "__call__": 2}, "to predict, and to compare with the truth"
    counts.clear()
    predict.PREDICTED.clear()  # as in another process
    assert main(words) == 0
    assert counts == {"load": 2}, "a second time to find the entry by the pixels: tables are found by the entry"
