"""Synthetic trees in every layout that the publishers and the common converters leave behind."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

IDS = tuple(f"2008_{i:06d}" for i in (2, 7, 21, 27, 54, 73))
# Ids among the 459 of the 59 classes in the data set's own order: facts, typed from the label files, so that the
# package's own table has something to be checked against.
WIDE = (
    2, 23, 25, 31, 34, 45, 59, 65, 72, 98, 397, 113, 207, 258, 284, 308, 347, 368, 416, 427, 9, 18, 22, 33, 44, 46, 68,
    80, 85, 104, 115, 144, 158, 159, 162, 187, 189, 220, 232, 259, 260, 105, 296, 355, 295, 324, 326, 349, 354, 360,
    366, 19, 415, 420, 424, 440, 445, 454, 458,
)  # fmt: skip
ELSE = (1, 459, 431)
"""Ids among the 459 that are none of the 59: accordion, the last, and `unknown`."""
SIZE = (18, 24)


@cache
def truth(image_id: str) -> np.ndarray:
    """A map of ids among the 459: each of the 59 and some others occur over the six images."""
    rng = np.random.default_rng(int(image_id[-6:]))
    blocks = rng.choice([*WIDE, *ELSE], size=(6, 8))
    blocks.flat[:13] = np.roll([*WIDE, *ELSE, 284, 360, 420, 72], 13 * IDS.index(image_id))[:13]
    return np.kron(blocks, np.ones((3, 3), int))


@cache
def own59(image_id: str) -> np.ndarray:
    """The same map in the data set's own order of the 59, 0 elsewhere."""
    return sum(((truth(image_id) == wide) * (i + 1) for i, wide in enumerate(WIDE)), np.zeros(SIZE, int))


@cache
def by459(image_id: str) -> np.ndarray:
    """The same map in the converters' order: ascending by id among the 459."""
    return sum(((truth(image_id) == wide) * (i + 1) for i, wide in enumerate(sorted(WIDE))), np.zeros(SIZE, int))


def voc20(image_id: str) -> np.ndarray:
    """What VOC's own masks show of the same image: its 20 classes, and a void pixel here and there."""
    labels = np.where(own59(image_id) <= 20, own59(image_id), 0)
    labels[::5, ::7] = 255
    return labels


def save_png(path: Path, values: np.ndarray, palette: bool = False) -> None:
    """An 8-bit grey or palette PNG; numbers above 255 wrap, as they do in careless code."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray((values % 256).astype(np.uint8))
    if palette:
        picture.putpalette([(7 * i) % 256 for i in range(768)])
    picture.save(path)


def save_tiff(path: Path, values: np.ndarray) -> None:
    """A 16-bit TIFF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.astype(np.uint16)).save(path)


def save_mat(path: Path, values: np.ndarray, key: str = "LabelMap", dtype: type = np.uint16) -> None:
    """A MATLAB file as PASCAL-Context's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {key: values.astype(dtype)}, do_compression=True)


def images(folder: Path, ids: tuple[str, ...] = IDS) -> None:
    """Photographs; the first carries an orientation tag, which masks know nothing of."""
    folder.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    for n, image_id in enumerate(ids):
        picture = Image.new("RGB", (SIZE[1], SIZE[0]), (40 * n % 256, 90, 160))
        picture.save(folder / f"{image_id}.jpg", **({"exif": exif} if n == 0 else {}))


def write_list(path: Path, ids: tuple[str, ...] = IDS) -> None:
    """A split list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{image_id}\n" for image_id in ids))


def voc_tree(root: Path, ids: tuple[str, ...] = IDS, year: str = "VOC2012") -> Path:
    """VOCdevkit as the archive unpacks it."""
    voc = root / "VOCdevkit" / year
    images(voc / "JPEGImages", ids)
    write_list(voc / "ImageSets/Segmentation/val.txt", ids)
    for image_id in ids:
        save_png(voc / "SegmentationClass" / f"{image_id}.png", voc20(image_id), palette=True)
        save_png(voc / "SegmentationObject" / f"{image_id}.png", voc20(image_id) > 0, palette=True)
    return root


def archive(root: Path) -> None:
    """59_context_labels.tar.gz beside VOC 2010."""
    write_list(root / "VOCdevkit/VOC2010/ImageSets/Main/val.txt")
    for image_id in IDS:
        save_png(root / "59_context_labels" / f"{image_id}.png", own59(image_id))


def mat(root: Path) -> None:
    """trainval.tar.gz beside VOC 2010."""
    write_list(root / "VOCdevkit/VOC2010/ImageSets/Main/val.txt")
    for image_id in IDS:
        save_mat(root / "trainval" / f"{image_id}.mat", truth(image_id))


def mmseg(root: Path) -> None:
    """Masks of the detail-api and of mmsegmentation: palette PNGs in the order of the 459, 0 is the rest."""
    write_list(root / "VOCdevkit/VOC2010/ImageSets/SegmentationContext/val.txt")
    for image_id in IDS:
        save_png(root / "VOCdevkit/VOC2010/SegmentationClassContext" / f"{image_id}.png", by459(image_id), palette=True)


def detectron(root: Path) -> None:
    """Masks of detectron2 converters: 0 to 58 in the order of the 459, 255 is the rest."""
    write_list(root / "pascalcontext_val.txt")
    for image_id in IDS:
        save_png(root / "annotations_detectron2/pc59_val" / f"{image_id}.png", (by459(image_id) - 1) % 256)


def tiff(root: Path) -> None:
    """459-class masks of detectron2 converters: 16-bit TIFFs, every id less one."""
    write_list(root / "pascalcontext_val.txt")
    for image_id in IDS:
        save_tiff(root / "annotations_detectron2/pc459_val" / f"{image_id}.tif", truth(image_id) - 1)


LAYOUTS = {"archive": archive, "mat": mat, "mmseg": mmseg, "detectron": detectron, "tiff": tiff}


def context_tree(root: Path, layout: str, voc: bool = True) -> Path:
    """A PASCAL-Context tree beside VOC 2010, with or without VOC's own masks."""
    images(root / "VOCdevkit/VOC2010/JPEGImages")
    LAYOUTS[layout](root)
    if voc:
        for image_id in IDS[:4]:
            save_png(root / "VOCdevkit/VOC2010/SegmentationClass" / f"{image_id}.png", voc20(image_id), palette=True)
    return root
