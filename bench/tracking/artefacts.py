"""The files of section 5's runs as artefacts of a tracker: predictions, the scores made from them, the report."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bench.csv_files import read_csv
from bench.predictions.source import PredictionFile
from bench.store.sealed import RECORD, read_record
from bench.system.hashing import hash_file
from bench.tracking.told import Artefact

NUMBERS = (
    "config.yaml", "scores.csv", "per_image.parquet", "per_image_n.parquet", "per_class.parquet", "segments.parquet",
    "curves.csv", "areas.csv", "confusion.csv", "ratings.csv", "ids.txt", RECORD,
)  # fmt: skip
"""Files of the artefact of scores, where a run has them."""


def make_identity(name: str) -> str:
    """Make an id of 16 letters and digits, which is the same for the same name."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def describe_predictions(folder: Path, settings: Mapping[str, Any]) -> Artefact:
    """Describe the predictions that a folder's scores are of: those of a run by its identity, others by their content.

    They may be gone since a folder of `zgs score` was made; the artefact then has no file.
    """
    path = Path(settings.get("predictions") or folder / "predictions.json")
    files = {each.name: each for each in (path, path.with_suffix(".npz")) if each.is_file()}
    if not files:
        return Artefact(f"predictions-{make_identity(str(path))}", "predictions", {})
    own = (path.parent / RECORD).is_file()
    identity = make_identity(path.parent.resolve().name if own else hash_file(path))
    return Artefact(f"predictions-{identity}", "predictions", files, {"images": len(PredictionFile(path))})


def describe_scores(folder: Path) -> Artefact:
    """Describe the numbers of a folder, with the rows of each file: a tracker's own tables may have to be cut."""
    files = {name: folder / name for name in NUMBERS if (folder / name).is_file()}
    rows = {name: _count_rows(path) for name, path in files.items() if path.suffix in (".csv", ".parquet")}
    variant = str(read_record(folder)["variant"])
    return Artefact(
        f"scores-{make_identity(folder.resolve().name)}", "scores", files, {"rows": rows, "variant": variant}
    )


def describe_report(folder: Path, identity: str) -> Artefact | None:
    """Describe every file below a report's folder; None where there is none."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): path for path in paths}
    return Artefact(f"report-{identity}", "report", files, {"files": len(files)}) if files else None


def _count_rows(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows) if path.suffix == ".parquet" else len(read_csv(path))
