"""Candidate features equal plainly encoded strings, also where tokens merge across the boundary."""

from __future__ import annotations

import numpy as np
import torch

from bench.caption.candidates import CandidateFeatures, Similarities, Vocabulary, share_features
from bench.caption.retrieval import Retrieval
from bench.caption.texts import PromptedTexts, Recent
from tests.unit.caption import naive, tiny


def test_features_of_merging_and_special_tokens() -> None:
    language, clip = tiny.language(), tiny.clip()
    vocabulary = Vocabulary(language.tokenizer, language.model.config.vocab_size)
    store = share_features(vocabulary, clip, 1 << 20)
    context = (0, *language.tokenizer.encode("Image of a bl", add_special_tokens=False))
    tokens = torch.arange(vocabulary.size)
    texts = ["Image of a bl" + language.tokenizer.decode([i]) for i in range(vocabulary.size)]
    prefix = store._open([context])[0].prefix
    shared = [prefix.count_shared(tuple(clip.tokenize_raw(text))) for text in texts]
    assert min(shared) < max(shared)  # some candidates change the context's own last CLIP token
    expected = torch.nn.functional.normalize(naive.encode(clip, texts), dim=-1)
    torch.testing.assert_close(store(context, tokens), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(store(context, tokens[[5, 5, 2]]), store(context, tokens)[[5, 5, 2]], rtol=0, atol=0)
    few_first = CandidateFeatures(vocabulary, clip, 1 << 20)
    few_first(context, tokens[[7, 3]])
    torch.testing.assert_close(few_first(context), expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(few_first(context, tokens[[7, 3]]), few_first(context)[[7, 3]])
    assert few_first(context) is few_first(context), "looked up, not gathered anew"
    without_room = CandidateFeatures(vocabulary, clip, 0)
    for own in (context, context[:-1]):
        without_room(own, tokens[[7, 3]])
    assert len(without_room.contexts) == 1, "the latest alone"


def test_similarities_are_cosines_with_each_rows_own_target() -> None:
    language, clip = tiny.language(), tiny.clip()
    store = share_features(Vocabulary(language.tokenizer, language.model.config.vocab_size), clip, 1 << 20)
    targets = torch.nn.functional.normalize(torch.randn(3, 16), dim=-1)
    contexts = [(0, 20), (0, 30), (0, 20)]
    tokens = torch.tensor([[1, 2], [2, 3], [4, 1], [4, 1]])  # the last row is a copy that fills the batch
    similarities = Similarities(store, contexts, targets, copies=1)
    cosines, whole = similarities(tokens), similarities(None)
    assert torch.equal(whole.gather(1, tokens), cosines)
    for row, context in enumerate(contexts):
        torch.testing.assert_close(cosines[row], store(context, tokens[row]) @ targets[row])
    torch.testing.assert_close(cosines[3], cosines[2])


def test_what_lasts_is_forgotten_last_and_takes_no_more_than_half() -> None:
    recent: Recent[str, int] = Recent(10, str.isupper)
    for key in ("A", "b", "c", "d", "e", "f"):
        recent.put(key, 0, 2)
    assert [key for key, _ in recent.items()] == ["A", "c", "d", "e", "f"]  # the oldest of all is still there
    for key in ("B", "C"):
        recent.put(key, 0, 2)
    assert [key for key, _ in recent.items()] == ["d", "e", "f", "B", "C"]  # 6 of 10 lasted
    recent.put("g", 0, 2)
    assert [key for key, _ in recent.items()] == ["e", "f", "B", "C", "g"] and recent.held == 10
    recent.put("D", 0, 10)
    assert [key for key, _ in recent.items()] == ["D"]
    small: Recent[str, int] = Recent(3, str.isupper)
    for key in ("A", "b"):  # neither half nor whole has room for another: the newest stays
        small.put(key, 0, 2)
    assert [key for key, _ in small.items()] == ["b"]


def test_the_least_recent_entry_is_forgotten_first() -> None:
    recent: Recent[str, int] = Recent(10)
    for key, size in [("a", 4), ("b", 4)]:
        recent.put(key, ord(key), size)
    assert recent.get("a") == ord("a")
    recent.put("c", 0, 4)
    assert recent.get("b") is None and recent.get("a") is not None and recent.held == 8
    recent.put("a", 1, 40)
    assert len(recent) == 1 and recent.get("a") == 1


def test_prompted_texts_and_retrieval(tmp_path) -> None:
    clip, words = tiny.clip(), ["dog", "red cat", "", "lake"]
    expected = naive.encode(clip, [f"Image of a {word}." for word in words])
    torch.testing.assert_close(PromptedTexts(clip, "Image of a {}.")(words), expected, rtol=1e-5, atol=1e-5)
    segments = tiny.embeddings(6)
    cosines = torch.cosine_similarity(torch.from_numpy(segments.vectors)[:, None], expected[None], dim=-1)
    captions = Retrieval(clip, words)(segments)
    assert captions.texts == tuple(words[i] for i in cosines.argmax(-1))
    np.testing.assert_allclose(captions.scores, cosines.amax(-1), atol=1e-5)
    np.testing.assert_allclose(captions.features, expected[cosines.argmax(-1)], atol=1e-5)
    file = tmp_path / "words.txt"
    file.write_text("dog\n\nred cat\nlake\n")
    assert Retrieval(clip, str(file)).words == ("dog", "red cat", "lake")
    assert Retrieval(clip, words)(tiny.embeddings(0)).features.shape == (0, 16)
