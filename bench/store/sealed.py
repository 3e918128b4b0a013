"""Section 5, finished runs on disk: run.json carries a checksum of every other file of numbers, and of itself.

What was truncated or changed since is one line, never another number. There is no way to change such a file on
purpose: the same command makes it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.store.files import write_atomically
from bench.system.hashing import hash_file

RECORD = "run.json"
SEALED = (
    "config.yaml", "scores.csv", "per_image.parquet", "per_image_n.parquet", "per_class.parquet", "segments.parquet",
    "curves.csv", "areas.csv", "ratings.csv", "confusion.csv", "predictions.json", "ids.txt",
)  # fmt: skip
"""Files of a run with checksums, where it has them; predictions.npz has its own in predictions.json."""
REMEDY = "run the same command again"
CHANGED = "is not what the run left there (damaged, or changed since); run the same command again"


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write run.json, last of all: from now on the folder is a finished run, and its files stay as they are."""
    there = [name for name in SEALED if (folder / name).is_file()]
    write_atomically(folder / RECORD, seal({**record, "files": {name: hash_file(folder / name) for name in there}}))


def seal(record: Mapping[str, Any]) -> bytes:
    """Seal a record as JSON, with a checksum of itself."""
    plain = json.loads(json.dumps(record))  # as it will be read: lists for tuples, texts for the keys of objects
    text = json.dumps({**plain, "sha256": _hash_record(plain)}, indent=1, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")


def unseal(path: Path, content: bytes, remedy: str) -> dict[str, Any]:
    """Unseal the record that `seal` wrote, or one of an earlier version without a checksum.

    Raises UserError, which ends in ``remedy``, for what is no such record or does not agree with its checksum.
    """
    try:
        record = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: damaged ({' '.join(str(error).split())[:120]}); {remedy}") from error
    if not isinstance(record, dict):
        raise UserError(f"{path}: damaged (no JSON object); {remedy}")
    if {"sha256", "files"} & set(record) and record.get("sha256") != _hash_record(record):
        raise UserError(f"{path}: damaged or changed (its checksum does not fit); {remedy}")
    return record


def read_record(folder: Path) -> dict[str, Any]:
    """run.json of a finished run. Raises UserError where it is missing or not as it was written."""
    path = folder / RECORD
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); {REMEDY}") from error
    record = unseal(path, content, REMEDY)
    if "variant" not in record or not isinstance(record.get("files", {}), dict):
        raise UserError(f"{path}: damaged ('variant' or 'files' is missing); {REMEDY}")
    return record


def has_file(folder: Path, name: str) -> bool:
    """Whether a run left a file of that name, or, of an earlier version, whether it is there."""
    files = _read_checksums(folder)
    return (folder / name).is_file() if files is None else name in files


def check_intact(folder: Path, name: str) -> Path:
    """Check the path of a run's file. Raises UserError where it is missing or not as the run left it."""
    files, path = _read_checksums(folder), folder / name
    if files is None or name not in SEALED:
        return path
    try:
        if path.is_file() and hash_file(path) == files.get(name):  # a pipe or a device would never end
            return path
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); {REMEDY}") from error
    raise UserError(f"{path}: {CHANGED}")


def check_whole(folder: Path) -> None:
    """Raise UserError for the first file of a run that is not as the run left it, whether it will be read or not."""
    for name in SEALED:
        if name in (_read_checksums(folder) or ()):
            check_intact(folder, name)


def find_unsealed(folders: Iterable[Path]) -> list[Path]:
    """Find the runs that have no checksums, as earlier versions wrote none."""
    return [folder for folder in folders if _read_checksums(folder) is None]


def print_unsealed(folders: Iterable[Path]) -> None:
    """Print once which runs have no checksums."""
    if old := find_unsealed(folders):
        more = f" and {len(old) - 1} more" if len(old) > 1 else ""
        print(f"{old[0]}{more}: made by an earlier version, without checksums: nobody can say that its files are whole")


@contextmanager
def explain_damage(folders: Iterable[Path]) -> Iterator[None]:
    """Explain in one line what goes wrong over files of runs without checksums, however they are damaged."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
        old = find_unsealed(folders)
        if not old:
            raise
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        raise UserError(f"{old[0]}: has no checksums, and its files cannot be read ({reason}); {REMEDY}") from error


def _read_checksums(folder: Path) -> dict[str, str] | None:
    return read_record(folder).get("files") if (folder / RECORD).exists() else None


def _hash_record(record: Mapping[str, Any]) -> str:
    content = {key: value for key, value in record.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
