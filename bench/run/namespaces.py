"""Which namespaces of the store a run took its results from, so that nobody removes what its record names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import UsageError, UserError
from bench.settings.saved import read_settings
from bench.settings.trust import check_made
from bench.store.files import Namespace, Store
from bench.store.listing import read_key_inputs
from bench.store.sealed import RECORD, read_record

SETTINGS = "config.yaml"
_BESIDE = ("gallery", "sweeps", "wandb", "mlruns")
"""Folders of a run in which no run lies."""
Place = tuple[str, str]
"""A stage and a key."""


def list_opened(store: Store) -> list[str]:
    """List what a run has opened of its store, as its record names it: ``encode/430742abcded7c98``."""
    return sorted(f"{stage}/{key}" for stage, key in store.opened)


def list_named(folders: Sequence[Path], namespaces: Sequence[Namespace], trusted: Sequence[str] = ()) -> set[Place]:
    """List what the runs in some folders, at any depth, name of ``namespaces``; unfinished runs by their settings.

    Raises UsageError for a folder without a run, UserError for a run of which nobody can say what it needs.
    """
    named: set[Place] = set()
    for folder in folders:
        runs = list(find_run_folders(folder))
        if not runs:
            raise UsageError(f"unused={folder}: no run lies there, so that everything would be unused")
        for run in runs:
            finished = (run / RECORD).is_file()
            named |= _read_named(run, namespaces) if finished else _compute_named(run, trusted)
    return named


def find_run_folders(folder: Path) -> Iterator[Path]:
    """Find the folders of finished and unfinished runs in a folder, or that folder itself."""
    for place, below, files in os.walk(folder):
        below[:] = sorted(name for name in below if name not in _BESIDE)
        if {RECORD, SETTINGS} & set(files):
            yield Path(place)


def _read_named(run: Path, namespaces: Sequence[Namespace]) -> set[Place]:
    record = read_record(run)
    if isinstance(listed := record.get("namespaces"), list):
        return {(stage, key) for stage, _, key in (str(each).partition("/") for each in listed)}
    if not isinstance(keys := record.get("made_of", {}).get("keys"), Mapping):
        raise UserError(
            f"{run}: of an earlier version, which did not say what it took from the store; repeat it "
            f"({record.get('repeat', 'the same command')}), or choose by older=AGE or key=KEY"
        )
    # A version that named no tables: those of its data stay.
    tables = {(s.stage, s.key) for s in namespaces if s.stage == "table" and _is_of_data(s, record.get("data"))}
    return {(stage.partition(" ")[2], str(key)) for stage, key in keys.items()} | tables


def _is_of_data(namespace: Namespace, fingerprint: Any) -> bool:
    return read_key_inputs(namespace).get("data") in (None, fingerprint)


def _compute_named(run: Path, trusted: Sequence[str]) -> set[Place]:
    """Compute the keys of a run that has begun and not ended: whoever continues it finds what it has made."""
    from bench.run.context import RunContext

    settings = read_settings(run / SETTINGS)
    check_made(settings, run / SETTINGS, trusted)
    context = RunContext(settings)
    return {(stage.partition(" ")[2], key) for stage, key in context.keys.items()} | context.store.opened
