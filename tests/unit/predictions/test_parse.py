"""Label maps, overlapping segments, and files that are odd but right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.errors import UserError
from bench.predictions.overlapping import keep_highest_score
from bench.predictions.rle import decode
from bench.predictions.source import PredictionFile
from bench.records import LabelMap, Prediction

MAP = np.array([[0, 1, 1], [300, 300, 0]])


def write(tmp: Path, **changes: object) -> Path:
    image: dict[str, object] = {
        "image_id": "a", "height": 2, "width": 3, "label_map": "maps/a.png",
        "segments": [{"text": "sky", "id": 300}, {"text": "dog", "id": 1}],
    }  # fmt: skip
    (tmp / "p.json").write_text(json.dumps({"format": "zgs-predictions/1", "images": [image | changes]}))
    (tmp / "maps").mkdir(exist_ok=True)
    Image.fromarray(MAP.astype(np.uint16)).save(tmp / "maps" / "a.png")
    return tmp / "p.json"


def test_a_label_map_says_which_segment_each_pixel_belongs_to(tmp_path: Path) -> None:
    found = PredictionFile(write(tmp_path))["a"]
    assert found.texts == ("sky", "dog")
    assert (found.masks == np.stack([MAP == 300, MAP == 1])).all()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"height": 3}, "(a): label map of size [2, 3] in a picture of [3, 3]"),
        ({"segments": [{"text": "sky", "id": 300}]}, "(a): label map holds 1, but no segment has such an id"),
        ({"segments": [{"text": "sky", "id": 300}, {"text": "dog", "id": 300}]}, "(a), segment 1: id 300 is 0 or"),
        ({"segments": [{"text": "sky", "id": 0}]}, "(a), segment 0: id 0 is 0 or stands there twice"),
        ({"segments": [{"text": "sky", "id": "1"}]}, "(a), segment 0: 'id' should be a whole number"),
        ({"label_map": "maps/none.png"}, "none.png: file is missing"),
    ],
)
def test_a_bad_label_map_is_named(changes: dict, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        PredictionFile(write(tmp_path, **changes))["a"]
    assert told in str(caught.value)


def test_all_faults_of_an_image_are_told(tmp_path: Path) -> None:
    segments = [{"text": 3, "segmentation": {"size": [2, 3], "counts": "!!"}}, "dog", {"text": "a", "score": "high"}]
    path = write(tmp_path, segments=segments, label_map=None)
    faults = list(PredictionFile(path).list_faults())
    assert all(f"{path}: image 0 (a), segment " in fault for fault in faults)
    assert sorted({fault.split("segment ")[1][0] for fault in faults}) == ["0", "1", "2"] and len(faults) >= 7
    with pytest.raises(UserError, match=f"and {len(faults) - 1} more faults in this image"):
        PredictionFile(path)["a"]


def test_half_a_character_is_named(tmp_path: Path) -> None:
    """JSON may escape one; no file, hash or model takes it."""
    path = write(
        tmp_path, segments=[{"text": "a \ud800", "segmentation": {"size": [2, 3], "counts": [6]}}], label_map=None
    )
    assert any("segment 0: 'text' holds half a character" in fault for fault in PredictionFile(path).list_faults())
    with pytest.raises(UserError, match="segment 0: 'text' is missing or broken"):
        PredictionFile(path).read_texts("a")


def test_run_lengths_are_whole_numbers() -> None:
    with pytest.raises(TypeError):
        decode([0, 2.5, 4.0], 2, 3)  # type: ignore[list-item]


def test_embeddings_that_are_not_numbers_are_named(tmp_path: Path) -> None:
    path = write(tmp_path)
    content = json.loads(path.read_text()) | {"embeddings": {"file": "p.npz"}}
    path.write_text(json.dumps(content))
    np.savez(tmp_path / "p.npz", **{"0": np.array([[1.0, 2.0], [np.nan, 1.0]])})
    with pytest.raises(UserError, match=r"image 0 \(a\), segment 1: its embedding holds NaN or infinity"):
        PredictionFile(path)["a"]
    np.savez(tmp_path / "p.npz", **{"0": np.array([[1, 2], [3, 4]])})
    with pytest.raises(UserError, match="embeddings are of type int64"):
        PredictionFile(path)["a"]
    np.savez(tmp_path / "p.npz", **{"0": np.ones((2, 5))})
    assert PredictionFile(path)["a"].embeddings.dtype == np.float32, "double precision is made single"
    np.save(tmp_path / "p.npy", np.ones(3))
    (tmp_path / "p.npy").rename(tmp_path / "p.npz")
    with pytest.raises(UserError, match="p.npz: embeddings of p.json cannot be read"):
        PredictionFile(path)["a"]
    (tmp_path / "p.npz").unlink()
    with pytest.raises(
        UserError, match=r"p.npz: embeddings of p.json cannot be read \(file is missing\); copy it there"
    ):
        PredictionFile(path)["a"]


@pytest.mark.slow
def test_a_hundred_thousand_segments_of_a_small_image_are_read(tmp_path: Path) -> None:
    coded = {"size": [2, 3], "counts": [2, 3, 1]}
    path = write(tmp_path, label_map=None, segments=[{"text": "größer", "segmentation": coded}] * 100_000)
    found = PredictionFile(path)["a"]
    assert found.masks.shape == (100_000, 2, 3) and set(found.texts) == {"größer"}


def test_more_segments_of_a_large_image_than_memory_holds_are_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, label_map=None, height=500, width=400, segments=[{"text": "a"}] * 10_000)
    (fault,) = PredictionFile(path).list_faults()
    assert "(a): 10000 segments of 500x400 pixels; at most 5368 of this size" in fault


def test_overlaps_go_to_the_highest_score_and_ties_to_the_first() -> None:
    draw = np.random.default_rng(0)
    for _ in range(20):
        n = int(draw.integers(1, 6))
        masks, scores = draw.random((n, 5, 6)) < 0.5, draw.integers(0, 3, n).astype(np.float32)
        found = keep_highest_score(Prediction("a", masks, ("t",) * n, scores=scores), "here")
        assert isinstance(found, LabelMap) and keep_highest_score(found, "here") is found, "nothing overlaps any more"
        found = found.unpack()
        for y in range(5):
            for x in range(6):
                over = [(-scores[i], i) for i in range(n) if masks[i, y, x]]
                assert np.flatnonzero(found.masks[:, y, x]).tolist() == ([min(over)[1]] if over else [])


def test_overlaps_without_scores_are_one_line() -> None:
    with pytest.raises(UserError, match="here: score.overlap=highest_score needs a 'score' for each segment"):
        keep_highest_score(Prediction("a", np.ones((1, 2, 2), bool), ("t",)), "here")
    none = Prediction("a", np.ones((0, 2, 2), bool), ())
    assert keep_highest_score(none, "here") is none
