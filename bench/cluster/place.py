"""Where a process works and where it finds code, for processes on other hosts that do part of its work."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """The folder from which relative paths are seen, and the import path."""

    folder: str
    path: tuple[str, ...]


def describe_place() -> Place:
    """Describe the place of this process, in whole paths."""
    return Place(str(Path.cwd()), tuple(str(Path(entry).absolute()) for entry in sys.path))


def work_there(place: Place) -> None:
    """Work as if in another process's place, as far as this host has it: a folder that is not here is left out."""
    sys.path += [entry for entry in place.path if entry not in sys.path]
    if Path(place.folder).is_dir():
        os.chdir(place.folder)
