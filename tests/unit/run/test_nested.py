"""A run inside a worker process of a launcher."""

from __future__ import annotations

from typing import Any

from bench.run import executor, nested


class Workers:
    """Stands for a `Crew`: only its end is of interest."""

    ended = 0

    def run(self, *_: Any) -> None: ...

    def end(self) -> None:
        self.ended += 1


def test_a_start_method_that_children_do_not_know_is_replaced(monkeypatch) -> None:
    found: list[str] = []
    monkeypatch.setattr("multiprocessing.set_start_method", lambda name, force: found.append(name))
    monkeypatch.setattr("multiprocessing.get_start_method", lambda: "fork")
    nested.use_a_known_start_method()
    assert found == []
    monkeypatch.setattr("multiprocessing.get_start_method", lambda: "loky")
    nested.use_a_known_start_method()
    assert found == ["forkserver"]


def test_the_pool_stays_in_a_program_of_its_own_and_ends_with_the_job_in_a_worker(monkeypatch) -> None:
    made: list[Workers] = []

    def crew(*_: Any) -> Workers:
        made.append(Workers())
        return made[-1]

    monkeypatch.setattr(executor, "Crew", crew)
    executor._open_crew.cache_clear()
    try:
        for within, ended in ((False, 0), (True, 1)):
            monkeypatch.setattr(executor, "is_nested", lambda inside=within: inside)
            with executor.Local(1).open_session({"models": {}, "device": "cpu"}):
                pass
            assert made[-1].ended == ended
        with executor.Local(1).open_session({"models": {}, "device": "cpu"}):
            pass
        assert len(made) == 2, "the next job in that worker has a pool of its own"
    finally:
        executor._open_crew.cache_clear()
