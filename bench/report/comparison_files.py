"""What a report says beyond its table: paired differences, and which true segments are named right."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from bench.csv_files import write_csv
from bench.report.figures.breakdown import save_breakdown
from bench.report.figures.forest import save_differences
from bench.report.tables.breakdown import compute_breakdown, write_markdown_breakdown
from bench.report.tables.comparisons import Pair
from bench.report.tables.differences import compute_differences, write_markdown_differences
from bench.run.run_folder import NEEDED, has_rows, read_rows, read_segments
from bench.text.escape import escape_for_terminal

Named = Sequence[tuple[str, Path]]
"""Variant and folder of each run; the first is the one the others are compared with."""
Part = tuple[list[str], list[Path]]
"""Markdown for the table's page, and the files written."""


def write_comparisons(
    runs: Named, to: Path, pairs: Sequence[Pair], *, title: str, embedded: bool, floors: Collection[str] = ()
) -> Part:
    """Write differences.* and breakdown.* into ``to``; returns their markdown tables and the files.

    Compared are the ``pairs``, and ``floors`` are not drawn.

    Runs of an earlier version lack the rows for it: they are left out, with a line on standard output that says so.
    Files of an earlier report go where there is nothing to put in their place.
    """
    for old in (f"{stem}.{ending}" for stem in ("differences", "breakdown") for ending in ("csv", "png", "svg")):
        (to / old).unlink(missing_ok=True)
    lacking = [variant for variant, folder in runs if not has_rows(folder)]
    if lacking:
        print(
            f"no comparisons with {', '.join(map(escape_for_terminal, lacking))}: made by an earlier version, without "
            f"{' and '.join(NEEDED)}; run the same command again to have them"
        )
    kept = [run for run in runs if run[0] not in lacking]
    parts = [
        _write_differences(kept, to, title, embedded, pairs),
        _write_breakdown(kept, to, title, embedded, pairs, floors),
    ]
    return [text for texts, _ in parts for text in texts], [path for _, paths in parts for path in paths]


def _write_differences(runs: Named, to: Path, title: str, embedded: bool, pairs: Sequence[Pair]) -> Part:
    table = compute_differences([(variant, read_rows(folder)) for variant, folder in runs], pairs)
    if table.empty:
        return [], []
    drawn = save_differences(table, to / "differences", title=title, embedded=embedded)
    return [write_markdown_differences(table)], [write_csv(table, to / "differences.csv", decimals=6), *drawn]


def _write_breakdown(
    runs: Named, to: Path, title: str, embedded: bool, pairs: Sequence[Pair], floors: Collection[str]
) -> Part:
    found = [(variant, read_segments(folder)) for variant, folder in runs]
    known = [(variant, table) for variant, table in found if table is not None]
    if not known:
        return [], []
    table = compute_breakdown(known, pairs)
    drawn = save_breakdown(table, to / "breakdown", title=title, embedded=embedded, floors=floors)
    return [write_markdown_breakdown(table)], [write_csv(table, to / "breakdown.csv", decimals=6), *drawn]
