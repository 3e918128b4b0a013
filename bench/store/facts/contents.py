"""What a key takes of files that options name: what is in them, never where they lie (KEYS.md).

A text that names a file or folder that is there counts by content, so that an edited file misses and a moved one hits.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.system.hashing import hash_file

_LONGEST = 4096
"""Characters of a path on Linux; a longer text names no file."""
_SKIPPED = ("__pycache__",)


def replace_by_content(options: Any, named: bool = False) -> Any:
    """Replace every file and folder that options name, in lists and mappings at any depth, by its content.

    ``named`` keeps the names of the files (never their folders): what is read is the same, but not what it is called.
    """
    if isinstance(options, Mapping):
        return {str(key): replace_by_content(value, named) for key, value in options.items()}
    if isinstance(options, list | tuple):
        return [replace_by_content(value, named) for value in options]
    if isinstance(options, str | os.PathLike):
        return _replace_text(os.fspath(options), named)
    return options


def hash_content(path: Path) -> str:
    """Hash (sha256, hex) a file's bytes, or the names and bytes of all files below a folder.

    A file is hashed once a process for each place, size, time and inode; nothing of it is kept on disk.
    """
    if not path.is_dir():
        return hash_file_once(path)
    total = hashlib.sha256()
    for file in sorted(list_files_below(path)):
        total.update(
            f"{file.relative_to(path).as_posix()}\0{hash_file_once(file)}\n".encode("utf-8", "surrogateescape")
        )
    return total.hexdigest()


def hash_file_once(path: Path) -> str:
    """Hash (sha256, hex) the bytes of a file; "unreadable" where they cannot be had, which its reader will say."""
    try:
        status = path.stat()
        return _hash_unchanged(str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ino)
    except OSError:
        return "unreadable"


def list_files_below(folder: Path) -> Iterator[Path]:
    """List all regular files below a folder, those behind links included, compiled Python aside."""
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        folders[:] = [name for name in folders if name not in _SKIPPED and real not in seen]
        seen.add(real)
        yield from (path for name in files if (path := Path(place, name)).is_file())


def _replace_text(text: str, named: bool) -> Any:
    """Replace a text by what stands in the file it names; ``file:PATH`` and the like keep what is before the colon."""
    head, colon, rest = text.partition(":")
    for before, name in (("", text), (head + colon, rest)):
        path = find_existing(name)
        if path is None or is_word_for_folder(name):
            continue
        content = {"content": hash_content(path) + path.suffix}  # the ending may say how a file is read
        # A word without slash or ending may be meant as a word, whatever lies in the working folder: it counts too.
        kept = before + (name if _is_word(name) else path.name if named else "")
        return {**content, "text": kept} if kept else content
    return text


def is_word_for_folder(text: str) -> bool:
    """Whether a bare word happens to name a folder of the working folder, as ``outputs`` and ``val`` may: a word then.

    Such a folder is a run's results or a data set, which change or are vast; ``./val`` means the folder.
    """
    path = find_existing(text)
    return path is not None and path.is_dir() and _is_word(text)


def find_existing(text: str) -> Path | None:
    """Find the file or folder that a text names; None where it names none, as ``.`` and ``/`` do, which are words."""
    if not 0 < len(text) <= _LONGEST or "\0" in text or not re.search(r"\w", text):
        return None
    path = Path(text).expanduser() if text.startswith("~") else Path(text)
    try:
        return path if path.is_file() or path.is_dir() else None
    except (OSError, ValueError):  # too long a name, or characters that no file name has
        return None


def _is_word(text: str) -> bool:
    return "/" not in text and os.sep not in text and not Path(text).suffix


@lru_cache(maxsize=65536)
def _hash_unchanged(path: str, size: int, modified: int, inode: int) -> str:
    """Hash a file; all but the path belong to the cache's key only: a file that changed is read again."""
    return hash_file(path)
