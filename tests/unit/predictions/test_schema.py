"""The JSON schema and the reader agree: on the page's example, on what we write, and on one fault after the other."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from bench.predictions.parse import Described
from bench.predictions.source import PredictionFile
from bench.predictions.write import write_predictions
from bench.records import Prediction

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((files("bench") / "predictions/schema.json").read_text())
VALID = Draft202012Validator(SCHEMA)
CODED = {"size": [2, 3], "counts": [2, 3, 1]}
GOOD: dict[str, Any] = {
    "format": "zgs-predictions/1",
    "about": {"variant": "theirs"},
    "embeddings": None,
    "images": [
        {
            "image_id": "a", "height": 2, "width": 3, "heap_ids": [1, 2], "oracle": [{"class": "cat", "text": "kitty"}],
            "segments": [
                {"text": "cat", "score": 0.5, "segmentation": CODED},
                {"text": "", "score": 1, "segmentation": {"size": [2, 3], "counts": [0, 6]}},
            ],
        },
        {"image_id": "b", "height": 2, "width": 3, "label_map": "b.png", "segments": [{"text": "sky", "id": 1}]},
        {"image_id": "c", "height": 2, "width": 3, "segments": [], "label_map": None, "heap_ids": None, "oracle": None},
    ],
}  # fmt: skip


def accepted(tmp: Path, content: dict[str, Any]) -> tuple[bool, bool]:
    """Whether the schema, and whether the reader, has nothing to say against a file."""
    Image.fromarray(np.array([[1, 1, 0], [0, 0, 1]], np.uint8)).save(tmp / "b.png")
    (tmp / "p.json").write_text(json.dumps(content))
    try:
        reader = not list(PredictionFile(tmp / "p.json").list_faults())
    except Exception:
        reader = False
    return VALID.is_valid(content), reader


def test_the_schema_is_one_and_the_good_file_is_good(tmp_path: Path) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert accepted(tmp_path, GOOD) == (True, True)


def _set(*path: Any) -> Callable[[dict[str, Any]], None]:
    """A change of a file: the last of ``path`` is put where the others lead."""

    def change(content: dict[str, Any]) -> None:
        *way, key, value = path
        node: Any = content
        for step in way:
            node = node[step]
        if value is KeyError:
            del node[key]
        else:
            node[key] = value

    return change


FAULTS = {
    "format": _set("format", "zgs-predictions/2"),
    "no format": _set("format", KeyError),
    "no images": _set("images", KeyError),
    "images": _set("images", {}),
    "embeddings": _set("embeddings", "x.npz"),
    "embeddings file": _set("embeddings", {"sha256": None}),
    "embeddings model": _set("embeddings", {"file": "x.npz", "model": 3}),
    "an image": _set("images", 2, "c"),
    **{f"no {key}": _set("images", 0, key, KeyError) for key in ("image_id", "height", "width", "segments")},
    "image_id": _set("images", 0, "image_id", 7),
    "height": _set("images", 0, "height", "2"),
    "no pixels": _set("images", 2, "height", 0),
    "segments": _set("images", 2, "segments", None),
    "a segment": _set("images", 0, "segments", 1, "cat"),
    "no text": _set("images", 0, "segments", 0, "text", KeyError),
    "text": _set("images", 0, "segments", 0, "text", None),
    "score": _set("images", 0, "segments", 0, "score", "high"),
    "no mask": _set("images", 0, "segments", 0, "segmentation", KeyError),
    "no id": _set("images", 1, "segments", 0, "id", KeyError),
    "id 0": _set("images", 1, "segments", 0, "id", 0),
    "id": _set("images", 1, "segments", 0, "id", "1"),
    "no size": _set("images", 0, "segments", 0, "segmentation", {"counts": [6]}),
    "no counts": _set("images", 0, "segments", 0, "segmentation", {"size": [2, 3]}),
    "size": _set("images", 0, "segments", 0, "segmentation", {"size": [6], "counts": [6]}),
    "counts": _set("images", 0, "segments", 0, "segmentation", {"size": [2, 3], "counts": [7, -1]}),
    "label_map": _set("images", 1, "label_map", 3),
    "heap_ids": _set("images", 0, "heap_ids", ["1", "2"]),
    "oracle": _set("images", 0, "oracle", [{"class": "cat"}]),
    "oracle class": _set("images", 0, "oracle", [{"class": 1, "text": "cat"}]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_schema_forbids_the_reader_names(fault: str, tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    FAULTS[fault](content)
    assert accepted(tmp_path, content) == (False, False)


def test_the_example_of_the_page_and_what_we_write_fit(tmp_path: Path) -> None:
    block = re.search(r"```jsonl\n(.*?)```", (ROOT / "PREDICTIONS.md").read_text(), re.DOTALL)
    assert block is not None
    head, *images = map(json.loads, block[1].splitlines())
    VALID.validate({**head, "images": images})
    own = Prediction(
        "x", np.ones((1, 2, 2), bool), ("größer",), np.ones((1, 4), np.float32), (0,), np.ones(1, np.float32)
    )
    described = Described(("cat",), ("kitty",), np.ones((1, 4), np.float32))
    path = write_predictions(tmp_path / "p.json", [(own, described)], embedder="clip@1b2c3d4e")
    written = json.loads(path.read_text())
    assert written["embeddings"]["model"] == "clip@1b2c3d4e"
    VALID.validate(written)
    image, segment = SCHEMA["$defs"]["image"], SCHEMA["$defs"]["segment"]
    assert set(written["images"][0]) <= set(image["properties"])
    assert set(written["images"][0]["segments"][0]) <= set(segment["properties"])
