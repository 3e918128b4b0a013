"""Runs that a test has changed, made whole again, or made such as an earlier version left."""

from __future__ import annotations

import json
from pathlib import Path

from bench.store.sealed import write_record


def reseal(run: Path) -> Path:
    """The run with checksums of its files as they are now."""
    told = json.loads((run / "run.json").read_text())
    write_record(run, {key: value for key, value in told.items() if key not in ("files", "sha256")})
    return run


def strip(run: Path) -> Path:
    """The run without checksums."""
    told = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({k: v for k, v in told.items() if k not in ("files", "sha256")}))
    return run
