"""Everything that a study says, on one page: agreement, raters before and after exclusion, Table 2, calibration."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from tqdm import tqdm

from bench.csv_files import write_csv
from bench.errors import UserError
from bench.report.out_of_domain import uses_embedded_models
from bench.report.pages import write_pages
from bench.settings.saved import read_run_settings
from bench.study.agreement import measure_agreement
from bench.study.calibration import Calibration, calibrate
from bench.study.collected import Collected
from bench.study.distribution import compute_distribution
from bench.study.exclusion import ExclusionRule, find_excluded
from bench.study.figures import draw_calibration
from bench.study.raters_table import make_raters_table
from bench.study.ratings_files import count_missing, list_whole_batches, write_ratings
from bench.study.report_page import write_text
from bench.study.reported import Report

TAU = {"tt": ("tau_sbert", 0.5), "st": ("tau_clip", 0.1)}
"""The setting of a protocol that a mapping's cosine is held to, and the paper's value."""


def make_report(collected: Collected, rule: ExclusionRule, exclude: bool, resamples: int, seed: int = 0) -> Report:
    """Measure everything. Where ``exclude`` is false the rule is applied to the table alone.

    Raises UserError where the rule leaves nobody.
    """
    excluded = find_excluded(collected, rule)
    kept = collected.leave_out(excluded) if exclude else collected
    if kept.regular.empty:
        raise UserError(f"study report: the rule leaves no answer: {rule.describe()}; exclude=no shows all")
    before = measure_agreement(collected.regular, resamples, seed)
    after = measure_agreement(kept.regular, resamples, seed) if excluded and exclude else before
    shares = compute_distribution(collected, resamples, seed)
    shares_after = compute_distribution(kept, resamples, seed) if excluded and exclude else shares
    answers = collected.answers
    gone = set(answers.loc[answers["excluded"] != "", "rater"]) | set(excluded if exclude else ())
    return Report(
        kept, rule, excluded if exclude else {}, before, after, make_raters_table(collected, rule.seconds, gone),
        (shares, shares_after), list_calibrations(kept, resamples, seed),
        (_count_ratings_a_question(collected), _count_ratings_a_question(kept)), count_missing(kept),
        list_whole_batches(kept), _is_embedded(kept),
    )  # fmt: skip


def _count_ratings_a_question(collected: Collected) -> float:
    return len(collected.regular) / collected.regular["question"].nunique()


def list_calibrations(collected: Collected, resamples: int, seed: int) -> list[Calibration]:
    """Calibrate each run's TT and ST, as far as they were asked about."""
    table = collected.uses.merge(collected.regular[["question", "rating"]], on="question").dropna(subset="cosine")
    asked = [(run, kind) for run in collected.runs for kind in TAU]
    return [
        calibrate(run, kind, _read_tau(collected, run, kind), part, min(resamples, 2000), seed)
        for run, kind in tqdm(asked, desc="calibration", disable=None)
        if len(part := table[(table["run"] == run) & (table["kind"] == kind)])
    ]


def write_report(report: Report, to: Path, study: Path) -> list[Path]:
    """Write the page with its tables and pictures, and ratings/RUN.csv, of the study in a folder; returns the files."""
    to.mkdir(parents=True, exist_ok=True)
    ratings = write_ratings(report.collected, to / "ratings")
    written = [*ratings.values(), *_write_tables(report, to)]
    if report.calibrations:
        written += draw_calibration(report.calibrations, to / "calibration", report.embedded)
    return [*write_pages(write_text(report, ratings, study), to / "report"), *written]


def _write_tables(report: Report, to: Path) -> list[Path]:
    agreement = [
        {"raters": raters, **vars(each)}
        for raters, part in (("all", report.before), ("kept", report.after))
        for each in part
    ]
    shares = [part.assign(raters=raters) for raters, part in zip(("all", "kept"), report.distribution, strict=True)]
    bins = [part.bins.assign(run=part.run, kind=part.kind) for part in report.calibrations]
    thresholds = [
        {"run": part.run, "kind": part.kind, "tau": part.tau, "value": part.threshold, "low": part.low,
         "high": part.high, "n": part.n, "images": part.images, "kept": part.kept[0], "kept_n": part.kept[3],
         "dropped": part.dropped[0], "dropped_n": part.dropped[3], "note": part.note}
        for part in report.calibrations
    ]  # fmt: skip
    tables = {
        "agreement": pd.DataFrame(agreement), "raters": report.raters, "distribution": pd.concat(shares),
        "thresholds": pd.DataFrame(thresholds), "calibration": pd.concat(bins) if bins else pd.DataFrame(),
    }  # fmt: skip
    return [write_csv(table, to / f"{name}.csv", decimals=6) for name, table in tables.items() if len(table)]


def _read_tau(collected: Collected, run: str, kind: str) -> float:
    """Read the threshold that the run's own protocol holds a cosine to; the paper's where it has none or is gone."""
    key, standard = TAU[kind]
    try:
        value = read_run_settings(Path(collected.facts["runs"][run]))["score"].get(key)
    except (UserError, KeyError):
        return standard
    return standard if value is None else float(value)


def _is_embedded(collected: Collected) -> bool:
    """Whether the small models made any of the runs; unknown ones count as not."""
    folders = [Path(folder) for folder in collected.facts["runs"].values()]
    try:
        return bool(uses_embedded_models(folders))
    except UserError:
        return False
