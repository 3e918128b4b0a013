"""Yamls of configuration groups, which are read a hundred at a time; no part of the paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bench.system.resources import find_conf_dir


def read_conf_yaml(path: Path) -> Any:
    """Read a yaml of the package's groups, or of a user's folder.

    Ours by PyYAML's parser in C, where it is there: a tenth of the time, but it crashes at a text that is nested deep
    enough, which may be a stranger's. Raises OSError, ValueError or YAMLError.
    """
    ours = path.is_relative_to(find_conf_dir())
    return yaml.load(path.read_text(encoding="utf-8"), _choose_loader() if ours else yaml.SafeLoader)


def _choose_loader() -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # some builds of PyYAML have no parser in C
