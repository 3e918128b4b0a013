"""Section 4, data: files as people have them: hidden ones, names in two normal forms of Unicode, endings in any case.

An id is kept in the composed normal form (NFC), wherever it comes from: some systems write file names decomposed, and
the two forms of "café" look alike and are other bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePath

_LEFT_BY_SYSTEMS = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


def compose(text: str) -> str:
    """Write the text in the normal form in which ids are compared and kept."""
    return unicodedata.normalize("NFC", text)


def is_hidden(path: PurePath | str) -> bool:
    """Whether a path lies in what no user made as data: .ipynb_checkpoints, ._0.png, .DS_Store, __MACOSX, Thumbs.db."""
    parts = (path,) if isinstance(path, str) and "/" not in path else PurePath(path).parts
    return any(
        part.startswith(".") and part not in (".", "..") or part.casefold() in _LEFT_BY_SYSTEMS for part in parts
    )


def find_path(root: Path, name: str) -> Path:
    """Find the path of ``name`` below ``root`` as it lies there: any normal form, and the ending in any case.

    What is not there at all comes back as it was asked for.
    """
    path = root
    for part in PurePath(name).parts:
        path = _find_child(path, part)
    return path


def list_other_endings(path: Path) -> list[Path]:
    """List files beside ``path`` of the same name with another ending, as a .jpeg where a .jpg was looked for."""
    try:
        beside = sorted(path.parent.iterdir())
    except OSError:
        return []
    stem = compose(path.stem)
    return [file for file in beside if compose(file.stem) == stem and not is_hidden(file.name) and file.is_file()]


def describe_missing(path: Path) -> str:
    """Describe a file that is not there: which file of another ending is."""
    others = list_other_endings(path)
    return f"{path}: file is missing" + (f"; {others[0].name} is there: name its ending" if others else "")


def _find_child(folder: Path, name: str) -> Path:
    exact = folder / name
    if name in (".", "..") or exact.exists() or not folder.is_dir():
        return exact
    return next((path for path in _list_alike(folder, name)), exact)


def _list_alike(folder: Path, name: str) -> Iterator[Path]:
    stem, ending = PurePath(compose(name)).stem, PurePath(name).suffix.casefold()
    for path in sorted(folder.iterdir()):
        if compose(path.stem) == stem and path.suffix.casefold() == ending:
            yield path
