"""The table of a sweep's jobs: one word for what became of each, whatever signs its overrides hold."""

from __future__ import annotations

import csv
import io

from bench.commands.job_table import write_job_csv, write_job_table
from bench.errors import DONE, FAILED, SKIPS, USAGE
from bench.run.outcomes import NOTHING_LEFT, STOPPED, Outcome

OUTCOMES = [
    Outcome(1, ("encode=crop", "n=1"), DONE, folder="out/crop", seconds=61.25, host="a"),
    Outcome(2, ("encode=masked", "n=1"), SKIPS, folder="out/masked", seconds=2.0, host="node-17"),
    Outcome(3, ("encode=\x1b[2J", "n=1"), FAILED, "RuntimeError: boom", "out/t.txt", seconds=0.26, host="a"),
    Outcome(4, ("encode=x,\n", "n=1"), USAGE, "no such option"),
    Outcome(5, ("encode=gem", "n=1"), FAILED, f"{NOTHING_LEFT} (killed)"),
    Outcome(6, ("encode=surgery", "n=1"), FAILED, STOPPED),
]


def test_a_job_is_a_line_with_the_words_by_which_it_differs() -> None:
    assert write_job_table(OUTCOMES).splitlines() == [
        "job  state    seconds  host     overrides       folder",
        "1    done     61.2     a        encode=crop     crop",
        "2    skips    2.0      node-17  encode=masked   masked",
        "3    failed   0.3      a        encode=\\x1b[2J  -",
        "4    refused  -        -        encode=x,\\n     -",
        "5    lost     -        -        encode=gem      -",
        "6    stopped  -        -        encode=surgery  -",
    ]


def test_the_csv_has_every_cell_whole() -> None:
    rows = list(csv.DictReader(io.StringIO(write_job_csv(OUTCOMES), newline="")))
    assert [row["state"] for row in rows] == ["done", "skips", "failed", "refused", "lost", "stopped"]
    assert rows[3]["overrides"] == "encode=x,\n n=1" and rows[2]["reason"] == "RuntimeError: boom"
    assert rows[0] | {"overrides": ""} == {
        "job": "1", "state": "done", "seconds": "61.250", "host": "a", "overrides": "", "folder": "out/crop",
        "reason": "", "traceback": "",
    }  # fmt: skip
