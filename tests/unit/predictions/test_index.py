"""Where images stand in a file: any layout of the JSON, any alphabet, in constant memory."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UserError
from bench.predictions import index as module
from bench.predictions.index import read_index
from bench.predictions.source import PredictionFile, read_entry
from bench.predictions.write import write_predictions
from bench.records import Prediction

HEAD = {"format": "zgs-predictions/1"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**9) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.dictionaries(st.text(max_size=6), st.dictionaries(st.text(max_size=4), VALUES, max_size=3), max_size=5)


def entries_of(path: Path) -> dict[str, Any]:
    index = read_index(path)
    assert not index.faults
    return {image_id: read_entry(path, place) for image_id, place in index.places.items()}


@given(
    images=ENTRIES,
    rest=st.dictionaries(st.text(max_size=5).filter(lambda key: key not in ("images", "format")), VALUES, max_size=3),
    first=st.booleans(),
    layout=st.sampled_from([{}, {"indent": 1}, {"ensure_ascii": False}, {"separators": (",", ":")}]),
    chunk=st.sampled_from([1, 3, 17, 1 << 20]),
    bom=st.booleans(),
)
def test_every_layout_of_the_same_json_is_the_same_file(
    images: dict, rest: dict, first: bool, layout: dict, chunk: int, bom: bool, tmp_path_factory
) -> None:
    listed = [{**entry, "image_id": name} for name, entry in images.items()]
    content = {"images": listed, **rest, **HEAD} if first else {**HEAD, **rest, "images": listed}
    path = tmp_path_factory.mktemp("p") / "p.json"
    path.write_bytes(b"\xef\xbb\xbf" * bom + json.dumps(content, **layout).encode("utf-8", "surrogatepass"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", chunk)
        assert entries_of(path) == {entry["image_id"]: entry for entry in listed}
        assert {k: v for k, v in read_index(path).head.items() if k != "images"} == {**rest, **HEAD}
    lines = path.with_suffix(".jsonl")
    told = "\n\n".join(json.dumps(value, ensure_ascii=False) for value in ({**HEAD, **rest}, *listed))
    lines.write_text(told, encoding="utf-8")
    assert entries_of(lines) == entries_of(path)


def image(name: str) -> dict[str, Any]:
    coded = {"size": [3, 2], "counts": [2, 3, 1]}
    return {"image_id": name, "height": 3, "width": 2, "segments": [{"text": "dog", "segmentation": coded}]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file must say"),
        ("[]", "the file must say"),
        ('"zgs-predictions/1"', "the file must say"),
        ('{"format": "zgs-predictions/1", "images": [{"image_id": "a"}', "not a JSON file (expected one of ,]"),
        ('{"format": "zgs-predictions/1", "images": [{"image_id": "a"', "not a JSON file"),
        ('{"format": "zgs-predictions/1", "images": [{"image_id": "a"} {"image_id": "b"}]}', "not a JSON file"),
        ('{"format" "zgs-predictions/1"}', "not a JSON file (expected one of : at byte 10"),
        ('{"format": "zgs', "not a JSON file (Unterminated string at byte 11)"),
        ("[" * 100_000, "the file must say"),
        ('{"format": ' + "[" * 100_000, "not a JSON file"),
    ],
)
def test_what_is_no_such_file_is_one_line(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_index(path)
    assert told in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_every_faulty_line_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    lines = [HEAD, image("a"), "{broken", {"height": 3}, image("a"), [1], image("ü")]
    text = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_bytes(text.encode() + b"\n" + b'{"image_id": "\xff"}\n')
    file = PredictionFile(path)
    faults = list(file.list_faults())
    for fault, told in zip(
        faults,
        ("image 1: cannot be read as JSON", "image 2: 'image_id' is missing", "image 3: image 'a' stands there twice",
         "image 4: should be an object", "image 6: cannot be read as JSON ('utf-8'"),
        strict=True,
    ):  # fmt: skip
        assert told in fault and str(path) in fault
    assert "ü" in file and len(file) == 2
    with pytest.raises(UserError, match="image 1: cannot be read as JSON"):
        list(file)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_memory_does_not_grow_with_the_number_of_images(ending: str, tmp_path: Path) -> None:
    """Written, indexed and read back image by image: 16 MB need what 4 MB need."""
    masks = np.random.default_rng(0).random((4, 200, 200)) < 0.5

    def peak(images: int) -> int:
        tracemalloc.start()
        told = (Prediction(f"{i}", masks, ("a",) * 4, np.zeros((4, 64), np.float32)) for i in range(images))
        file = PredictionFile(write_predictions(tmp_path / f"{images}.{ending}", told))
        assert sum(len(file[image_id].texts) for image_id in file) == 4 * images
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(200) < peak(50) + 500_000
