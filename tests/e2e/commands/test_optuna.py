"""`zgs run -m hydra/sweeper=optuna` for real: a study that is kept, goes on, and refuses another question."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from bench.cli import main
from bench.errors import UsageError, UserError
from tests.shared_runs import FAST

pytestmark = pytest.mark.extra
optuna = pytest.importorskip("optuna", "5", reason="needs Optuna 5: pip install 'zgs[optuna]'")

FEW = ("pictures=0", "segment=whole", "data.subset=first:2", "data.split=tune", "objective=st/iou.image.union")
CHOICE = ("encode.sigma2=tag(log,interval(0.1,4))", "encode.start_layer=range(2,5)", "merge.threshold=0.6,0.8")


def search(place: Path, *words: str) -> int:
    folders = f"store={place / 'store'}", f"out={place / 'out'}"
    return main(["run", "-m", "hydra/sweeper=optuna", *FAST, *FEW, *folders, *CHOICE, *words])


def read_trials(place: Path) -> pd.DataFrame:
    (file,) = (place / "out/sweeps").glob("tuning-*/trials.csv")
    return pd.read_csv(file)


def test_a_search_goes_on_where_it_stopped_and_leaves_csv_and_picture(tmp_path: Path, capsys) -> None:
    assert search(tmp_path, "hydra.sweeper.n_trials=2") == 0
    first = read_trials(tmp_path)
    assert list(first["state"]) == ["complete", "complete"] and list(first["n"]) == [2, 2]
    assert search(tmp_path, "hydra.sweeper.n_trials=3") == 0
    trials = read_trials(tmp_path)
    assert len(trials) == 3 and trials[: len(first)].equals(first), "what was known stays"
    assert trials["encode.sigma2"].between(0.1, 4).all() and set(trials["encode.start_layer"]) <= {2, 3, 4}
    assert trials["encode.sigma2"].nunique() == 3, "the search that goes on does not begin anew"
    for folder, value in zip(trials["folder"], trials["value"], strict=True):
        scores = pd.read_csv(Path(folder) / "scores.csv")
        own = scores[scores["role"].eq("own") & scores["metric"].str.contains("/st(", regex=False)]
        assert own[own["measure"].eq("iou.image.union")]["value"].item() == pytest.approx(value, abs=1e-6)
    said = capsys.readouterr().out
    best = trials.loc[trials["value"].idxmax()]
    assert f"3 trials with a value, the best {best['value']:.6f} in trial {best['trial']}" in said
    folder = next((tmp_path / "out/sweeps").glob("tuning-*"))
    assert {"study.sqlite", "study.png", "study.svg", "trials.csv"} <= {path.name for path in folder.iterdir()}
    capsys.readouterr()
    assert search(tmp_path, "hydra.sweeper.n_trials=3") == 0
    said = capsys.readouterr()
    assert "3 trials with a value" in said.out and "failed" not in said.out + said.err, "nothing was left to do"


def test_a_name_is_of_one_question_only(tmp_path: Path, capsys) -> None:
    assert search(tmp_path, "hydra.sweeper.n_trials=1", "hydra.sweeper.study=mine") == 0
    assert search(tmp_path, "hydra.sweeper.n_trials=2", "hydra.sweeper.study=mine", "seed=1") == 1
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "study mine" in told and "has asked something else (its fixed)" in told
    assert search(tmp_path, "hydra.sweeper.storage=nosuch://x") == 1
    assert "no study can be kept there" in capsys.readouterr().err.strip().splitlines()[-1]
    before = set((tmp_path / "out/sweeps").iterdir())
    assert search(tmp_path, "objective=iou.image.unoin", "hydra.sweeper.n_trials=1") == 2
    (told,) = capsys.readouterr().err.strip().splitlines()
    assert told.startswith("zgs: objective=iou.image.unoin: no metric") and "did you mean iou.image.union" in told
    assert set((tmp_path / "out/sweeps").iterdir()) == before, "refused before the first job, and before the study"


def test_trials_of_a_process_that_is_gone_are_tried_again(tmp_path: Path) -> None:
    from bench.commands.tuning.search import Search
    from bench.commands.tuning.space import read_space
    from bench.commands.tuning.study import describe_question, open_study

    space = read_space(OverridesParser.create().parse_overrides(["a=interval(0,1)", "b=1"]))
    question, storage = describe_question(space, "iou", "maximize"), f"sqlite:///{tmp_path / 's.sqlite'}"
    study = open_study(storage, "s", question, "random", 0)
    lost = Search(study, space, tmp_path, 1)._ask()
    assert open_study(storage, "s", question, "random", 0).trials[0].state.name == "RUNNING", "this process is there"
    lost.set_user_attr("process", {**lost.user_attrs["process"], "begun": 1})
    again = open_study(storage, "s", question, "random", 0)
    assert again.trials[0].state.name == "FAIL" and again.ask(dict(space.chosen)).params == lost.params
    with pytest.raises(UserError, match="has asked something else"):
        open_study(storage, "s", {**question, "direction": "minimize"}, "random", 0)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a=interval(0.5,2)", ("FloatDistribution", {"low": 0.5, "high": 2.0, "log": False, "step": None})),
        ("a=tag(log,interval(0.5,2))", ("FloatDistribution", {"low": 0.5, "high": 2.0, "log": True, "step": None})),
        ("a=int(interval(1,8))", ("IntDistribution", {"low": 1, "high": 8, "log": False, "step": 1})),
        ("a=range(1,8,3)", ("IntDistribution", {"low": 1, "high": 7, "log": False, "step": 3})),
        ("a=range(1,7,3)", ("IntDistribution", {"low": 1, "high": 4, "log": False, "step": 3})),
        ("a=range(0.0,0.9,0.3)", ("FloatDistribution", {"low": 0.0, "high": 0.6, "log": False, "step": 0.3})),
        ("a=range(0.0,1.0,0.3)", ("FloatDistribution", {"low": 0.0, "high": 0.9, "log": False, "step": 0.3})),
        ("a=x,y", ("CategoricalDistribution", {"choices": ("x", "y")})),
        ("merge=glob(*)", ("CategoricalDistribution", {"choices": ("none", "siblings")})),
    ],
)
def test_what_may_be_chosen_is_read_from_hydras_words(word: str, expected: tuple[str, dict]) -> None:
    from bench.commands.tuning.space import read_space

    space = read_space(OverridesParser.create().parse_overrides([word, "b=3"]))
    (found,) = space.chosen.values()
    assert (type(found).__name__, found._asdict()) == expected and space.fixed == ("b=3",)


@pytest.mark.parametrize("word", ["a=interval(2,1)", "a=range(3,3)", "a=range(3,1)", "a=tag(log,interval(0,1))", "b=1"])
def test_an_empty_choice_is_an_error(word: str) -> None:
    from bench.commands.tuning.space import read_space

    with pytest.raises(UsageError):
        read_space(OverridesParser.create().parse_overrides([word]))


def test_brute_tries_every_combination_once_and_ends(tmp_path: Path, recwarn: pytest.WarningsRecorder, capsys) -> None:
    more = ("hydra.sweeper.sampler=brute", "encode.sigma2=1,2", "encode.start_layer=4", "merge.threshold=0.6")
    folders = f"store={tmp_path / 'store'}", f"out={tmp_path / 'out'}"
    words = ["run", "-m", "hydra/sweeper=optuna", *FAST, *FEW, *folders, *more]
    for _ in range(2):
        assert main(words) == 0
        assert list(read_trials(tmp_path)["encode.sigma2"].sort_values()) == [1, 2], "of 20 trials that are asked for"
    assert not [each for each in recwarn if "experimental" in str(each.message)]
    assert main([*words, "encode.saliency=outputs", "merge.threshold=interval(0,1)"]) == 2
    assert "merge.threshold: an interval holds no number of values" in capsys.readouterr().err
