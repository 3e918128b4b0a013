"""The stages with the store around them: what a stage returns is looked at before anything of it is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.errors import UserError
from bench.records import Captions, Embeddings, Sample, SegmentTree
from bench.store.files import Namespace, Store
from bench.store.stages import StageNamespaces, StoredStages

WIDTH = 4
MASKS = np.eye(3, dtype=bool)[:, :, None] & np.ones((3, 3, 3), bool)
SAMPLE = Sample("a", np.zeros((3, 3, 3), np.uint8))


def record(kind: type, **fields: Any) -> Any:
    """A record as a stage that breaks its promise hands it over, unchecked."""
    made = object.__new__(kind)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made


def embeddings(vectors: Any, rows: int = 3, **other: Any) -> Any:
    none = np.zeros((rows, 0), np.float32)
    return record(Embeddings, **({"vectors": vectors, "saliency": none, "weight": none} | other))


def captions(texts: Any, rows: int = 3, **other: Any) -> Any:
    given = {"features": np.zeros((rows, WIDTH), np.float32), "scores": np.zeros(rows, np.float32)}
    return record(Captions, texts=texts, **(given | other))


def stages(root: Path, made: Callable[..., Any], trunk: Callable[..., Any] | None = None) -> StoredStages:
    store = Store(root)

    def call(*given: Any) -> Any:
        return made(*given)

    if trunk is not None:
        call.compute_trunk = trunk  # type: ignore[attr-defined]
    opened: dict[str, Namespace] = {
        name: store.open_namespace(name, "key", {}) for name in ("segment", "encode", "caption", "trunk")
    }
    namespaces = StageNamespaces(
        opened["segment"], opened["encode"], opened["caption"], opened["trunk"] if trunk else None
    )
    told = {"encode": "half (mine.half.Half)", "caption": "half (mine.words.Words)"}
    return StoredStages(store, namespaces, lambda _: call, told, lambda: WIDTH)


def kept(root: Path) -> list[Path]:
    return list(root.rglob("*.safetensors"))


GOOD = np.arange(12, dtype=np.float32).reshape(3, 4)
BAD_VECTORS = {
    "another width": (embeddings(GOOD[:, :3]), "embeddings of 3 numbers, but CLIP's joint space has 4"),
    "NaN": (embeddings(np.where(GOOD == 5, np.nan, GOOD).astype(np.float32)), "1 of 3 rows of its vectors hold NaN"),
    "infinity": (embeddings(np.full_like(GOOD, np.inf)), "3 of 3 rows of its vectors hold NaN or infinity"),
    "a row too few": (embeddings(GOOD[:2]), r"its vectors: the shape is \[2, 4\], not \[3, width\]"),
    "one dimension": (embeddings(GOOD.ravel()), r"its vectors: the shape is \[12\], not \[3, width\]"),
    "float64": (embeddings(GOOD.astype(np.float64)), "its vectors: an array of float64"),
    "half precision": (embeddings(GOOD.astype(np.float16)), "its vectors: an array of float16"),
    "a list": (embeddings(GOOD.tolist()), "its vectors: a list"),
    "saliency of two": (embeddings(GOOD, saliency=GOOD[:2]), r"its saliency: the shape is \[2, 4\]"),
    "no record": (GOOD, "gave a ndarray for embeddings; return bench.records.Embeddings"),
    "nothing": (None, "gave nothing for embeddings"),
}


@pytest.mark.thinned(2)
@pytest.mark.parametrize("fault", BAD_VECTORS)
def test_wrong_embeddings_name_the_variant_and_are_never_stored(fault: str, tmp_path: Path) -> None:
    made, said = BAD_VECTORS[fault]
    with pytest.raises(UserError, match=rf"^encode: half \(mine\.half\.Half\): .*{said}"):
        stages(tmp_path, lambda *_: made).embed(SAMPLE, MASKS)
    assert not kept(tmp_path)


def test_good_embeddings_are_stored_and_found_again(tmp_path: Path) -> None:
    found = stages(tmp_path, lambda *_: embeddings(GOOD)).embed(SAMPLE, MASKS)
    np.testing.assert_array_equal(found.vectors, GOOD)
    again = stages(tmp_path, lambda *_: pytest.fail("computed again")).embed(SAMPLE, MASKS)
    np.testing.assert_array_equal(again.vectors, GOOD)
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize("tokens", [np.full((2, 3), np.nan, np.float32), np.zeros((2, 3)), None])
def test_a_wrong_trunk_names_the_variant_and_is_never_stored(tokens: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^encode: half .*tokens of the trunk"):
        stages(tmp_path, lambda *_: embeddings(GOOD), lambda _: tokens).embed(SAMPLE, MASKS)
    assert not kept(tmp_path)


BAD_TEXTS = {
    "a text too few": (captions(("a", "b")), "gave 2 texts for 3 embeddings"),
    "a text too many": (captions(("a", "b", "c", "d")), "gave 4 texts for 3 embeddings"),
    "no text": (captions(("a", None, "c")), "text 1 is nothing"),
    "bytes": (captions(("a", "b", b"c")), "text 2 is a bytes"),
    "features of NaN": (captions(("a", "b", "c"), features=np.full((3, 4), np.nan, np.float32)), "features hold NaN"),
    "scores of float64": (captions(("a", "b", "c"), scores=np.zeros(3)), "its scores: an array of float64"),
    "no record": (["a", "b", "c"], "gave a list for texts; return bench.records.Captions"),
}


@pytest.mark.parametrize("fault", BAD_TEXTS)
def test_wrong_texts_name_the_captioner_and_are_never_stored(fault: str, tmp_path: Path) -> None:
    made, said = BAD_TEXTS[fault]
    with pytest.raises(UserError, match=rf"^caption: half \(mine\.words\.Words\): .*{said}"):
        stages(tmp_path, lambda *_: made).describe(SAMPLE, embeddings(GOOD))
    assert not kept(tmp_path)


@pytest.mark.parametrize("by_truth", [False, True])
def test_labels_are_shown_to_a_segmenter_that_reads_them_and_are_in_its_address(by_truth: bool, tmp_path: Path) -> None:
    """The same image under two class lists: one tree for a segmenter that sees the image, two for the oracle."""
    seen: list[Any] = []

    def segment(sample: Sample) -> SegmentTree:
        seen.append(sample.truth)
        leaves = np.zeros((3, 3), np.int16) if sample.truth is None else (sample.truth > 0).astype(np.int16)
        return SegmentTree(leaves, (0,) if sample.truth is None else (1, 2))

    store = Store(tmp_path)
    opened = [store.open_namespace(name, "key", {}) for name in ("segment", "encode", "caption")]
    kept_by = StoredStages(store, StageNamespaces(*opened), lambda _: segment, by_truth=by_truth)
    truths = [np.eye(3, dtype=np.int16), 1 - np.eye(3, dtype=np.int16)]
    trees = [kept_by.segment(Sample("a", SAMPLE.image, truth)) for truth in truths * 2]
    assert len(seen) == (2 if by_truth else 1) and all((truth is None) != by_truth for truth in seen)
    for tree, truth in zip(trees, truths * 2, strict=True):
        assert (tree.leaves == (truth if by_truth else 0)).all()


def test_an_encoder_sees_no_labels(tmp_path: Path) -> None:
    seen: list[Any] = []

    def encode(sample: Sample, masks: Any) -> Any:
        seen.append((sample.truth, sample.captions, sample.instances))
        return embeddings(GOOD[: len(masks)], len(masks))

    told = Sample("a", SAMPLE.image, np.zeros((3, 3), np.int16), ("a caption",), np.zeros((3, 3), np.int16))
    stages(tmp_path, encode).embed(told, MASKS)
    assert seen == [(None, (), None)]


def test_a_trunk_goes_on_from_the_last_layer_before_it_that_is_kept(tmp_path: Path) -> None:
    """Layers 3, 1, 5, 4: the second has nothing before it, the third goes on from 3, and so does the last."""
    asked: list[tuple[int, int | None]] = []

    def run(layer: int) -> StoredStages:
        def trunk(sample: Sample, earlier: Any = None) -> Any:
            asked.append((layer, None if earlier is None else earlier[0]))
            assert earlier is None or (earlier[1] == earlier[0]).all()
            return np.full((2, 3), layer, np.float32)

        def encode(_: Sample, masks: Any, tokens: Any) -> Any:
            assert (tokens == layer).all()
            return embeddings(GOOD[: len(masks)], len(masks))

        made = stages(tmp_path, encode, trunk)
        made._encoder.start_layer = layer
        return made

    for at, layer in enumerate((3, 1, 5, 4)):
        run(layer).embed(SAMPLE, MASKS[[at % 3]] ^ (at == 3))
    assert asked == [(3, None), (1, None), (5, 3), (4, 3)]
