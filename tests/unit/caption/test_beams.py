"""Beam search worked by hand."""

from __future__ import annotations

import torch

from bench.caption.beams import FILLER, advance, begin

END = 3


def logs(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows).log()


def test_the_best_first_tokens_and_an_early_end() -> None:
    beams = begin(logs([0.1, 0.4, 0.2, 0.3])[0], 2, END)
    assert beams.tokens.tolist() == [[1], [3]]
    assert beams.ended.tolist() == [False, True]
    assert beams.lengths.tolist() == [1, 1]


def test_an_ended_beam_neither_grows_nor_pays() -> None:
    first = begin(logs([0.1, 0.4, 0.2, 0.3])[0], 2, END)
    # means: [1, 2] (log .4 + log .9)/2 = -0.511, the ended [3] stays at log .3 = -1.204, [1, 0] is -1.609
    second = advance(first, logs([0.05, 0.03, 0.9, 0.02], [0.25, 0.25, 0.25, 0.25]), END)
    assert second.tokens.tolist() == [[1, 2], [3, FILLER]]
    assert second.parents.tolist() == [0, 1]
    assert second.lengths.tolist() == [2, 1]
    torch.testing.assert_close(second.mean_scores, torch.tensor([0.36, 0.09]).sqrt().log())
    third = advance(second, logs([0.91, 0.03, 0.03, 0.03], [1.0, 1e-9, 1e-9, 1e-9]), END)
    assert third.tokens.tolist() == [[1, 2, 0], [3, FILLER, FILLER]]
    assert third.lengths.tolist() == [3, 1]
    torch.testing.assert_close(third.scores[1], torch.tensor(0.3).log())


def test_one_beam_may_have_all_children() -> None:
    first = begin(logs([0.5, 0.3, 0.1, 0.1])[0], 2, END)
    second = advance(first, logs([0.5, 0.5, 1e-9, 1e-9], [0.25, 0.25, 0.25, 0.25]), END)
    assert second.parents.tolist() == [0, 0]
    assert sorted(second.tokens.tolist()) == [[0, 0], [0, 1]]


def test_a_vocabulary_smaller_than_the_beam() -> None:
    assert len(begin(logs([0.5, 0.5])[0], 5, 1).scores) == 2
