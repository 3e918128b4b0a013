"""Where the golden vectors lie, and how a family of them is read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np


def folder() -> Path:
    """The folder of the vectors: the environment variable ZGS_GOLDEN, else ``data`` beside this file."""
    return Path(os.environ.get("ZGS_GOLDEN") or Path(__file__).parent / "data")


def seeds(family: str) -> list[str]:
    """Every seed that exists for a family ("a", "b", …), sorted; an empty folder is an error, never a silent pass."""
    found = sorted(path.stem.removeprefix(f"{family}_") for path in folder().glob(f"{family}_*.npz"))
    if not found:
        raise FileNotFoundError(f"no golden vectors {family}_*.npz in {folder()}: check ZGS_GOLDEN")
    return found


def load(family: str, seed: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the json of one seed. Raises FileNotFoundError where either is missing."""
    stem = folder() / f"{family}_{seed}"
    with np.load(f"{stem}.npz", allow_pickle=False) as archive:
        arrays = dict(archive)
    return arrays, json.loads(Path(f"{stem}.json").read_text(encoding="utf-8"))
