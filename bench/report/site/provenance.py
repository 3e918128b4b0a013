"""Where a site's numbers come from: settings, versions, hashes, protocol, run by run; no part of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.report.site.shown import SiteRun
from bench.score.protocol_text import describe_protocol
from bench.score.protocol_words import describe_in_words
from bench.store.sealed import check_intact

_KEPT = (
    "command", "repeat", "zgs", "python", "platform", "device", "dtype", "libraries", "seconds", "made_of", "data",
    "over_segments", "namespaces", "notes", "remark", "shared", "files", "sha256",
)  # fmt: skip
"""What of run.json is told; not the host, and not the folder that the command was typed in."""


def describe_provenance(runs: Sequence[SiteRun]) -> dict[str, Any]:
    """Describe each protocol once, in words and by its settings, with its runs; and each run."""
    return {"protocols": list_protocols(runs), "runs": list(map(describe_run, runs))}


def describe_run(run: SiteRun) -> dict[str, Any]:
    """Describe a run: its folder's name, config.yaml word by word, versions and checksums."""
    folder = run.shown.folder
    return {
        "name": run.name,
        "folder": folder.name,
        "config": check_intact(folder, "config.yaml").read_text(encoding="utf-8", errors="replace"),
        "record": {key: run.record[key] for key in _KEPT if run.record.get(key) not in (None, [], {})},
        "skipped": run.skipped,
    }


def list_protocols(runs: Sequence[SiteRun]) -> list[dict[str, Any]]:
    """List the protocols of some runs, each once: names of its runs, sentences, and all settings as one block."""
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        for score in run.record.get("protocols") or [run.record.get("score") or run.settings["score"]]:
            text = describe_protocol(score)
            own = found.setdefault(text, {"runs": [], "words": describe_in_words(score), "settings": text})
            own["runs"].append(run.name)
    return list(found.values())
