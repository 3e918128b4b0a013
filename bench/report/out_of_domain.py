"""What a reader must know of the models behind runs: whose numbers compare with none, whose names mean nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hydra.utils import get_object

from bench.run.run_folder import read_setting
from bench.store.sealed import read_record

OUT_OF_DOMAIN = (
    "The embedded models know nothing of photographs (they saw drawn scenes): names and scores are void here."
)


def uses_embedded_models(folders: Sequence[Path]) -> bool:
    """Whether the small models had a part in any of the runs, whose numbers then compare with nothing published.

    Where predictions of another system were scored, the record says whether a model of ours measured anything.
    """
    return any(
        read_record(folder).get("embedded", read_setting(folder, "models", "name") == "embedded") for folder in folders
    )


def is_out_of_domain(folder: Path) -> bool:
    """Whether names were made by models that have never seen a photograph, of photographs."""
    small = read_record(folder).get("made_embedded", not read_setting(folder, "models", "photographs"))
    return small and getattr(get_object(read_setting(folder, "data", "_target_")), "photographs", True)
