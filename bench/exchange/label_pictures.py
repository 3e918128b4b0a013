"""Section 4, predictions as files: a picture or an array of class numbers as one segment a class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Integer

from bench.data.files import is_hidden
from bench.data.label_files import ARRAY, read_label_file
from bench.errors import BadSample, UserError
from bench.exchange.records import ForeignImage, Segment, Source
from bench.exchange.runs import encode_labels

ENDINGS = (".png", ".tif", ".tiff", ".bmp")
"""Of lossless pictures; labels in others are lost or renumbered."""


def list_pictures(root: Path, pattern: str = "*") -> list[Path]:
    """List the lossless pictures of a folder at any depth, hidden ones left out, sorted."""
    return sorted(
        path
        for path in root.rglob(pattern)
        if path.suffix.lower() in ENDINGS and path.is_file() and not is_hidden(path.relative_to(root))
    )


def list_maps(root: Path) -> list[Path]:
    """List the label maps of a folder: its lossless pictures, and only without any its arrays (.npy), sorted.

    Arrays beside pictures are something else, as the logits of the same images.
    """
    return list_pictures(root) or sorted(
        path for path in root.rglob(f"*{ARRAY}") if path.is_file() and not is_hidden(path.relative_to(root))
    )


def require_pictures(root: Path, pictures: list[Path], what: str) -> list[Path]:
    """Require pictures. Raises UserError where there is none."""
    if not pictures:
        raise UserError(f"{root}: holds no {what} ({', '.join((*ENDINGS, ARRAY))}) at any depth")
    return pictures


def read_picture(source: Source, path: Path, name: str) -> ForeignImage:
    """Read one file of class numbers: a segment for each class in it, by number."""
    try:
        labels = read_label_file(path)
    except BadSample as error:
        return ForeignImage(name, (1, 1), (), (str(error),))
    return make_image(source, labels, name, str(path))


def make_image(source: Source, labels: Integer[np.ndarray, "h w"], name: str, where: str) -> ForeignImage:
    """Make the segments of a picture of numbers. A number that is neither class nor background nor void is a fault."""
    classes, segments, faults = source.classes, [], []
    for number, counts in encode_labels(labels).items():
        if number in classes.texts:
            segments.append(Segment(classes.texts[number], counts))
        elif number in classes.void:
            source.notes.count(f"images hold pixels of {number}, void: of no segment", 1, name)
        elif number not in classes.background:
            pixels = int((labels == number).sum())
            y, x = np.argwhere(labels == number)[0].tolist()
            faults.append(f"{where}: {pixels} pixels, the first x={x} y={y}: {classes.describe_unknown(number)}")
    return ForeignImage(name, (labels.shape[0], labels.shape[1]), tuple(segments), tuple(faults))
