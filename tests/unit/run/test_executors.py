"""Executors on other machines: what is shared out comes back once, in its order, and an error ends its shard."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.cluster.batch import Refused
from bench.cluster.call import TIME_OVER, TimeOver
from bench.cluster.frames import FrameReader
from bench.cluster.place import describe_place
from bench.errors import UserError
from bench.run.executor import Local, Serial, begin_executor, bring_in_order, call_here, choose_scoring_map
from bench.run.executors import on_ray, on_slurm
from bench.run.executors.on_ray import Ray
from bench.run.executors.on_slurm import Slurm, run_shard, share_out
from bench.system.ahead import Ahead


@pytest.mark.parametrize("came", list(permutations(range(4))))
def test_results_are_given_in_the_order_of_their_numbers(came: tuple[int, ...]) -> None:
    results = iter([(at, f"result {at}") for at in came])
    assert list(bring_in_order(results, 4)) == [f"result {at}" for at in range(4)]


def test_a_result_is_given_as_soon_as_those_before_it_are_there() -> None:
    ordered = bring_in_order(iter([(1, "b"), (0, "a"), (3, "d")]), 4)
    assert [next(ordered), next(ordered)] == ["a", "b"]


@given(st.integers(0, 50), st.integers(1, 60))
def test_every_job_is_in_one_shard_and_shards_differ_by_one_job(jobs: int, number: int) -> None:
    own = [(at, (f"image {at}",)) for at in range(jobs)]
    shards = share_out(own, number)
    assert sorted(job for shard in shards for job in shard) == own
    assert len(shards) == min(number, jobs) and (
        not shards or max(map(len, shards)) - min(map(len, shards)) <= 1 <= min(map(len, shards))
    )


def halve(number: int) -> float:
    if number == 13:
        raise UserError("thirteen")
    return number / 2


def test_a_shard_leaves_each_result_and_ends_with_an_error(tmp_path: Path) -> None:
    shard = [(5, (10,)), (7, (3,)), (8, (13,)), (9, (4,))]
    run_shard(halve, shard, tmp_path / "results", describe_place(), 1)
    found = list(FrameReader(tmp_path / "results").read())
    assert [(at, result) for at, result, _ in found] == [(5, 5.0), (7, 1.5), (8, None)]
    assert [str(error) for _, _, error in found] == ["None", "None", "thirteen"]
    assert isinstance(found[2][2], UserError)


def end_of_time(number: int) -> int:
    if number == 13:
        raise TimeOver(TIME_OVER)
    return number


def test_a_shard_whose_time_is_over_leaves_its_rest_to_another_array(tmp_path: Path) -> None:
    with pytest.raises(TimeOver):
        run_shard(end_of_time, [(0, (1,)), (1, (13,)), (2, (2,))], tmp_path / "results", describe_place(), 1)
    assert list(FrameReader(tmp_path / "results").read()) == [(0, 1, None)]


def test_workers_that_do_not_see_the_runs_folder_do_not_score_it() -> None:
    for executor in (Serial(), Local(1), object()):
        assert choose_scoring_map(executor, call_here) is call_here
    for executor in (Ray(), Slurm("slurm")):
        assert choose_scoring_map(executor, _refuse) is not _refuse


def _refuse(*_: object) -> None:
    raise AssertionError("asked to score")


def test_only_a_cluster_of_this_machine_begins_early_once_and_whatever_is_wrong_is_told_later(monkeypatch) -> None:
    begun: list[tuple[object, ...]] = []
    monkeypatch.setattr(on_ray, "_begun", {})
    monkeypatch.setattr(on_ray, "_start_crew", lambda *asked: begun.append(asked))
    kind = "bench.run.executors.on_ray.Ray"
    for options in (
        {"_target_": kind, "address": "127.0.0.1:1"}, {"_target_": kind, "treads": 1}, {"_target_": "mine.Own"}, {},
        {"_target_": kind, "threads": 2}, {"_target_": kind, "threads": 2}, {"_target_": kind, "threads": 1},
    ):  # fmt: skip
        begin_executor(options)
    for ahead in on_ray._begun.values():
        assert ahead is not None and ahead.get() is None
    assert begun == [("local", "auto", 2, 0)]


def test_a_crew_that_was_begun_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[object, ...]] = []
    asked = ("local", "auto", 1, 0)
    monkeypatch.setattr(on_ray, "_begun", {asked: Ahead(lambda: "begun")})
    monkeypatch.setattr(on_ray, "_make_crew", lambda *asked: made.append(asked) or "made")
    on_ray._open_crew.cache_clear()
    opened = []
    for _ in range(2):
        opened += [on_ray._open_crew(*asked), on_ray._open_crew(*asked)]
        on_ray._open_crew.cache_clear()
    assert opened == ["begun", "begun", "made", "made"] and made == [asked]
    on_ray.Ray().begin()
    assert on_ray._begun == {asked: None}, "once a process"


@pytest.mark.parametrize("there", ["", "mine", "mine/jobs", "mine/jobs/other"])
def test_nothing_is_left_of_an_array_that_slurm_did_not_take(there: str, tmp_path: Path, monkeypatch) -> None:
    def refuse(where: str, folder: Path, *_: object) -> object:
        folder.mkdir(parents=True)
        return SimpleNamespace(start=lambda *_: (_ for _ in ()).throw(Refused("Slurm took no job")))

    monkeypatch.setattr(on_slurm, "Batch", refuse)
    monkeypatch.setattr(on_slurm, "require_submitit", lambda _: None)
    (tmp_path / there).mkdir(parents=True, exist_ok=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Refused), Slurm(str(tmp_path / "mine/jobs")).open_session({}) as work:
        list(work(halve, [(1,)], ["one"]))
    assert sorted(tmp_path.rglob("*")) == before
