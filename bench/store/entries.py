"""Records of the stages as entries of a file: arrays and JSON values under a checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save

from bench.store.places import is_remote, read_remote

DAMAGES = (SafetensorError, OSError, ValueError, KeyError)
Record = TypeVar("Record")
_LENGTH, _SHORT = 8, 1 << 16
"""Bytes in which a file says how long its header is, and those that are read of a file elsewhere to find it."""
Entry = tuple[dict[str, np.ndarray], dict[str, Any]]


def make_store_entry(record: Any) -> Entry:
    """Make a record of `bench.records` as arrays and JSON values, field by field."""
    arrays: dict[str, np.ndarray] = {}
    values: dict[str, Any] = {}
    for f in fields(record):
        value = getattr(record, f.name)
        (arrays if isinstance(value, np.ndarray) else values)[f.name] = value
    return arrays, values


def make_record(kind: type[Record], entry: Entry) -> Record:
    """Make the record of `kind` that `make_store_entry` took apart; JSON lists become the tuples they were."""
    arrays, values = entry
    return kind(**arrays, **{k: _make_tuples(v) for k, v in values.items()})


def _make_tuples(value: Any) -> Any:
    return tuple(_make_tuples(v) for v in value) if isinstance(value, list) else value


def pack_entries(entries: Mapping[str, Entry]) -> bytes:
    """Pack entries sorted by name, so that the same entries are the same bytes whatever the order they came in."""
    names = sorted(entries)
    tensors = {f"{n}/{k}": np.ascontiguousarray(v) for n in names for k, v in sorted(entries[n][0].items())}
    values = json.dumps({n: entries[n][1] for n in names}, sort_keys=True)
    # One entry of metadata: safetensors writes several in no fixed order, and same results are to be same bytes.
    return save(tensors, {"record": json.dumps({"sha256": _compute_checksum(tensors, values), "values": values})})


def load_entries(path: Path) -> dict[str, Entry]:
    """Load what a file holds; empty where there is none. Raises one of `DAMAGES` for a file that is not whole."""
    try:
        return _unpack(*(_read_bytes(read_remote(path)) if is_remote(path) else _read_file(path)))
    except FileNotFoundError:
        return {}


def read_checksum(path: Path) -> str | None:
    """Read the checksum that a file states, without its contents; None where there is no file. Raises `DAMAGES`.

    Empty for a file that is whole as far as its header says and states none, such as one of another program's.
    """
    try:
        if is_remote(path):
            return str(_read_remote_header(path)["sha256"])
        with safe_open(path, framework="numpy") as file:
            return str(json.loads((file.metadata() or {})["record"])["sha256"])
    except FileNotFoundError:
        return None
    except KeyError:
        return ""


def _read_file(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    with safe_open(path, framework="numpy") as file:
        record = json.loads((file.metadata() or {})["record"])
        return record, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def _read_bytes(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `pack_entries` gave; the library reads metadata from files alone: the length of a header, then it."""
    return _read_header(content), load(content)


def _read_header(content: bytes) -> dict[str, Any]:
    """Read the record in the metadata of a file that begins with ``content``."""
    record: dict[str, Any] = json.loads(
        json.loads(content[_LENGTH : _LENGTH + _find_length(content)])["__metadata__"]["record"]
    )
    return record


def _read_remote_header(path: Path) -> dict[str, Any]:
    """Read the record of a file elsewhere without its tensors, in one question where its header is short."""
    content = read_remote(path, _SHORT)
    if (whole := _LENGTH + _find_length(content)) > _SHORT:
        content = read_remote(path, whole)
    return _read_header(content)


def _find_length(content: bytes) -> int:
    return int.from_bytes(content[:_LENGTH], "little")


def _unpack(record: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> dict[str, Entry]:
    """Bring record and tensors together. Raises ValueError where the checksum does not fit."""
    if record["sha256"] != _compute_checksum(tensors, record["values"]):
        raise ValueError("its checksum does not fit its contents")
    entries: dict[str, Entry] = {name: ({}, values) for name, values in json.loads(record["values"]).items()}
    for name, tensor in tensors.items():
        entry, _, part = name.rpartition("/")
        entries[entry][0][part] = tensor
    return entries


def _compute_checksum(tensors: Mapping[str, np.ndarray], values: str) -> str:
    digest = hashlib.sha256(values.encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f"{name}{_name_dtype(array.dtype)}{array.shape}".encode() + array.tobytes())
    return digest.hexdigest()


@cache
def _name_dtype(dtype: np.dtype[Any]) -> str:
    """Name a dtype, which NumPy makes up anew each time: half the seconds of a checksum of small arrays."""
    return str(dtype)
