"""Section 3.3: the default mode against a plain oracle; independence of batch, order and memory, bit for bit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bench.caption import search
from bench.caption.guidance import Guided, guide
from bench.caption.search import Search, TokenStep
from bench.caption.zerocap import ZeroCap, clean_text
from bench.errors import UserError
from bench.records import Captions, Embeddings
from bench.system import panels
from tests.unit.caption import naive, tiny

OPTIONS: dict[str, Any] = {
    "beams": 3, "tokens": 4, "iterations": 2, "candidates": 24, "step": 0.3, "grad_norm_factor": 0.9,
    "fluency_scale": 0.2, "clip_temperature": 0.01,
}  # fmt: skip


@pytest.fixture(scope="module")
def language() -> tiny.Language:
    return tiny.language()


@pytest.fixture(scope="module")
def clip() -> tiny.Clip:
    return tiny.clip()


def take(embeddings: Embeddings, rows: list[int]) -> Embeddings:
    return Embeddings(embeddings.vectors[rows], embeddings.saliency[rows], embeddings.weight[rows])


def same_bits(some: Captions, rows: list[int], whole: Captions) -> None:
    assert some.texts == tuple(whole.texts[i] for i in rows)
    assert some.features.tobytes() == whole.features[rows].tobytes()
    assert some.scores.tobytes() == whole.scores[rows].tobytes()


def watched(zerocap: ZeroCap, targets: torch.Tensor) -> list[TokenStep]:
    steps: list[TokenStep] = []
    zerocap.search(targets, steps.append)
    return steps


@pytest.mark.thinned(2)
@pytest.mark.parametrize("candidates", [24, None])
def test_equals_the_plain_oracle(language: tiny.Language, clip: tiny.Clip, candidates: int | None) -> None:
    options = OPTIONS | {"candidates": candidates, "tokens": 4 if candidates else 2}
    zerocap = ZeroCap(language, clip, **options)
    targets = torch.nn.functional.normalize(torch.from_numpy(tiny.embeddings(2, seed=3).vectors), dim=-1)
    forbidden = zerocap.search.rules.forbidden.tolist()
    assert forbidden
    for target, beams in zip(targets, zerocap.search(targets), strict=True):
        expected = naive.search(language, clip, target, forbidden, options)
        written = [t[:n] for t, n in zip(beams.tokens.tolist(), beams.lengths.tolist(), strict=True)]
        assert written == [tokens for tokens, _ in expected]
        np.testing.assert_allclose(beams.mean_scores, [score for _, score in expected], atol=1e-4)


@pytest.mark.parametrize("normalisation", ["beam", "joint"])
def test_a_segment_does_not_depend_on_the_others(language: Any, clip: Any, normalisation: Any) -> None:
    zerocap = ZeroCap(language, clip, **OPTIONS, normalisation=normalisation)
    seven = tiny.embeddings(7)
    whole = zerocap(seven)
    assert len(set(whole.texts)) > 2
    for i in (0, 3, 6):
        same_bits(zerocap(take(seven, [i])), [i], whole)
    order = [4, 0, 6, 2, 5, 1, 3]
    same_bits(zerocap(take(seven, order)), order, whole)


def test_the_language_model_is_laid_out_while_segments_are_described(
    clip: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its large weights are copies that no other stage needs, also where a search fails."""
    monkeypatch.setattr(panels, "LEAST", 1)
    zerocap = ZeroCap(tiny.language(width=64), clip, **OPTIONS)
    model, seen = zerocap.search.model, list[bool]()

    def count(*_: Any) -> list[Any]:
        seen.append(all(matrix.panels is not None for matrix in model.matrices))
        raise UserError("no choice")

    first = zerocap(tiny.embeddings(2))
    assert all(matrix.panels is None for matrix in model.matrices)
    same_bits(zerocap(tiny.embeddings(2)), [0, 1], first)
    monkeypatch.setattr(ZeroCap, "choose", count)
    with pytest.raises(UserError, match="no choice"):
        zerocap(tiny.embeddings(2))
    assert seen == [True] and all(matrix.panels is None for matrix in model.matrices)


def test_what_is_remembered_of_the_language_model_changes_no_bit(clip: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second search finds the unmodified model's passes made, and nothing laid out when it asks for a gradient."""
    monkeypatch.setattr(panels, "LEAST", 1)
    zerocap, targets = ZeroCap(tiny.language(width=64), clip, **OPTIONS), torch.eye(16)[:7]
    steps = watched(zerocap, targets)
    zerocap.search.model.let_go()
    for one, other in zip(steps, watched(zerocap, targets), strict=True):
        assert torch.equal(one.log_probabilities, other.log_probabilities)
    zerocap.search.model.let_go()
    alone = [step for step in steps if step.segment == 3]
    for one, other in zip(alone, watched(zerocap, targets[3:4]), strict=True):
        assert torch.equal(one.log_probabilities, other.log_probabilities)


def test_batches_are_filled_up_where_products_need_it_and_are_smaller_for_the_first_token(
    language: Any, clip: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def guide_counted(model: Any, cache: torch.Tensor, *rest: Any) -> Any:
        sizes.append(cache.shape[2])
        return guide(model, cache, *rest)

    monkeypatch.setattr(search, "guide", guide_counted)
    for few, room in (((2, 6), search.ROOM), ((2, 6), 0), ((), search.ROOM)):
        monkeypatch.setattr(search, "ROOM", room)
        monkeypatch.setattr("bench.system.rows.STEPS", few)
        monkeypatch.setattr("bench.system.rows._KNOWN", {})
        monkeypatch.setattr("bench.system.rows.keeps_bits", lambda *_: True)
        for usual in (40, 4):
            ZeroCap(language, clip, **OPTIONS | {"tokens": 2}, rows=usual)(tiny.embeddings(2))
    # 2 segments, then their 6 beams: together where they have room and keep their bits
    assert sizes == [2, 6, 2, 6] + [2, 6, 2, 4, 2] + [16, 40, 4, 4, 4]


def test_more_segments_than_are_held_at_once(language: Any, clip: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    zerocap, groups = ZeroCap(language, clip, **OPTIONS | {"tokens": 2}), list[int]()
    monkeypatch.setattr(
        search, "_find_spans", lambda rows, find=search._find_spans: groups.append(len(rows)) or find(rows)
    )
    many = tiny.embeddings(18)
    alone = zerocap(take(many, [17, 3]))
    # 3 beams x (4 tokens of the prompt + 1) x keys and values of 2 layers x 32 numbers of 4 bytes
    each = 3 * (len(zerocap.search.prompt) + 1) * 2 * 2 * 32 * 4
    for kept, first in ((0, [4, 4, 4, 4, 2]), (17 * each, [17, 1]), (18 * each, [18])):
        monkeypatch.setattr("bench.caption.zerocap.KEPT", kept)
        groups.clear()
        same_bits(alone, [17, 3], zerocap(many))
        assert groups[::2] == first


@pytest.mark.parametrize(("device", "each", "together"), [("cpu", 17_694_720, 4), ("cuda", 17_694_720, 16)])
def test_a_search_of_the_papers_sizes_takes_four_segments_on_a_processor(device: str, each: int, together: int) -> None:
    """Keys and values of 24 layers of 1,024 numbers of 4 bytes, of 5 beams and 4 + 15 - 1 tokens."""
    assert each == 24 * 2 * 1024 * 4 * 5 * (4 + 15 - 1)
    model = SimpleNamespace(device=torch.device(device))
    captioner: Any = SimpleNamespace(segments=None, search=SimpleNamespace(model=model, bytes_each=each))
    assert ZeroCap.count_together(captioner) == together
    captioner.search.bytes_each = 10 * each
    assert ZeroCap.count_together(captioner) == together, "the least"


@pytest.mark.thinned(2)
def test_fewer_segments_side_by_side_change_no_bit(language: Any, clip: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[int] = []
    call = Search.__call__
    monkeypatch.setattr(Search, "__call__", lambda own, targets: groups.append(len(targets)) or call(own, targets))
    five = tiny.embeddings(5)
    whole = ZeroCap(language, clip, **OPTIONS)(five)
    same_bits(ZeroCap(language, clip, **OPTIONS, segments=2)(five), [0, 1, 2, 3, 4], whole)
    assert groups == [5, 2, 2, 1]


def test_only_who_watches_keeps_the_shifted_context(language: Any, clip: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    trimmed, given = list[int](), list[int]()
    monkeypatch.setattr("bench.caption.search.SCATTERED", 1)
    monkeypatch.setattr("bench.caption.search.trim", lambda: trimmed.append(1))
    monkeypatch.setattr("bench.caption.search.give_back_compiler", lambda: given.append(1))
    zerocap = ZeroCap(language, clip, **OPTIONS)
    targets = torch.nn.functional.normalize(torch.from_numpy(tiny.embeddings(2).vectors), dim=-1)
    tokens: list[int] = []
    join = Guided.join
    monkeypatch.setattr(Guided, "join", lambda made: tokens.extend(one.cache.shape[4] for one in made) or join(made))
    unseen = zerocap.search(targets)
    assert set(tokens) == {0} and trimmed == given != []
    tokens.clear()
    steps = watched(zerocap, targets)
    assert 0 not in tokens and steps[-1].guided.cache.shape[4] == steps[-1].context.shape[1] - 1
    for beams, seen in zip(unseen, {step.segment: step.beams for step in steps}.values(), strict=True):
        assert torch.equal(beams.tokens, seen.tokens) and torch.equal(beams.scores, seen.scores)


@pytest.mark.parametrize("store_mb", [512, pytest.param(0, marks=pytest.mark.slow)])
def test_remembered_features_change_no_bit(language: Any, store_mb: int) -> None:
    seven = tiny.embeddings(7)
    cold = ZeroCap(language, tiny.clip(), **OPTIONS)(seven)
    clip = tiny.clip()
    zerocap = ZeroCap(language, clip, **OPTIONS, store_mb=store_mb)
    zerocap(tiny.embeddings(5, seed=9))  # fills the store in another order, with other sets of candidates
    same_bits(zerocap(seven), list(range(7)), cold)
    texts = clip.calls
    same_bits(zerocap(seven), list(range(7)), cold)
    assert (clip.calls == texts) == (store_mb > 0)
    assert len(zerocap.search.features.contexts) > 1 or store_mb == 0


def test_two_captioners_share_what_is_remembered(language: Any, clip: Any) -> None:
    first, second = ZeroCap(language, clip, **OPTIONS), ZeroCap(language, clip, **OPTIONS | {"beams": 2})
    assert first.search.features is second.search.features
    assert ZeroCap(language, tiny.clip(), **OPTIONS).search.features is not first.search.features


def test_probabilities_of_each_beam_sum_to_one_and_jointly_over_all_beams(language: Any, clip: Any) -> None:
    targets = torch.from_numpy(tiny.embeddings(2).vectors)
    for step in watched(ZeroCap(language, clip, **OPTIONS), targets):
        sums = step.log_probabilities.exp().sum(-1)
        torch.testing.assert_close(sums, torch.ones_like(sums))
    for step in watched(ZeroCap(language, clip, **OPTIONS, normalisation="joint"), targets):
        assert step.log_probabilities.exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_ended_beams_cost_nothing_and_a_full_stop_at_once_is_an_empty_text(language: Any, clip: Any) -> None:
    eager = ZeroCap(language, clip, **OPTIONS | {"beams": 1}, end_start_factor=1e-9, end_factor=1e9)
    steps = watched(eager, torch.from_numpy(tiny.embeddings(2).vectors))
    if steps[0].beams.ended.all():
        assert len(steps) == 2
    end = eager.search.rules.end_token
    beams = steps[0].beams
    stopped = type(beams)(torch.tensor([[end]]), *(torch.tensor([v]) for v in (-1.0, 1, True, 0)))
    chosen = eager.choose([stopped], torch.from_numpy(tiny.embeddings(1).vectors))[0]
    assert chosen.text == "" and np.isfinite(chosen.score)
    assert ZeroCap(language, clip, final="cut_last").choose([stopped], torch.ones(1, 16))[0].text == ""


def test_only_a_full_stop_is_removed_but_any_last_character_in_the_reference(language: Any, clip: Any) -> None:
    tokens = language.tokenizer.encode(" Blackbird", add_special_tokens=False)
    ours, reference = (ZeroCap(language, clip, **OPTIONS, final=final) for final in ("stop", "cut_last"))
    numbers = (torch.tensor([v]) for v in (-1.0, len(tokens), False, 0))
    beams = watched(ours, torch.ones(1, 16))[0].beams
    beams = type(beams)(torch.tensor([tokens]), *numbers)
    assert ours.choose([beams], torch.ones(1, 16))[0].text == "blackbird"
    assert reference.choose([beams], torch.ones(1, 16))[0].text == "blackbir"
    assert clean_text(" A Dog. ") == "a dog"


def test_no_segments(language: Any, clip: Any) -> None:
    captions = ZeroCap(language, clip, **OPTIONS)(tiny.embeddings(0))
    assert captions.texts == () and captions.features.shape == (0, 16) and captions.scores.shape == (0,)


def test_features_are_those_of_the_recorded_text(language: Any, clip: Any) -> None:
    segments = tiny.embeddings(3)
    captions = ZeroCap(language, clip, **OPTIONS)(segments)
    expected = naive.encode(clip, [f"Image of a {text}." for text in captions.texts]).numpy()
    lengths = np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(captions.features / lengths, expected / lengths, atol=1e-5)
    unit = segments.vectors / np.linalg.norm(segments.vectors, axis=1, keepdims=True)
    cosines = (unit * expected / lengths).sum(1)
    np.testing.assert_allclose(captions.scores, cosines, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalisation": "both"}, "use beam or joint"),
        ({"final": "keep"}, "use stop or cut_last"),
        ({"forbidden": "numbers"}, "use gpt2, none"),
        ({"forbidden": [9999]}, "outside the vocabulary"),
        ({"end_token": "qq zz"}, "single token"),
        ({"tokens": 40}, "too long"),
        ({"clip_prompt": "no place"}, "exactly once"),
    ],
)
def test_bad_options_say_what_to_do(language: Any, clip: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        ZeroCap(language, clip, **options)


def test_an_embedding_that_is_not_finite_is_refused(language: Any, clip: Any) -> None:
    bad = tiny.embeddings(2)
    bad.vectors[1, 3] = np.nan
    with pytest.raises(UserError, match="not finite"):
        ZeroCap(language, clip)(bad)
