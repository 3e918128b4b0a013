"""Special-token factors, the forbidden rule and fusion, worked by hand."""

from __future__ import annotations

import math

import pytest
import torch

from bench.caption.rules import TokenRules, fuse, list_gpt2_forbidden, resolve_forbidden
from bench.errors import UserError

TOY = ["dog", " 7", "7", "0", "007", "42", "200000", "66666666", "1st", "!", "(", ")", ",", ":", "\n", ".", "!!", "²"]


def test_forbidden_tokens_of_a_toy_vocabulary() -> None:
    names = {TOY[i] for i in list_gpt2_forbidden(TOY)}
    assert names == {"7", "0", "42", "!", "(", ")", ",", ":", "\n"}


def test_forbidden_choices() -> None:
    assert resolve_forbidden(None, TOY) == resolve_forbidden("none", TOY) == ()
    assert resolve_forbidden([2, 3], TOY) == (2, 3)
    assert resolve_forbidden("gpt2", TOY) == list_gpt2_forbidden(TOY)
    with pytest.raises(UserError, match="gpt2, none"):
        resolve_forbidden("gpt3", TOY)


def test_factors_divide_positive_and_multiply_negative_logits() -> None:
    rules = TokenRules(end_token=0, forbidden=torch.tensor([1, 2]))
    logits = torch.tensor([[2.0, 4.0, -3.0, 5.0], [-2.0, 4.0, -3.0, 5.0]])
    context = torch.tensor([[3, 3], [3, 1]])
    first, later = rules(logits, context, first=True), rules(logits, context, first=False)
    torch.testing.assert_close(first[:, 0], torch.tensor([2 / 1.6, -2 * 1.6]))
    torch.testing.assert_close(later[:, 0], torch.tensor([2 * 1.1, -2 / 1.1]))
    torch.testing.assert_close(first[0, 1:], torch.tensor([0.2, -60.0, 5.0]))
    assert logits[0, 1] == 4  # the input is left alone


def test_repetition_counts_the_last_four_tokens_once() -> None:
    rules = TokenRules(end_token=0, forbidden=torch.tensor([], dtype=torch.int64), repetition_penalty=2.0)
    logits = torch.tensor([[0.0, 8.0, 8.0, -8.0]])
    out = rules(logits, torch.tensor([[1, 2, 2, 3, 3]]), first=False)
    torch.testing.assert_close(out, torch.tensor([[0.0, 8.0, 4.0, -16.0]]))


def test_fusion_is_a_weighted_geometric_mean() -> None:
    shifted, before = torch.tensor([[0.8, 0.2], [0.5, 0.5]]), torch.tensor([[0.2, 0.8], [0.5, 0.5]])
    beam = fuse(shifted.log(), before.log(), 0.5, joint=False).exp()
    torch.testing.assert_close(beam, torch.full((2, 2), 0.5))
    joint = fuse(shifted.log(), before.log(), 0.5, joint=True).exp()
    # the rows weigh sqrt(.8 * .2) * 2 = 0.8 and 1 before they are divided by 1.8
    torch.testing.assert_close(joint, torch.tensor([[0.4, 0.4], [0.5, 0.5]]) / 1.8)
    assert fuse(torch.tensor([[0.0, -500.0]]), torch.zeros(1, 2), 1.0, joint=False)[0, 1] > -math.inf
