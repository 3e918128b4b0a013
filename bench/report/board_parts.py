"""What stands behind the numbers of a board: segmenter, captioner, columns that are one thing, a missing TGQ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bench.csv_files import read_csv
from bench.errors import BadSample, UserError
from bench.metric_name import parse
from bench.report.tables.cells import write_title
from bench.score.ranks import find_copies
from bench.settings.instantiate import make_object
from bench.settings.saved import read_run_settings

PARTS = {"segment": "Segments", "caption": "Texts", "merge": "Merging"}
RETRIEVAL, NO_MERGE = "bench.caption.retrieval.Retrieval", "bench.merge.none.NoMerge"


def describe_parts(folders: Iterable[Path]) -> list[str]:
    """Describe what made segments and texts of the runs, and whether a captioner was handed the class names."""
    settings = {folder: read_run_settings(folder) for folder in folders}
    told = [f"{title}: {names}" for key, title in PARTS.items() if (names := _count_options(settings.values(), key))]
    handed = sum(is_handed_names(folder, own) for folder, own in settings.items())
    lines = [f"{'; '.join(told)}."] if told else []
    if handed:
        who = "the captioner was" if handed == len(settings) else f"{handed} of {len(settings)} captioners were"
        lines.append(
            f"Instead of describing freely, {who} handed the class names: its text is the class whose embedding is "
            "nearest, so TT and ST find the same class, and TT says nothing about generated texts."
        )
    return lines


def _count_options(settings: Iterable[Mapping[str, Any]], key: str) -> str:
    """Count the options of a group, by their names, and where several stand there how many runs have each."""
    found = Counter(str(own.get("choices", {}).get(key) or _name_class(own[key])) for own in settings if own.get(key))
    return (
        next(iter(found))
        if len(found) == 1
        else ", ".join(f"{name} ({n} run{'s' * (n > 1)})" for name, n in found.items())
    )


def _name_class(options: Any) -> str:
    return str(options.get("_target_", "")).rpartition(".")[2] if isinstance(options, Mapping) else str(options)


def is_handed_names(folder: Path, settings: Mapping[str, Any]) -> bool:
    """Whether the captioner of a run chooses among class names alone; false where its file of words is gone."""
    caption = settings.get("caption") or {}
    words = caption.get("words", ()) if caption.get("_target_") == RETRIEVAL else ()
    if isinstance(words, str):
        words = Path(words).read_text(encoding="utf-8-sig").splitlines() if Path(words).is_file() else ()
    chosen = {str(word).strip() for word in words} - {""}
    return bool(chosen) and chosen <= read_class_names(folder, settings)


def read_class_names(folder: Path, settings: Mapping[str, Any]) -> set[str]:
    """Read the class names of a run's data; where these are gone, those that its confusions name."""
    try:
        dataset = make_object(settings["data"])
        return set(dataset.classes.names) if dataset.classes is not None else set()
    except (KeyError, UserError, BadSample, OSError):
        confusion = folder / "confusion.csv"
        table = read_csv(confusion) if confusion.is_file() else pd.DataFrame(columns=["true", "said"])
        return {*table["true"].dropna().astype(str), *table["said"].dropna().astype(str)}


def describe_copies(table: pd.DataFrame) -> Iterator[str]:
    """Describe the columns that repeat another one, number by number."""
    for copy, first in find_copies(table).items():
        told = f"{write_title(copy)} has the numbers of {write_title(first)} for every variant"
        yield f"{told}: in the mean rank both count once."


def describe_missing_tgq(folders: Iterable[Path], metrics: Iterable[str]) -> Iterator[str]:
    """Describe why a board has no TGQ, where it has none."""
    if "tgq" in {parse(metric).metric.partition(".")[0] for metric in metrics}:
        return
    without = [own for own in map(read_run_settings, folders) if (own.get("merge") or {}).get("_target_") == NO_MERGE]
    told = "merge=none describes no true segments; merge.oracle=true does" if without else "the runs share none"
    yield f"TGQ is missing: {told}."
