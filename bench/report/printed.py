"""Tables 1 to 5 of finished runs in a terminal, with their protocols and files; nothing here can draw."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.report.out_of_domain import OUT_OF_DOMAIN, is_out_of_domain, uses_embedded_models
from bench.report.runs import merge_scores
from bench.report.tables.tables import print_table
from bench.run.writing import read_while_whole
from bench.score.protocol_text import WIDTH, describe_protocol
from bench.score.score_table import split_measure
from bench.settings.saved import read_run_settings
from bench.store.sealed import read_record
from bench.text.escape import escape_for_terminal

NOT_SHOWN = ("cosine", "top1")
"""Companions of TGQ: in scores.csv and table.md only, so that the terminal's one table holds the paper's metrics."""


@read_while_whole
def print_runs(folders: Sequence[Path]) -> None:
    """Print the table over some runs, then the folder of each with the names of its files."""
    table = merge_scores(folders)
    if len(table):
        print()
        shown = drop_groups(table[[split_measure(measure)[0][-1] not in NOT_SHOWN for measure in table["measure"]]])
        width = max(shutil.get_terminal_size((120, 24)).columns, 100)
        print_table(shown, embedded=uses_embedded_models(folders), width=width)
        print(*describe_protocols(folders, width), sep="\n")
    else:
        print("no labels, so no scores: predictions and pictures only")
    if any(map(is_out_of_domain, folders)):
        print(OUT_OF_DOMAIN)
    for folder in folders:
        print(f"\n{escape_for_terminal(str(folder))}/")
        print("  " + "  ".join(sorted(p.name + "/" * p.is_dir() for p in folder.iterdir() if p.name[0] != ".")))


def describe_protocols(folders: Sequence[Path], width: int = WIDTH) -> list[str]:
    """Describe every setting of the protocols behind the runs, one block for each that differs."""
    blocks: dict[str, None] = {}
    for folder in folders:
        record = read_record(folder)
        scores = record.get("protocols") or [record.get("score") or read_run_settings(folder)["score"]]
        blocks |= dict.fromkeys(
            "\n".join(map(escape_for_terminal, describe_protocol(score, width).splitlines())) for score in scores
        )
    return list(blocks)


def drop_groups(table: pd.DataFrame) -> pd.DataFrame:
    """Drop the metrics of a breakdown, which are in the csv only."""
    return table[table["group"] == ""]
