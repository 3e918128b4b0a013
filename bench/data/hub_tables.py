"""Section 4, data: a Hugging Face data set opened from disk, whichever way it was written, and one of its splits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bench.data.base import suggest_nearest
from bench.errors import UserError

_SAVED = ("state.json", "dataset_dict.json")
"""What `save_to_disk` leaves in a folder, of one split and of several."""


def open_hub(root: str, config: str | None) -> Any:
    """Open a data set: a `Dataset`, or a `DatasetDict` of its splits. Raises `UserError` for all that fails."""
    from datasets import disable_progress_bars, load_dataset, load_from_disk  # a second, which other data do not pay

    disable_progress_bars()
    folder = _find_folder(root)
    try:
        if any((folder / name).is_file() for name in _SAVED):
            if config:
                raise UserError(
                    f"data.config={config}: {folder} is what save_to_disk wrote, which has no configurations"
                )
            return load_from_disk(str(folder), keep_in_memory=False)
        return load_dataset(str(folder), name=config)
    except UserError:
        raise
    except Exception as error:  # datasets, pyarrow and fsspec raise each their own
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(
            f"data.root={root}: no Hugging Face data set that can be read ({text}){_hint(error)}"
        ) from error


def choose_split(found: Any, split: str, root: str) -> tuple[str, Any]:
    """Choose a split and say what it is called. Raises `UserError` where there are several, or not this one."""
    if not isinstance(found, dict):
        own = re.sub(r"\W", "_", str(found.split or "all"))
        if split not in ("all", own):
            raise UserError(f"data.split={split}: {root} holds one split, {own}; leave data.split out")
        return own, found
    splits = list(found)
    if split == "all" and len(splits) == 1:
        return splits[0], found[splits[0]]
    if split not in splits:
        hint = suggest_nearest(split, splits) if split != "all" else ""
        raise UserError(f"data.split={split}: {root} has {', '.join(splits)}{hint}; name one")
    return split, found[split]


def _find_folder(root: str) -> Path:
    """Find the folder that ``root`` is, or the snapshot of the data set of that name in the local cache.

    The path is absolute: `load_dataset` takes a bare ``parquet``, ``csv`` or ``imagefolder`` for the format of that
    name, and reads whatever lies in the working folder.
    """
    folder = Path(root).expanduser()
    if folder.is_dir():
        return folder.absolute()
    if folder.exists():
        raise UserError(f"data.root={root} is a file; name the folder it lies in")
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", root):
        raise UserError(f"data.root={root} does not exist; name a folder, or a data set of the hub (OWNER/NAME)")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(root, repo_type="dataset", local_files_only=True))
    except (OSError, ValueError) as error:
        fetch = f"hf download {root} --repo-type dataset"
        raise UserError(
            f"data.root={root}: no such folder, and not in the hub's local cache; fetch it: {fetch}"
        ) from error


def _hint(error: Exception) -> str:
    """Write what to do about the one fault that people meet often."""
    return "; give data.config=NAME" if "config" in str(error).lower() and "missing" in str(error).lower() else ""
