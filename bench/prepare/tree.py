"""Section 4.4: what lies in a user's folder, found by file names, however the archives were unpacked."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.data.files import is_hidden
from bench.errors import UserError

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".zip", ".gz", ".bz2", ".xz")
_ID = re.compile(r"\d{4}_\d{6}")
_VOC_MASKS = ("SegmentationClass", "SegmentationObject")


@dataclass(frozen=True)
class Tree:
    """A folder of the user's. ``option`` is how the user named it, for messages."""

    root: Path
    option: str = "--from"

    @cached_property
    def folders(self) -> dict[Path, list[str]]:
        """The names of the files in every folder below the root that is not hidden; sorted, the root first.

        Links are followed, for people put the archives of a data set together by them; each folder counts once.
        """
        by_folder, seen = {}, set[str]()
        for folder, below, files in os.walk(self.root, followlinks=True):
            below[:] = sorted(name for name in below if not is_hidden(name))
            if (place := os.path.realpath(folder)) in seen:
                below.clear()
                continue
            seen.add(place)
            by_folder[Path(folder)] = sorted(name for name in files if not is_hidden(name))
        return by_folder

    def find_named(self, *names: str) -> list[Path]:
        """Find folders with one of these names, at any depth."""
        return [folder for folder in self.folders if folder.name in names]

    def find_images(self) -> dict[str, Path]:
        """Find photographs by id: those in a folder JPEGImages, else wherever files are called like VOC's."""
        folders = self.find_named("JPEGImages") or list(self.folders)
        # VOC 2010 before 2012: PASCAL-Context was drawn on the former.
        return self._group_by_id(sorted(folders, key=str), (".jpg", ".jpeg"))

    def find_voc_masks(self) -> dict[str, Path]:
        """Find VOC's own class masks by id."""
        return self._group_by_id(self.find_named("SegmentationClass"), (".png",))

    def find_voc_objects(self) -> dict[str, Path]:
        """Find VOC's own masks of objects by id."""
        return self._group_by_id(self.find_named("SegmentationObject"), (".png",))

    def mask_folders(self) -> dict[Path, dict[str, Path]]:
        """Find folders with masks called like VOC's images, VOC's own masks left out, and their files by id."""
        folders = [folder for folder in self.folders if folder.name not in (*_VOC_MASKS, "JPEGImages")]
        masks = {folder: self._group_by_id([folder], (".mat", ".png", ".tif", ".tiff")) for folder in folders}
        return {folder: files for folder, files in masks.items() if files}

    def find_matching(self, pattern: str, but: str = "") -> dict[Path, dict[str, Path]]:
        """Find folders with files whose whole name fits a pattern, and these by what stands for its group ``id``.

        ``but`` names a folder whose insides are left out.
        """
        expression, found = re.compile(pattern, re.IGNORECASE | re.ASCII), {}
        for folder, names in self.folders.items():
            if but and but in folder.relative_to(self.root.parent).parts:
                continue
            matches = {name: expression.fullmatch(name) for name in names}
            if files := {match["id"]: folder / name for name, match in matches.items() if match}:
                found[folder] = files
        return found

    def _group_by_id(self, folders: Iterable[Path], suffixes: tuple[str, ...]) -> dict[str, Path]:
        files: dict[str, Path] = {}
        for folder in folders:
            for name in self.folders.get(folder, ()):
                path = folder / name
                if path.suffix.lower() in suffixes and _ID.fullmatch(path.stem):
                    files.setdefault(path.stem, path)
        return files

    def unpack_hint(self) -> str:
        """Write a closing half sentence where archives lie about that nobody has unpacked."""
        packed = [folder / name for folder, names in self.folders.items() for name in names if name.endswith(ARCHIVES)]
        return f"; {packed[0]} is an archive: unpack it first ({unpack(packed[0])})" if packed else ""


def open_tree(folder: str | Path, option: str = "--from") -> Tree:
    """Open an existing folder. Raises `UserError` for what is none, with the command that unpacks an archive."""
    root = Path(folder).expanduser()
    if root.is_file():
        packed = root.name.endswith(ARCHIVES)
        todo = f"is an archive; unpack it first ({unpack(root)})" if packed else "is a file; name the folder it lies in"
        raise UserError(f"{option} {folder} {todo}")
    if not root.is_dir():
        raise UserError(f"{option} {folder} does not exist; name the folder into which the archives were unpacked")
    return Tree(root, option)


def unpack(path: Path) -> str:
    """Write the command that unpacks an archive where it lies."""
    return f"unzip {path.name}" if path.suffix == ".zip" else f"tar xf {path.name}"
