"""Reads the file of an offline W&B run: a log of protobuf records in LevelDB's format, with wandb's own messages.

The reader that wandb shipped is gone since 0.2x; the format is a header of 7 bytes, then blocks of 32 KiB with
records of a checksum (4 bytes), a length (2), a kind (1: whole, 2: first, 3: middle, 4: last) and so many bytes.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HEADER, BLOCK = 7, 32768


def read_payloads(content: bytes) -> Iterator[bytes]:
    """The records of a file; raises AssertionError for what is no such file, or damaged."""
    ident, magic, version = struct.unpack("<4sHB", content[:HEADER])
    assert (ident, magic, version) == (b":W&B", 0xBEE1, 0)
    at, parts = HEADER, b""
    while at < len(content):
        if BLOCK - at % BLOCK < HEADER:
            at += BLOCK - at % BLOCK
            continue
        checksum, length, kind = struct.unpack("<IHB", content[at : at + HEADER])
        data = content[at + HEADER : at + HEADER + length]
        assert len(data) == length and zlib.crc32(data, zlib.crc32(bytes([kind]))) == checksum
        at, parts = at + HEADER + length, parts + data
        if kind in (1, 4):
            yield parts
            parts = b""
    assert not parts, "the last record is whole"


@dataclass
class OfflineRun:
    """What a W&B run told: ``history`` is a dict a step, ``artifacts`` by their names, ``exits`` its exit codes."""

    folder: Path
    run: Any = None
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, Any] = field(default_factory=dict)
    exits: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    def read_table(self, key: str) -> dict[str, Any]:
        """The file of a table in the history."""
        found: dict[str, Any] = json.loads((self.folder / "files" / self.history[-1][key]["path"]).read_text())
        return found


def find_offline_runs(folder: Path) -> list[Path]:
    """The files of all offline runs below a folder."""
    return sorted(folder.glob("**/wandb/offline-run-*/run-*.wandb"))


def read_offline_run(path: Path) -> OfflineRun:
    """Everything that an offline run told, from its file."""
    from wandb.proto import wandb_internal_pb2 as pb

    told = OfflineRun(path.parent)
    for payload in read_payloads(path.read_bytes()):
        record = pb.Record()
        record.ParseFromString(payload)
        kind = record.WhichOneof("record_type")
        told.kinds.append(kind)
        if kind == "run":
            told.run = record.run
            _update(told.config, record.run.config.update)
        elif kind == "config":
            _update(told.config, record.config.update)
        elif kind == "history":
            told.history.append(_update({}, record.history.item))
        elif kind == "summary":
            _update(told.summary, record.summary.update)
        elif kind == "artifact":
            told.artifacts[record.artifact.name] = record.artifact
        elif kind == "exit":
            told.exits.append(record.exit.exit_code)
    return told


def _update(told: dict[str, Any], items: Any) -> dict[str, Any]:
    for item in items:
        *path, last = list(item.nested_key) or [item.key]
        node = told
        for name in path:
            node = node.setdefault(name, {})
        node[last] = json.loads(item.value_json)
    return told
