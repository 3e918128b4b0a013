"""Three labelled pictures in VOC's layout, for tests of data sets and of commands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

TRUTH = {
    "a": [[1, 1, 0, 12], [1, 1, 0, 12]],
    "b": [[8, 8, 8, 8], [15, 15, 255, 255]],
    "c": [[3, 3, 3, 3], [3, 3, 3, 3]],
}
"""VOC's numbers: 1 aeroplane, 3 bird, 8 cat, 12 dog, 15 person, 255 void."""


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """Three labelled pictures of 2 x 4 pixels in VOC's layout."""
    root = tmp_path / "VOC2012"
    for folder in ("ImageSets/Segmentation", "JPEGImages", "SegmentationClass"):
        (root / folder).mkdir(parents=True)
    (root / "ImageSets/Segmentation/val.txt").write_text("\n".join(TRUTH) + "\n")
    for name, labels in TRUTH.items():
        Image.fromarray(np.zeros((2, 4, 3), np.uint8)).save(root / "JPEGImages" / f"{name}.jpg")
        Image.fromarray(np.array(labels, np.uint8)).save(root / "SegmentationClass" / f"{name}.png")
    return root
