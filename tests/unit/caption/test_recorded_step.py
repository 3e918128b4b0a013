"""The language model's steps recorded and replayed: the numbers of steps that are run, from buffers that stay.

Where no GPU is, torch's own tracer stands in for CUDA graphs: it keeps the kernels of a call and no line of Python, and
a replay writes the tensors of the first one. What looks at a number, or makes a tensor of Python's, is found in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree

from bench.caption.guidance import Guidance, guide
from bench.caption.language_step import LanguageStep
from bench.caption.recorded_step import RecordedStep
from bench.caption.zerocap import ZeroCap
from bench.system import rowwise
from bench.system.graphs import record
from tests.unit.caption import tiny

OPTIONS: dict[str, Any] = {"beams": 3, "tokens": 3, "iterations": 2, "candidates": 24}


@pytest.fixture(autouse=True)
def _no_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU has none, and a tracer does not see them."""
    monkeypatch.setattr(rowwise, "takes", lambda *_: False)


class Caller:
    """Stands in for `CudaCapture`: a replay calls again and writes the tensors of the first call. Counts both."""

    def __init__(self) -> None:
        self.recorded = self.replayed = 0

    def __call__(self, call: Callable[[], Any]) -> tuple[Any, Callable[[], None]]:
        output = call()
        flat, _ = _pytree.tree_flatten(output)
        again = self.keep(lambda: _pytree.tree_flatten(call())[0])
        self.recorded += 1

        def replay() -> None:
            self.replayed += 1
            for own, new in zip(flat, again(), strict=True):
                own.copy_(new)

        return output, replay

    def keep(self, call: Callable[[], list[torch.Tensor]]) -> Callable[[], list[torch.Tensor]]:
        return call


class Tracer(Caller):
    """Of the call it keeps the kernels, as a recording does; to trace them takes a tenth of a second."""

    def keep(self, call: Callable[[], list[torch.Tensor]]) -> Callable[[], list[torch.Tensor]]:
        traced = make_fx(call)()
        kernels = {str(node.target) for node in traced.graph.nodes if node.op == "call_function"}
        assert kernels and not [name for name in kernels if "local_scalar" in name or "lift_fresh" in name]
        return traced  # type: ignore[no-any-return]


def compare(step: LanguageStep, recorded: RecordedStep, rows: int, cached: int, seed: int) -> None:
    """Guide rows by both, with candidates that depend on the model's own logits: every field to the last bit."""
    torch.manual_seed(seed)
    cache = torch.randn(2, 2, rows, 2, cached, 16)
    tokens, wanted = torch.randint(0, step.vocabulary, (rows,)), torch.rand(rows, step.vocabulary)

    def similarity(candidates: torch.Tensor | None) -> torch.Tensor:
        return wanted if candidates is None else wanted.gather(1, candidates)

    options = Guidance(iterations=3, candidates=10)
    one, other = (guide(model, cache.clone(), tokens, similarity, options) for model in (step, recorded))
    for name in ("before", "logits", "cache", "last", "losses"):
        assert torch.equal(getattr(one, name), getattr(other, name)), name


@torch.inference_mode()
def test_guidance_by_replays_has_the_same_bits_and_each_shape_is_recorded_once() -> None:
    step, tracer = LanguageStep(tiny.language(width=32).model), Tracer()
    recorded = RecordedStep(step, tracer)
    for seed, (rows, cached) in enumerate([(3, 4), (2, 4), (3, 4)]):
        compare(step, recorded, rows, cached, seed)
    assert tracer.recorded == 2 * 2, "forward and back of two shapes"
    assert tracer.replayed == 3 * (4 + 3), "four passes and three gradients each time"


@pytest.mark.parametrize(("kind", "options"), [
    (Caller, {**OPTIONS, "tokens": 2, "iterations": 1}), pytest.param(Tracer, OPTIONS, marks=pytest.mark.slow),
], ids=("called", "traced"))  # fmt: skip
@torch.inference_mode()
def test_captions_by_replays_are_those_of_the_search(kind: type[Caller], options: dict[str, Any]) -> None:
    targets, capture = tiny.embeddings(4), kind()
    plain, replayed = (ZeroCap(tiny.language(), tiny.clip(), **options) for _ in range(2))
    replayed.use_graphs(capture)
    wanted, made = plain(targets), replayed(targets)
    assert made.texts == wanted.texts and made.features.tobytes() == wanted.features.tobytes()
    assert capture.replayed > capture.recorded > 0


@torch.inference_mode()
def test_recordings_keep_to_their_room_and_the_latest_stays() -> None:
    step, capture = LanguageStep(tiny.language(width=32).model), Caller()
    recorded = RecordedStep(step, capture, room=1)
    for cached in (4, 5, 4):
        recorded(torch.randn(2, 2, 2, 2, cached, 16), torch.tensor([3, 5]))
    assert len(recorded.recorded) == 1 and capture.recorded == 2 * 3, "forward and back; the first one was let go"


@torch.inference_mode()
def test_a_pass_that_was_written_over_is_not_pulled_back() -> None:
    step = LanguageStep(tiny.language(width=32).model)
    recorded, cache, tokens = RecordedStep(step, Caller()), torch.randn(2, 2, 2, 2, 4, 16), torch.tensor([3, 5])
    first = recorded(cache, tokens)
    logits = first.logits.clone()
    recorded(cache + 1, tokens)
    assert torch.equal(first.logits, logits), "logits stay"
    with pytest.raises(ValueError, match="until the next one"):
        recorded.pull_back(torch.zeros_like(logits), first)


def test_a_recording_reads_its_own_inputs() -> None:
    """What the caller does with its tensors later on is not seen."""
    x = torch.ones(3)
    made = record(lambda own: own * 2, (x,), Tracer())
    x.fill_(7)
    assert made.output.tolist() == [2, 2, 2] and made.run(torch.full((3,), 4.0)).tolist() == [8, 8, 8]
    assert made.run(torch.zeros(3)) is made.output
