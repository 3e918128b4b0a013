"""Predictions on disk: the files that an entry names, which are plain files beside it and nothing else."""

from __future__ import annotations

import stat
from functools import lru_cache
from pathlib import Path

from bench.errors import BadSample
from bench.text.characters import has_half_character

_NAME = 1000


def find_beside(folder: Path, name: str) -> Path:
    """Find the file ``name`` in or below ``folder``. Raises BadSample for what is no plain file there.

    Predictions come from others: a name that leads out of their folder, or to a device or a pipe, is never opened.
    """
    if len(name) > _NAME:
        raise BadSample(f"{name[:40]}… has {len(name)} characters, no file's name has")
    if not name.strip() or has_half_character(name) or "\0" in name:
        raise BadSample(f"{name!r} is no file's name")
    if (named := Path(name)).is_absolute() or ".." in named.parts:
        raise BadSample(f"{name}: should be a name below the folder of the predictions; copy the file there")
    path = folder / named
    try:
        kind = path.stat().st_mode
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        raise BadSample(f"{path}: " + ("file is missing" if missing else f"cannot be read ({error})")) from error
    if not _resolve(path).is_relative_to(_resolve_folder(folder.absolute())):
        raise BadSample(f"{path}: a link that leads out of the folder of the predictions; copy the file there")
    if not stat.S_ISREG(kind):
        raise BadSample(f"{path}: is no plain file")
    return path


def _resolve(path: Path) -> Path:
    """Resolve a file that is no link by its folder, which many files share."""
    return path.resolve() if path.is_symlink() else _resolve_folder(path.parent.absolute()) / path.name


@lru_cache(maxsize=8)
def _resolve_folder(folder: Path) -> Path:
    """Resolve the folder, once for all its files: were it a link that somebody moves, they would be refused."""
    return folder.resolve()
