"""Small Hugging Face data sets, written by the library itself in every way that it has."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import datasets
import numpy as np
from PIL import Image

from tests.unit.data.prepare import picture, png

MAPS = [np.array([[0, 1, 2, 255], [3, 3, 0, 2]], np.uint8), np.array([[7, 7, 1], [0, 1, 1]], np.uint8) % 4]
OBJECTS = [np.array([[0, 4, 0, 0], [9, 8, 0, 0]], np.uint8), np.array([[1, 1, 0], [2, 2, 2]], np.uint8)]
LAYOUT = "image: image\nlabel: annotation\nclasses: list.csv\nbackground: 0\nvoid: 255\n"
LIST = "id,name,readable,aliases,thing\n1,cat,,,true\n2,sky,,,false\n3,dog,,,true\n"


def palette(values: np.ndarray) -> bytes:
    """A palette PNG whose shades are others than its numbers."""
    image = Image.fromarray(values, mode="P")
    image.putpalette([(37 * i + 11) % 256 for i in range(768)])
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def rows(encode: Callable[[np.ndarray], object] = palette) -> list[dict]:
    return [
        {
            "image": {"bytes": png(picture(*labels.shape, n)), "path": None}, "annotation": encode(labels),
            "instance": {"bytes": png(objects), "path": None}, "key": f"b{9 - n}",
        }
        for n, (labels, objects) in enumerate(zip(MAPS, OBJECTS, strict=True))
    ]  # fmt: skip


IMAGE = datasets.Image()
FEATURES = {"image": IMAGE, "annotation": IMAGE, "instance": IMAGE, "key": datasets.Value("string")}


def as_image(values: np.ndarray) -> dict:
    return {"bytes": palette(values), "path": None}


def table(encode: Callable[[np.ndarray], object] = as_image, label: object = IMAGE) -> datasets.Dataset:
    features = datasets.Features(FEATURES | {"annotation": label})
    return datasets.Dataset.from_list(rows(encode), features=features)


def save(root: Path) -> None:
    table().save_to_disk(str(root))


def save_dict(root: Path) -> None:
    datasets.DatasetDict({"validation": table()}).save_to_disk(str(root))


def save_parquet(root: Path) -> None:
    (root / "data").mkdir(parents=True)
    table().to_parquet(str(root / "data/validation-00000-of-00001.parquet"))


def save_bytes(root: Path) -> None:
    table(palette, datasets.Value("binary")).save_to_disk(str(root))


def save_rows(root: Path) -> None:
    numbers = datasets.Sequence(datasets.Sequence(datasets.Value("int32")))
    table(np.ndarray.tolist, numbers).save_to_disk(str(root))


def save_folder(root: Path) -> None:
    """An imagefolder: pictures, maps and a metadata file with a column for each."""
    (root / "validation").mkdir(parents=True)
    lines = []
    for n, row in enumerate(rows()):
        for name, content in (("p", row["image"]["bytes"]), ("m", row["annotation"]), ("o", row["instance"]["bytes"])):
            (root / "validation" / f"{name}{n}.png").write_bytes(content)
        line = {"file_name": f"p{n}.png", "annotation_file_name": f"m{n}.png", "instance_file_name": f"o{n}.png"}
        lines.append(json.dumps(line | {"key": row["key"]}))
    (root / "validation/metadata.jsonl").write_text("\n".join(lines))


WAYS = {"disk": save, "dict": save_dict, "parquet": save_parquet, "bytes": save_bytes, "rows": save_rows,
        "imagefolder": save_folder}  # fmt: skip
