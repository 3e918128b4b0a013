"""From answers to the csv that ``score.ratings`` reads: one file a run, a line a rating, as PREDICTIONS.md says."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.csv_files import write_csv
from bench.score.human_ratings import COLUMNS
from bench.store.files import make_safe_name
from bench.study.collected import Collected


def write_ratings(collected: Collected, to: Path) -> dict[str, Path]:
    """Write ``to``/RUN.csv for each run of a study; returns the files by run. Runs without an answer have none."""
    to.mkdir(parents=True, exist_ok=True)
    written = {}
    for run in collected.runs:
        table = list_ratings(collected, run)
        if len(table):
            written[run] = write_csv(table, to / f"{make_safe_name(run)}.csv")
    return written


def list_ratings(collected: Collected, run: str) -> pd.DataFrame:
    """List `human_ratings.COLUMNS` of one run: every answer once for each of its segments that were asked about.

    A label that is both text and reassigned class of a segment is one line, as one answer decides both. Where some
    batch is whole, those that are not are left out: a label that lacks a rating would count as not verified.
    """
    answers = fill_batches(collected)
    if whole := list_whole_batches(collected):
        answers = answers[answers["batch"].isin(whole)]
    uses = collected.uses[collected.uses["run"] == run].drop_duplicates(["question", "segment"])
    table = uses.merge(answers[["question", "rater", "batch", "rating"]], on="question")
    table = table.sort_values(["batch", "image", "segment", "label"], kind="stable")
    return table[list(COLUMNS)].reset_index(drop=True)


def fill_batches(collected: Collected) -> pd.DataFrame:
    """Number the answers of each question anew from 1: a batch is one answer to each, whoever gave it.

    So an answer that was taken out leaves a gap in the last batch and not in its own.
    """
    answers = collected.regular.sort_values(["question", "batch"], kind="stable")
    return answers.assign(batch=answers.groupby("question").cumcount() + 1)


def list_whole_batches(collected: Collected) -> list[int]:
    """List the batches that have an answer to every question."""
    return [batch for batch, n in _count_batches(collected).items() if n == int(collected.facts["questions"])]


def count_missing(collected: Collected) -> dict[int, int]:
    """Count the answers that each batch lacks; batches that are whole are left out."""
    asked = int(collected.facts["questions"])
    return {batch: asked - n for batch, n in _count_batches(collected).items() if n < asked}


def _count_batches(collected: Collected) -> dict[int, int]:
    given = fill_batches(collected).groupby("batch").size()
    return {batch: int(given.get(batch, 0)) for batch in range(1, int(collected.facts["raters"]) + 1)}
