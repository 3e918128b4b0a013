"""Who keeps few kernels of products: workers of large models, and the stages of `zgs speed` at the paper's scale."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from bench.run import predict
from bench.speed import try_stages
from bench.speed.inputs import Inputs


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []
    monkeypatch.setattr("bench.system.start.bound_kernels", lambda: made.append("bounded"))
    return made


@pytest.mark.parametrize(("models", "bounded"), [({"photographs": True}, ["bounded"]), ({"photographs": False}, []),
                                                 ({}, [])])  # fmt: skip
def test_a_worker_of_large_models_bounds_kernels_before_any_is_loaded(
    monkeypatch: pytest.MonkeyPatch, order: list[str], models: dict[str, bool], bounded: list[str]
) -> None:
    def open_run(settings: Any) -> Any:
        return SimpleNamespace(settings=settings, check_keys=lambda: order.append("checked"))

    monkeypatch.setattr(predict, "RunContext", open_run)
    predict._open_context.__wrapped__(json.dumps({"models": models}))
    assert order == [*bounded, "checked"]


class Crew:
    """Does the work here."""

    def __init__(self, *_: Any, **__: Any) -> None: ...
    def end(self) -> None: ...
    def run(self, function: Any, jobs: Any, names: Any) -> Any:
        return (function(*job) for job in jobs)


@pytest.mark.parametrize(("scale", "photographs", "bounded"), [("paper", True, ["bounded"]), ("paper", False, []),
                                                               ("embedded", True, [])])  # fmt: skip
def test_a_stage_of_the_papers_scale_is_tried_as_a_worker_does(
    monkeypatch: pytest.MonkeyPatch, order: list[str], scale: str, photographs: bool, bounded: list[str]
) -> None:
    """At the embedded scale all stages are tried in this process, where nothing may be bounded for ever."""
    monkeypatch.setattr(try_stages, "Crew", Crew)
    monkeypatch.setattr(try_stages, "try_stage", lambda inputs, stage: (order.append(stage) or {"stage": stage}, None))
    inputs = Inputs(scale, {"models": {"photographs": photographs}}, None, {})  # type: ignore[arg-type]
    rows = list(try_stages.try_stages(inputs, ["clustering"], lambda _: ""))
    assert rows == [{"stage": "clustering"}] and order == [*bounded, "clustering"]
