"""Where a site's numbers come from: settings, versions, hashes, protocol, run by run; no part of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.report.site.shown import SiteRun
from bench.score.protocol_text import describe_protocol
from bench.store.sealed import check_intact

_KEPT = (
    "command", "repeat", "zgs", "python", "platform", "device", "dtype", "libraries", "seconds", "made_of", "data",
    "over_segments", "namespaces", "notes", "remark", "shared", "files", "sha256",
)  # fmt: skip
"""What of run.json is told; not the host, and not the folder that the command was typed in."""


def describe_run(run: SiteRun) -> dict[str, Any]:
    """Describe a run: its folder's name, config.yaml word by word, its protocols in words, versions and checksums."""
    folder = run.shown.folder
    return {
        "name": run.name,
        "folder": folder.name,
        "config": check_intact(folder, "config.yaml").read_text(encoding="utf-8", errors="replace"),
        "protocols": list_protocols([run]),
        "record": {key: run.record[key] for key in _KEPT if run.record.get(key) not in (None, [], {})},
        "skipped": run.skipped,
    }


def list_protocols(runs: Sequence[SiteRun]) -> list[str]:
    """List the protocols of some runs as blocks of text, each once."""
    found: dict[str, None] = {}
    for run in runs:
        scores = run.record.get("protocols") or [run.record.get("score") or run.settings["score"]]
        found |= dict.fromkeys(describe_protocol(score) for score in scores)
    return list(found)
