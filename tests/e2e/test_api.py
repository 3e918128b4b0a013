"""`import bench` for scripts: the same predictions, numbers and stored results as the commands, and errors in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bench
from bench.api import make_sample
from bench.csv_files import read_csv
from bench.data.toyscenes import ToyScenes
from bench.errors import UsageError, UserError
from bench.predictions.source import PredictionFile
from bench.records import Prediction
from tests.shared_runs import FAST, find_run

DATA = ToyScenes(subset="first:2")
QUICK = [word for word in FAST if word.startswith("caption.")]


def test_importing_it_loads_nothing_and_help_says_how() -> None:
    heavy = "('bench', 'torch', 'numpy', 'pandas')"
    told = f"import sys, bench; print(sorted(name for name in sys.modules if name.startswith({heavy})))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "['bench']\n"
    assert {"Method", "Results", "Scorer"} <= set(dir(bench))
    with pytest.raises(AttributeError, match="has no attribute 'method'"):
        bench.method  # noqa: B018
    for each in (bench.Method, bench.Method.predict, bench.Scorer.add, bench.Scorer.compute, bench.Results.read):
        assert len(each.__doc__ or "") > 80 and each.__doc__.endswith(("\n", ".", "    "))


def test_the_scorer_gives_the_numbers_of_a_run(full: Path) -> None:
    file = PredictionFile(find_run(full) / "predictions.json")
    scorer = bench.Scorer(DATA.classes.names, things=DATA.classes.things, resamples=50)
    for image_id in reversed(DATA.list_ids()):
        scorer.add(file[image_id], DATA.load(image_id).truth)
    table, known = scorer.compute(), read_csv(find_run(full) / "scores.csv")
    own = known[(known["role"] == "own") & ~known["measure"].str.startswith("tgq")]
    assert len(scorer) == 2 and len(table) == len(own) == 4
    for column in ("value", "low", "high", "n"):
        np.testing.assert_allclose(table[column], own[column], atol=6e-7)
    assert [name.partition("/paper/")[2] for name in table["metric"]] == [
        m.partition("/paper/")[2] for m in own["metric"]
    ]


def test_a_method_predicts_what_its_run_predicted_and_finds_it_in_the_store(full: Path) -> None:
    image_id = DATA.list_ids()[1]
    known = PredictionFile(find_run(full) / "predictions.json")[image_id]
    method = bench.Method(*QUICK, f"store={full / 'store'}")
    found = method.predict(DATA.load(image_id).image, image_id)
    assert found.texts == known.texts
    np.testing.assert_array_equal(found.masks, known.masks)
    results = bench.Results(full / "store")
    table = results.list_keys().set_index("stage")
    assert table.loc["segment", "files"] == 2 and table.loc["segment", "of"]
    key = table.loc["segment", "key"]
    item = next(item for item in results.list_items("segment", key) if image_id in item)
    arrays, facts = results.read("segment", key[:6], item)["tree"]
    np.testing.assert_array_equal(arrays["leaves"], method.segment(DATA.load(image_id).image).leaves)


def test_steps_can_be_called_alone_without_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    method = bench.Method("encode=masked", *QUICK)
    assert repr(method) == "Method(models=embedded, segment=DinoWard, encode=Masked, caption=ZeroCap, merge=Siblings)"
    image = DATA.load(DATA.list_ids()[0]).image
    masks = method.segment(image).make_masks()[:2]
    vectors, captions = method.embed(image, masks).vectors, method.describe(image, masks)
    assert vectors.shape[0] == len(captions.texts) == 2 and list(tmp_path.iterdir()) == []


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(UsageError, match="encode=mask.*masked"):
        bench.Method("encode=mask")
    with pytest.raises(UserError, match=r"uint8 \[height, width, 3\], not float64 \[4, 4, 3\]"):
        make_sample(np.zeros((4, 4, 3)))
    scorer = bench.Scorer(["cat", "dog"], mapping=("maxoverlap",), resamples=20)
    with pytest.raises(UserError, match="no image was added"):
        scorer.compute()
    one = Prediction("a", np.ones((1, 4, 4), bool), ("cat",))
    with pytest.raises(UserError, match="truth holds 2; classes are 0 to 1"):
        scorer.add(one, np.full((4, 4), 2, np.int16))
    scorer.add(one, np.zeros((4, 4), np.int16))
    with pytest.raises(UserError, match="a: was added already"):
        scorer.add(one, np.zeros((4, 4), np.int16))
    assert scorer.compute()["value"].iloc[0] == 1
    with pytest.raises(UserError, match="no embeddings, which ST and clipscore need"):
        bench.Scorer(["cat"], mapping=("st",)).add(one, np.zeros((4, 4), np.int16))
    with pytest.raises(UserError, match="embeddings"):  # of another CLIP
        wide = Prediction("b", np.ones((1, 4, 4), bool), ("cat",), np.ones((1, 7), np.float32))
        bench.Scorer(["cat"], mapping=("st",)).add(wide, np.zeros((4, 4), np.int16))
    with pytest.raises(UserError, match="nowhere: no such folder"):
        bench.Results("nowhere")
