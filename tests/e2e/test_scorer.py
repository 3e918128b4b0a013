"""`bench.Scorer` beside `zgs score` on one small file: every protocol and what changes it, to the last digit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import bench
from bench.errors import UsageError, UserError
from bench.predictions.source import PredictionFile
from bench.records import Prediction
from bench.score.presets import list_presets
from tests.e2e.commands.theirs import coded, write, zgs

NAMES = ("cat", "dog", "sofa", "tree")
ALIASES = [["kitten"], [], ["couch"], []]
SIZE = (6, 8)
SAID = {
    "a": (("cat", 0.3), ("background", 0.9), ("kitten", 0.5)),
    "b": (("a dog", 0.8), ("sofa", 0.2), ("", 0.4), ("tree", 0.4)),
    "c": (),
    "d": (("couch", 0.6), ("sofa", 0.7), ("wolf", 0.1)),
}
CHANGES: dict[str, dict[str, Any]] = {
    "highest": {"overlap": "highest_score", "breakdown": ["class", "size", "kind"]},
    "most": {"metrics": ["precision", "panoptic", "objects", "soft", "masks", "open", "names", "fwiou", "clipscore"]},
    "thresholds": {
        "tau_sbert": None, "tau_clip": 0.0, "rounding": None, "no_class": [], "background": "voc",
        "aggregation": ["image", "dataset"], "representative": "argmax", "mapping": ["tt", "exact", "hungarian"],
    },
}  # fmt: skip


class Given:
    """The data as files for the command, and as arrays for a script."""

    def __init__(self, folder: Path) -> None:
        rng, self.truths = np.random.default_rng(3), dict[str, np.ndarray]()
        images = []
        for number, (name, said) in enumerate(SAID.items()):
            truth = np.kron(rng.integers(0, 5, (3, 4)), np.ones((2, 2), int)).astype(np.uint8)
            truth[0, number] = 255
            for place, picture in (("img", np.zeros((*SIZE, 3), np.uint8)), ("ann", truth)):
                (folder / place).mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture).save(folder / place / f"{name}.png")
            self.truths[name] = np.where(truth == 255, -2, truth.astype(np.int16) - 1).astype(np.int16)
            segments = [
                {
                    "text": text,
                    "score": score,
                    "embedding": rng.normal(size=64).astype(np.float32).tolist(),
                    "segmentation": coded((rng.random(SIZE) < 0.5).astype(int).tolist()),
                }
                for text, score in said
            ]
            images.append({"image_id": name, "height": SIZE[0], "width": SIZE[1], "segments": segments})
        rows = (
            f'  {at}: "{"; ".join((name, *more))}"\n'
            for at, (name, more) in enumerate(zip(NAMES, ALIASES, strict=True), 1)
        )
        layout = f"images: img/{{id}}.png\nmasks: ann/{{id}}.png\nvoid: 255\nbackground: 0\nclasses:\n{''.join(rows)}"
        (folder / "four.yaml").write_text(layout)
        self.file = write(folder / "theirs.json", images, embeddings={"inline": True})
        self.words = ["data=folder", f"data.root={folder}", f"data.layout={folder / 'four.yaml'}", "data.names=aliases"]

    def score(self, tmp: Path, *words: str) -> pd.DataFrame:
        """Score by the command: what it computed, without controls."""
        table = pd.read_csv(zgs(tmp, None, self.file, *self.words, "executor=serial", *words) / "scores.csv")
        return table[table["role"] == "own"]

    def fill(self, scorer: bench.Scorer) -> bench.Scorer:
        """Give a scorer the same images, in another order."""
        predictions = PredictionFile(self.file)
        for name in reversed(SAID):
            scorer.add(predictions[name], self.truths[name])
        return scorer


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    return Given(tmp_path_factory.mktemp("given"))


def check_same(table: pd.DataFrame, known: pd.DataFrame) -> None:
    """The same metrics with the same numbers, written as the command writes them."""
    short: Callable[[str], str] = lambda name: name.split("/", 2)[2]  # noqa: E731  (behind data set and class list)
    own, theirs = ({short(line["metric"]): line for line in each.to_dict("records")} for each in (table, known))
    assert own.keys() == theirs.keys() and own
    for name, line in theirs.items():
        for column in ("value", "low", "high", "n"):
            assert f"{own[name][column]:.6f}" == f"{line[column]:.6f}", (name, column)
        assert own[name]["unit_of_n"] == line["unit_of_n"]


@pytest.fixture(scope="module")
def by_protocol(given: Given, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return given.score(tmp_path_factory.mktemp("all"), f"score={','.join(list_presets())}")


@pytest.mark.parametrize("name", list_presets())
def test_every_protocol_gives_the_numbers_of_the_command(name: str, given: Given, by_protocol: pd.DataFrame) -> None:
    scorer = bench.Scorer(NAMES, name, aliases=ALIASES, resamples=50)
    check_same(given.fill(scorer).compute(), by_protocol[by_protocol["protocol"] == name])


@pytest.mark.parametrize("change", CHANGES)
def test_every_kind_of_setting_gives_the_numbers_of_the_command(change: str, given: Given, tmp_path: Path) -> None:
    keys = CHANGES[change]
    words = [f"score.{key}={_write(value)}" for key, value in keys.items()]
    table = given.fill(bench.Scorer(NAMES, aliases=ALIASES, resamples=50, **keys)).compute()
    check_same(table, given.score(tmp_path, *words))


@pytest.mark.parametrize("said", ["background", "N/A", "unlabelled"])
def test_a_text_that_means_no_class_names_none(said: str) -> None:
    """By hand: the left half is a cat and called one, the right half is a dog and called no class."""
    left = np.repeat([[True, False]], 2, axis=0)
    prediction = Prediction("one", np.stack([left, ~left]), ("cat", said))
    scorer = bench.Scorer(["cat", "dog"], "dataset_miou", mapping="tt", resamples=0)
    scorer.add(prediction, np.where(left, 0, 1).astype(np.int16))
    assert scorer.compute()["value"].iloc[0] == 0.5
    assert any(note.startswith("1 segments say ") and "no class" in note for note in scorer.notes)


def test_objects_are_told_apart_where_they_are_given() -> None:
    """Two cats side by side: as one true segment it is found; as two of which one is found, PQ is 2/3 by hand."""
    truth, instances = np.zeros((2, 4), np.int16), np.array([[0, 0, 1, 1]] * 2, np.int16)
    values = []
    for objects, mask in ((None, instances >= 0), (instances, instances == 0)):
        scorer = bench.Scorer(["cat"], metrics=["panoptic"], mapping="exact", resamples=0)
        scorer.add(Prediction("one", mask[None], ("cat",)), truth, instances=objects)
        values.append(scorer.compute()["value"].iloc[0])
    assert values == [1, pytest.approx(2 / 3)]
    with pytest.raises(UserError, match=r"two: instances are float64 \[2, 4\]; give whole numbers \[2, 4\]"):
        scorer.add(Prediction("two", mask[None], ("cat",)), truth, instances=instances / 2)


def test_what_a_scorer_cannot_do_is_refused_in_one_line(given: Given) -> None:
    for keys, told in (
        ({"verify": "human"}, "verify='human': ratings are of a predictions file; use `zgs score FILE"),
        ({"metrics": ("iou", "tgq")}, "metrics: tgq needs texts of the true segments"),
        ({"mapping": ("table",)}, "score.mapping=table needs score.table=FILE"),
        ({"metrics": ("iuo",)}, "iuo.*did you mean iou"),
        ({"aliases": ["ab"] * 4}, "give a list of further texts for each of 4 classes"),
    ):
        with pytest.raises(UsageError, match=told) as raised:
            bench.Scorer(NAMES, **keys)
        assert "\n" not in str(raised.value)
    bare = Prediction("a", np.ones((1, 2, 2), bool), ("cat",))
    for keys, told in (
        ({"metrics": ("iou", "clipscore"), "mapping": "tt"}, "a: no embeddings, which ST and clipscore need"),
        ({"overlap": "highest_score", "mapping": "exact"}, "a: score.overlap=highest_score needs a 'score'"),
    ):
        with pytest.raises(UserError, match=told):
            bench.Scorer(NAMES, **keys).add(bare, np.zeros((2, 2), np.int16))


def _write(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(value)}]"
    return "null" if value is None else str(value)
