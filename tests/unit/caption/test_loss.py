"""The candidates and the gradient of guidance's loss against their definitions, in float64 and by sorting."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from bench.caption.loss import choose_candidates, compute_loss_gradient
from bench.system import rowwise


def sort_by_hand(logits: Tensor, count: int) -> list[list[int]]:
    """The largest of each row in the order of the tokens; of equal ones the lower tokens."""
    tokens = range(logits.shape[1])
    return [sorted(sorted(tokens, key=lambda token: (-row[token], token))[:count]) for row in logits.tolist()]


@pytest.mark.parametrize(
    ("size", "count"), [(1, 1), (7, 3), (40, 24), (300, 299), (2003, 1), (2003, 64), (2003, 512), (2003, 1500)]
)
def test_the_largest_are_chosen_and_of_equal_ones_the_lower_tokens(size: int, count: int) -> None:
    torch.manual_seed(size)
    drawn = torch.randn(3, size) * 3 - 50
    few = (drawn / 4).round()  # a handful of values
    ordered = drawn.sort(dim=1)[0]  # all that are looked at lie side by side
    odd = drawn.clone()
    odd[:, ::3], odd[:, 1::5] = 0.0, torch.inf
    odd[:, 2::7] = -torch.inf
    for logits in (drawn, few, ordered, ordered.flip(1), odd, torch.full((2, size), -3.0), torch.zeros(2, size)):
        made = choose_candidates(logits, count)
        assert made.dtype == torch.int64 and made.tolist() == sort_by_hand(logits, count)


def test_fewer_candidates_are_among_more() -> None:
    """Of bfloat16 logits, many of which are equal, torch's topk chooses others at the edge for each number of them."""
    torch.manual_seed(0)
    logits = (torch.randn(2, 5000) * 3 - 50).bfloat16().float()
    before: list[set[int]] = [set(), set()]
    for count in (1, 63, 64, 65, 511, 512, 4999):
        chosen = [set(row) for row in choose_candidates(logits, count).tolist()]
        assert all(few < more for few, more in zip(before, chosen, strict=True))
        before = chosen


def test_what_is_no_number_is_chosen_first() -> None:
    """As torch's topk does: a broken model is not hidden."""
    logits = torch.arange(64.0).view(1, 64)
    logits[0, 5] = torch.nan
    assert choose_candidates(logits, 3).tolist() == [[5, 62, 63]]
    assert set(logits.topk(3).indices[0].tolist()) == {5, 62, 63}


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("offset", [0.0, -120.0])
def test_the_gradient_is_autograds(whole: bool, offset: float) -> None:
    torch.manual_seed(3)
    logits = (torch.randn(4, 700) * 4 + offset).double().requires_grad_()
    unmodified = logits.detach() + torch.randn(4, 700) / 3 - 5
    before = unmodified.log_softmax(dim=-1)
    candidates = None if whole else torch.stack([torch.randperm(700)[:50] for _ in range(4)])
    target = torch.randn(4, 700 if whole else 50).double().mul(3).softmax(dim=-1)
    log_p = logits.log_softmax(dim=-1)
    compared = log_p if candidates is None else log_p.gather(1, candidates)
    losses = [-0.7 * (target * compared).sum(-1), 0.2 * (log_p.exp() * (log_p - before)).sum(-1)]
    (expected,) = torch.autograd.grad(sum(losses).sum(), logits)  # type: ignore[union-attr]
    for kind, off in ((torch.float64, 1e-12), (torch.float32, 2e-5)):
        parts = [part.detach().to(kind) for part in (logits, unmodified, target)]
        gradient, made = compute_loss_gradient(*parts[:2], candidates, parts[2], 0.7, 0.2)
        torch.testing.assert_close(gradient.double(), expected, rtol=off, atol=off / 10)
        torch.testing.assert_close(made.double(), torch.stack(losses).detach(), rtol=off, atol=off)


def test_rows_that_are_shared_out_among_threads_keep_their_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    logits = torch.randn(7, 300)

    def run() -> list[Tensor]:
        chosen = choose_candidates(logits, 20)
        target = logits.gather(1, chosen).softmax(dim=-1)
        return [chosen, *compute_loss_gradient(logits, logits + 1, chosen, target, 1.0, 0.2)]

    one, before = run(), torch.get_num_threads()
    monkeypatch.setattr(rowwise, "LEAST", 1)
    torch.set_num_threads(3)
    try:
        assert all(torch.equal(a, b) for a, b in zip(one, run(), strict=True))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_the_unmodified_model_is_not_pulled_away_from_itself(kind: torch.dtype) -> None:
    """Where nothing was shifted yet the fluency loss and its gradient are 0, not what is left of rounding."""
    logits = torch.from_numpy(np.random.default_rng(0).normal(-80, 6, (2, 50257))).to(kind)
    target = torch.ones(2, 1, dtype=kind)
    gradient, losses = compute_loss_gradient(logits, logits.clone(), choose_candidates(logits, 1), target, 0.0, 1.0)
    assert not gradient.any() and not losses.any()
