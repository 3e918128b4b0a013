"""The shift of the context against its formula in float64, and rows that do not depend on each other, bit for bit."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from bench.caption.guidance import Guidance, Guided, _shift, guide
from bench.caption.language_step import LanguageStep
from bench.caption.token_attention import CacheGradient
from bench.system import panels
from tests.unit.caption import tiny


@pytest.mark.parametrize("factor", [0.9, 1.0, 0.0])
def test_the_shift_is_its_formula(factor: float) -> None:
    torch.manual_seed(0)
    cache = torch.randn(2, 2, 3, 4, 5, 7, dtype=torch.float64)  # of two layers
    shapes = ((2, 3, 4, 6), (2, 3, 3, 4, 7), (2, 3, 4, 6), (2, 3, 4, 7))
    gradient = CacheGradient(*(torch.randn(shape, dtype=torch.float64) for shape in shapes))
    gradient.logits[0, 0] = 0
    whole = gradient.expand()
    assert whole[1, 0, 2, 3, 4, 5] == gradient.logits[1, 2, 3, 4] * gradient.packed[1, 2, 0, 3, 5]
    assert whole[1, 1, 2, 3, 4, 5] == gradient.weights[1, 2, 3, 4] * gradient.mixed[1, 2, 3, 5]
    norm = whole.flatten(3).norm(dim=3)[..., None, None, None]
    expected = cache - 0.3 * whole / (norm + 1e-15) ** factor
    options = Guidance(step=0.3, grad_norm_factor=factor)
    for kind, off in ((torch.float64, 1e-12), (torch.float32, 1e-6)):
        made, own = cache.to(kind, copy=True), CacheGradient(*(part.to(kind) for part in gradient))
        for layer in range(2):
            _shift(made[layer], CacheGradient(*(part[layer] for part in own)), options)
        torch.testing.assert_close(made.double(), expected, rtol=off, atol=off)
    together = cache.clone()
    _shift(together, gradient, options)
    torch.testing.assert_close(together, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("cached", [0, 5])
def test_a_context_that_no_gradient_leads_to_stays(kind: torch.dtype, cached: int) -> None:
    cache = torch.randn(2, 3, 4, cached, 7, dtype=kind)
    shapes = ((3, 4, cached + 1), (3, 3, 4, 7), (3, 4, cached + 1), (3, 4, 7))
    _shift(made := cache.clone(), CacheGradient(*(torch.zeros(shape, dtype=kind) for shape in shapes)), Guidance())
    assert torch.equal(made, cache)


@pytest.mark.parametrize("candidates", [6, None])
def test_a_row_has_the_same_bits_among_any_number_of_rows(
    candidates: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panels, "LEAST", 1)
    model = LanguageStep(tiny.language(width=64, layers=3).model)
    assert model.streams
    torch.manual_seed(0)
    cache, cosines = torch.randn(3, 2, 19, 2, 5, 32), torch.randn(19, model.vocabulary) / 10
    last = torch.randint(0, model.vocabulary, (19,))

    def run(rows: slice) -> Guided:
        def similarity(tokens: Tensor | None) -> Tensor:
            return cosines[rows] if tokens is None else cosines[rows].gather(1, tokens)

        options = Guidance(iterations=2, candidates=candidates)
        return guide(model, cache[:, :, rows].clone(), last[rows], similarity, options)

    with torch.inference_mode():
        whole = run(slice(19))
        for rows in (slice(1), slice(18, 19), slice(3, 5), slice(2, 7), slice(1, 18)):
            made, expected = run(rows), whole.take(rows)
            assert torch.equal(made.before, expected.before) and torch.equal(made.logits, expected.logits)
            assert torch.equal(made.losses, expected.losses) and torch.equal(made.last, expected.last)
            assert torch.equal(made.cache, whole.cache[:, :, rows])


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_without_clip_the_model_stays_as_it_is(kind: torch.dtype) -> None:
    """Nothing pulls it from itself, and a division by the norm makes nothing of nothing."""
    model = LanguageStep(tiny.language(layers=3).model.to(kind))
    cache = model.read([5, 7, 3]).expand(-1, -1, 4, -1, -1, -1).contiguous()
    before, tokens = cache.clone(), torch.tensor([3, 9, 1, 30])
    made = guide(model, cache, tokens, lambda asked: torch.rand(asked.shape), Guidance(clip_scale=0.0, candidates=6))
    assert torch.equal(made.cache, before) and torch.equal(made.logits, made.before) and not made.losses.any()
