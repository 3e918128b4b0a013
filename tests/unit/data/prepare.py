"""Prepared data sets for tests, written with `datasets` alone, as the format says and without our reader."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
import numpy as np
from PIL import Image

COLUMNS = {
    "image_id": datasets.Value("string"),
    "image": datasets.Image(),
    "label": datasets.Value("binary"),
    "licence": datasets.Value("string"),
}
LISTS = {"voc": "voc20", "pascal_context_59": "context59", "pascal_context_459": "context459"}


def png(values: np.ndarray) -> bytes:
    """A picture or a label map as the bytes of a lossless file."""
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Noise, uint8 [h, w, 3]."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def prepared(
    root: Path, labels: Mapping[str, np.ndarray], name: str = "pascal_context_59", split: str = "val", **about: Any
) -> Path:
    """One prepared split with a label map (class ids, 0, 65535) for each id; ``about`` changes zgs.json."""
    rows = [
        {"image_id": i, "image": {"bytes": png(picture(*v.shape)), "path": None},
         "label": png(v.astype(np.uint16)), "licence": "ours"}
        for i, v in labels.items()
    ]  # fmt: skip
    table = datasets.Dataset.from_list(rows, features=datasets.Features(COLUMNS))
    table.save_to_disk(str(root / "dataset"))
    told = {
        "format": 1, "name": name, "class_list": LISTS[name], "split": split, "images": len(rows),
        "fingerprint": "sha256:0f0f", "background": "voc" if name == "voc" else "context",
    }  # fmt: skip
    (root / "zgs.json").write_text(json.dumps(told | about))
    return root
