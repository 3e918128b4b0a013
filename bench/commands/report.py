"""`zgs report`: table, threshold curves and gallery of runs that are finished."""

from __future__ import annotations

from pathlib import Path

from bench.commands.words import places_and_options
from bench.errors import DONE, UsageError

USAGE = """zgs report RUN … [to=FOLDER] [pictures=N] [pairs=3-2,3-5] [trust=PACKAGE]

RUN …       folders of finished runs or scored predictions, or one that holds them; the first is compared with others
to=FOLDER   where table, curves, comparisons and gallery go (report)
pictures=N  images in the gallery (48)
pairs=3-2   compare the third with the second, too
trust=PACKAGE  run code of that package where the settings of a run name it; else only zgs's own is run"""


def main(arguments: list[str]) -> int:
    """Report on the runs given, or on all in a folder given; `to=FOLDER`, `pictures=N`, `pairs=3-2` are options."""
    from bench.settings.trust import REPORTING, check_run, taken

    arguments, trusted = taken(arguments)
    known = {"to", "pictures", "pairs"}
    places, options = places_and_options(arguments, known)
    folders, flags = [Path(word) for word in places], [word for word in arguments if word.startswith("-")]
    if unknown := flags + sorted(set(options) - known):
        raise UsageError(f"report: {unknown[0]}: no such option; `zgs report --help` shows all")
    if not options.get("pictures", "48").isdigit():
        raise UsageError(f"report: pictures={options['pictures']}: needs a whole number, 0 or more")
    if options.get("to") == "":
        raise UsageError("report: to=: name a folder")
    if not folders:
        raise UsageError("report: give the folders of finished runs; `zgs report --help` shows how")
    from bench.report.report import finished_runs, print_runs, write_report
    from bench.store.sealed import check_whole, reading, tell_unsealed

    folders = finished_runs(folders)
    to, pictures = Path(options.get("to", "report")), int(options.get("pictures", "48"))
    for folder in folders:
        check_whole(folder)
        check_run(folder, trusted, REPORTING if pictures else REPORTING[:1])
    with reading(folders):
        written = write_report(folders, to, pictures, options.get("pairs", ""))  # first, for a reader may leave early
        print_runs(folders)
    tell_unsealed(folders)
    print("\nreport:", *written, sep="\n  ")
    return DONE
