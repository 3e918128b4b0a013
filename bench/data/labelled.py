"""Section 4, a user's own labelled data: images and masks in a layout that a yaml describes, without any code."""

from __future__ import annotations

import hashlib
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from jaxtyping import Int16, Integer

from bench.data.base import hash_content, suggest_nearest
from bench.data.class_tables import ClassTable
from bench.data.files import describe_missing
from bench.data.headers import check_not_larger, read_claimed_size, read_whole_array
from bench.data.images import MAX_PIXELS, CheckSize, read_beside_mask, read_image, read_narrow_labels
from bench.data.label_numbers import clip_numbers, make_whole_numbers
from bench.data.layout import find_files, read_layout
from bench.data.objects import make_instances
from bench.data.orientation import list_orientation_remarks
from bench.data.subsets import read_ids, select, write_label
from bench.errors import BadSample, UserError
from bench.records import Sample


class LabelledFolder:
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
        self._all = self._list_wanted()
        self._ids = select(subset, self._all)
        self.subset = write_label(subset, self._ids)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all ids, of the bytes of their images and masks, and of what the numbers in the masks mean."""
        kinds = ("image", "mask", "objects") if self.layout.objects else ("image", "mask")
        files = ((f"{i}.{key}", getattr(self, f"find_{key}")(i)) for i in self._all for key in kinds)
        meaning = (self.table.rows, self.layout.meanings.background, self.layout.meanings.void)
        return hashlib.sha256(f"{hash_content(files)}{meaning}".encode()).hexdigest()[:32]

    def list_ids(self) -> tuple[str, ...]:
        """List the ids of the subset, sorted as text."""
        return self._ids

    def list_split_ids(self) -> tuple[str, ...]:
        """List the ids of the whole split, sorted as text."""
        return self._all

    @property
    def table(self) -> ClassTable:
        """The classes with all that is known of them."""
        return self.layout.meanings.classes

    def list_remarks(self) -> tuple[str, ...]:
        """List what was made of the class list, and of pictures with an orientation tag."""
        return *self.layout.meanings.remarks, *list_orientation_remarks(
            (i, self.find_image(i), self.find_mask(i)) for i in self._ids
        )

    def load(self, image_id: str) -> Sample:
        """Load one image with its mask. Raises `BadSample` where a file is missing or damaged, or the two disagree."""
        return self._load(image_id, blank=False)

    def load_truth(self, image_id: str) -> Sample:
        """Load the same with a black picture in place of the image's, which scoring does not look at."""
        return self._load(image_id, blank=True)

    def _load(self, image_id: str, blank: bool) -> Sample:
        if image_id not in self._all:
            raise UserError(f"image {image_id!r} is not in {self.name}{suggest_nearest(image_id, self._all)}")
        path = self.find_mask(image_id)
        image = read_beside_mask(self.find_image(image_id), blank=blank)
        check_size = partial(check_not_larger, path, image.shape[:2], f"{self.find_image(image_id)} ", "mask")
        truth = self._codes.read(_read_numbers(path, check_size), str(path))
        if truth.shape != image.shape[:2]:
            shown = read_image(self.find_image(image_id))
            image = shown if shown.shape[:2] == truth.shape else image
        if truth.shape != image.shape[:2]:
            (mask_h, mask_w), (h, w) = truth.shape, image.shape[:2]
            raise BadSample(f"{path}: mask is {mask_w}x{mask_h} but its image {self.find_image(image_id)} is {w}x{h}")
        if self.layout.objects is None:
            return Sample(image_id, image, truth)
        return Sample(image_id, image, truth, instances=self._read_objects(image_id, truth))

    def _read_objects(self, image_id: str, truth: Int16[np.ndarray, "h w"]) -> Int16[np.ndarray, "h w"]:
        path = self.find_objects(image_id)
        numbers = _read_numbers(path, partial(check_not_larger, path, truth.shape, "", "map of objects"))
        return make_instances(numbers, truth, self.classes.things, str(path))

    def find_image(self, image_id: str) -> Path:
        """Find where an image lies, or should lie."""
        return self._images.get(image_id, self.root / self.layout.images.replace("{id}", image_id))

    def find_mask(self, image_id: str) -> Path:
        """Find where a mask lies, or should lie."""
        return self._masks.get(image_id, self.root / self.layout.masks.replace("{id}", image_id))

    def find_objects(self, image_id: str) -> Path:
        """Find where the file that numbers objects lies, or should lie."""
        assert self.layout.objects is not None, "asked for only where the layout names them"
        return self._objects.get(image_id, self.root / self.layout.objects.replace("{id}", image_id))

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


def _read_numbers(path: Path, check_size: CheckSize) -> Integer[np.ndarray, "h w"]:
    """Read a mask as numbers, from a picture or from an array of NumPy's, once its claimed size is checked."""
    if path.suffix.lower() != ".npy":
        return read_narrow_labels(path, check_size=check_size)
    if (claimed := read_claimed_size(path)) is not None:
        check_size(claimed)
    try:
        values = read_whole_array(path, MAX_PIXELS)
    except FileNotFoundError as error:
        raise BadSample(describe_missing(path)) from error
    except (OSError, ValueError, EOFError) as error:
        raise BadSample(f"{path}: no array that can be read ({str(error)[:120]})") from error
    if values.ndim == 3 and 1 in (values.shape[0], values.shape[2]):
        values = values.reshape(values.shape[1:] if values.shape[0] == 1 else values.shape[:2])
    if values.ndim == 2 and np.issubdtype(values.dtype, np.floating):
        return make_whole_numbers(path, values)
    if values.ndim != 2 or not (np.issubdtype(values.dtype, np.integer) or values.dtype == bool):
        raise BadSample(f"{path}: needs whole numbers [h, w] but holds {values.dtype} {list(values.shape)}")
    return clip_numbers(values)
