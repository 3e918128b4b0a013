"""A small labelled folder in a layout of five lines, and how it is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from bench.data.folder import open_folder
from bench.data.labelled import LabelledFolder

MASK = np.array([[0, 1, 2, 255], [3, 3, 0, 2]], np.uint8)
FIVE = """images: img/{id}.jpg
masks: ann/{id}.png
classes: classes.txt
background: 0
void: 255
"""


def save(path: Path, values: np.ndarray, palette: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, values)
        return
    image = Image.fromarray(values, mode="P") if palette else Image.fromarray(values)
    if palette:
        image.putpalette([(7 * i) % 256 for i in range(768)])
    image.save(path)


def read(root: Path, text: str = FIVE, **options: str) -> LabelledFolder:
    layout = root.parent / "mine.yaml"
    layout.write_text(text)
    data = open_folder(root, layout=layout, **options)
    assert isinstance(data, LabelledFolder)
    return data
