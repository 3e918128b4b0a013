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
        kind = path.lstat().st_mode
        is_link = stat.S_ISLNK(kind)
        kind = path.stat().st_mode if is_link else kind
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        raise BadSample(f"{path}: " + ("file is missing" if missing else f"cannot be read ({error})")) from error
    if not (_leads_inside(path, folder) if is_link else _is_below(path.parent.absolute(), folder.absolute())):
        raise BadSample(f"{path}: a link that leads out of the folder of the predictions; copy the file there")
    if not stat.S_ISREG(kind):
        raise BadSample(f"{path}: is no plain file")
    return path


def _leads_inside(link: Path, folder: Path) -> bool:
    return link.resolve().is_relative_to(folder.resolve())


@lru_cache(maxsize=8)
def _is_below(holds: Path, folder: Path) -> bool:
    """Whether the folder that holds files lies in or below another, asked once for all files."""
    return holds.resolve().is_relative_to(folder.resolve())
