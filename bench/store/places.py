"""Where a store lies: a folder, or any address that fsspec knows (s3://BUCKET/PREFIX); no part of the paper.

Elsewhere a place has a path's methods too (universal_pathlib). What differs is here: how a file is written whole, read,
moved, and locked. Object stores show a file when all of it is there, and other backends get it under a temporary name
first. None of them has locks: processes of one host take turns by a lock of that host, and two hosts may make the same
entry twice, with the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from bench.errors import UsageError, UserError

WHOLE = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oci", "oss", "r2", "memory")
"""Protocols that show a file only when all of it has been written."""
WITH_BUCKET = tuple(protocol for protocol in WHOLE if protocol != "memory")
"""Protocols whose addresses begin with the name of a bucket or container."""
_SAID = 160
_TIMES = ("mtime", "LastModified", "last_modified", "modified", "updated", "created")
"""What backends call the time of the last change of a file."""


def open_place(address: str) -> Path:
    """Open the place of a store: a path, or what has a path's methods. Raises UsageError for an unknown protocol."""
    protocol, found, rest = address.partition("://")
    _check_address(address, protocol, found, rest)
    if not found or protocol == "file":
        return Path(rest if found else address)
    try:
        from upath import UPath

        with warnings.catch_warnings(action="ignore"):  # that a protocol has no class of its own there
            place = UPath(address, use_listings_cache=False)  # others write there too
            place.fs  # noqa: B018  # imports what the protocol needs
    except ImportError as error:
        raise UsageError(f"store={address}: needs more packages ({error}): pip install 'zgs[s3]'") from error
    except Exception as error:
        raise UsageError(f"store={address}: cannot be opened ({_shorten(error)})") from error
    return cast(Path, place)


def _check_address(address: str, protocol: str, found: str, rest: str) -> None:
    """Raise UsageError for an address that lacks a slash, which would be a folder of that name, or its bucket."""
    name, colon, path = address.partition(":")
    if colon and not found and _is_protocol(name):
        raise UsageError(f"store={address}: did you mean {name}://{path.lstrip('/')}? (a folder here: ./{address})")
    if found and protocol in WITH_BUCKET and not rest.partition("/")[0]:
        raise UsageError(f"store={address}: names no bucket; write {protocol}://BUCKET/FOLDER")


def _is_protocol(name: str) -> bool:
    from fsspec import available_protocols

    return name in (*WHOLE, *available_protocols())


def is_remote(path: Path) -> bool:
    """Whether a place is none of this machine's file systems."""
    return hasattr(path, "fs")


def make_folder(path: Path) -> None:
    """Make a folder where the backend has folders; object stores have none."""
    if not is_remote(path):
        path.mkdir(parents=True, exist_ok=True)
    elif _fs(path).protocol and not _is_whole(path):
        _fs(path).makedirs(_name(path), exist_ok=True)


def is_there(path: Path) -> bool:
    """Whether there is a file. Raises UserError where a remote place does not answer."""
    try:
        return path.exists()
    except Exception as error:
        if not is_remote(path):
            raise
        raise UserError(f"{path}: cannot be reached ({_shorten(error)}); what is finished is kept") from error


def is_folder(path: Path) -> bool:
    """Whether there is a folder; of an object store, whether anything lies there. Raises UserError as `is_there`."""
    return bool(list_remote(path)) if is_remote(path) else path.is_dir()


def read_remote(path: Path, first: int | None = None) -> bytes:
    """Read a file of a remote place, or its ``first`` bytes alone.

    Raises FileNotFoundError where there is none, and UserError where nobody knows: an answer that does not come is no
    damage, and a file must not be set aside because the network was away.
    """
    try:
        return bytes(_fs(path).cat_file(_name(path), start=0 if first else None, end=first))
    except FileNotFoundError:
        raise
    except Exception as error:
        raise UserError(f"{path}: cannot be read ({_shorten(error)}); what is finished is kept") from error


def write_remote(path: Path, content: bytes) -> None:
    """Write a file of a remote place: a reader sees the old file or the new one. Raises OSError."""
    fs, name = _fs(path), _name(path)
    hidden = name if _is_whole(path) else f"{name.rpartition('/')[0]}/.{path.name}.{secrets.token_hex(4)}"
    try:
        fs.pipe_file(hidden, content)
        if hidden != name:
            fs.mv(hidden, name)
    except OSError:
        raise
    except Exception as error:  # each backend has errors of its own
        raise OSError(_shorten(error)) from error


@dataclass(frozen=True)
class RemoteFile:
    """A file or folder of a remote place, as `os.DirEntry` tells of one here; ``st_mtime`` by the backend's clock."""

    name: str
    folder: bool
    st_size: int
    st_mtime: float

    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return self.folder

    def stat(self, *, follow_symlinks: bool = True) -> RemoteFile:
        """Return what is known of it already."""
        return self


def list_remote(path: Path) -> list[RemoteFile]:
    """List a folder of a remote place; empty where there is none. Raises UserError where nobody answers."""
    try:
        found = _fs(path).ls(_name(path), detail=True, refresh=True)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except Exception as error:
        raise UserError(f"{path}: cannot be listed ({_shorten(error)})") from error
    return [_describe_remote(info) for info in found if info["name"].rstrip("/") != _name(path).rstrip("/")]


def read_remote_clock(root: Path) -> float | None:
    """Read the clock of a backend, as it stamps a file; None where it says nothing, or nothing may be written there."""
    name = f".clock.{secrets.token_hex(4)}"
    try:
        write_remote(root / name, b".")
        (file,) = [file for file in list_remote(root) if file.name == name]
        _fs(root).rm_file(_name(root / name))
    except (OSError, UserError, ValueError):
        return None
    return file.st_mtime or None


def remove_remote(path: Path) -> None:
    """Remove a folder of a remote place with all that it holds. Raises OSError."""
    try:
        _fs(path).rm(_name(path), recursive=True)
    except OSError:
        raise
    except Exception as error:
        raise OSError(_shorten(error)) from error


def _describe_remote(info: Mapping[str, Any]) -> RemoteFile:
    when = next((info[key] for key in _TIMES if info.get(key) is not None), 0.0)
    seconds = when.timestamp() if isinstance(when, datetime) else when if isinstance(when, int | float) else 0.0
    name = str(info["name"]).rstrip("/").rpartition("/")[2]
    return RemoteFile(name, info["type"] == "directory", int(info.get("size") or 0), float(seconds))


def move(path: Path, name: str) -> None:
    """Give a file another name in its folder."""
    if is_remote(path):
        _fs(path).mv(_name(path), _name(path.with_name(name)))
    else:
        path.replace(path.with_name(name))


def find_lock_file(path: Path) -> Path:
    """Find the file whose lock stands for ``path``: itself, or for a remote place one of this host and user."""
    if not is_remote(path):
        return path
    folder = Path(tempfile.gettempdir()) / f"zgs-locks-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / hashlib.sha256(str(path).encode()).hexdigest()[:32]


def _fs(path: Path) -> Any:
    return cast(Any, path).fs


def _name(path: Path) -> str:
    return str(cast(Any, path).path)


def _is_whole(path: Path) -> bool:
    return str(cast(Any, path).protocol) in WHOLE


def _shorten(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:_SAID]
