"""Tables 1 to 5: what stands in each cell, header and note, before it has a form."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.errors import UserError
from bench.metric_name import MetricName, parse, write_number
from bench.metrics.registry import find_title, find_unit
from bench.score.evaluate import NOTE
from bench.score.score_table import ALL, EMBEDDED_NOTE, OWN, check_columns, describe_name, split_measure

MISSING = "–"
"""What does not exist (TGQ of merge=none, as in the paper): never a copy of another number, never 0."""
_REASONS = 3
_MEASURES = {"cosine": "cosine", "top1": "top-1"}


@dataclass(frozen=True)
class Cell:
    """One number as text: ``31.2``, its interval ``[28.0, 34.1]``, and its n where a column has more than one n."""

    value: str = MISSING
    interval: str = ""
    n: str = ""


@dataclass(frozen=True)
class Row:
    """A variant and one cell for each column."""

    variant: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table before it has a form: header lines for each column, two blocks of rows, notes below."""

    headers: tuple[tuple[str, ...], ...]
    variants: tuple[Row, ...]
    bounds: tuple[Row, ...]
    notes: tuple[str, ...]


def lay_out(scores: pd.DataFrame, *, embedded: bool) -> Table:
    """Lay the table as texts, without a form. Raises `UserError` where a column is missing or a row stands twice."""
    check_columns(scores, "scores", ALL)
    twice = scores.duplicated(["variant", "metric"])
    if twice.any():
        row = scores[twice].iloc[0]
        raise UserError(f"scores: {row['variant']} has {row['metric']} twice; a table shows one run")
    metrics = list(dict.fromkeys(scores["metric"]))
    names = [parse(metric) for metric in metrics]
    common = [_describe_common_n(scores[scores["metric"] == metric]) for metric in metrics]
    found = {(row["variant"], row["metric"]): row for _, row in scores.iterrows()}
    rows = [
        Row(
            str(variant), tuple(_make_cell(found.get((variant, m)), m, n) for m, n in zip(metrics, common, strict=True))
        )
        for variant in dict.fromkeys(scores["variant"])
    ]
    own = set(scores.loc[scores["role"] == OWN, "variant"])
    bounds = tuple(row for row in rows if row.variant not in own)
    headers = tuple((*shorten_name(name, names), n) for name, n in zip(names, common, strict=True))
    return Table(
        headers, tuple(row for row in rows if row not in bounds), bounds, _write_notes(scores, names, embedded)
    )


def find_unit_of(metric: str) -> str:
    """Find the unit of a metric by its full name: "share" (given in percent), "cosine" or "count" (as they are)."""
    return find_unit(parse(metric).metric)


def scale(metric: str) -> float:
    """Find what the values of a metric (full name) are multiplied by where people read them."""
    return 100.0 if find_unit_of(metric) == "share" else 1.0


def write_value(value: float, kind: str) -> str:
    """Write a value of a unit as text: ``31.2`` of a share, ``0.312`` of a cosine, ``7.25`` of a count."""
    return f"{100 * value:.1f}" if kind == "share" else f"{value:.3f}" if kind == "cosine" else f"{value:.2f}"


def name_plain_units(metrics: Iterable[str]) -> str:
    """Name which of some metrics (full names) are not in percent: ``cosines``, and ``counts`` where there are any."""
    return "cosines and counts" if "count" in {find_unit_of(metric) for metric in metrics} else "cosines"


def write_title(metric: str) -> str:
    """Write the full name of a metric as a title of one line: what, under which mapping, how averaged."""
    return " ".join(filter(None, shorten_name(parse(metric))))


def shorten_name(name: MetricName, among: Sequence[MetricName] = ()) -> tuple[str, str, str]:
    """Shorten a metric to a column's three lines: what (IoU), under which mapping (TT ≥0.5), how averaged.

    What differs ``among`` the metrics of a table beyond that (data set, protocol) is added to the last line.
    """
    bound = "" if name.bound is None else f"{name.relation}{write_number(name.bound)}"
    what, averaging = describe_metric(name.metric + bound)
    what += " (count)" if find_unit(name.metric) == "count" else ""
    mapping = "" if name.mapping == "none" else name.mapping.upper()
    mapping += "" if name.threshold is None else f" ≥{write_number(name.threshold)}"
    shown, *others = [_list_parts(each) for each in (name, *among)]
    added = [text for text, *texts in zip(shown, *others, strict=True) if len(set(texts)) > 1]
    return what, mapping, ", ".join(filter(None, (averaging, *added)))


def describe_metric(metric: str) -> tuple[str, str]:
    """Describe the last part of a metric's name in words: ``recall.argmax>0.5`` is ("Recall >0.5", "argmax")."""
    (family, *rest), bound = split_measure(metric)
    measure = [_MEASURES[part] for part in rest if part in _MEASURES]
    averaging = [part for part in rest if part not in _MEASURES]
    return " ".join(filter(None, (find_title(family), *measure, bound))), ", ".join(averaging)


def write_mark(row: Mapping[Any, Any] | pd.Series) -> str:
    """A star behind an interval that may be too narrow."""
    return "*" if row[NOTE] else ""


def list_doubts(table: pd.DataFrame) -> list[str]:
    """What the star means, with the reasons that stand in the table."""
    reasons = [note for note in dict.fromkeys(table.loc[table["low"].notna(), NOTE]) if note]
    if not reasons:
        return []
    more = f"; and {len(reasons) - _REASONS} reasons more, in the csv" if len(reasons) > _REASONS else ""
    return ["* This interval may be too narrow: " + "; ".join(reasons[:_REASONS]) + more + "."]


def _list_parts(name: MetricName) -> tuple[str, str, str]:
    """List data, class list, and the protocol's name without its options."""
    described = describe_name(str(name))
    return described.dataset, described.classlist, name.score


def _describe_common_n(rows: pd.DataFrame) -> str:
    known = rows[rows["value"].notna()]
    texts = {f"n={int(n)} {unit}" for n, unit in zip(known["n"], known["unit_of_n"], strict=True)}
    return texts.pop() if len(texts) == 1 else ""


def _make_cell(row: pd.Series | None, metric: str, common_n: str) -> Cell:
    if row is None or math.isnan(row["value"]):
        return Cell()
    value, low, high = (_write_number(float(row[key]), find_unit_of(metric)) for key in ("value", "low", "high"))
    interval = f"[{low}, {high}]{write_mark(row)}" if MISSING not in (low, high) else ""
    return Cell(value, interval, "" if common_n else f"n={int(row['n'])} {row['unit_of_n']}")


def _write_number(value: float, kind: str) -> str:
    return MISSING if math.isnan(value) else write_value(value, kind)


def _write_notes(scores: pd.DataFrame, names: Sequence[MetricName], embedded: bool) -> tuple[str, ...]:
    places = ", ".join(dict.fromkeys("{}, class list {}".format(*_list_parts(name)[:2]) for name in names))
    protocols = ", ".join(scores["protocol"].unique())
    models = dict.fromkeys(f"{name.mapping.upper()} by {name.model}" for name in names if name.model)
    plain = name_plain_units(map(str, names))
    notes = [
        f"Data: {places}. Protocol: {protocols}." + (f" Mapping: {', '.join(models)}." if models else ""),
        f"Percent ({plain} as they are) with 95 % intervals; {MISSING} does not exist.",
        *list_doubts(scores[scores["group"] == ""]),
    ]
    # Where a metric of a variant covers fewer images than another, the worst is what a reader must know.
    for variant, rows in scores.dropna(subset=["expected", "found", "skipped"]).groupby("variant", sort=False):
        worst = rows.sort_values("found").iloc[0]
        expected, found, skipped = (int(worst[key]) for key in ("expected", "found", "skipped"))
        if found < expected or skipped:
            notes.append(f"{variant}: {found} of {expected} images found, {skipped} skipped.")
    return (*notes, EMBEDDED_NOTE) if embedded else tuple(notes)
