"""Section 4's numbers as a tidy table, scores.csv: one number a row, and columns that say what the row is.

A full name (`bench.metric_name`) says what a number is, but only to who takes it apart. The columns `DESCRIBED` are its
parts, so that people and programs filter, group and join by them; put together they are the name again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from bench.csv_files import read_csv, write_csv
from bench.errors import UserError
from bench.metric_name import parse, write_number
from bench.protocol import BREAKDOWNS
from bench.score.evaluate import COLUMNS, NOTE

OWN, FLOOR, CEILING = ROLES = ("own", "floor", "ceiling")
"""What a row is there for: a variant's own number, or what is reached without a method, or at best."""
DESCRIBED = ("dataset", "classlist", "protocol", "mapping", "threshold", "measure", "group")
ALL = (*COLUMNS, "role", *DESCRIBED, NOTE)
OF_CURVES = ("role", "dataset", "classlist", "protocol", NOTE)
"""Columns that curves.csv and areas.csv gain; they have had ``mapping`` and ``metric`` (a measure) all along."""
EMBEDDED_NOTE = "Made with embedded models: cannot be compared with published numbers."
_WHOLE = ("n", "expected", "found", "skipped")


@dataclass(frozen=True)
class Description:
    """The parts of a full name as columns: what a number was measured on, by what, and of which units.

    ``dataset`` is with split and subset, ``protocol`` with its options, ``mapping`` with its model; ``threshold`` is
    the mapping's (NaN: none); ``measure`` is the metric without its group, and ``group`` is ``size=small``, or empty.
    """

    dataset: str
    classlist: str
    protocol: str
    mapping: str
    threshold: float
    measure: str
    group: str


@lru_cache(maxsize=1 << 16)
def describe_name(name: str) -> Description:
    """Take a full name apart. Raises UserError for what is none."""
    parts = parse(name)
    dataset = f"{parts.dataset}:{parts.split}" + (f"[{parts.subset}]" if parts.subset else "")
    options = "{" + ",".join(f"{key}={value}" for key, value in parts.options) + "}" if parts.options else ""
    mapping = parts.mapping + (f"({parts.model})" if parts.model else "")
    threshold = float("nan") if parts.threshold is None else parts.threshold
    words, group = _split_group(parts.metric)
    measure = words if parts.bound is None else f"{words}{parts.relation}{write_number(parts.bound)}"
    return Description(dataset, parts.classlist, parts.score + options, mapping, threshold, measure, group)


def split_measure(measure: str) -> tuple[tuple[str, ...], str]:
    """Split ``recall.argmax>0.5`` as its words ("recall", "argmax") and its bound ">0.5" (empty: none)."""
    words, relation, bound = measure.partition(">")
    return tuple(words.split(".")), relation + bound


def add_columns(
    table: pd.DataFrame, role: str | Sequence[str], name: str = "metric", only: Sequence[str] = ALL
) -> pd.DataFrame:
    """Add to rows what each is: its role, and the parts of the full name in the column ``name``; and empty notes.

    Columns that are there already stay as they are.
    """
    described = [describe_name(text) for text in table[name].tolist()]
    new = {key: [getattr(each, key) for each in described] for key in DESCRIBED}
    added = {"role": role, **new, NOTE: ""}
    wanted = {key: values for key, values in added.items() if key in only and key not in table}
    return table.assign(**wanted)


def write_scores(scores: pd.DataFrame, path: Path | str) -> Path:
    """Write scores.csv: fixed columns, six decimals, whole counts; rows in the order given. Returns ``path``."""
    check_columns(scores, "scores", ALL)
    exact = ["" if threshold != threshold else write_number(threshold) for threshold in scores["threshold"]]
    counts = {column: scores[column].astype("Int64") for column in _WHOLE}
    return write_csv(scores.assign(**counts, threshold=exact)[list(ALL)], path, decimals=6)


def read_scores(path: Path | str) -> pd.DataFrame:
    """Read scores.csv of any version. Raises `UserError` where the file or one of its first columns is missing."""
    scores = read_csv(path)
    check_columns(scores, str(path), COLUMNS)
    return scores


def check_columns(scores: pd.DataFrame, where: str, columns: Sequence[str]) -> None:
    """Raise `UserError` where one of the columns is missing or there is no row."""
    missing = [column for column in columns if column not in scores.columns]
    if missing:
        raise UserError(f"{where}: column {missing[0]!r} is missing; scores have {', '.join(columns)}")
    if scores.empty:
        raise UserError(f"{where}: holds no score")


def _split_group(metric: str) -> tuple[str, str]:
    """Split off a group: ``recall.size.small`` is ("recall", "size=small"); a metric of all units has none."""
    *words, kind, member = ("", "", *metric.split("."))
    if kind not in BREAKDOWNS or not any(words):
        return metric, ""
    return ".".join(filter(None, words)), f"{kind}={member}"
