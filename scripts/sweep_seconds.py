"""Section 3.2: what a sweep over all maskings takes from an empty store, read from the records of its jobs.

    zgs run -m encode='glob(*)' data.subset=first:40 store=FOLDER/store out=FOLDER/out
    python scripts/sweep_seconds.py FOLDER/out/sweeps/SWEEP to=results/board/sweep.csv

A line a job: seconds by the clock, and what it made anew. The page beside the table (sweep.md) adds them up: jobs ran
one after the other, so the sum is what the sweep took, whatever else the machine did meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from bench.csv_files import write_csv
from bench.errors import UsageError, UserError
from bench.run.outcomes import collect_outcomes
from bench.run.sweep_status import PLAN, read_plan
from bench.store.sealed import read_record

GOAL = 600.0
"""Seconds that 40 images by all variants may take on 2 cores."""
MADE = ("segment", "encode", "caption", "merge")
PLACES = ("store=", "out=")


def read_jobs(sweep: Path) -> Iterator[dict[str, Any]]:
    """Read the jobs of a finished sweep, a line each.

    Raises UserError where one is missing or has failed, and where the first found anything in the store.
    """
    plan = read_plan(sweep)
    if plan is None:
        raise UserError(f"{sweep}: no folder of a sweep ({PLAN} is missing); it lies in out/sweeps/")
    for outcome in collect_outcomes(sweep, plan.jobs):
        if outcome.state != "done":
            raise UserError(f"{sweep}: job {outcome.job} is {outcome.state}; run the sweep to its end")
        record = read_record(Path(outcome.folder))
        if outcome.job == 1 and any(counts["reused"] for counts in record["store"].values()):
            raise UserError(f"{sweep}: its first job found results in the store; give the sweep an empty one")
        made = {f"{stage}_made": record["store"].get(stage, {}).get("made", 0) for stage in MADE}
        facts = {"processors": record["processors"], "command": plan.command}
        yield {"variant": record["variant"], "seconds": outcome.seconds, **made, **facts}


def write_page(table: pd.DataFrame) -> str:
    """Write what the sweep took, in a sentence, and its command without the folders that it was given."""
    words = [word for word in table["command"].iloc[0].split() if not word.startswith(PLACES)]
    total, cores = float(table["seconds"].sum()), table["processors"].iloc[0]
    images = int(table["segment_made"].sum())
    return (
        f"# What a sweep over all maskings takes\n\n`{' '.join(words)}`\n\n{len(table)} variants on {images} "
        f"images with the embedded models, from an empty store: {total:.0f} seconds by the clock on {cores} "
        f"processors, {int(table['encode_made'].sum()):,} embeddings and {int(table['caption_made'].sum()):,} texts. "
        f"The goal of {GOAL:.0f} seconds is {'met' if total <= GOAL else 'missed'}.\n"
    )


def main(arguments: list[str]) -> None:
    """Read a sweep, print the sentence, and write both files where asked to."""
    to = [word.removeprefix("to=") for word in arguments if word.startswith("to=")]
    folders = [word for word in arguments if "=" not in word]
    if len(folders) != 1 or len(to) > 1 or len(arguments) != len(to) + 1:
        raise UsageError(f"sweep_seconds: {' '.join(arguments)}: give the folder of one sweep, and to=FILE.csv")
    table = pd.DataFrame(read_jobs(Path(folders[0])))
    print(write_page(table))
    for path in map(Path, to):
        write_csv(table.drop(columns="command"), path)
        path.with_suffix(".md").write_text(write_page(table), encoding="utf-8")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
