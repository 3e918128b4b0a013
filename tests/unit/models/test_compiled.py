"""Compiled blocks: the numbers of plain ones, one graph for all blocks, and one line where torch cannot compile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from bench.encode.global_subtraction import GlobalSubtraction
from bench.errors import UserError
from bench.models.clip import Clip
from bench.models.dino import Dino
from bench.models.text_tower import TextTower
from bench.records import Sample
from bench.system import compiled
from bench.system.products import leave_to_torch

TEXTS = ["a red cat", "two boats", "grass", "Image of a dog."]


@pytest.fixture(autouse=True)
def as_on_a_gpu() -> Iterator[None]:
    """Products and attention as they are off a processor, and nothing compiled before."""
    with leave_to_torch():
        yield
    compiled._compile.cache_clear()


def make_picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)


def compute_all(dino: Dino, clip: Clip) -> list[np.ndarray]:
    """Features of the segmenter, embeddings of two segments from the trunk on, and texts."""
    picture = make_picture()
    left = np.arange(128) < 40
    masks = np.stack([np.tile(left, (96, 1)), np.tile(~left, (96, 1))])
    embeddings = GlobalSubtraction(clip, start_layer=clip.depth)(Sample("a", picture), masks)
    return [dino.compute_features(picture)[0], embeddings.vectors, clip.encode_text(TEXTS)]


def load() -> tuple[Dino, Clip]:
    return Dino("embedded:dino", size=96, stride=8), Clip("embedded:clip")


def check_agreement(calls: Counter[str]) -> None:
    wanted = compute_all(*load())
    dino, clip = load()
    dino.compile_blocks()
    _ = clip.text  # made before, it would stay plain
    clip.compile_blocks()
    for one, other in zip(compute_all(dino, clip), wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5 * np.abs(other).max())
    assert set(calls) == {"run_block", "run", "project", "leave"}, "DINO's blocks, CLIP's trunk, its text tower"


def test_every_part_goes_through_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Counter[str]()

    def compile_nothing(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        assert options == {"fullgraph": True, "backend": "inductor"}
        return lambda *arguments: calls.update([function.__name__]) or function(*arguments)

    monkeypatch.setattr(torch, "compile", compile_nothing)
    check_agreement(calls)
    assert calls["run_block"] == load()[0].layer and calls["run"] == load()[1].depth - 1


@pytest.mark.slow
def test_compiled_blocks_agree_and_share_a_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traced by torch itself, without a break in the graph, which ``fullgraph`` makes an error.

    Packs of texts are full, as on a GPU: a processor tries other numbers of rows, each size a graph of its own.
    """
    torch._dynamo.reset()
    monkeypatch.setattr(TextTower, "round_up", lambda tower, _: tower.rows)
    calls, graphs, compile_really = Counter[str](), Counter[str](), torch.compile

    def compile_by(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        name = function.__name__

        def count(graph: Any, inputs: Any) -> Any:
            graphs[name] += 1
            return graph.forward

        made = compile_really(function, fullgraph=options["fullgraph"], backend=count)
        return lambda *arguments: calls.update([name]) or made(*arguments)

    monkeypatch.setattr(torch, "compile", compile_by)
    check_agreement(calls)
    assert graphs["run_block"] == graphs["run"] == 1 < calls["run"]
    assert graphs["leave"] == 1 and graphs["project"] == 2, "both towers have widths of their own"


@pytest.mark.slow
def test_the_gradient_free_graph_of_aot_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    torch._dynamo.reset()
    monkeypatch.setattr(compiled, "BACKEND", "aot_eager")
    check_agreement(Counter(["run_block", "run", "project", "leave"]))


def test_what_cannot_be_compiled_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    error = type("Unsupported", (RuntimeError,), {"__module__": "torch._dynamo.exc"})

    def refuse(*_: Any) -> None:
        raise error("a call\nthat cannot be traced")

    monkeypatch.setattr(torch, "compile", lambda *_, **__: refuse)
    with pytest.raises(UserError, match=r"^torch.compile cannot do this here \(a call that .*\): .* compile=false$"):
        compiled.call_compiled(len, [])


def test_errors_of_the_call_itself_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of memory is halved elsewhere, so it has to get there."""

    def run_out(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch, "compile", lambda *_, **__: run_out)
    with pytest.raises(torch.OutOfMemoryError):
        compiled.call_compiled(len, [])
