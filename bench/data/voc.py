"""Section 4.4, PAS-20: PASCAL VOC 2012 segmentation in its publisher's own layout."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from bench.data.base import content_hash, nearest
from bench.data.images import read_image, read_labels
from bench.data.subsets import label, select
from bench.errors import BadSample, UsageError, UserError
from bench.records import BACKGROUND, VOID, ClassList, Sample

NAMES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
SPELT = {"diningtable": "dining table", "pottedplant": "potted plant", "tvmonitor": "tv monitor"}
"""The publisher's glued names as a text encoder should read them; the others are words already."""

_INVALID = np.int16(-3)


class Voc:
    """The images of one split list, with one class index, `BACKGROUND` or `VOID` for each pixel.

    ``root`` is the folder that holds ``ImageSets``, or ``VOCdevkit`` or its parent. ``names=own`` keeps the
    publisher's spelling (as the paper does), ``names=readable`` writes "potted plant" for "pottedplant".
    Pixels are taken as stored: the masks know nothing of an EXIF orientation.
    Raises `UserError` where the layout or the split list is missing.
    """

    name = "voc"
    background = "voc"
    """How the authors' scores treat background here (see `bench.evaluate.protocol`): ``score.background=auto``."""

    def __init__(
        self, root: str | Path | None, split: str = "val", subset: str | None = None, names: str = "own"
    ) -> None:
        self.classes = class_list(names)
        self.root = _layout(root)
        self.split = split
        self._all = _split_ids(self.root, split)
        self._ids = select(subset, self._all)
        self.subset = label(subset, self._ids)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all ids of the split and the bytes of their images and masks."""
        files = ((f"{i}.{path.suffix}", path) for i in self._all for path in (self._image(i), self._mask(i)))
        return content_hash(files)

    def ids(self) -> tuple[str, ...]:
        """The ids of the subset, sorted as text."""
        return self._ids

    def load(self, image_id: str) -> Sample:
        """One image with its mask. Raises `BadSample` where a file is missing or damaged, or the two disagree."""
        if image_id not in self._all:
            raise UserError(f"image {image_id!r} is not in split {self.split}{nearest(image_id, self._all)}")
        image = read_image(self._image(image_id), orient=False)
        truth = to_classes(self._mask(image_id), read_labels(self._mask(image_id)))
        if truth.shape != image.shape[:2]:
            (mask_h, mask_w), (h, w) = truth.shape, image.shape[:2]
            raise BadSample(f"{self._mask(image_id)}: mask is {mask_w}x{mask_h} but its image is {w}x{h}")
        return Sample(image_id, image, truth)

    def _image(self, image_id: str) -> Path:
        return self.root / "JPEGImages" / f"{image_id}.jpg"

    def _mask(self, image_id: str) -> Path:
        return self.root / "SegmentationClass" / f"{image_id}.png"


def class_list(names: str) -> ClassList:
    """The 20 classes, all things, in the publisher's order. Raises `UsageError` unless ``own`` or ``readable``."""
    if names not in ("own", "readable"):
        raise UsageError(f"data.names={names}: VOC offers 'own' and 'readable'{nearest(names, ('own', 'readable'))}")
    spelt = NAMES if names == "own" else tuple(SPELT.get(name, name) for name in NAMES)
    return ClassList(f"{names}{len(NAMES)}", spelt, (True,) * len(NAMES))


def to_classes(path: Path, labels: np.ndarray) -> np.ndarray:
    """Palette indices int [h, w] as int16 class numbers: 0 background, 1..20 classes, 255 void, nothing else."""
    table = np.full(256, _INVALID, dtype=np.int16)
    table[0], table[255] = BACKGROUND, VOID
    table[1 : len(NAMES) + 1] = np.arange(len(NAMES))
    wrong = np.unique(labels[(labels < 0) | (labels > 255) | (table[labels.clip(0, 255)] == _INVALID)])
    if wrong.size:
        listed = ", ".join(str(value) for value in wrong[:5])
        raise BadSample(f"{path}: label {listed} is none of VOC's (0 background, 1-{len(NAMES)} classes, 255 void)")
    return table[labels]


def _layout(root: str | Path | None) -> Path:
    if not root:
        raise UserError("data.root is not set; name the folder of PASCAL VOC 2012, e.g. data.root=VOCdevkit/VOC2012")
    path = Path(root).expanduser()
    for candidate in (path, path / "VOC2012", path / "VOCdevkit" / "VOC2012"):
        if (candidate / "ImageSets" / "Segmentation").is_dir():
            return candidate
    state = "has no" if path.is_dir() else "does not exist; expected a folder with"
    raise UserError(
        f"data.root={root} {state} ImageSets/Segmentation (beside JPEGImages and SegmentationClass), "
        "neither itself nor in VOC2012 or VOCdevkit/VOC2012 below it"
    )


def _split_ids(root: Path, split: str) -> tuple[str, ...]:
    folder = root / "ImageSets" / "Segmentation"
    path = folder / f"{split}.txt"
    if not path.is_file():
        there = sorted(file.stem for file in folder.glob("*.txt"))
        raise UserError(
            f"data.split={split}: {path} is missing; there are {', '.join(there) or 'none'}{nearest(split, there)}"
        )
    try:
        ids = {line.split()[0] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()}
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); it should hold one id a line") from error
    if not ids:
        raise UserError(f"{path}: holds no id; it should hold one id a line")
    return tuple(sorted(ids))
