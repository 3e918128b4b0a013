"""Where a process works and where it finds code, for processes on other hosts that do part of its work."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UserError

_GPUS = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Place:
    """The folder from which relative paths are seen, the import path, the GPUs to be seen (None: all), and the host."""

    folder: str
    path: tuple[str, ...]
    gpus: str | None = None
    host: str = ""


def describe_place() -> Place:
    """Describe the place of this process, in whole paths."""
    path = tuple(str(Path(entry).absolute()) for entry in sys.path)
    return Place(str(Path.cwd()), path, os.environ.get(_GPUS), platform.node())


def work_there(place: Place) -> None:
    """Work as if in another process's place, as far as this host has it: a folder that is not here is left out.

    Ray and submitit hide all GPUs from a job that asks for none, by which its results would get other keys.
    """
    if place.gpus is None and os.environ.get(_GPUS) == "":
        del os.environ[_GPUS]
    sys.path += [entry for entry in place.path if entry not in sys.path]
    if Path(place.folder).is_dir():
        os.chdir(place.folder)


def name_host(error: Exception, place: Place) -> Exception:
    """Name this host in an error that is told elsewhere: a disk that is full is full here, and not there."""
    if isinstance(error, UserError) and place.host not in ("", platform.node()):
        return type(error)(f"on {platform.node()}: {error}")
    return error
