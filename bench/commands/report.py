"""`zgs report`: table, threshold curves and gallery of runs that are finished."""

from __future__ import annotations

from pathlib import Path

from bench.cli import DONE
from bench.errors import UsageError


def main(arguments: list[str]) -> int:
    """Report on the run folders given; `to=FOLDER` (default: report) and `pictures=N` (default: 48) are options."""
    options = dict(word.split("=", 1) for word in arguments if "=" in word)
    folders = [Path(word) for word in arguments if "=" not in word]
    unknown = set(options) - {"to", "pictures"}
    if not folders or unknown or not options.get("pictures", "48").isdigit():
        raise UsageError("report: give the folders of finished runs, then perhaps to=FOLDER and pictures=N")
    from bench.report.report import print_runs, settings_of, write_report

    for folder in folders:
        settings_of(folder)
    print_runs(folders)
    written = write_report(folders, Path(options.get("to", "report")), int(options.get("pictures", "48")))
    print("\nreport:", *written, sep="\n  ")
    return DONE
