"""Section 4, a user's own labelled data: images and masks in a layout that a yaml describes, without any code."""

from __future__ import annotations

import hashlib
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from jaxtyping import Int16, Integer, UInt8

from bench.data.base import hash_content
from bench.data.class_tables import ClassTable
from bench.data.headers import check_not_larger, check_same_size
from bench.data.images import read_beside_mask, read_image
from bench.data.label_files import read_label_file
from bench.data.layout import find_files, read_layout
from bench.data.listed import LabelledImages
from bench.data.objects import make_instances
from bench.data.orientation import list_orientation_remarks
from bench.data.palettes import list_palette_remarks
from bench.data.subsets import read_ids, select, write_label
from bench.errors import UserError
from bench.records import Sample


class LabelledFolder(LabelledImages):
    """Images and masks below ``root``, as the file ``layout`` says (`bench.data.layout`).

    Without a list of ids every image and every mask counts, so that a mask without its image, or the other way round,
    is a skip with a reason and never a smaller n. Pixels are taken as stored, but a picture whose orientation tag gives
    it the size of its mask is turned. Raises `UserError` where the layout is wrong or finds
    nothing.
    """

    split = "all"

    def __init__(self, root: Path, layout: Path, subset: str | None = None, names: str = "own") -> None:
        self.root = root
        self.layout = read_layout(layout, root)
        self.name = self.layout.name
        self.classes = self.table.make_class_list(names)
        self._codes = self.layout.meanings.make_codes(self.name)
        self._images, self._masks = (self._find(key) for key in ("images", "masks"))
        self._objects = {} if self.layout.objects is None else self._find("objects")
        wanted = self._list_wanted()
        self._keep_ids(frozenset(wanted), select(subset, wanted))
        self.subset = write_label(subset, self._ids)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all ids, of the bytes of their images and masks, and of what the numbers in the masks mean."""
        kinds = ("image", "mask", "objects") if self.layout.objects else ("image", "mask")
        files = ((f"{i}.{key}", getattr(self, f"find_{key}")(i)) for i in self.list_split_ids() for key in kinds)
        meaning = (self.table.rows, self.layout.meanings.background, self.layout.meanings.void)
        return hashlib.sha256(f"{hash_content(files)}{meaning}".encode()).hexdigest()[:32]

    @property
    def table(self) -> ClassTable:
        """The classes with all that is known of them."""
        return self.layout.meanings.classes

    def list_remarks(self) -> tuple[str, ...]:
        """List what was made of the class list and of pictures with an orientation tag, and masks that disagree."""
        tags = list_orientation_remarks((i, self.find_image(i), self.find_mask(i)) for i in self._ids)
        return *self.layout.meanings.remarks, *tags, *list_palette_remarks(map(self.find_mask, self._ids))

    @property
    def _where(self) -> str:
        return self.name

    def load_coded(self, image_id: str) -> Sample:
        """Load as `load_truth` does, labels as their file has them where that is of bytes: they are not looked at."""
        self._require(image_id, "image", self._where)
        image, numbers = self._read(image_id, blank=True)
        if self.layout.objects is not None or numbers.dtype != np.uint8 or numbers.shape != image.shape[:2]:
            return self._load(image_id, blank=True)
        return Sample(image_id, image, coded=self._codes.defer(numbers))

    def _load(self, image_id: str, blank: bool) -> Sample:
        path, (image, numbers) = self.find_mask(image_id), self._read(image_id, blank)
        truth = self._codes.read(numbers, str(path))
        if truth.shape != image.shape[:2]:
            shown = read_image(self.find_image(image_id))
            image = shown if shown.shape[:2] == truth.shape else image
        check_same_size(path, image.shape[:2], truth.shape, f"{self.find_image(image_id)} ")
        if self.layout.objects is None:
            return Sample(image_id, image, truth)
        return Sample(image_id, image, truth, instances=self._read_objects(image_id, truth))

    def _read(self, image_id: str, blank: bool) -> tuple[UInt8[np.ndarray, "h w 3"], Integer[np.ndarray, "a b"]]:
        """Read the picture, black with ``blank``, and the numbers of its mask."""
        path, shown = self.find_mask(image_id), self.find_image(image_id)
        image = read_beside_mask(shown, blank=blank)
        check_size = partial(check_not_larger, path, image.shape[:2], f"{shown} ", "mask")
        return image, read_label_file(path, check_size)

    def _read_objects(self, image_id: str, truth: Int16[np.ndarray, "h w"]) -> Int16[np.ndarray, "h w"]:
        path = self.find_objects(image_id)
        numbers = read_label_file(path, partial(check_not_larger, path, truth.shape, "", "map of objects"))
        return make_instances(numbers, truth, self.classes.things, str(path))

    def find_image(self, image_id: str) -> Path:
        """Find where an image lies, or should lie."""
        return self._images.get(image_id) or self.root / self.layout.images.replace("{id}", image_id)

    def find_mask(self, image_id: str) -> Path:
        """Find where a mask lies, or should lie."""
        return self._masks.get(image_id) or self.root / self.layout.masks.replace("{id}", image_id)

    def find_objects(self, image_id: str) -> Path:
        """Find where the file that numbers objects lies, or should lie."""
        assert self.layout.objects is not None, "asked for only where the layout names them"
        return self._objects.get(image_id) or self.root / self.layout.objects.replace("{id}", image_id)

    def _find(self, key: str) -> dict[str, Path]:
        pattern = getattr(self.layout, key)
        files = find_files(self.root, pattern)
        if not files:
            raise UserError(
                f"data.root={self.root}: no file fits {key}: {pattern}{_describe_other_ending(self.root, pattern)}"
            )
        return files

    def _list_wanted(self) -> tuple[str, ...]:
        if self.layout.ids is None:
            return tuple(sorted(self._images.keys() | self._masks.keys()))
        return tuple(sorted(set(read_ids(self.layout.ids, "ids:"))))


def _describe_other_ending(root: Path, pattern: str) -> str:
    """Describe in half a sentence where files would fit but for their ending."""
    stem, dot, ending = pattern.rpartition(".")
    try:
        near = find_files(root, f"{stem}.*") if dot and "{id}" in stem and "/" not in ending else {}
    except UserError:
        return f"; files of other endings fit {stem}.*"
    return f"; {next(iter(near.values()))} is there: name its ending" if near else ""
