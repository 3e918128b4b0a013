"""`zgs report`: table, threshold curves and gallery of runs that are finished."""

from __future__ import annotations

from pathlib import Path

from bench.commands.arguments import read_arguments, read_count
from bench.commands.finished import check_finished
from bench.errors import DONE, UsageError

USAGE = """zgs report RUN … [to=FOLDER] [pictures=N] [pairs=3-2,3-5] [trust=PACKAGE]

RUN …       folders of finished runs or scored predictions, or one that holds them; the first is compared with others
to=FOLDER   where table, curves, comparisons and gallery go (report)
pictures=N  images in the gallery (48)
pairs=3-2   compare the third with the second, too
trust=PACKAGE  run code of that package where the settings of a run name it; else only zgs's own is run"""


def main(arguments: list[str]) -> int:
    """Report on the runs given, or on all in a folder given; `to=FOLDER`, `pictures=N`, `pairs=3-2` are options."""
    from bench.settings.trust import take_trusted

    arguments, trusted = take_trusted(arguments)
    places, options = read_arguments("report", arguments, {"to": "report", "pictures": "48", "pairs": ""})
    to, pictures = Path(options["to"]), read_count("report", options, "pictures")
    if not options["to"]:
        raise UsageError("report: to=: name a folder")
    if not places:
        raise UsageError("report: give the folders of finished runs; `zgs report --help` shows how")
    from bench.report.printed import print_runs
    from bench.report.report import write_report
    from bench.report.runs import find_runs
    from bench.store.sealed import explain_damage, print_unsealed

    folders = find_runs(list(map(Path, places)))
    check_finished(folders, trusted)
    with explain_damage(folders):
        written = write_report(folders, to, pictures, options["pairs"])  # first, for a reader may leave early
        print_runs(folders)
    print_unsealed(folders)
    print("\nreport:", *written, sep="\n  ")
    return DONE
