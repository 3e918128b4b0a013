"""Some hundred damaged and hostile files of predictions: each is read, or is one line; never another exception."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.commands.check import check_file
from bench.data.voc import open_voc as voc_data
from bench.errors import UserError
from bench.predictions.source import PredictionFile
from bench.run.tables import make_tables
from bench.store.files import Store
from bench.store.identity import Identity
from tests.e2e.commands.theirs import IMAGES, image
from tests.unit.data.small_voc import TRUTH

ODD: list[Any] = [
    None, True, -1, 0, 2.5, 10**12, 10**40, float("nan"), float("inf"), "", "~", "a\ud800", "\x00", "..", "/",
    "\x1b[2J", [], [[]], [None], {}, {"": {}}, [8], [9, -1], [2**62, 2**62, 8], "0" * 50, "P" * 8, [[0, 8]],
    {"size": [2, 4]},
]  # fmt: skip
TOKENS = [b"\\ud800", b'"', b"{", b"[" * 3000, b"\xff", b"\x00", b"9" * 5000, b"NaN", b"\\u0000", b",", b"\n", b"}" * 3]
TRIES = 400


def whole(folder: Path) -> dict[str, Any]:
    """A file with everything that the format knows; a mask as a picture and embeddings beside it."""
    images = json.loads(json.dumps(IMAGES))
    images[1] = {**image("b"), "label_map": "maps/b.png", "segments": [{"text": "cat", "id": 7, "score": 0.5}]}
    images[0]["oracle"] = [{"class": "aeroplane", "text": "plane"}, {"class": "dog", "text": "puppy"}]
    (folder / "maps").mkdir(exist_ok=True)
    Image.fromarray(np.full((2, 4), 7, np.uint8)).save(folder / "maps/b.png")
    rows = {"0": 2, "0.oracle": 2, "1": 1, "2": 1}
    np.savez(folder / "e.npz", **{name: np.ones((n, 3), np.float32) for name, n in rows.items()})
    head = {"format": "zgs-predictions/1", "about": {"variant": "x", "models": "y"}, "embeddings": {"file": "e.npz"}}
    return {**head, "images": images}


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every container and key in a JSON value."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    return [(node, key) for key in keys] + [one for key in keys for one in places(node[key])]


def odd_value(draw: random.Random, content: dict[str, Any]) -> bytes:
    for _ in range(draw.randint(1, 2)):
        node, key = draw.choice(places(content))
        kind = draw.randrange(4)
        if kind == 0:
            del node[key]
        elif kind == 1 and isinstance(node, dict):
            node[draw.choice(["", "id", "label_map", "a\udfff", "images", "score"])] = copy.deepcopy(draw.choice(ODD))
        else:
            node[key] = copy.deepcopy(draw.choice(ODD))
    return json.dumps(content).encode()


def odd_bytes(draw: random.Random, content: bytes) -> bytes:
    raw, at = bytearray(content), draw.randrange(len(content))
    kind = draw.randrange(4)
    if kind == 0:
        return bytes(raw[:at])
    if kind == 1:
        raw[at] = draw.randrange(256)
    elif kind == 2:
        raw[at:at] = draw.choice(TOKENS)
    else:
        raw[at : at + 64] = bytes(64)
    return bytes(raw)


def as_lines(content: bytes) -> bytes:
    told = json.loads(content)
    images = told.pop("images", []) if isinstance(told, dict) else []
    return b"\n".join(json.dumps(one).encode() for one in (told, *(images if isinstance(images, list) else [images])))


def outcome(path: Path, root: Path, store: Store) -> str:
    """What scoring makes of a file, after the validator has said what it thinks."""
    try:
        said = check_file(path)
        file = PredictionFile(path)
        if said == 0:
            list(file.find_unembedded()), [file.read_true_segments(image_id) for image_id in file]
        data = {"_target_": "bench.data.voc.open_voc", "root": str(root)}
        make_tables(file, [i for i in file if i in TRUTH], data, Identity("f", "s"), store)
    except UserError as error:
        str(error).encode("utf-8")  # it can be shown
        return "one line"
    return "scored"


@pytest.mark.thinned(8)
@pytest.mark.parametrize("seed", range(8))
def test_damaged_files_are_scored_or_one_line(seed: int, tmp_path: Path, voc: Path, capsys: Any) -> None:  # noqa: F811
    draw, seen, store = random.Random(seed), Counter[str](), Store(tmp_path / "store")
    assert voc_data(voc).list_ids() == tuple(TRUTH)
    for number in range(TRIES // 8):
        content = odd_value(draw, whole(tmp_path)) if draw.random() < 0.6 else json.dumps(whole(tmp_path)).encode()
        lines = draw.random() < 0.5
        content = as_lines(content) if lines else content
        content = content if draw.random() < 0.4 else odd_bytes(draw, content)
        if draw.random() < 0.2:
            victim = tmp_path / draw.choice(["e.npz", "maps/b.png"])
            victim.write_bytes(odd_bytes(draw, victim.read_bytes()))
        path = tmp_path / f"{number}.{'jsonl' if lines else 'json'}"
        path.write_bytes(content)
        seen[outcome(path, voc, store)] += 1
        capsys.readouterr().out.encode("utf-8")
    assert seen["one line"] > 10 and seen["scored"] > 1, seen
