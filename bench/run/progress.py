"""How far a run has come that is not finished, and the line that finishes it; no part of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.run.provenance import make_repeat_line
from bench.settings.saved import read_settings
from bench.settings.trust import check_made, list_foreign_packages
from bench.store.sealed import RECORD


def is_unfinished(folder: Path) -> bool:
    """Whether a folder is of a run that has begun and has not ended."""
    return (folder / "config.yaml").is_file() and not (folder / RECORD).is_file()


def describe_unfinished(folder: Path, trusted: Sequence[str] = ()) -> str:
    """Describe an unfinished run: how many of its images the store holds, and the command that finishes it."""
    path = folder / "config.yaml"
    settings = read_settings(path)
    check_made(settings, path, trusted)
    line = make_repeat_line(folder, list_foreign_packages(settings))
    return f"{folder}: not finished ({describe_progress(settings)}); finish it with {line}"


def describe_progress(settings: Mapping[str, Any]) -> str:
    """Describe how much of a run with these settings the store holds, or why nobody can say."""
    from bench.run.context import RunContext

    try:
        images = len(RunContext(settings).dataset.list_ids())
        done = _count_stored(settings)
    except UserError as error:
        return " ".join(str(error).split())
    return f"the store holds predictions of {done} images of this variant; this run has n = {images}"


def count_predicted(settings: Mapping[str, Any]) -> int:
    """Count the images of a variant of which the store holds predictions; 0 where nobody can say."""
    try:
        return _count_stored(settings)
    except UserError:
        return 0


def _count_stored(settings: Mapping[str, Any]) -> int:
    from bench.run.context import RunContext

    return len(list(RunContext(settings).predictions.folder.glob("*.safetensors")))
