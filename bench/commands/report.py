"""`zgs report`: table, threshold curves and gallery of runs that are finished, or a site to move about in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.commands.arguments import read_arguments, read_count
from bench.commands.finished import check_finished, leave_out_damaged, refuse_runs
from bench.errors import DONE, UsageError
from bench.text.escape import escape_for_terminal

USAGE = """zgs report RUN … [to=FOLDER] [pictures=N] [pairs=3-2,3-5] [site=FOLDER] [report.blocklist=FILE]
           [trust=PACKAGE]

RUN …        folders of finished runs or scored predictions, or one that holds them; the first is compared with others
to=FOLDER    where table, curves, comparisons and gallery go (report)
pictures=N   images in the gallery (48), or in the site (all)
pairs=3-2    compare the third with the second, too
site=FOLDER  pages to move about in, opened from disk: numbers and pictures follow a threshold that you move; without
             to= nothing else is written. A new or empty folder, or that of an earlier site, which is replaced
report.blocklist=FILE  words, one a line, that no picture and no page shows; scores count them as ever
trust=PACKAGE  run code of that package where the settings of a run name it; else only zgs's own is run"""
_OPTIONS = {"to": "", "pictures": "", "pairs": "", "site": "", "report.blocklist": ""}


def main(arguments: list[str]) -> int:
    """Report on the runs given, or on all in a folder given; options are those of `USAGE`."""
    from bench.settings.trust import take_trusted

    arguments, trusted = take_trusted(arguments)
    places, options = read_arguments("report", arguments, _OPTIONS)
    if empty := next((word for word in ("to=", "site=", "pictures=") if word in arguments), None):
        raise UsageError(f"report: {empty}: {'give a number' if empty == 'pictures=' else 'name a folder'}")
    if not places:
        raise UsageError("report: give the folders of finished runs; `zgs report --help` shows how")
    pictures = read_count("report", options, "pictures") if options["pictures"] else None
    if options["site"]:
        from bench.report.site.place import check_place

        check_place(Path(options["site"]))
        if options["to"] and Path(options["to"]).resolve().is_relative_to(Path(options["site"]).resolve()):
            raise UsageError("report: to= lies in site=, a folder of its own; name another for one of them")
    if options["site"] and not options["to"]:
        return _write_site(list(map(Path, places)), Path(options["site"]), pictures, options, trusted)
    from bench.report.blocklist import read_blocklist
    from bench.report.printed import print_runs
    from bench.report.report import write_report
    from bench.report.runs import find_runs
    from bench.store.sealed import explain_damage, print_unsealed

    blocklist = read_blocklist(options["report.blocklist"])
    folders = find_runs(list(map(Path, places)))
    shown, to = 48 if pictures is None else pictures, Path(options["to"] or "report")
    refuse_runs("report", to, folders)
    check_finished(folders, trusted)
    with explain_damage(folders):
        written = write_report(folders, to, shown, options["pairs"], blocklist)  # first, for a reader may leave early
        print_runs(folders)
    print_unsealed(folders)
    print("\nreport:", *written, sep="\n  ")
    if blocklist:
        print(blocklist.describe())
    return _write_site(folders, Path(options["site"]), pictures, options, trusted) if options["site"] else DONE


def _write_site(
    places: Sequence[Path], to: Path, pictures: int | None, options: dict[str, str], trusted: Sequence[str]
) -> int:  # fmt: skip
    """Write the site of finished runs; those that are not finished are left out, and the page says so."""
    from bench.report.blocklist import read_blocklist
    from bench.report.site.shown import LEFT_OUT
    from bench.report.site.site import write_site
    from bench.run.progress import describe_unfinished, is_unfinished
    from bench.store.sealed import explain_damage, print_unsealed

    if options["pairs"] and not options["to"]:
        raise UsageError("report: pairs= is of the report; in a site any two are chosen while you look. Add to=FOLDER")
    blocklist = read_blocklist(options["report.blocklist"])
    within = sorted(below.parent for place in places for below in place.glob("*/config.yaml"))
    begun = [place for place in (*places, *within) if is_unfinished(place)]
    lines = [describe_unfinished(place, trusted) for place in begun]
    kept = [place for place in places if place not in begun]
    if not kept:
        raise UsageError(f"report: {lines[0]}")
    folders, damaged = leave_out_damaged(kept, trusted)
    for line in (*lines, *damaged):
        print(f"left out: {escape_for_terminal(line)}")
    with explain_damage(folders):
        page, missing = write_site(folders, to, pictures, [*lines, *damaged], blocklist)
    print_unsealed(folders)
    for each in missing:
        if each["what"] != LEFT_OUT:  # which was told before the work began
            print(escape_for_terminal(f"missing: {each['what']}: {each['why']}"))
    print("site:", page, sep="\n  ")
    if blocklist:
        print(blocklist.describe())
    return DONE
