"""Predictions on disk: nothing is lost, and a damaged file is named to the segment."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco

from bench.errors import UserError
from bench.predictions import rle
from bench.predictions.parse import Described
from bench.predictions.source import PredictionFile
from bench.predictions.write import write_predictions
from bench.records import Prediction


def read_predictions(path: Path) -> tuple[Prediction, ...]:
    return tuple(PredictionFile(path).values())


SHAPES = st.tuples(st.integers(0, 4), st.integers(1, 20), st.integers(1, 20))
FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


def some(image_id: str = "a", n: int = 2, size: tuple[int, int] = (5, 7), embed: bool = True) -> Prediction:
    rng = np.random.default_rng(n)
    vectors = rng.normal(size=(n, 3)).astype(np.float32) if embed else None
    return Prediction(image_id, rng.random((n, *size)) < 0.4, tuple(f"text {i}" for i in range(n)), vectors, None)


def equal(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def same(a: Prediction, b: Prediction) -> bool:
    arrays_agree = all(equal(getattr(a, name), getattr(b, name)) for name in ("masks", "embeddings", "scores"))
    return arrays_agree and (a.image_id, a.texts, a.heap_ids) == (b.image_id, b.texts, b.heap_ids)


@given(
    masks=SHAPES.flatmap(lambda shape: arrays(bool, shape)), data=st.data(), ending=st.sampled_from(["json", "jsonl"])
)
def test_round_trip_loses_nothing(masks: np.ndarray, data: st.DataObject, ending: str, tmp_path_factory) -> None:
    n = len(masks)
    texts = tuple(data.draw(st.lists(st.text(), min_size=n, max_size=n)))
    vectors = data.draw(st.none() | arrays(np.float32, (n, 4), elements=FINITE))
    heap_ids = data.draw(st.none() | st.lists(st.integers(0, 10**6), min_size=n, max_size=n).map(tuple))
    scores = data.draw(st.none() | arrays(np.float32, n, elements=FINITE)) if n else None
    before = Prediction(data.draw(st.text()), masks, texts, vectors, heap_ids, scores)
    told = data.draw(st.none() | st.lists(st.tuples(st.text(), st.text()), max_size=3, unique_by=lambda pair: pair[0]))
    rows = None if told is None else data.draw(st.none() | arrays(np.float32, (len(told), 4), elements=FINITE))
    oracle = None if told is None else Described(tuple(c for c, _ in told), tuple(t for _, t in told), rows)
    assume(before.image_id != "first")
    path = tmp_path_factory.mktemp("p") / f"predictions.{ending}"
    inlined = bool(n) and told != [] and data.draw(st.booleans())  # of no segments no width is kept
    file = PredictionFile(write_predictions(path, [some("first"), (before, oracle)], inlined=inlined))
    assert path.with_suffix(".npz").exists() != inlined
    assert same(file[before.image_id], before) and list(file) == ["first", before.image_id]
    assert list(file.list_faults()) == [] and file.read_texts(before.image_id) == texts
    found = file.read_true_segments(before.image_id)
    if oracle is None or found is None:
        assert found is oracle
    else:
        assert (found.classes, found.texts) == (oracle.classes, oracle.texts)
        assert equal(found.embeddings, oracle.embeddings)


@given(arrays(bool, st.tuples(st.just(1), st.integers(1, 60), st.integers(1, 60))))
def test_codes_agree_with_cocos_own_decoder(masks: np.ndarray) -> None:
    counts = rle.encode(masks)[0]
    size = list(masks.shape[1:])
    assert np.array_equal(coco.decode({"size": size, "counts": counts}), rle.decode(counts, *masks.shape[1:]))


def test_worked_example() -> None:
    # Down the columns: 0 0 1, 1 1 0 -> runs 2 3 1; compressed each is one character, its value + 48.
    mask = np.array([[0, 1], [0, 1], [1, 0]], dtype=bool)
    assert rle.encode(mask[None]) == ["231"]
    assert np.array_equal(rle.decode("231", 3, 2), mask) and np.array_equal(rle.decode([2, 3, 1], 3, 2), mask)


def test_several_images_keep_their_order_and_their_own_embeddings(tmp_path: Path) -> None:
    written = [some("z/1", 3), some("b", 0), some("c", 2, embed=False), some("a", 4, (1, 1))]
    path = write_predictions(tmp_path / "deep" / "p.json", iter(written), {"variant": "crop"})
    read = read_predictions(path)
    assert all(same(a, b) for a, b in zip(written, read, strict=True))
    assert json.loads(path.read_text())["about"] == {"variant": "crop"}


def test_same_predictions_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_predictions(tmp_path / name / "p.json", [some("a"), some("b", 4)])
    for file in ("p.json", "p.npz"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert sorted(file.name for file in (tmp_path / "one").iterdir()) == ["p.json", "p.npz"]


def test_a_minimal_file_of_another_system(tmp_path: Path) -> None:
    segment = {"text": "dog", "segmentation": {"size": [3, 2], "counts": [2, 3, 1]}}
    image = {"image_id": "a", "height": 3, "width": 2, "segments": [segment]}
    (tmp_path / "p.json").write_text(json.dumps({"format": "zgs-predictions/1", "images": [image]}))
    (prediction,) = read_predictions(tmp_path / "p.json")
    assert prediction.texts == ("dog",) and prediction.masks.sum() == 3
    assert prediction.embeddings is None and prediction.heap_ids is None


DAMAGE = {
    "format": (lambda f: f.update(format="coco"), "zgs-predictions/1"),
    "no number": (
        lambda f: [s.update(score=x) for s, x in zip(f["images"][1]["segments"], (1, float("nan")), strict=True)],
        "segment 1: 'score' should be",
    ),
    "one score": (lambda f: f["images"][1]["segments"][1].update(score=1.5), "segment 0: 'score' is missing"),
    "truth": (lambda f: f["images"][1].update(oracle=[{"class": "cat"}]), "(b), true segment 0: 'text' is missing"),
    "class": (
        lambda f: f["images"][1].update(oracle=[{"class": "cat", "text": "a"}, {"class": "cat", "text": "b"}]),
        "true segment 1: class 'cat' stands there twice",
    ),
    "many": (
        lambda f: f["images"][1].update(height=9000, width=9000, segments=f["images"][1]["segments"] * 50),
        "image 1 (b): 100 segments of 9000x9000 pixels; at most 13",
    ),
    "images": (lambda f: f.pop("images"), "'images' is missing"),
    "entry": (lambda f: f["images"].__setitem__(1, 3), "image 1: should be an object"),
    "id": (lambda f: f["images"][1].update(image_id=5), "image 1: 'image_id' should be a text"),
    "twice": (lambda f: f["images"][1].update(image_id="a"), "'a' stands there twice"),
    "height": (lambda f: f["images"][1].update(height=True), "image 1 (b): 'height' should be a whole number"),
    "huge": (lambda f: f["images"][1].update(height=10**9, width=10**9), "no picture's"),
    "text": (lambda f: f["images"][1]["segments"][1].pop("text"), "image 1 (b), segment 1: 'text' is missing"),
    "size": (lambda f: f["images"][1]["segments"][1]["segmentation"].update(size=[7, 5]), "segment 1: mask of size"),
    "short": (lambda f: f["images"][1]["segments"][0]["segmentation"].update(counts="0"), "segment 0: mask cannot"),
    "none": (lambda f: f["images"][1]["segments"][0]["segmentation"].update(counts=""), "segment 0: mask cannot"),
    "open": (lambda f: f["images"][1]["segments"][0]["segmentation"].update(counts="o"), "segment 0: mask cannot"),
    "words": (lambda f: f["images"][1]["segments"][0]["segmentation"].update(counts=["x"]), "segment 0: mask cannot"),
    "long": (lambda f: f["images"][1]["segments"][0]["segmentation"].update(counts="o" * 40 + "0"), "malformed"),
    "negative": (lambda f: f["images"][1]["segments"][0]["segmentation"].update(counts=[36, -1]), "malformed"),
    "nodes": (lambda f: f["images"][1].update(heap_ids=[1]), "image 1 (b): heap_ids"),
    "fewer": (lambda f: f["images"][1]["segments"].pop(), "image 1 (b): embeddings have shape [2, 3]"),
    "sum": (lambda f: f["embeddings"].update(sha256="0"), "not the embeddings"),
    "beside": (lambda f: f["embeddings"].update(file="none.npz"), "none.npz: embeddings"),
}


@pytest.mark.thinned(2)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_bad_file_is_named_to_the_place(damage: str, tmp_path: Path) -> None:
    path = write_predictions(tmp_path / "p.json", [some("a"), some("b")])
    content = json.loads(path.read_text())
    change, reason = DAMAGE[damage]
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(UserError) as caught:
        read_predictions(path)
    assert reason in str(caught.value) and str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)


def test_no_json_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"format": "zgs-pred')
    with pytest.raises(UserError, match="not a JSON file"):
        read_predictions(tmp_path / "p.json")
    with pytest.raises(UserError, match="cannot be read"):
        read_predictions(tmp_path / "none.json")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        write_predictions(tmp_path / "file" / "p.json", [some()])


def write_inline(folder: Path, **changes: object) -> Path:
    """Two segments with embeddings in the file itself; ``changes`` replace what the second one has."""
    path = write_predictions(folder / "p.json", [some(n=2)], embedder="clip@1", inlined=True)
    content = json.loads(path.read_text())
    content["images"][0]["segments"][1] |= changes
    path.write_text(json.dumps(content))
    return path


def test_an_embedding_in_the_file_is_base64_of_float32_or_a_list(tmp_path: Path) -> None:
    """By hand: what the page tells a reader, and the same numbers as plain ones."""
    path, rows = write_inline(tmp_path), some(n=2).embeddings
    assert rows is not None
    content = json.loads(path.read_text())
    assert content["embeddings"] == {"inline": True, "model": "clip@1"} and not path.with_suffix(".npz").exists()
    for row, segment in zip(rows, content["images"][0]["segments"], strict=True):
        assert np.frombuffer(base64.b64decode(segment["embedding"]), "<f4").tolist() == row.tolist()
    told = write_inline(tmp_path, embedding=[float(number) for number in rows[1]])
    assert equal(PredictionFile(told).read_embeddings("a"), rows)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "segment 1: 'embedding' is missing"),
        ("AA*A", "segment 1: 'embedding' is no base64"),
        ("AAAA", "segment 1: 'embedding' has 3 bytes"),
        ("", "segment 1: 'embedding' has 0 numbers"),
        ([1.0, 2.0], "segment 1: 'embedding' has 2 numbers, segment 0 has 3"),
        ([1.0, "x", 2.0], "segment 1: 'embedding' should be a list of numbers"),
        ([1.0, 1e39, 2.0], "segment 1: its embedding holds NaN or infinity"),
    ],
)
def test_a_damaged_embedding_in_the_file_is_named_to_the_segment(value: object, told: str, tmp_path: Path) -> None:
    file = PredictionFile(write_inline(tmp_path, embedding=value))
    (fault,) = file.list_faults()
    assert told in fault and "image 0 (a)" in fault
    with pytest.raises(UserError, match=re.escape(told)):
        file["a"]
