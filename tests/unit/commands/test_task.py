"""Before a search begins: whether its jobs measure what it looks for, known without a model, an image or a job."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.commands.task import Task
from bench.errors import UsageError

WORDS = ("encode.sigma2=0.1", "data.split=tune")


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    monkeypatch.chdir(tmp_path)
    return Task("zgs run")


def test_an_objective_that_is_no_metric_of_the_protocol_is_refused_with_the_nearest(task: Task, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^objective=iou\.image\.unoin: no metric .* did you mean iou\.image\.union"):
        task.check_objective([*WORDS, "objective=iou.image.unoin"])
    task.check_objective([*WORDS, "objective=iou.image.union"])
    assert not list(tmp_path.iterdir())


def test_what_a_run_refuses_is_left_to_the_run(task: Task) -> None:
    task.check_objective(["merge.threshold=7", "objective=iou.image.unoin"])
