"""Section 5, any photograph: a folder of pictures, without labels (predictions and pictures, no scores) or with."""

from __future__ import annotations

import os
from collections import Counter
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from bench.data.base import hash_content
from bench.data.files import compose, is_hidden
from bench.data.images import read_image
from bench.data.labelled import LabelledFolder
from bench.data.listed import Listed
from bench.data.subsets import select, write_label
from bench.errors import UsageError, UserError
from bench.records import ClassList, Sample

EXTENSIONS = (
    ".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip


def open_folder(
    root: str | Path | None,
    split: str = "all",
    subset: str | None = None,
    names: str = "own",
    layout: str | Path | None = None,
) -> Folder | LabelledFolder:
    """Open a folder of photographs, or with ``layout`` (a yaml file, see `bench.data.layout`) of images and masks."""
    if layout is None:
        return Folder(root, split, subset, names)
    _check_split(split)
    return LabelledFolder(_check_existing(root), Path(layout).expanduser(), subset, names)


class Folder(Listed):
    """Every picture below ``root``, at any depth; hidden files and folders are left out.

    An id is the path below ``root`` without its extension (composed, see `bench.data.files`); where two pictures would
    share one, both keep theirs.
    Raises `UserError` where the folder is missing or holds no picture.
    """

    name = "folder"

    def __init__(
        self, root: str | Path | None, split: str = "all", subset: str | None = None, names: str = "own"
    ) -> None:
        _check_split(split)
        if names != "own":
            raise UsageError(f"data.names={names}: a folder without data.layout has no class names; leave 'own'")
        self.split = split
        self.classes: ClassList | None = None
        self.root = _check_existing(root)
        self._files = _number_by_id(self.root, _list_pictures(self.root))
        self._keep_ids(self._files, select(subset, tuple(self._files)))
        self.subset = write_label(subset, self._ids)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all ids and the bytes of their files."""
        return hash_content(sorted(self._files.items()))

    def load(self, image_id: str) -> Sample:
        """Load one picture, turned as its EXIF tag says. Raises `BadSample` for a file that cannot be read."""
        self._require(image_id, "picture", str(self.root))
        return Sample(image_id, read_image(self._files[image_id]))


def _check_split(split: str) -> None:
    if split != "all":
        raise UsageError(f"data.split={split}: a folder of photographs has one split, 'all'")


def _check_existing(root: str | Path | None) -> Path:
    if not root:
        raise UserError("data.root is not set; name a folder of photographs, e.g. data.root=photos")
    path = Path(root).expanduser()
    if not path.is_dir():
        kind = "is a file, not a folder" if path.exists() else "does not exist"
        raise UserError(f"data.root={root} {kind}; name a folder of photographs")
    return path


def _list_pictures(root: Path) -> list[Path]:
    pictures, others = [], Counter[str]()
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = [name for name in subfolders if not is_hidden(name)]
        for name in files:
            if is_hidden(name):
                continue
            extension = Path(name).suffix.lower()
            if extension in EXTENSIONS:
                pictures.append(Path(folder, name))
            else:
                others[extension or "no extension"] += 1
    if not pictures:
        seen = ", ".join(f"{count} {extension}" for extension, count in others.most_common(5)) or "no file at all"
        raise UserError(
            f"data.root={root} holds no picture: looked for {' '.join(EXTENSIONS)} at any depth, saw {seen}"
        )
    return pictures


def _number_by_id(root: Path, files: list[Path]) -> dict[str, Path]:
    full = {path: compose(path.relative_to(root).as_posix()) for path in sorted(files)}
    if len(set(full.values())) < len(full):
        first, other = next((a, b) for a, b in pairwise(sorted(full, key=full.__getitem__)) if full[a] == full[b])
        names = f"{first.name!a} and {other.name!a}"
        raise UserError(f"{first.parent}: {names} are one name in two forms of Unicode; keep one")
    ids = {path: str(Path(name).with_suffix("").as_posix()) for path, name in full.items()}
    while True:
        counts = Counter(ids.values())
        shared = [path for path, image_id in ids.items() if counts[image_id] > 1 and image_id != full[path]]
        if not shared:
            return {image_id: path for path, image_id in ids.items()}
        # Repeated, for a.jpg beside a.png beside a.jpg.png: the longer name may meet a third file's short one.
        ids.update((path, full[path]) for path in shared)
