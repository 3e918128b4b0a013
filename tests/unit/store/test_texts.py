"""Vectors of texts in the store: short lists share a bounded number of files, and each is encoded once, by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bench.store import texts
from bench.store.files import Store
from bench.store.texts import StoredEncoder


class Model:
    """A vector a text, and a trace of the list that it was encoded with."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, words: Sequence[str]) -> np.ndarray:
        self.asked.append(list(words))
        return np.array([[len(word), len(words)] for word in words], np.float32)


def open_encoder(root: Path) -> tuple[StoredEncoder, Model]:
    store, model = Store(root), Model()
    return StoredEncoder(store, store.open_namespace("texts", "0" * 16, {}), lambda: model), model


LISTS = [[f"cat {at}", f"dog {at}"] for at in range(80)]


def test_many_lists_share_few_files_and_each_is_as_encoded_alone(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(texts, "_FILES", 8)
    encoder, model = open_encoder(tmp_path)
    made = [encoder.encode(words) for words in LISTS]
    assert model.asked == LISTS, "each by itself"
    assert len(list(tmp_path.rglob("*.safetensors"))) == 8
    again, other = open_encoder(tmp_path)
    again.prefetch(LISTS)
    assert all(np.array_equal(again.encode(words), was) for words, was in zip(LISTS, made, strict=True))
    assert other.asked == [] and sum(map(len, again.store.stats.reused.values())) == 80


@pytest.mark.slow
def test_each_file_is_read_once_for_all_its_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_FILES", 8)
    for words in LISTS:
        open_encoder(tmp_path)[0].encode(words)
    encoder, _ = open_encoder(tmp_path)
    reads: Counter[str] = Counter()
    plain = encoder.store.read
    monkeypatch.setattr(encoder.store, "read", lambda space, item: reads.update([item]) or plain(space, item))
    encoder.prefetch(LISTS)
    assert len(reads) == 8 and set(reads.values()) == {1}


def test_a_long_list_lies_alone_so_that_no_other_is_written_with_it(tmp_path: Path) -> None:
    encoder, _ = open_encoder(tmp_path)
    encoder.encode([f"word {at}" for at in range(257)])
    encoder.encode([f"word {at}" for at in range(256)])
    kinds = sorted(path.name.partition("-")[0] for path in tmp_path.rglob("*.safetensors"))
    assert kinds == ["lists", "texts"]


def test_ten_variants_of_five_thousand_images_stay_below_five_files_each() -> None:
    """Images have a file a stage; encode, merge and table are made for each variant, the others for all of them."""
    images, variants, shared, own = 5000, 10, 3, 3
    assert images * (shared + variants * own) + texts._FILES <= 5 * images * variants
