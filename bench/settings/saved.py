"""Settings in yaml files that are there already, those of finished runs above all; no part of the paper.

Files outlive the places of the code that they name: what moved since is found where it is now, and nothing is said.
"""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bench.errors import UserError
from bench.store.sealed import RECORD, REMEDY, check_intact

MOVED = {
    "bench.data.folder.folder": "bench.data.folder.open_folder",
    "bench.data.voc.voc": "bench.data.voc.open_voc",
    "bench.evaluate.protocol.Score": "bench.protocol.Protocol",
    "bench.report.tracking.NoTracking": "bench.tracking.base.NoTracking",
    "bench.report.tracking.Wandb": "bench.tracking.wandb_run.Wandb",
    "bench.run.tracking.NoTracking": "bench.tracking.base.NoTracking",
    "bench.run.tracking.Wandb": "bench.tracking.wandb_run.Wandb",
}
"""Targets of earlier versions and what they are called now."""
_LARGEST = 4 << 20
"""Bytes of a configuration; ours have a few thousand."""


def update_targets(settings: dict[str, Any]) -> dict[str, Any]:
    """Change every ``_target_`` in settings of any version, at any depth, to its name of today; returns the settings.

    Each list and mapping once, since yaml can hold one that contains itself.
    """
    seen, waiting = set[int](), list[Any]([settings])
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, dict | list):
            continue
        seen.add(id(node))
        waiting += node.values() if isinstance(node, dict) else node
        if isinstance(node, dict) and isinstance(target := node.get("_target_"), str):
            node["_target_"] = MOVED.get(target, target)
    return settings


def read_run_settings(folder: Path) -> dict[str, Any]:
    """Read the resolved configuration of a finished run. Raises UserError for a folder that is none."""
    if not (folder / RECORD).is_file():
        raise UserError(f"{folder}: no finished run (run.json is missing); give folders that `zgs run` has printed")
    return read_settings(check_intact(folder, "config.yaml"))


def read_settings(path: Path) -> dict[str, Any]:
    """Read the settings in a run's config.yaml. Raises UserError for what is no such file."""
    try:
        content = path.read_bytes()
        if len(content) > _LARGEST:
            raise ValueError(f"{len(content)} bytes are no settings of a run")
        settings = deepcopy(_parse_settings(content))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise UserError(f"{path}: cannot be read ({' '.join(str(error).split())[:160]}); {REMEDY}") from error
    if not isinstance(settings, dict) or not all(isinstance(key, str) for key in settings):
        raise UserError(f"{path}: should hold lines KEY: VALUE; {REMEDY}")
    return update_targets(settings)


@lru_cache(maxsize=32)
def _parse_settings(content: bytes) -> Any:
    """Parse the text of a yaml file, which a report asks for again and again.

    Not by PyYAML's parser in C, a tenth as slow: it crashes at a text that is nested deep enough, and this is a
    stranger's.
    """
    return yaml.safe_load(content.decode("utf-8"))
