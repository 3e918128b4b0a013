"""Section 4.4, PAS-20: PASCAL VOC 2012 segmentation in its publisher's own layout, or prepared."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from bench.data.base import hash_content, suggest_nearest
from bench.data.class_tables import load_class_table
from bench.data.codes import Codes
from bench.data.files import compose, find_path, is_hidden
from bench.data.headers import check_same_size, refuse_larger
from bench.data.images import read_beside_mask, read_narrow_labels
from bench.data.listed import LabelledImages
from bench.data.palettes import list_palette_remarks
from bench.data.prepared import Prepared, is_prepared, make_command
from bench.data.publishers import PUBLISHERS
from bench.data.subsets import choose_ids, describe_partial
from bench.errors import UserError
from bench.records import BACKGROUND, VOID, Sample

TABLE = "voc20"


def open_voc(
    root: str | Path | None,
    split: str = "val",
    subset: str | None = None,
    names: str = "own",
    shard: str | None = None,
) -> Voc | Prepared:
    """Open VOC from what ``root`` holds: the publisher's layout, or what `zgs prepare voc` has made of it."""
    if root and is_prepared(root):
        return Prepared(root, Voc.name, split, subset, names, shard=shard)
    return Voc(root, split, subset, names, shard)


class Voc(LabelledImages):
    """The images of one split list, with one class index, `BACKGROUND` or `VOID` for each pixel.

    ``root`` is the folder that holds ``ImageSets``, or ``VOCdevkit`` or its parent. ``names=own`` keeps the
    publisher's spelling (as the paper does), ``readable`` writes "potted plant" for "pottedplant", ``aliases`` adds
    other words. A list shorter than the published one stands in the subset's name (``8of1449@1b2c3d4e``).
    Pixels are taken as stored: the masks know nothing of an EXIF orientation.
    Raises `UserError` where the layout or the split list is missing.
    """

    name = "voc"
    background = "voc"
    """How the authors' scores treat background here (see `bench.protocol`): ``score.background=auto``."""

    def __init__(
        self,
        root: str | Path | None,
        split: str = "val",
        subset: str | None = None,
        names: str = "own",
        shard: str | None = None,
    ) -> None:
        self.table = load_class_table(TABLE)
        self.classes = self.table.make_class_list(names)
        self._codes = Codes(
            self.table.make_codes() | {0: BACKGROUND, 255: VOID}, "VOC's (0 background, 1-20 classes, 255 void)"
        )
        self.root = _find_layout(root, split)
        self.split = split
        listed = _split_ids(self.root, split)
        ids, part = choose_ids(subset, shard, listed)
        self._keep_ids(frozenset(listed), ids)
        sizes = PUBLISHERS[self.name].splits
        self.subset = describe_partial(part, listed, sizes[split].published if split in sizes else 0)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all ids of the split and the bytes of their images and masks."""
        ids = self.list_split_ids()
        return hash_content((f"{i}.{path.suffix}", path) for i in ids for path in (self._find_image(i), self._mask(i)))

    def list_remarks(self) -> tuple[str, ...]:
        """List where masks disagree what a number means."""
        return list_palette_remarks(map(self._mask, self._ids))

    @property
    def _where(self) -> str:
        return f"split {self.split}"

    def _load(self, image_id: str, blank: bool) -> Sample:
        image = read_beside_mask(self._find_image(image_id), blank=blank)
        refuse_larger(self._mask(image_id), image.shape[:2])
        truth = self._codes.read(read_narrow_labels(self._mask(image_id)), str(self._mask(image_id)))
        check_same_size(self._mask(image_id), image.shape[:2], truth.shape)
        return Sample(image_id, image, truth)

    def _find_image(self, image_id: str) -> Path:
        return find_path(self.root / "JPEGImages", f"{image_id}.jpg")

    def _mask(self, image_id: str) -> Path:
        return find_path(self.root / "SegmentationClass", f"{image_id}.png")


def _find_layout(root: str | Path | None, split: str) -> Path:
    if not root:
        raise UserError("data.root is not set; name the folder of PASCAL VOC 2012, e.g. data.root=VOCdevkit/VOC2012")
    path = Path(root).expanduser()
    for candidate in (path, path / "VOC2012", path / "VOCdevkit" / "VOC2012"):
        if (candidate / "ImageSets" / "Segmentation").is_dir():
            return candidate
    state = "has no" if path.is_dir() else "does not exist; expected a folder with"
    raise UserError(
        f"data.root={root} {state} ImageSets/Segmentation (beside JPEGImages and SegmentationClass), "
        f"neither itself nor in VOC2012 or VOCdevkit/VOC2012 below it; or {make_command('voc', path, split)}"
    )


def _split_ids(root: Path, split: str) -> tuple[str, ...]:
    folder = root / "ImageSets" / "Segmentation"
    path = folder / f"{split}.txt"
    if not path.is_file():
        splits = sorted(file.stem for file in folder.glob("*.txt") if not is_hidden(file.name))
        raise UserError(
            f"data.split={split}: {path} is missing; there are {', '.join(splits) or 'none'}"
            f"{suggest_nearest(split, splits)}"
        )
    try:
        ids = {compose(line.split()[0]) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()}
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); it should hold one id a line") from error
    if not ids:
        raise UserError(f"{path}: holds no id; it should hold one id a line")
    return tuple(sorted(ids))
