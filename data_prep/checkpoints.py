"""Checkpoints of the training scripts: written whole or not at all, so that a killed script resumes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import nn


def save(path: Path, state: Any, of: dict[str, Any] | None = None) -> None:
    """Write ``state`` with torch.save under a temporary name, sync, then rename; ``of`` says what was trained how."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        torch.save({"state": state, "of": of}, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def load(path: Path, of: dict[str, Any] | None = None) -> Any | None:
    """The state at ``path`` on the CPU, or None where there is none yet. Exits where it is that of another training."""
    if not path.exists():
        return None
    kept = torch.load(path, weights_only=False, map_location="cpu")
    known, asked = (kept.get("of") if isinstance(kept, dict) else None) or {}, of or {}
    differ = [f"{key} {known.get(key)} instead of {asked[key]}" for key in asked if known.get(key) != asked[key]]
    if differ or not isinstance(kept, dict) or "state" not in kept:
        reason = f" ({', '.join(differ)})" if differ else ""
        raise SystemExit(f"{path} belongs to another training{reason}: name another folder for it, or remove it")
    return kept["state"]


def read_lines(path: Path) -> list[str]:
    """Read the lines of a text file that are not empty."""
    return [line.strip() for line in path.read_text().splitlines() if line.strip()]


def make_readable(folder: Path) -> None:
    """Let everyone read the folder's files: safetensors writes them for the owner alone."""
    for file in folder.rglob("*"):
        if file.is_file():
            file.chmod(0o644)


def measure_folder(folder: Path) -> int:
    """Count the bytes of all files below ``folder``."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def count_parameters(model: nn.Module) -> int:
    """Number of trained numbers of a model."""
    return sum(parameter.numel() for parameter in model.parameters())
