"""Section 4's scores.csv of an earlier version, with the columns that say what each row is; no number moves.

    python scripts/describe_scores.py results/tuning/*/scores.csv

Role, data set, class list, protocol, mapping, threshold, measure and group are read from what the file says already:
the full name of each metric, and the title of each variant. Notes about intervals are empty: such a version took none.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.errors import UserError
from bench.run.run_folder import describe_rows
from bench.score.score_table import read_scores, write_scores


def main(words: Sequence[str] | None = None) -> int:
    """Write each file anew in its place; returns 1 where one is none of scores, which is told and left as it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="scores.csv of runs or of reports")
    try:
        tables = {file: describe_rows(read_scores(file)) for file in parser.parse_args(words).files}
    except UserError as error:
        print(f"describe_scores: {error}", file=sys.stderr)
        return 1
    for file, table in tables.items():
        write_scores(table, file)
        print(f"{file}: {len(table)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
