"""The names that an objective may have are those that a run gives its numbers; a wrong one costs no computing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bench.cli import main
from bench.run.context import RunContext
from bench.run.objective import list_metric_names
from bench.run.run_folder import read_run_scores
from bench.run.score import resolve_protocol
from bench.settings.saved import read_run_settings
from tests.shared_runs import FAST, find_run


@pytest.mark.parametrize("made", ["full", pytest.param("measured", marks=pytest.mark.slow)])
def test_the_names_known_beforehand_are_those_of_the_numbers(made: str, request: pytest.FixtureRequest) -> None:
    folder = find_run(request.getfixturevalue(made))
    context = RunContext(read_run_settings(folder))
    names = list_metric_names(context, resolve_protocol(context, context.settings["score"]))
    scores = read_run_scores(folder)
    own = scores[scores["role"].eq("own")]
    sizes = own["group"].str.startswith("size=")  # only those that some segment has
    assert set(own[~sizes]["metric"]) == {name for name in names if ".size." not in name}
    assert set(own[sizes]["metric"]) <= set(names)
    assert len(names) == len(set(names)) >= 9


def test_a_wrong_name_ends_before_any_work_and_a_right_one_is_said(full: Path, tmp_path: Path, capsys) -> None:
    words = ["run", *FAST, "experiment=full", "data.subset=first:2", "pictures=0", f"out={tmp_path}"]
    assert main([*words, f"store={tmp_path / 'none'}", "objective=st/iou.image.unoin"]) == 2
    told = capsys.readouterr()
    assert told.err == (
        "zgs: objective=st/iou.image.unoin: no metric of this protocol; did you mean st/iou.image.union or "
        "tt/iou.image.union or iou.image.union?\n"
    )
    assert not list((tmp_path / "none").rglob("*.safetensors"))
    assert main([*words, f"store={full / 'store'}", "objective=st/iou.image.union"]) == 0
    scores = pd.read_csv(find_run(full) / "scores.csv")
    own = scores[scores["role"].eq("own") & scores["measure"].eq("iou.image.union")]
    (value,) = own[own["mapping"].str.startswith("st(")]["value"]
    assert f"/iou.image.union = {value:.6f} (n = 2 images)" in capsys.readouterr().out
