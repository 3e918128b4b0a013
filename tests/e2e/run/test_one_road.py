"""`zgs run` is predict and then `zgs score`: one pass over the images, and the second half gives the run's numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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
EVERY = [f"score.metrics=[{','.join(list_words())}]", "score.aggregation=[image,dataset]"]
BY_CLASS = "class"
"""The breakdown that has nine of ten rows: `make test` scores again without it, and compares the others."""
OTHERS = ("reference", "dataset_miou", "soft")
NUMBERS = ("scores.csv", "per_image.parquet", "per_image_n.parquet", "per_class.parquet", "segments.parquet")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("road")


def only(out: Path) -> Path:
    (folder,) = out.iterdir()
    return folder


def break_down(groups: Sequence[str]) -> str:
    return f"score.breakdown=[{','.join(groups)}]"


@pytest.fixture
def run(protocol: str, place: Path, request: pytest.FixtureRequest) -> Path:
    """A run with its store that is scored by a protocol in every way; by the paper's one that others make."""
    if protocol == "paper":
        return find_run(request.getfixturevalue("measured"))
    words = [*FAST, *DATA, *EVERY, break_down(BREAKDOWNS), f"score={protocol}", f"store={place}/store"]
    assert main(["run", *words, f"out={place}/{protocol}", "variant=full"]) == 0
    return only(place / protocol)


def read(folder: Path, name: str, groups: Sequence[str] = BREAKDOWNS) -> pd.DataFrame:
    """A table without the name of the run, which each folder has for itself; of the breakdowns, `groups` alone."""
    table = pd.read_parquet(folder / name) if name.endswith(".parquet") else pd.read_csv(folder / name)
    table = table.drop(columns="run", errors="ignore")
    if BY_CLASS in groups or name not in NUMBERS[:3]:
        return table
    if name == "scores.csv":
        return table[~table["group"].str.startswith(f"{BY_CLASS}=", na=False)].reset_index(drop=True)
    return table[[column for column in table if f".{BY_CLASS}." not in column]]


@pytest.mark.parametrize(("protocol", "groups"), [
    ("paper", ("size", "kind")),
    *(pytest.param(protocol, BREAKDOWNS, marks=pytest.mark.slow) for protocol in ("paper", *OTHERS)),
])  # fmt: skip
def test_scoring_alone_gives_the_run_s_own_numbers_exactly(
    place: Path, run: Path, protocol: str, groups: Sequence[str], tmp_path: Path
) -> None:
    told = [*EVERY, break_down(groups), f"score={protocol}", "score.resamples=50", "executor=serial"]
    assert main(["score", str(run), *told, f"store={place}/of-the-file-alone", f"out={tmp_path}"]) == 0
    again = only(tmp_path)
    for name in NUMBERS:
        pd.testing.assert_frame_equal(read(run, name, groups), read(again, name), check_exact=True)
    assert all(read(run, "scores.csv", groups)["group"].str.startswith(f"{group}=").any() for group in groups)
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
    words = ["run", *FAST, *DATA, "segment=whole", "score.metrics=[tgq]"]
    words += [f"store={tmp_path}/store", f"out={tmp_path}/out"]
    assert main(words) == 0
    assert counts == {"load": 4, "__call__": 2}, "to predict, and to compare with the truth"
    counts.clear()
    predict.PREDICTED.clear()  # as in another process
    assert main(words) == 0
    assert counts == {}, "tables are found by the entry, and entries of drawn scenes by what the first run has noted"
    for noted in (tmp_path / "store" / "data").rglob("addresses-*"):
        noted.unlink()
    predict.PREDICTED.clear()
    assert main(words) == 0
    assert counts == {"load": 2}, "without that once, to find the entry by the pixels"
